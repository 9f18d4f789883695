"""Numba's debugging mode runs the kernels as plain Python, vector instructions included."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.table import CASES
from tests.naive_cases import NAIVE_CASES
from tests.simulate import small_picture

ROOMS = ("color", "features", "geometry")
# Plain Python has no FMA, and NumPy's square roots and powers differ from the compiler's in the last bits.
LAST_BITS = 2e-5


def of_room(room: str) -> set[str]:
    """Name the public functions that a room defines."""
    return {name for name, module in cvkit._FUNCTIONS.items() if module.startswith(f"cvkit.{room}.")}


@pytest.mark.parametrize("room", ROOMS)
def test_plain_python_computes_what_compiled_kernels_do(room: str, tmp_path: Path, root: Path) -> None:
    cases = [case for case in [*CASES, *NAIVE_CASES] if case.operation in of_room(room)]
    output = tmp_path / "plain.npz"
    run = subprocess.run(
        [sys.executable, "-m", "tests.without_jit", str(output), *(case.label for case in cases)],
        cwd=root,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    with np.load(output) as plain:
        for case in cases:
            compiled = case.ours(small_picture(case))
            if compiled.dtype.kind == "u":
                np.testing.assert_array_equal(plain[case.label], compiled, case.label)
            else:
                scale = np.abs(compiled).max()
                np.testing.assert_allclose(
                    plain[case.label], compiled, rtol=0, atol=LAST_BITS * scale, err_msg=case.label
                )
