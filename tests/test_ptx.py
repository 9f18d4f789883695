"""What every CUDA kernel compiles to, with the types its callers pass.

``test_ptx_execution`` compiles them for a current GPU.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
import warnings
from typing import Any, TypeAlias

import numpy as np
import pytest
from numba import types

import cvkit
from cvkit import _dispatch, _jit_cuda
from cvkit.compare.cases.table import CASES
from cvkit.features.orb import TABLES
from cvkit.ml.cluster import lloyd
from tests import large_windows
from tests.fake_device import fake, recorded_launches
from tests.layer_calls import CALLS as LAYERS
from tests.naive_cases import NAIVE_CASES
from tests.ptx_assembler import assembled
from tests.ptx_device import CAPABILITY, module_of, ptx_of
from tests.ptx_to_c import computes_in_float64
from tests.simulate import small_image
from tests.simulate_detector import (
    CASCADE_DETECTORS,
    CHANNEL_DETECTORS,
    small_detector,
    small_photo,
    tiny_photo,
)
from tests.simulate_learners import k_means, neighbors
from tests.simulate_svm import small_models

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("numba_cuda") is None, reason="the extra 'cuda' is not installed"
)

Launches: TypeAlias = list[tuple[_jit_cuda.CudaKernel, tuple[Any, ...]]]


def all_cuda_kernels() -> set[_jit_cuda.CudaKernel]:
    """Import every module on a ``_cuda`` shelf and return the kernels they declare."""
    for module in pkgutil.walk_packages(cvkit.__path__, "cvkit."):
        if "._cuda." in module.name or module.name == "cvkit._device":
            importlib.import_module(module.name)
    return {kernel for kernel in _jit_cuda.CUDA_KERNELS if kernel.py_func.__module__.startswith("cvkit.")}


@pytest.fixture(scope="module")
def launches() -> Launches:
    """Kernels with the types of their arguments: of the table, of detectors and of learners."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr(lloyd, "RESTLESS_SHARE", lloyd.RESTLESS_SHARE)  # k_means changes it
        # Nothing is computed: all labels, and all scores of classes, are 0.
        warnings.filterwarnings("ignore", "Number of distinct clusters")
        warnings.filterwarnings("ignore", "invalid value encountered in divide")
        with recorded_launches(patch) as recorded:
            for case in [*CASES, *NAIVE_CASES]:
                case.ours(fake(small_image(case)))
            for call in large_windows.CALLS.values():
                call(fake(small_image(CASES[0])))
            small_detector().detect_windows(fake(small_photo()))
            for detector in CHANNEL_DETECTORS.values():
                detector.detect_windows(fake(tiny_photo()))
            for detector in CASCADE_DETECTORS.values():
                detector.detect_windows(fake(small_photo()))
            for model, samples in small_models().values():
                model.decision_function(fake(samples))
                model.predict(fake(samples))
            k_means(fake)
            # No distance is computed, and none would be refused as a weight.
            neighbors(fake, weights="uniform")
            for layer in LAYERS.values():
                layer(fake)
            # Where nothing is executed, no corner is found.
            from cvkit.features._cuda import orb

            places, plane = np.full((2, 2), 40, np.int32), fake(np.zeros((80, 80), np.uint8))
            orb.respond(plane, places, fake(np.zeros(2, np.float32)))
            orb.describe(
                plane, places, TABLES, 0, fake(np.zeros(2, np.float32)), fake(np.zeros((2, 32), np.uint8))
            )
            _dispatch.as_device_array(fake(np.zeros((4, 6), np.uint8))[:, ::2])
            _dispatch.as_device_array(fake(np.zeros((4, 6, 3), np.uint8))[:, ::2])
    return sorted(recorded, key=str)


def test_every_kernel_is_launched(launches: Launches) -> None:
    missed = all_cuda_kernels() - {kernel for kernel, _ in launches}
    assert not missed, f"no case of the table launches {sorted(kernel.__name__ for kernel in missed)}"


def test_every_kernel_compiles_for_the_oldest_gpu(launches: Launches) -> None:
    for kernel, signature in launches:
        assert ".entry" in ptx_of(kernel, signature, capability=(7, 5)), kernel.__name__


# Most GPUs execute 64 instructions of float32 in the time of one of float64.
FLOAT64 = {
    "detect._cuda.hog_detector._append_hits": "compares scores with the threshold of the detector, a float64",
    "features._cuda.corner_points._append_peaks": "the limit is a share of the largest value",
    "features._cuda.corners._measure": "sums of products are exact in it, and in OpenCV's order",
    "features._cuda.flow._track": "compares the length of a step with a float64, as OpenCV",
    "features._cuda.orb._describe": "cosine and sine, exact to the last bit of float32",
    "geometry._cuda.resize_weighted._weigh_color": "Numba rounds half to even in float64 only",
    "geometry._cuda.resize_weighted._weigh_gray": "as _weigh_color",
    "geometry._cuda.warp._bilinear": "positions become integers by float64, and are compared with them in it",
    "geometry._cuda.warp._nearest": "as _bilinear",
    "geometry._cuda.warp._bicubic": "as _bilinear; the weights of the cubic are float64",
    "intensity._cuda.equalization._match": "quantiles of levels, interpolated as by NumPy",
    "ml._cuda.samples._hash_rows": "equal numbers of any dtype have the same hash, that of a float64",
    "ml.cluster._cuda.lloyd._nearest_around": "for samples far from 0, whose distances cancel in float32",
    "ml.linear._cuda.decision._linear_decision": "adds up the sums of a block's threads, one a lane",
    "ml.svm._cuda.kernel_functions._kernel_matrix": "the kernel function of a sum, with float64 parameters",
    "ml.svm._cuda.pairwise._one_vs_rest": "sums of votes and decisions, as the CPU twin",
}
# A thread that takes more leaves room for fewer others on a GPU; these take as many as here.
REGISTERS = 64
MORE_REGISTERS = {
    "features._cuda.channel_cells._decorrelate": 66,
    "features._cuda.channels._sum_cells": 66,
    "features._cuda.flow._track": 78,
    "features._cuda.hog_skimage._cell_histograms": 92,
    "features._cuda.matching._correlate": 115,
    "filters._cuda.bilateral._bilateral": 70,
    "filters._cuda.denoising._average_tiles": 128,
    "filters._cuda.denoising._non_local_means": 89,
    "filters._cuda.linear._filter_columns": 66,
    "filters._cuda.linear._filter_rows": 72,
    "filters._cuda.linear._filter_tiles": 72,
    "filters._cuda.median._select": 77,
    "filters._cuda.median._walk": 77,
    "geometry._cuda.pyramid._down": 95,
    "geometry._cuda.warp._bicubic": 176,
    "geometry._cuda.warp._bilinear": 130,
    "geometry._cuda.warp._nearest": 72,
    "intensity._cuda.metrics._structural_similarity": 72,
    "morphology._cuda.erosion._extreme_of_runs": 66,
    "layers._cuda.regions_of_interest._roi_align": 71,
    "layers._cuda.regions_of_interest._roi_align_backward": 94,
    "ml.neighbors._cuda.brute_force._finish": 70,
    "ml.neighbors._cuda.brute_force._scan": 74,
}
# Memory of a thread is memory of the device, hundreds of cycles away.
LOCAL_MEMORY = {
    "filters._cuda.median._walk": "the histogram of a window of bytes",
}


def test_float64_is_used_where_it_is_meant(launches: Launches) -> None:
    found = {
        _place(kernel)
        for kernel, signature in launches
        if not any(map(_holds_float64, signature))
        and any(map(computes_in_float64, module_of(kernel, signature).instructions()))
    }
    assert found == FLOAT64.keys()


def test_no_division_or_root_is_approximate(launches: Launches) -> None:
    for kernel, signature in launches:
        found = set(re.findall(r"\b(?:div|sqrt)\.approx\S*", ptx_of(kernel, signature)))
        assert not found, _place(kernel)


def test_kernels_fit_into_registers(launches: Launches) -> None:
    taken: dict[str, int] = {}
    with_local_memory = set()
    for kernel, signature in launches:
        place, resources = _place(kernel), assembled(ptx_of(kernel, signature), CAPABILITY)
        assert resources.spilled_bytes == 0, place
        taken[place] = max(resources.registers, taken.get(place, 0))
        if resources.local_bytes:
            with_local_memory.add(place)
    beyond = {place: count for place, count in taken.items() if count > MORE_REGISTERS.get(place, REGISTERS)}
    assert not beyond
    assert taken.keys() >= MORE_REGISTERS.keys()
    assert with_local_memory == LOCAL_MEMORY.keys()


def _place(kernel: _jit_cuda.CudaKernel) -> str:
    return f"{kernel.py_func.__module__.removeprefix('cvkit.')}.{kernel.__name__}"


def _holds_float64(kind: Any) -> bool:
    """Tell whether an argument is an array of float64, or a tuple that holds one."""
    if isinstance(kind, types.BaseTuple):
        return any(map(_holds_float64, kind))
    return isinstance(kind, types.Array) and kind.dtype == types.float64
