"""A process that compiles computes the same bits as one that finds everything compiled."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from numba.core.codegen import JITCodeLibrary

import cvkit
from cvkit import _jit

# Fits whose steps add up in other last bits as soon as one product is fused with another sum.
FITS = """
import hashlib
import numba.core.event as event
import numpy as np
from cvkit.ml import SVC

class Count(event.Listener):
    compiled = 0
    def on_start(self, event): pass
    def on_end(self, event): Count.compiled += 1

event.register("numba:compile", Count())
X = np.random.default_rng(0).normal(size=(77, 5)).astype(np.float32)
y = (X[:, 0] + X[:, 1] ** 2 > 0.7).astype(int) + (X[:, 2] > 1)
for kernel in ("linear", "poly", "rbf"):
    model = SVC(kernel=kernel, C=0.7).fit(X, y)
    print(hashlib.sha256(model.decision_function(X).tobytes() + model.dual_coef_.tobytes()).hexdigest())
print(Count.compiled)
"""


def test_a_process_that_compiles_gives_the_bits_of_one_that_loads(root: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(root)}
    runs = [
        subprocess.run(
            [sys.executable, "-c", FITS],
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=True,
        ).stdout.split()
        for _ in range(2)
    ]
    assert int(runs[0][-1]) > 0
    assert int(runs[1][-1]) == 0
    assert runs[0][:-1] == runs[1][:-1]


@_jit.helper
def add_one(values: np.ndarray) -> None:
    """Add 1 to each value."""
    for i in range(values.shape[0]):
        values[i] += 1


@_jit.serial_kernel
def add_two(values: np.ndarray) -> None:
    """Add 2 to each value."""
    add_one(values)
    add_one(values)


def test_helpers_have_no_machine_code_of_their_own() -> None:
    values = np.zeros(5)
    add_two(values)
    assert (values == 2).all()
    if not hasattr(add_one, "overloads"):  # under NUMBA_DISABLE_JIT
        return
    (compiled,) = add_one.overloads.values()
    assert isinstance(compiled.library, JITCodeLibrary)
    assert not compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)


def test_python_may_call_a_helper_that_kernels_call() -> None:
    values = np.zeros(5)
    add_two(values)
    add_one(values)
    assert (values == 3).all()


def names_in(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def test_no_compiled_function_calls_what_only_python_may() -> None:
    """What is loaded from the cache has no code that a caller could link."""
    kernels: set[str] = set()
    called: dict[str, set[str]] = {}
    for path in Path(cvkit.__file__).parent.rglob("_cpu/*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and function.decorator_list:
                if "serial_kernel" in set().union(*map(names_in, function.decorator_list)):
                    kernels.add(function.name)
                calls = [part.func for part in ast.walk(function) if isinstance(part, ast.Call)]
                named = {call.id for call in calls if isinstance(call, ast.Name)}
                called[f"{path.name}:{function.name}"] = named
    assert kernels
    assert not {caller: wrong for caller, names in called.items() if (wrong := names & kernels)}
