"""Layers on CUDA, as compiled kernels that the CPU executes, and on the CPU as plain Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cvkit import layers
from cvkit._jit import CpuKernel, thread_limit
from tests.fake_device import fake
from tests.layer_calls import CALLS
from tests.ptx_device import ORDERS, needs_ptx_device, ptx_device, unless_ptx_device

# Sums in another order.
TOLERANCE = {"rtol": 1e-5, "atol": 1e-6}


def test_every_layer_is_called() -> None:
    called = {name.partition(" ")[0] for name in CALLS}
    of_arrays = {name for name, module in layers._NAMES.items() if module != "cvkit.layers.counts"}
    assert called == of_arrays


# A kernel takes half a second to become machine code: of each file a difficult one, the rest in sweeps.
EXECUTED = {"conv2d", "conv2d_backward", "max_pool2d_backward"}


@needs_ptx_device
@pytest.mark.parametrize(
    "name", [name if name in EXECUTED else pytest.param(name, marks=pytest.mark.sweep) for name in CALLS]
)
def test_twins_agree(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    expected = CALLS[name](np.asarray)
    for order in ORDERS:
        with ptx_device(monkeypatch, order):
            found = CALLS[name](fake)
        for one, other in zip(found, expected, strict=True):
            assert type(one) is type(fake(one))
            np.testing.assert_allclose(one, other, **TOLERANCE, err_msg=order)


def run_elsewhere(root: Path, folder: Path, **environment: str) -> None:
    """Run all calls in a process with other settings of Numba, and compare with what is computed here."""
    output = folder / "results.npz"
    run = subprocess.run(
        [sys.executable, "-m", "tests.layer_calls", str(output)],
        cwd=root,
        env={**os.environ, "PYTHONWARNINGS": "ignore", **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    with np.load(output) as elsewhere:
        for name, call in CALLS.items():
            for part, expected in enumerate(call(np.asarray)):
                np.testing.assert_allclose(elsewhere[f"{name} {part}"], expected, **TOLERANCE, err_msg=name)


@pytest.mark.sweep
def test_plain_python_computes_what_compiled_kernels_do(root: Path, tmp_path: Path) -> None:
    run_elsewhere(root, tmp_path, NUMBA_DISABLE_JIT="1")


@pytest.mark.sweep
def test_threads_compute_what_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CpuKernel, "serial_below_bytes", 0)
    for name, call in CALLS.items():
        results = []
        for threads in (1, 2):
            with thread_limit(threads):
                results.append(call(np.asarray))
        for one, other in zip(*results, strict=True):
            np.testing.assert_allclose(other, one, **TOLERANCE, err_msg=name)


@unless_ptx_device
@pytest.mark.sweep
def test_simulated_cuda_equals_cpu(root: Path, tmp_path: Path) -> None:
    run_elsewhere(root, tmp_path, NUMBA_DISABLE_JIT="1", NUMBA_ENABLE_CUDASIM="1")
