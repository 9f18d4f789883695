"""Under ``NUMBA_DISABLE_JIT`` trees, forests and boosting find what their compiled kernels find."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.learner_checks import assert_same
from tests.plain_trees import results


def test_plain_python_finds_the_same_models(tmp_path):
    run = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.plain_trees", str(tmp_path / "plain.npz")],
        cwd=Path(__file__).resolve().parents[1],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    with np.load(tmp_path / "plain.npz") as plain:
        assert_same(results(), dict(plain))
