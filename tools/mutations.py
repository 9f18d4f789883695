"""Single changes of kernels that a test ought to notice, found by the syntax tree.

Kinds: ``border``, an index off by one or another border; ``rounding``, a constant or half to even; ``tie``, a
comparison that decides equal values otherwise; ``strip``, a loop or a part that begins one too late.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cvkit import _border

# Another border for each, which gives the same only where an image is one pixel wide.
_OTHER_BORDER = {
    "CONSTANT": "REPLICATE",
    "REPLICATE": "REFLECT",
    "REFLECT": "REFLECT101",
    "REFLECT101": "REFLECT",
    "WRAP": "REFLECT",
}
_OTHER_TIE = {ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">")}
_BEGINS = {"begin", "first", "left", "start", "top"}
# More memory than is used changes nothing.
_ALLOCATIONS = {"empty", "empty_like", "full", "ones", "zeros"}


@dataclass(frozen=True)
class Mutation:
    """One change of one file.

    Parameters
    ----------
    path : str
        The file, from the repository's root.
    function : str
        The function that is changed; empty for a constant of the module.
    kind : str
        border, rounding, tie or strip.
    line : int
        Where it is.
    span : (int, int)
        The bytes of the source that are replaced.
    before, after : str
        What they are, and what they become.
    """

    path: str
    function: str
    kind: str
    line: int
    span: tuple[int, int]
    before: str
    after: str

    @property
    def label(self) -> str:
        """The change in one line."""
        before, after = (" ".join(text.split()) for text in (self.before, self.after))
        return f"{self.path}:{self.line} {self.function} {self.kind}: {before} -> {after}"

    def apply(self, source: str) -> str:
        """Return the source with the change."""
        data = source.encode()
        begin, end = self.span
        return (data[:begin] + self.after.encode() + data[end:]).decode()


def find_mutations(path: str, source: str) -> list[Mutation]:
    r"""Find every change of one file.

    Parameters
    ----------
    path : str
        What the file is called in the results.
    source : str
        Python.

    Returns
    -------
    list of Mutation

    Examples
    --------
    >>> [found] = find_mutations("kernel.py", "def nearest(x):\n    return np.rint(x)\n")
    >>> found.before, found.after
    ('np.rint(x)', 'np.floor((x) + np.float32(0.5))')
    """
    finder = _Finder(path, source)
    finder.visit(ast.parse(source))
    return finder.found


class _Finder(ast.NodeVisitor):
    """Walk a file and note the changes of each node."""

    def __init__(self, path: str, source: str) -> None:
        self.path = path
        self.data = source.encode()
        self.found: list[Mutation] = []
        self._function = ""
        self._lines = [0]
        for line in self.data.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outer, self._function = self._function, node.name
        for statement in node.body:
            self.visit(statement)
        self._function = outer

    def visit_Assign(self, node: ast.Assign) -> None:
        if not self._function and _is_a_size(node.value):
            return
        begins = [name for target in node.targets for name in _names(target) if name in _BEGINS]
        for name in begins if self._function else []:
            self._note("strip", node, f"{self.text(node)}; {name} += 1")
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in _ALLOCATIONS:
            return
        if name == "border_index":
            self._note("border", node.args[0], f"({self.text(node.args[0])}) + 1")
        elif name in ("range", "prange"):
            begin = node.args[0]
            text = self.text(begin)
            self._note("strip", begin, f"1, {text}" if len(node.args) == 1 else f"({text}) + 1")
        elif name in ("rint", "round"):
            self._note("rounding", node, _half_up(node, self.text(node.args[0])))
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)
        if not ast.unparse(node.value).endswith(".shape"):
            self.visit(node.slice)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load) and node.id in _OTHER_BORDER:
            # By its number, because the file may import no other.
            self._note("border", node, str(getattr(_border, _OTHER_BORDER[node.id])))

    def visit_Constant(self, node: ast.Constant) -> None:
        if type(node.value) is int and node.value > 1:
            self._note("rounding", node, str(node.value + 1))
        elif type(node.value) is float and node.value != 0:
            self._note("rounding", node, repr(node.value * (1 + 2**-10)))

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for before, operator, after in zip(operands, node.ops, operands[1:], strict=False):
            if type(operator) in _OTHER_TIE:
                sign, other = _OTHER_TIE[type(operator)]
                begin, end = self.span(before)[1], self.span(after)[0]
                between = self.data[begin:end].decode()
                self._add("tie", before, (begin, end), between.replace(sign, other, 1))
        self.generic_visit(node)

    def _note(self, kind: str, node: ast.expr | ast.stmt, after: str) -> None:
        self._add(kind, node, self.span(node), after)

    def _add(self, kind: str, node: ast.expr | ast.stmt, span: tuple[int, int], after: str) -> None:
        before = self.data[span[0] : span[1]].decode()
        self.found.append(Mutation(self.path, self._function, kind, node.lineno, span, before, after))

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Return the bytes from where a node begins to where it ends."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._lines[node.lineno - 1] + node.col_offset,
            self._lines[node.end_lineno - 1] + node.end_col_offset,
        )

    def text(self, node: ast.expr | ast.stmt) -> str:
        """Return the source of a node."""
        begin, end = self.span(node)
        return self.data[begin:end].decode()


def _names(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _is_a_size(value: ast.expr) -> bool:
    """Tell whether a constant of the module is a bare number: of strips and tiles, which change no result."""
    values = value.elts if isinstance(value, ast.Tuple) else [value]
    return all(isinstance(value, ast.Constant) and type(value.value) is int for value in values)


def _half_up(node: ast.Call, value: str) -> str:
    """Round half up, in the width of the value; ``round`` gives an integer, ``rint`` a float."""
    floor = f"np.floor(({value}) + np.float32(0.5))"
    return f"int({floor})" if ast.unparse(node.func) == "round" else floor


@dataclass(frozen=True)
class Anchor:
    """A change that a review found unnoticed once, located by a function and the text of an expression in it.

    Parameters
    ----------
    name : str
        What it breaks.
    function : str
        The function, whatever the file; empty for a constant of a module.
    expression : str
        A pattern that the whole text of one expression matches; ``after`` may refer to its groups.
    after : str
        What takes its place.
    """

    name: str
    function: str
    expression: str
    after: str


REVIEWED = (
    Anchor("first sum of a box strip", "_start_window", r"range\(first - 1, (.+)\)", r"range(first, \1)"),
    Anchor("first block of a box strip", "_start_window", r"range\((\w+) - 1\)", r"range(1, \1 - 1)"),
    Anchor("left edge of a perspective tile", "_perspective_row", r"real\(left\)", "real(left + 1)"),
    Anchor("ring of a planar strip", "_magnitude_strip", r"top \+ above", "top + above + 1"),
    Anchor("tangent of Canny", "", r"np\.uint32\(27146\)", "np.uint32(27147)"),
    Anchor(
        "half to even in nearest warps",
        "locate_nearest",
        r"np\.rint\(xs\[x\]\)",
        "np.floor(xs[x] + np.float32(0.5))",
    ),
)
"""None of these may survive."""


def locate(anchor: Anchor, files: dict[str, str]) -> Mutation:
    """Find an anchored change in today's kernels.

    Parameters
    ----------
    anchor : Anchor
        What to look for.
    files : dict of str to str
        Sources by path.

    Returns
    -------
    Mutation

    Raises
    ------
    LookupError
        If the expression is no longer there, or there several times.
    """
    found = [mutation for path, source in files.items() for mutation in _matches(anchor, path, source)]
    if len(found) != 1:
        where = f"the function {anchor.function}" if anchor.function else "a module"
        raise LookupError(
            f"{anchor.name}: {len(found)} expressions {anchor.expression} in {where}, there must be one; "
            f"say in {Path(__file__).name} where it is now"
        )
    return found[0]


def _matches(anchor: Anchor, path: str, source: str) -> Iterator[Mutation]:
    finder = _Finder(path, source)
    tree = ast.parse(source)
    scopes: list[ast.AST] = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == anchor.function
    ]
    if not anchor.function:
        scopes = [node for node in tree.body if isinstance(node, ast.Assign)]
    for node in (node for scope in scopes for node in ast.walk(scope)):
        if isinstance(node, ast.expr) and (match := re.fullmatch(anchor.expression, finder.text(node))):
            after = match.expand(anchor.after)
            span = finder.span(node)
            yield Mutation(path, anchor.function, anchor.name, node.lineno, span, match[0], after)
