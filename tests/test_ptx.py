"""Every CUDA kernel compiles to PTX for the oldest and a current GPU, with the types its callers pass."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil

import numpy as np
import pytest

import cvkit
from cvkit import _dispatch, _jit
from cvkit.compare.cases.table import CASES
from cvkit.ml.cluster import lloyd
from tests.fake_device import assert_compile, fake, recorded_launches
from tests.naive_cases import NAIVE_CASES
from tests.simulate import small_image
from tests.simulate_detector import CHANNEL_DETECTORS, small_detector, small_photo, tiny_photo
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
    monkeypatch.setattr(lloyd, "RESTLESS_SHARE", lloyd.RESTLESS_SHARE)  # k_means changes it
    with recorded_launches(monkeypatch) as launches:
        for case in [*CASES, *NAIVE_CASES]:
            case.ours(fake(small_image(case)))
        small_detector().detect_windows(fake(small_photo()))
        for detector in CHANNEL_DETECTORS.values():
            detector.detect_windows(fake(tiny_photo()))
        for model, samples in small_models().values():
            model.decision_function(fake(samples))
            model.predict(fake(samples))
        k_means(fake)
        neighbors(fake, weights="uniform")  # no distance is computed, and none would be refused as a weight
        _dispatch.as_device_array(fake(np.zeros((4, 6), np.uint8))[:, ::2])
    assert launches
    assert_compile(monkeypatch, launches)
    missed = all_cuda_kernels() - {kernel for kernel, _ in launches}
    assert not missed, f"no case of the table launches {sorted(kernel.__name__ for kernel in missed)}"
