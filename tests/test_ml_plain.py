"""Learners give the same with ``NUMBA_DISABLE_JIT=1``, where kernels are Python that a debugger can enter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.plain_learners import results


def test_plain_python_equals_compiled_kernels(tmp_path: Path, root: Path) -> None:
    output = tmp_path / "plain.npz"
    # Hashes and generators wrap around, of which NumPy warns outside of kernels.
    plain = {"NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "ignore"}
    subprocess.run(
        [sys.executable, "-m", "tests.plain_learners", str(output)],
        cwd=root,
        env={**os.environ, **plain},
        check=True,
        timeout=300,
    )
    compiled = results()
    with np.load(output) as found:
        assert set(found) == set(compiled)
        for name, expected in compiled.items():
            np.testing.assert_allclose(found[name], expected, rtol=1e-6, atol=1e-9, err_msg=name)
