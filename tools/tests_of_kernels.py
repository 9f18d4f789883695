"""Which tests see a kernel file: those of the operations and learners whose modules import it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import cvkit
from cvkit import detect, ml

PUBLIC = {**cvkit._FUNCTIONS, **detect._NAMES, **ml._NAMES}
"""The module of each public name."""


def importers(root: Path, path: str) -> set[str]:
    """Return the files of the package that import a file, or import one that does.

    Parameters
    ----------
    root : Path
        The repository.
    path : str
        A file, from the root.

    Returns
    -------
    set of str
        Paths from the root.
    """
    found: set[str] = set()
    waiting = [path]
    while waiting:
        name = waiting.pop()
        new = {file for file, imported in _imports(root).items() if name in imported} - found - {path}
        found |= new
        waiting += new
    return found


def doors(root: Path, path: str) -> set[str]:
    """Return the nearest files that import a file, directly or not, and define public names."""
    public = {module.replace(".", "/") + ".py" for module in PUBLIC.values()}
    found: set[str] = set()
    seen, waiting = {path}, [path]
    while waiting:
        name = waiting.pop()
        new = {file for file, imported in _imports(root).items() if name in imported} - seen
        seen |= new
        found |= new & public
        waiting += new - public
    return found


def pytest_commands(root: Path, path: str) -> list[list[str]]:
    """Return what to give pytest, the quickest to notice something first.

    Parameters
    ----------
    root : Path
        The repository.
    path : str
        A kernel file, from the root.

    Returns
    -------
    list of list of str
        One run of pytest each.
    """
    through = doors(root, path)
    names = sorted(name for name, module in PUBLIC.items() if module.replace(".", "/") + ".py" in through)
    commands = []
    if operations := [name for name in names if name in cvkit._FUNCTIONS]:
        rows = " or ".join(operations)
        commands.append(["tests/test_parity.py", "tests/test_random_calls.py", "-k", rows])
    if learners := [name for name in names if name in ml._NAMES]:
        commands.append(["tests/test_learner_cases.py", "-k", " or ".join(learners)])
    if files := _files_named(root, path, through, names):
        commands.append(files)
    return commands


def _files_named(root: Path, path: str, through: set[str], names: list[str]) -> list[str]:
    """Find the test files that are called like the kernels, their doors, their room or their public names."""
    rooms = [part for part in Path(path).parts[1:-1] if part != "_cpu"]
    stems = {Path(file).stem for file in (path, *through)} | set(names) | set(rooms) - {"ml", "detect"}
    stems.add(Path(path).stem.removeprefix("_").removesuffix("_math"))
    stems |= {f"ml_{stem}" for stem in stems}
    files = (root / "tests" / f"test_{stem}.py" for stem in sorted(stems))
    return [file.relative_to(root).as_posix() for file in files if file.exists()]


@cache
def _imports(root: Path) -> dict[str, set[str]]:
    """Return what each file of the package imports of the package."""
    files = {path.relative_to(root).as_posix(): path for path in sorted(root.glob("cvkit/**/*.py"))}
    return {name: {file for file in _imported(path) if file in files} for name, path in files.items()}


def _imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name.replace(".", "/") + ".py" for name in found}
