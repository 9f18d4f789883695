"""PTX to C: a statement for each instruction, which calls the function of its name in ``ptx_runtime.h``.

Registers become variables that hold bits, memory becomes arrays, braces stay braces. Instructions that
``ptx_runtime.h`` does not know are refused by the C compiler, by their name.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.ptx_parser import (
    Call,
    Declaration,
    Function,
    Instruction,
    Label,
    Module,
    Registers,
    Scope,
    Statement,
)

# Parts of opcodes that change nothing here: all rounds to nearest even, and all memory is one.
_IGNORED = {"rn", "approx", "full", "ftz", "to", "volatile", "relaxed", "acquire", "release", "acq_rel"}
_IGNORED |= {"gpu", "cta", "sys", "nc", "weak", "global", "shared", "local", "const", "param", "generic"}
_NOTHING_TO_DO = {"membar", "fence", "prefetch", "discard"}
_FLOATS = {"f32": "u32", "f64": "u64"}
_BYTES = {"8": 1, "16": 2, "32": 4, "64": 8}


def translate(module: Module) -> str:
    """Return C for a module with one kernel."""
    kernels = [function for function in module.functions if function.is_kernel]
    if len(kernels) != 1:
        raise ValueError(f"a module must have one kernel, got {len(kernels)}")
    shared = [part.name for part in module.memory if part.space == "shared"]
    lines = ['#include "ptx_runtime.h"', *map(_memory, module.memory)]
    lines += [f"{_head(function)};" for function in module.functions]
    for function in module.functions:
        lines += _function(function)
    lines += ["static void forget_shared_memory(void) {"]
    lines += [f"memset({_name(name)}, 0xA5, sizeof {_name(name)});" for name in shared]
    return "\n".join([*lines, "}", ""])


def _name(symbol: str) -> str:
    """Return a name in C for a register, a label or a symbol."""
    return re.sub(r"\W", "_", symbol)


def _memory(part: Declaration) -> str:
    name, values = f"{_name(part.name)}[{part.count}]", f" = {part.values}" if part.values else ""
    return f"static {part.type} {name} __attribute__((aligned(16))){values};"


def _head(function: Function) -> str:
    if function.is_kernel:
        return "static void kernel(const char *parameters)"
    parameters = ", ".join(f"char *{_name(part.name)}" for part in function.parameters)
    return f"static void {_name(function.name)}({parameters})"


def _function(function: Function) -> list[str]:
    lines = [f"{_head(function)} {{"]
    if function.is_kernel:
        lines += [
            f"const char *{_name(part.name)} __attribute__((unused)) = parameters + {8 * number};"
            for number, part in enumerate(function.parameters)
        ]
    run: list[Instruction] = []
    counted = len(lines)
    for statement in [*function.statements, Label("")]:
        # What lies between labels and branches is executed together, and counted at its beginning.
        is_branch = isinstance(statement, Instruction) and statement.opcode[0] in ("bra", "ret", "exit")
        if isinstance(statement, Instruction):
            run.append(statement)
        if is_branch or isinstance(statement, Label):
            if run:
                of_float64 = sum(computes_in_float64(instruction) for instruction in run)
                lines.insert(counted, f"count({len(run)}, {of_float64});")
            run = []
        if not (isinstance(statement, Label) and not statement.name):
            lines.append(_statement(statement))
        if is_branch or isinstance(statement, Label):
            counted = len(lines)
    return [*lines, "}"]


def computes_in_float64(instruction: Instruction) -> bool:
    """Tell whether the units of float64, of which most GPUs have few, execute an instruction."""
    return "f64" in instruction.opcode and instruction.opcode[0] not in ("ld", "st", "mov", "selp")


def _statement(statement: Statement) -> str:
    if isinstance(statement, Registers):
        kind = _FLOATS.get(statement.type, statement.type)
        return f"{kind} {', '.join(f'{_name(name)} = 0' for name in statement.names)};"
    if isinstance(statement, Declaration):  # local memory, or what a call passes
        name, size = _name(statement.name), max(8, statement.count * _BYTES[statement.type[1:]])
        declared = f"char {name}[{size}] __attribute__((aligned(16)));"
        return f"{declared} memset({name}, 0xA5, {size});" if statement.space == "local" else declared
    if isinstance(statement, Label):
        return f"{_name(statement.name)}: ;"
    if isinstance(statement, Scope):
        return statement.brace
    if isinstance(statement, Call):
        return f"{_name(statement.function)}({', '.join(map(_name, statement.places))});"
    guard = statement.guard.replace("%", "_")
    return f"if ({guard}) {{ {_instruction(statement)} }}" if guard else _instruction(statement)


def _instruction(instruction: Instruction) -> str:
    head = instruction.opcode[0]
    if head in _NOTHING_TO_DO:
        return ";"
    return _WITH_A_STATEMENT_OF_THEIR_OWN.get(head, _operation)(instruction)


def _read(operand: str, kind: str) -> str:
    """Return the value of an operand as one of a type."""
    if re.fullmatch(r"%n?(tid|ctaid)\.[xyz]", operand):
        return f"({kind}){operand[1:]}"
    if operand.startswith("%"):
        return f"as_{kind}({_name(operand)})" if kind in _FLOATS else f"({kind}){_name(operand)}"
    if number := re.fullmatch(r"0[fFdD]([0-9A-Fa-f]+)", operand):
        return f"as_{kind}(0x{number[1]}u)" if kind in _FLOATS else f"({kind})0x{number[1]}u"
    if re.fullmatch(r"-?\d+", operand):
        return f"({kind}){int(operand) & (1 << 64) - 1}u"
    return f"({kind})(uintptr_t){_name(operand)}"


def _write(register: str, kind: str, value: str) -> str:
    """Return a statement that gives a register a value of a type."""
    return f"{_name(register)} = {f'bits_{kind}({value})' if kind in _FLOATS else f'({kind})({value})'};"


def _address(operand: str) -> str:
    base, _, offset = operand.strip("[] ").partition("+")
    return f"({_read(base.strip(), 'u64')} + ({offset or 0}))"


def _types(instruction: Instruction) -> list[str]:
    """Return the types of an operation's operands, the result first."""
    opcode, kind = instruction.opcode, instruction.type
    if "wide" in opcode:
        twice = f"{kind[0]}{2 * int(kind[1:])}"
        return [twice, kind, kind, twice]
    result, *operands = {
        "setp": ["pred", kind, kind],
        "testp": ["pred", kind],
        "selp": [kind, kind, kind, "pred"],
        "shl": [kind, kind, "u32"],
        "shr": [kind, kind, "u32"],
        "cvt": [opcode[-2], opcode[-1]],
        "popc": ["u32", kind],
        "clz": ["u32", kind],
        "bfe": [kind, kind, "u32", "u32"],
        "bfi": [kind, kind, kind, "u32", "u32"],
        "dp2a": ["s32", "u32", "u32", "s32"],
        "dp4a": ["s32", "u32", "u32", "s32"],
    }.get(opcode[0], [kind] * len(instruction.operands))
    return [result, *operands]


def _operation(instruction: Instruction) -> str:
    result, *sources = instruction.operands
    kind, *kinds = _types(instruction)
    function = "_".join(part for part in instruction.opcode if part not in _IGNORED)
    arguments = ", ".join(map(_read, sources, kinds))
    return _write(result, kind, f"{function}({arguments})")


def _parts(vector: str) -> list[str]:
    return re.findall(r"[^{},\s]+", vector)


def _move(instruction: Instruction) -> str:
    """Copy a register, also to and from the halves that a vector names."""
    result, source = instruction.operands
    kind = instruction.type
    packed, vector = (source, result) if result.startswith("{") else (result, source)
    parts = _parts(vector) if vector.startswith("{") else []
    if not parts:
        return _write(result, kind, _read(source, kind))
    bits = int(kind[1:]) // len(parts)
    if vector is result:
        whole = _read(packed, f"u{kind[1:]}")
        return " ".join(_write(part, f"b{bits}", f"{whole} >> {bits * i}") for i, part in enumerate(parts))
    values = (f"(u64){_read(part, f'b{bits}')} << {bits * i}" for i, part in enumerate(parts))
    return _write(packed, kind, " | ".join(values))


def _load(instruction: Instruction) -> str:
    result, place = instruction.operands
    kind = instruction.type
    parts = _parts(result)
    reads = (_write(part, kind, f"from[{i}]") for i, part in enumerate(parts))
    return f"{{ const {kind} *from = ({kind} *){_address(place)}; {' '.join(reads)} }}"


def _store(instruction: Instruction) -> str:
    place, source = instruction.operands
    kind = instruction.type
    writes = (f"to[{i}] = {_read(part, kind)};" for i, part in enumerate(_parts(source)))
    return f"{{ {kind} *to = ({kind} *){_address(place)}; {' '.join(writes)} }}"


def _atomic(instruction: Instruction) -> str:
    kind = instruction.type
    result, (place, *sources) = "", instruction.operands
    if instruction.opcode[0] == "atom":
        result, place, *sources = instruction.operands
    action = next(part for part in instruction.opcode[1:] if part not in _IGNORED)
    arguments = ", ".join([f"({kind} *){_address(place)}", *(_read(source, kind) for source in sources)])
    called = f"atom_{action}_{kind}({arguments})"
    return _write(result, kind, called) if result else f"{called};"


_WITH_A_STATEMENT_OF_THEIR_OWN: dict[str, Callable[[Instruction], str]] = {
    "bra": lambda instruction: f"goto {_name(instruction.operands[0])};",
    "ret": lambda instruction: "return;",
    "exit": lambda instruction: "return;",
    "trap": lambda instruction: "abort();",
    "bar": lambda instruction: "barrier();",
    "barrier": lambda instruction: "barrier();",
    "mov": _move,
    "cvta": _move,
    "ld": _load,
    "ldu": _load,
    "st": _store,
    "atom": _atomic,
    "red": _atomic,
}
