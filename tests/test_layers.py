"""The plan of the house, kept by walking every module's syntax tree: who imports whom, what is documented."""

from __future__ import annotations

import ast
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import cvkit
import cvkit.augment
import cvkit.batch
import cvkit.detect
import cvkit.layers
import cvkit.video

PACKAGE = Path(cvkit.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
# Each room and the rooms it may use besides its own; "helpers" are the modules cvkit._* and cvkit.typing.
_GROUND = {"helpers", "color", "io", "video"}
_OPERATIONS = _GROUND | {"filters", "geometry", "intensity", "morphology", "features", "regions"}
_LEARNER_ROOMS = (
    "tree",
    "ensemble",
    "svm",
    "linear",
    "neighbors",
    "cluster",
    "bayes",
    "decomposition",
    "mixture",
)
_LEARNERS = {"ml", *(f"ml.{room}" for room in _LEARNER_ROOMS)}
_DETECTION = _OPERATIONS | _LEARNERS | {"detect"}
MAY_USE = {
    "helpers": set(),
    "color": {"helpers"},
    "io": {"helpers"},
    "video": {"helpers", "io"},
    "filters": _GROUND,
    "geometry": _GROUND,
    "intensity": _GROUND | {"filters"},  # thresholds and comparisons of what is around a pixel
    "morphology": _GROUND,
    "regions": _GROUND | {"filters", "geometry"},
    "features": _GROUND | {"filters", "geometry", "regions"},
    "augment": _GROUND | {"filters", "geometry", "intensity"},
    "layers": {"helpers"},
    "ml": {"helpers"},  # knows no images
    "ml.bayes": {"helpers", "ml"},
    "ml.decomposition": {"helpers", "ml", "ml.linear"},
    "ml.mixture": {"helpers", "ml", "ml.cluster"},
    "ml.tree": {"helpers", "ml"},
    "ml.linear": {"helpers", "ml"},
    "ml.neighbors": {"helpers", "ml"},
    "ml.cluster": {"helpers", "ml"},
    "ml.svm": {"helpers", "ml", "ml.linear"},
    "ml.ensemble": {"helpers", "ml", "ml.tree", "ml.svm"},
    "batch": _OPERATIONS,
    "detect": _OPERATIONS | _LEARNERS,
    "detect.training": _DETECTION | {"augment"},
    "detect.runs": _DETECTION | {"batch"},
    "compare.cases": _DETECTION,
    "compare.measure": _DETECTION | {"compare.cases"},
    "compare.present": _DETECTION | {"compare.cases", "compare.measure"},
}
MAY_USE["cli"] = {*MAY_USE}
# Which rooms may import what pip brought; the rest of the standard library and NumPy are free to all.
EXTERNAL = {
    "cv2": {"io", "compare.cases", "compare.measure", "compare.present"},
    "skimage": {"compare.cases"},
    "PIL": {"compare.cases"},
    "sklearn": {*_LEARNERS, "detect.training", "compare.cases"},
    "typer": {"cli"},
    "rich": {"cli"},
    "matplotlib": {"detect", "ml.tree"},
    "jinja2": {"batch"},
}
KERNELS_MAY_IMPORT = {"__future__", "collections", "typing", "math", "numpy"}
KERNELS_MAY_IMPORT |= {"numba", "numba.extending", "llvmlite"}
KERNELS_MAY_IMPORT |= {"cvkit._jit", "cvkit._jit_cuda", "cvkit._border", "cvkit._rows", "cvkit._tiles"}
KERNELS_MAY_IMPORT |= {"cvkit._cuda_tables", "cvkit._cuda_threads"}
KERNELS_MAY_IMPORT |= {name for name in MODULES if name.startswith("cvkit._simd.")}


def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def room(module: str) -> str:
    """Return the room of a module: its folders in the package, without the shelves."""
    if module == "cvkit":
        return "names"
    if module == "cvkit.__main__":
        return "cli"
    if module in ("cvkit._decoding", "cvkit._opencv"):  # the parts of io that need OpenCV
        return "io"
    if module.startswith("cvkit._") or module == "cvkit.typing":
        return "helpers"
    parts = [part for part in module.split(".")[1:] if part not in ("_cpu", "_cuda")]
    for count in range(len(parts), 0, -1):
        name = ".".join(parts[:count])
        if name in MAY_USE:
            return name
    return parts[0]


def imports(module: str) -> Iterator[str]:
    """Name every module that ``module`` imports; a public name of cvkit counts as its own module."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name != "cvkit")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute here"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in MODULES:
                    yield inner
                elif node.module == "cvkit":
                    yield cvkit._FUNCTIONS.get(alias.name, inner)
                else:
                    yield str(node.module)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "cvkit":
            yield cvkit._FUNCTIONS.get(node.attr, f"cvkit.{node.attr}")


@pytest.mark.parametrize("module", [name for name in MODULES if name != "cvkit"])
def test_imports_go_down(module: str) -> None:
    here = room(module)
    for imported in imports(module):
        package = imported.partition(".")[0]
        if package in EXTERNAL:
            assert here in EXTERNAL[package], f"{module} imports {imported}"
        elif package == "cvkit":
            assert room(imported) in MAY_USE[here] | {here}, f"{module} imports {imported}"


def kernel_modules() -> list[str]:
    """Return the files on the shelves, and what they share with the other shelf of their domain."""
    found = {name for name in MODULES if "._cpu." in name or "._cuda." in name}
    found |= {imported for name in found for imported in imports(name) if imported.startswith("cvkit.")}
    return sorted(found - KERNELS_MAY_IMPORT)


def shelf(module: str) -> str:
    return next((part for part in module.split(".") if part in ("_cpu", "_cuda")), "")


def is_on_the_same_shelf(imported: str, module: str) -> bool:
    """Whether both are on CPU shelves, or both on CUDA shelves."""
    return shelf(imported) != "" and shelf(imported) == shelf(module)


def is_shared_maths(imported: str) -> bool:
    """Whether a module is what both shelves of a domain share."""
    is_helper = imported.startswith("cvkit._")
    return not is_helper and shelf(imported) == "" and imported.rpartition(".")[2].startswith("_")


@pytest.mark.parametrize("module", kernel_modules())
def test_kernel_files_import_little_and_never_raise(module: str) -> None:
    for imported in set(imports(module)) - KERNELS_MAY_IMPORT:
        assert is_on_the_same_shelf(imported, module) or is_shared_maths(imported), imported
    for node in ast.walk(tree(module)):
        assert not isinstance(node, ast.Raise | ast.Assert | ast.Try), f"line {node.lineno}"


def kernels(module: str) -> dict[str, list[str]]:
    """Return the arguments of each function that the public module calls."""
    return {
        node.name: [argument.arg for argument in node.args.args]
        for node in tree(module).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }


TWINS = [(name.replace("._cuda.", "._cpu."), name) for name in MODULES if "._cuda." in name]


@pytest.mark.parametrize(("cpu", "cuda"), [twins for twins in TWINS if twins[0] in MODULES])
def test_twins_take_the_same_arguments(cpu: str, cuda: str) -> None:
    shared = kernels(cpu).keys() & kernels(cuda).keys()
    assert shared
    for name in shared:
        assert kernels(cuda)[name] == kernels(cpu)[name], name


# (public name, the module that defines it); `run` is one of two rooms.
PACKAGES = (cvkit.augment, cvkit.batch, cvkit.detect, cvkit.layers)
TABLES = [*cvkit._FUNCTIONS.items(), *(row for package in PACKAGES for row in package._NAMES.items())]


def public_functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Walk the functions that users call."""
    for module in MODULES:
        for node in tree(module).body:
            is_function = (
                isinstance(node, ast.FunctionDef)
                and not node.name.startswith("_")
                and "overload" not in map(ast.unparse, node.decorator_list)
            )
            is_of_video = room(module) == "video" and getattr(node, "name", "") in cvkit.video.__all__
            if is_function and ((node.name, module) in TABLES or module == "cvkit.io" or is_of_video):
                yield f"{module}.{node.name}", node


@pytest.mark.parametrize(("name", "function"), [pytest.param(*row, id=row[0]) for row in public_functions()])
def test_public_functions_are_documented(name: str, function: ast.FunctionDef) -> None:
    documentation = ast.get_docstring(function) or ""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    returns = ast.unparse(function.returns) if function.returns else "missing"
    assert returns != "missing", "a type hint for the result"
    assert all(argument.annotation for argument in arguments), "a type hint for each argument"
    refers = "are those of :func:" in documentation
    if not refers:
        for argument in arguments:
            assert argument.arg in documentation, argument.arg
        if arguments:
            assert "Parameters\n----------" in documentation
        if returns != "None" and not documentation.startswith("Return "):
            assert "Returns\n-------" in documentation or "Yields\n------" in documentation
    assert "Examples\n--------\n>>> " in documentation


def test_public_names_resolve() -> None:
    for name, module in TABLES:
        assert callable(getattr(importlib.import_module(module), name)), name
        assert any(name in package.__all__ for package in (cvkit, *PACKAGES))
    assert set(cvkit.__all__) <= set(dir(cvkit))
    with pytest.raises(AttributeError, match="module 'cvkit' has no attribute 'nothing'"):
        cvkit.nothing  # noqa: B018
    with pytest.raises(AttributeError, match=r"module 'cvkit\.detect' has no attribute 'nothing'"):
        cvkit.detect.nothing  # noqa: B018


def test_importing_costs_next_to_nothing(root: Path) -> None:
    code = """
import json, sys, time
import numpy
start = time.perf_counter()
import cvkit
seconds = time.perf_counter() - start
import cvkit.batch, cvkit.detect, cvkit.io, cvkit.video
heavy = ("numba", "cv2", "sklearn", "rich", "typer", "matplotlib", "jinja2")
print(json.dumps([seconds, [name for name in heavy if name in sys.modules]]))
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, heavy = json.loads(run.stdout)
    assert heavy == []
    assert seconds < 0.15
