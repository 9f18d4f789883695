"""PTX, as NVIDIA's compiler writes it, read into functions of statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Declaration(NamedTuple):
    """Memory, or a parameter: a directive such as ``.shared .align 8 .b8 counts[64]``.

    Attributes
    ----------
    space : str
        "global", "const", "shared", "local" or "param".
    type : str
        Of an element, such as "b8".
    name : str
        The symbol.
    count : int
        Elements; 1 for what is no array.
    values : str
        Of a table the initial values, in braces, else empty.
    """

    space: str
    type: str
    name: str
    count: int
    values: str = ""


class Registers(NamedTuple):
    """Registers of a type: ``.reg .b32 %r<11>``, or one register of any name."""

    type: str
    names: list[str]


class Label(NamedTuple):
    """The place that branches go to."""

    name: str


class Scope(NamedTuple):
    """A brace that opens or closes a scope of names."""

    brace: str


class Call(NamedTuple):
    """A call of a function, with the names of what holds results and arguments."""

    function: str
    places: list[str]


class Instruction(NamedTuple):
    """One instruction.

    Attributes
    ----------
    guard : str
        The predicate that decides whether it takes effect, such as "%p1" or "!%p1"; empty without.
    opcode : list of str
        Its parts, such as ["setp", "lt", "s32"].
    operands : list of str
        As they are written; a vector is one operand, in braces.
    """

    guard: str
    opcode: list[str]
    operands: list[str]

    @property
    def type(self) -> str:
        """The last part of the opcode that names a type, "" for instructions without one."""
        return next((part for part in reversed(self.opcode) if _TYPE.fullmatch(part)), "")


Statement = Registers | Declaration | Label | Scope | Call | Instruction


class Function(NamedTuple):
    """A kernel or a function that kernels call.

    Attributes
    ----------
    name : str
        The symbol.
    is_kernel : bool
        Whether the host launches it.
    parameters : list of Declaration
        Results first.
    statements : list
        The body.
    """

    name: str
    is_kernel: bool
    parameters: list[Declaration]
    statements: list[Statement]


class Module(NamedTuple):
    """A file of PTX: memory that all functions see, and functions with a body."""

    memory: list[Declaration]
    functions: list[Function]

    def instructions(self) -> Iterator[Instruction]:
        """Iterate over the instructions of all functions."""
        for function in self.functions:
            yield from (part for part in function.statements if isinstance(part, Instruction))


_TYPE = re.compile(r"[usbf](8|16|32|64)|pred")
_DECLARATION = re.compile(
    r"\.(?P<space>global|const|shared|local|param)\s+(\.align\s+\d+\s+)?\.(?P<type>\w+)\s+(?P<name>[\w$]+)"
    r"(\[(?P<count>\d*)\])?(\s*=\s*(?P<values>\{[^}]*\}))?"
)
_REGISTERS = re.compile(r"\.reg\s+\.(?P<type>\w+)\s+(?P<name>%?[\w$]+)(<(?P<count>\d+)>)?")
_STATEMENT = re.compile(
    r"\s*(?:(?P<label>[\w$]+):|(?P<brace>[{}])|(?P<text>[^;{}\s][^;{}]*(?:\{[^}]*\}[^;{}]*)*);)"
)
_INSTRUCTION = re.compile(r"(@(?P<guard>!?%\w+)\s+)?(?P<opcode>[\w.:]+)\s*(?P<operands>.*)", re.DOTALL)
_OPERAND = re.compile(r"\{[^}]*\}|\[[^\]]*\]|[^,\s]+")
_CALL = re.compile(
    r"call(\.uni)?\s*(\((?P<results>[^)]*)\)\s*,)?\s*(?P<function>[\w$]+)\s*(?P<arguments>.*)", re.DOTALL
)
_HEAD = re.compile(
    r"\.(?P<kind>entry|func)\s*(\((?P<results>[^)]*)\)\s*)?(?P<name>[\w$]+)\s*(\((?P<parameters>[^)]*)\))?"
)


def parse(text: str) -> Module:
    """Read a file of PTX."""
    text = re.sub(r"//[^\n]*", "", text)
    memory, functions = [], []
    position = 0
    while head := _HEAD.search(text, position):
        memory += _declarations(text[position : head.start()])
        body, end = _body(text, head.end())
        if body:  # else only declared
            parameters = _declarations(f"{head['results'] or ''} {head['parameters'] or ''}")
            is_kernel = head["kind"] == "entry"
            functions.append(Function(head["name"], is_kernel, parameters, list(_statements(body))))
        position = end
    return Module(memory + _declarations(text[position:]), functions)


def _body(text: str, position: int) -> tuple[str, int]:
    """Return what stands in braces after the head of a function, and where the function ends."""
    opening, end = text.find("{", position), text.find(";", position)
    if opening < 0 or 0 <= end < opening:
        return "", end + 1
    depth = 0
    for brace in re.finditer(r"[{}]", text[opening:]):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return text[opening + 1 : opening + brace.start()], opening + brace.end()
    raise ValueError("a function without an end")


def _declarations(text: str) -> list[Declaration]:
    return [
        Declaration(part["space"], part["type"], part["name"], int(part["count"] or 1), part["values"] or "")
        for part in _DECLARATION.finditer(text)
    ]


def _statements(body: str) -> Iterator[Statement]:
    position = 0
    while body[position:].strip():
        found = _STATEMENT.match(body, position)
        if found is None:
            raise ValueError(f"no PTX statement: {body[position : position + 80]!r}")
        position = found.end()
        if found["label"]:
            yield Label(found["label"])
        elif found["brace"]:
            yield Scope(found["brace"])
        else:
            yield from _statement(found["text"])


def _statement(text: str) -> Iterator[Statement]:
    if text.startswith(".reg"):
        registers = _REGISTERS.match(text)
        assert registers
        name, count = registers["name"], registers["count"]
        names = [f"{name}{number}" for number in range(int(count))] if count else [name]
        yield Registers(registers["type"], names)
    elif text.startswith("."):
        yield from _declarations(text)  # the others, such as .pragma and .loc, change no result
    elif call := _CALL.match(text):
        places = re.findall(r"[\w$]+", f"{call['results'] or ''} {call['arguments']}")
        yield Call(call["function"], places)
    else:
        found = _INSTRUCTION.match(text)
        assert found
        opcode = re.split(r"[.:]+", found["opcode"])
        yield Instruction(found["guard"] or "", opcode, _OPERAND.findall(found["operands"]))
