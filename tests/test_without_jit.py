"""Numba's debugging mode runs the kernels as plain Python, vector instructions included."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cvkit
from tests.without_jit import RUNS

# Plain Python has no FMA, and NumPy's square roots and powers differ from the compiler's in the last bits.
LAST_BITS = 2e-6


@pytest.mark.parametrize("room", ["color", "features", "geometry", "intensity", "morphology", "regions"])
def test_plain_python_computes_what_compiled_kernels_do(room: str, tmp_path: Path, root: Path) -> None:
    operations = {name for name, module in cvkit._FUNCTIONS.items() if module.startswith(f"cvkit.{room}.")}
    labels = [label for label, (operation, _) in RUNS.items() if operation in operations]
    output = tmp_path / "plain.npz"
    run = subprocess.run(
        [sys.executable, "-m", "tests.without_jit", str(output), *labels],
        cwd=root,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    with np.load(output) as plain:
        for label in labels:
            compiled = RUNS[label][1]()
            if compiled.dtype.kind == "u":
                np.testing.assert_array_equal(plain[label], compiled, label)
            else:
                allowed = LAST_BITS * np.abs(compiled[np.isfinite(compiled)]).max(initial=0)
                np.testing.assert_allclose(plain[label], compiled, rtol=0, atol=allowed, err_msg=label)
