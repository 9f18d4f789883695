"""Every CUDA kernel compiles to PTX for the oldest and a current GPU, with the types its callers pass."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from types import SimpleNamespace

import numpy as np
import pytest

import cvkit
from cvkit import _dispatch, _jit
from cvkit.compare.cases import CASES
from cvkit.ml import _lloyd
from tests.fake_device import fake, recorded_launches
from tests.naive_cases import NAIVE_CASES
from tests.simulate import small_picture
from tests.simulate_detector import small_detector, small_photo
from tests.simulate_learners import k_means, neighbors
from tests.simulate_svm import small_models

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("numba_cuda") is None, reason="the extra 'cuda' is not installed"
)


def all_cuda_kernels() -> set[_jit.CudaKernel]:
    """Import every module on a ``_cuda`` shelf and return the kernels they declare."""
    for module in pkgutil.walk_packages(cvkit.__path__, "cvkit."):
        if "._cuda." in module.name or module.name == "cvkit._device":
            importlib.import_module(module.name)
    return set(_jit.CUDA_KERNELS)


# Nothing is computed: all labels, and all scores of classes, are 0.
@pytest.mark.filterwarnings(
    "ignore:Number of distinct clusters", "ignore:invalid value encountered in divide"
)
def test_every_kernel_compiles_for_sm_75_and_sm_90(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lloyd, "RESTLESS_SHARE", _lloyd.RESTLESS_SHARE)  # k_means changes it
    with recorded_launches(monkeypatch) as launches:
        for case in [*CASES, *NAIVE_CASES]:
            case.ours(fake(small_picture(case)))
        small_detector().detect_windows(fake(small_photo()))
        for model, samples in small_models().values():
            model.decision_function(fake(samples))
            model.predict(fake(samples))
        k_means(fake)
        neighbors(fake, weights="uniform")  # no distance is computed, and none would be refused as a weight
        _dispatch.as_device_array(fake(np.zeros((4, 6), np.uint8))[:, ::2])
    assert launches
    # Numba asks the current GPU which capability to compile a kernel's helpers for.
    dispatcher = importlib.import_module(f"{_jit.cuda.jit.__module__.rpartition('.')[0]}.dispatcher")
    oldest = SimpleNamespace(compute_capability=(7, 5))
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: oldest)
    for kernel, signature in sorted(launches, key=str):
        for capability in [(7, 5), (9, 0)]:
            ptx, _ = _jit.cuda.compile(
                kernel.py_func, signature, cc=capability, output="ptx", abi="numba", device=False
            )
            assert ".entry" in ptx, kernel.__name__
    missed = all_cuda_kernels() - {kernel for kernel, _ in launches}
    assert not missed, f"no case of the table launches {sorted(kernel.__name__ for kernel in missed)}"
