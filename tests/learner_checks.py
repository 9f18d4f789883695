"""What the tests of learners share: scikit-learn's estimator checks, the simulator and the PTX compiler."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, SkipTestWarning
from sklearn.utils.estimator_checks import check_estimator

from cvkit import _jit_cuda
from tests.fake_device import assert_compile, recorded_launches

SIMULATOR = {"NUMBA_ENABLE_CUDASIM": "1", "NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "ignore"}


def failed_checks(estimator: Any) -> set[str]:
    """Run scikit-learn's estimator checks and return the names of those that fail."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)  # several checks cluster repeated samples
        results = check_estimator(estimator, on_fail=None)
    assert len(results) > 40
    return {result["check_name"] for result in results if result["status"] == "failed"}


def simulated(function: str, folder: Path) -> dict[str, np.ndarray]:
    """Run a function of ``tests.simulate_learners`` on the CUDA simulator and return its results."""
    output = folder / "simulated.npz"
    run = subprocess.run(
        [sys.executable, "-m", "tests.simulate_learners", str(output), function],
        cwd=Path(__file__).resolve().parents[1],
        env={**os.environ, **SIMULATOR},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    with np.load(output) as results:
        return dict(results)


def assert_same(ours: dict[str, Any], theirs: dict[str, np.ndarray]) -> None:
    """Compare results by name: numbers to rounding, labels and indices exactly."""
    assert ours.keys() == theirs.keys()
    for name, expected in ours.items():
        expected = np.asarray(expected)
        assert theirs[name].shape == expected.shape, name
        tolerance = 1e-9 if expected.dtype.kind == "f" else 0
        np.testing.assert_allclose(theirs[name], expected, rtol=tolerance, atol=tolerance, err_msg=name)


def assert_compiles(
    monkeypatch: pytest.MonkeyPatch, calls: list[tuple[ModuleType, str, tuple[Any, ...]]]
) -> None:
    """Compile the kernels that some calls of CUDA twins launch, for the oldest and a current GPU.

    Every kernel of the modules must be launched by one of the calls.
    """
    if importlib.util.find_spec("numba_cuda") is None:
        pytest.skip("the extra 'cuda' is not installed")
    with recorded_launches(monkeypatch) as launches:
        for module, function, arguments in calls:
            getattr(module, function)(*arguments)
    assert_compile(monkeypatch, launches)
    names = {module.__name__ for module, _, _ in calls}
    declared = {kernel for kernel in _jit_cuda.CUDA_KERNELS if kernel.py_func.__module__ in names}
    assert declared == {kernel for kernel, _ in launches}
