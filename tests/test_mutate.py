"""The program that changes kernels: what it finds in them, which tests it runs, what it reports."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

import mutate
import mutations
import tests_of_kernels
from mutations import Anchor, find_mutations, locate

KERNELS = mutate.kernel_files(mutate.ROOT)
SOURCES = {path: (mutate.ROOT / path).read_text(encoding="utf-8") for path in KERNELS}


def changes(source: str) -> set[tuple[str, str, str]]:
    return {(found.kind, found.before, found.after) for found in find_mutations("kernel.py", source)}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("border_index(y - 1, height, border)", {("border", "y - 1", "(y - 1) + 1")}),
        ("mode == REFLECT101", {("border", "REFLECT101", "2")}),
        ("(total + 2048) >> shift", {("rounding", "2048", "2049")}),
        ("total + 0.5", {("rounding", "0.5", "0.50048828125")}),
        ("np.rint(x)", {("rounding", "np.rint(x)", "np.floor((x) + np.float32(0.5))")}),
        ("int(round(x))", {("rounding", "round(x)", "int(np.floor((x) + np.float32(0.5)))")}),
        ("left < right", {("tie", " < ", " <= ")}),
        ("0 <= y < size", {("tie", " <= ", " < "), ("tie", " < ", " <= ")}),
        ("range(size)", {("strip", "size", "1, size")}),
        ("range(top, bottom)", {("strip", "top", "(top) + 1")}),
        ("np.empty(7)", set()),
        ("image.shape[2]", set()),
    ],
)
def test_what_is_changed(line: str, expected: set[tuple[str, str, str]]) -> None:
    assert changes(f"def kernel():\n    return {line}\n") == expected


def test_the_first_row_of_a_strip_is_changed() -> None:
    assert changes("def kernel():\n    image, top, bottom = strip(task)\n") == {
        ("strip", "image, top, bottom = strip(task)", "image, top, bottom = strip(task); top += 1")
    }


def test_constants_of_a_module_are_changed_but_for_sizes() -> None:
    assert changes("STRIP, TILE = 128, 64\nTANGENT = np.uint32(27146)\n") == {("rounding", "27146", "27147")}


@pytest.mark.parametrize("path", KERNELS)
def test_every_kernel_file_can_be_changed(path: str) -> None:
    found = find_mutations(path, SOURCES[path])
    has_loops = any(isinstance(node, ast.For) for node in ast.walk(ast.parse(SOURCES[path])))
    assert found or not has_loops  # but calls of NumPy, or types, alone
    for mutation in found:
        source = mutation.apply(SOURCES[path])
        assert source != SOURCES[path]
        assert ast.parse(source), mutation.label


@pytest.mark.parametrize("path", KERNELS)
def test_every_kernel_file_is_seen_by_tests(path: str) -> None:
    commands = tests_of_kernels.pytest_commands(mutate.ROOT, path)
    files = [word for command in commands for word in command if word.startswith("tests/")]
    assert files
    assert all((mutate.ROOT / file).exists() for file in files)


def test_the_doors_of_a_kernel_file_are_those_that_import_it() -> None:
    assert tests_of_kernels.doors(mutate.ROOT, "cvkit/geometry/_cpu/resize.py") == {
        "cvkit/geometry/resize.py"
    }
    # By way of the kernels that call it.
    assert "cvkit/geometry/warp.py" in tests_of_kernels.doors(
        mutate.ROOT, "cvkit/geometry/_cpu/coordinates.py"
    )


@pytest.mark.parametrize("anchor", mutations.REVIEWED, ids=lambda anchor: anchor.name)
def test_what_a_review_found_is_still_there(anchor: Anchor) -> None:
    mutation = locate(anchor, SOURCES)
    assert ast.parse(mutation.apply(SOURCES[mutation.path]))


def test_an_anchor_that_is_gone_is_named() -> None:
    anchor = Anchor("gone", "_nearest", r"np\.rint\(x\)", "x")
    twice = "def _nearest(x):\n    return np.rint(x) + np.rint(x)\n"
    for source in ("", twice):
        with pytest.raises(LookupError, match=r"gone: . expressions .* in the function _nearest"):
            locate(anchor, {"kernel.py": source})


def test_samples_are_drawn_by_seed() -> None:
    first, again, other = (mutate.chosen([], 5, seed, review=False) for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 5


@pytest.fixture
def workplace(tmp_path: Path) -> mutate.Workplace:
    """Make a repository of one function and one test, and a copy of it."""
    root = tmp_path / "repository"
    (root / "cvkit").mkdir(parents=True)
    (root / "cvkit" / "__init__.py").touch()  # a package, or one that is installed goes before it
    (root / "cvkit" / "kernel.py").write_text(
        "def total(n):\n    i = s = 0\n    while i < n:\n        i += 1\n        s += 2\n    return s\n"
    )
    (root / "test_kernel.py").write_text(
        "from cvkit.kernel import total\n\ndef test_total():\n    assert total(5) == 10\n"
    )
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    (tmp_path / "work").mkdir()
    return mutate.Workplace(root, tmp_path / "work")


def changed(workplace: mutate.Workplace, before: str, after: str, limit: float = 60) -> str:
    """Change the function, run the test, and see that the file is as it was."""
    file = workplace.copy / "cvkit" / "kernel.py"
    source, stamp = file.read_text(), file.stat().st_mtime_ns
    begin = source.index(before)
    mutation = mutations.Mutation("cvkit/kernel.py", "", "", 1, (begin, begin + len(before)), before, after)
    outcome = workplace.judge(mutation, [["test_kernel.py"]], limit)
    assert (file.read_text(), file.stat().st_mtime_ns) == (source, stamp)
    return outcome


def test_changes_are_judged(workplace: mutate.Workplace) -> None:
    assert changed(workplace, "s += 2", "s += 3") == "killed"
    assert changed(workplace, "i < n", "i < n != 6") == "survived"
    assert changed(workplace, "i = s = 0", "import os; os.abort()") == "killed"


@pytest.mark.sweep
def test_kernels_that_call_a_changed_one_are_compiled_again(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    (root / "cvkit").mkdir(parents=True)
    (root / "cvkit" / "__init__.py").touch()
    compiled = (
        "from numba import njit\n\n{imports}\n\n@njit(cache=True)\ndef {name}(x):\n    return {value}\n"
    )
    for name, imports, value in (
        ("inner", "", "x + 2"),
        ("outer", "from cvkit.inner import inner", "inner(x)"),
    ):
        text = compiled.format(name=name, imports=imports, value=value)
        (root / "cvkit" / f"{name}.py").write_text(text)
    (root / "test_outer.py").write_text(
        "from cvkit.outer import outer\n\ndef test_outer():\n    assert outer(1) == 3\n"
    )
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    (tmp_path / "work").mkdir()
    [mutation] = find_mutations("cvkit/inner.py", (root / "cvkit" / "inner.py").read_text())
    workplace = mutate.Workplace(root, tmp_path / "work")
    assert workplace.judge(mutation, [["test_outer.py"]], limit=120) == "killed"


@pytest.mark.sweep
def test_a_change_that_never_ends_is_killed_by_time(workplace: mutate.Workplace) -> None:
    assert changed(workplace, "i += 1", "i += 0", limit=5) == "killed by time"


def test_tests_must_pass_without_a_change(workplace: mutate.Workplace) -> None:
    (workplace.copy / "test_kernel.py").write_text("def test_total():\n    assert False\n")
    with pytest.raises(ValueError, match=r"these tests do not pass: test_kernel\.py"):
        changed(workplace, "s += 2", "s += 3")
