"""The CUDA twins as they are compiled, run without a GPU, against the CPU twins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cvkit
from cvkit import _jit_cuda
from cvkit.compare.cases.case import Case
from cvkit.compare.cases.images import scene
from cvkit.compare.cases.table import CASES
from cvkit.compare.measure.difference import difference
from cvkit.features._arctangent_math import arctangent
from cvkit.features._math import hypotenuse
from cvkit.ml.cluster import lloyd
from tests import large_windows, ptx_budgets
from tests.fake_device import fake
from tests.learner_checks import assert_same
from tests.naive_cases import NAIVE_CASES
from tests.ptx_device import ORDERS, Launch, needs_ptx_device, ptx_device
from tests.ptx_parser import parse
from tests.ptx_to_c import translate
from tests.simulate_detector import (
    CASCADE_DETECTORS,
    CHANNEL_DETECTORS,
    small_detector,
    small_photo,
    tiny_photo,
)
from tests.simulate_learners import k_means, neighbors
from tests.simulate_svm import small_models

pytestmark = needs_ptx_device

ROWS = [pytest.param(case, id=case.label) for case in [*CASES, *NAIVE_CASES]]


def assert_twins_agree(case: Case, height: int, width: int, order: str) -> list[Launch]:
    shape = max(height, case.minimum_shape[0]), max(width, case.minimum_shape[1])
    image = scene(*shape, case.channels, case.dtype)
    with pytest.MonkeyPatch.context() as patch, ptx_device(patch, order) as launches:
        found = np.asarray(cvkit.to_host(case.ours(fake(image))))
    far = difference(found, case.ours(image), case.device_tolerance)
    assert far.exceeding <= case.device_tolerance.exceptions, (case.label, order, far)
    return launches


@pytest.mark.parametrize("case", ROWS)
def test_twins_agree_in_any_order_of_threads(case: Case) -> None:
    assert_twins_agree(case, 1, 1, "forward")
    for order in ORDERS:
        assert_twins_agree(case, 17, 23, order)


@pytest.mark.parametrize("case", ROWS)
def test_twins_agree_across_blocks_and_spend_no_more_than_before(case: Case) -> None:
    launches = assert_twins_agree(case, ptx_budgets.HEIGHT, ptx_budgets.WIDTH, ptx_budgets.ORDER)
    spent, before = ptx_budgets.spent(launches), ptx_budgets.budgets()[case.label]
    growth = f"{case.label}: {spent} a pixel, {before} before; if that has to be: python -m tests.ptx_budgets"
    assert spent.instructions <= 1.05 * before.instructions, growth
    assert spent.float64 <= 1.05 * before.float64, growth


@pytest.mark.parametrize("name", large_windows.CALLS)
@pytest.mark.parametrize("channels", [1, 3])
def test_windows_that_are_larger_than_tiles(
    monkeypatch: pytest.MonkeyPatch, name: str, channels: int
) -> None:
    call, image = large_windows.CALLS[name], scene(17, 23, channels, "uint8")
    with ptx_device(monkeypatch):
        found = np.asarray(call(fake(image)))
    np.testing.assert_allclose(found, call(image), atol=1 if name == "bilateral_filter" else 0)


@pytest.mark.parametrize("call", [cvkit.channel_features, cvkit.hog])
def test_stacks_whose_cells_leave_rows_over(monkeypatch: pytest.MonkeyPatch, call: Any) -> None:
    stack = np.stack([scene(21, 23, 3, "uint8", seed=seed) for seed in range(2)])
    with ptx_device(monkeypatch):
        found = np.asarray(call(fake(stack)))
    np.testing.assert_allclose(found, call(stack), atol=1 if found.dtype == np.uint8 else 1e-5)


def test_views_with_gaps_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    image = scene(17, 23, 3, "uint8")
    with ptx_device(monkeypatch):
        with_gaps = fake(np.repeat(image, 2, axis=1))[:, ::2]
        assert not with_gaps.is_c_contiguous()
        np.testing.assert_array_equal(cvkit.rgb_to_bgr(with_gaps), image[..., ::-1])


def test_bytes_that_start_between_words_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    image = scene(17, 23, 3, "uint8")
    between = np.empty(image.size + 1, np.uint8)[1:].reshape(image.shape)
    between[...] = image
    with ptx_device(monkeypatch) as launches:
        np.testing.assert_array_equal(cvkit.rgb_to_bgr(fake(between)), image[..., ::-1])
        np.testing.assert_array_equal(cvkit.rgb_to_gray(fake(between)), cvkit.rgb_to_gray(image))
    assert [launch.kernel.__name__ for launch in launches] == ["_reverse_channels", "_gray_fixed"]


@pytest.mark.parametrize("order", ORDERS)
def test_detectors_find_the_same_windows(monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    detectors = {"hog": small_detector(), **CASCADE_DETECTORS, **CHANNEL_DETECTORS}
    for name, detector in detectors.items():
        image = tiny_photo() if name in CHANNEL_DETECTORS else small_photo()
        boxes, scores = detector.detect_windows(image)
        with ptx_device(monkeypatch, order):
            found_boxes, found_scores = detector.detect_windows(fake(image))
        assert len(boxes) > 2
        np.testing.assert_array_equal(found_boxes, boxes, err_msg=name)
        np.testing.assert_allclose(found_scores, scores, atol=1e-4 if name == "hog" else 1e-5, err_msg=name)


@pytest.mark.parametrize("learn", [k_means, neighbors])
@pytest.mark.parametrize("order", ORDERS)
def test_learners_learn_the_same(monkeypatch: pytest.MonkeyPatch, learn: Any, order: str) -> None:
    monkeypatch.setattr(lloyd, "RESTLESS_SHARE", lloyd.RESTLESS_SHARE)  # k_means changes it
    with ptx_device(monkeypatch, order):
        found = {name: np.asarray(cvkit.to_host(value)) for name, value in learn(fake).items()}
    assert_same(learn(np.asarray), found)


def test_models_decide_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, (model, samples) in small_models().items():
        with ptx_device(monkeypatch):
            decision, labels = model.decision_function(fake(samples)), model.predict(fake(samples))
        tolerance = 1e-4 if samples.dtype == np.float32 else 1e-9
        assert decision.dtype == samples.dtype
        np.testing.assert_allclose(decision, model.decision_function(samples), atol=tolerance, err_msg=name)
        np.testing.assert_array_equal(labels, model.predict(samples), err_msg=name)
        assert labels.dtype == model.classes_.dtype


@_jit_cuda.cuda_kernel
def _to_polar(x: Any, y: Any, lengths: Any, angles: Any) -> None:
    place = _jit_cuda.cuda.grid(1)
    if place < lengths.size:
        lengths[place] = hypotenuse(x[place], y[place])
        angles[place] = arctangent(y[place], x[place])


def test_products_that_are_rounded_by_themselves_are_so_in_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2, 2000))
    x[:3], y[:6:2] = np.nan, (0.0, 1.0, np.inf)
    lengths, angles = fake(np.zeros(2000)), fake(np.zeros(2000))
    with ptx_device(monkeypatch):
        _to_polar[2000](fake(x), fake(y), lengths, angles)
    np.testing.assert_array_equal(lengths, list(map(hypotenuse, x, y)))
    np.testing.assert_array_equal(angles, list(map(arctangent, y, x)))


# What the device itself promises.


@_jit_cuda.cuda_kernel(block=(64,))
def _reverse(numbers: Any) -> None:
    place = _jit_cuda.cuda.grid(1)
    shared = _jit_cuda.cuda.shared.array(64, np.int32)
    shared[63 - _jit_cuda.cuda.threadIdx.x] = numbers[place]
    _jit_cuda.cuda.syncthreads()
    numbers[place] = shared[_jit_cuda.cuda.threadIdx.x]


@_jit_cuda.cuda_kernel
def _write_first(numbers: Any) -> None:
    if _jit_cuda.cuda.grid(1) == 0:
        numbers[0] = 1


@pytest.mark.parametrize("order", ORDERS)
def test_threads_wait_at_barriers(monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    numbers = fake(np.arange(128, dtype=np.int32))
    with ptx_device(monkeypatch, order):
        _reverse[128](numbers)
    np.testing.assert_array_equal(numbers, np.arange(128).reshape(2, 64)[:, ::-1].ravel())


def test_memory_that_nobody_wrote_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    with ptx_device(monkeypatch):
        numbers = _jit_cuda.cuda.device_array(3, np.uint8)
        _write_first[3](numbers)
    np.testing.assert_array_equal(numbers, [1, 0xA5, 0xA5])


def test_arguments_of_the_host_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = np.zeros(3, np.uint8)
    with ptx_device(monkeypatch):
        _write_first[3](numbers)
    assert not numbers.any()


@pytest.mark.parametrize(
    ("grid", "block"), [((1, 65_536), (32, 8)), ((1, 1, 65_536), (32, 8, 1)), ((1,), (32, 64))]
)
def test_what_no_gpu_launches_is_refused(monkeypatch: pytest.MonkeyPatch, grid: Any, block: Any) -> None:
    with ptx_device(monkeypatch), pytest.raises(ValueError, match="no GPU has a grid"):
        _write_first._launch(grid, block, fake(np.zeros(3, np.uint8)))


def test_executed_instructions_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    image = fake(scene(16, 64, 3, "float32"))  # a thread a pixel, in full blocks
    with ptx_device(monkeypatch) as launches:
        cvkit.rgb_to_gray(image)
        cvkit.rgb_to_gray(fake(np.concatenate([image, image])))
    one, two = launches
    assert 1024 * 10 < one.instructions < 1024 * 500
    assert two.instructions == 2 * one.instructions
    assert one.of_float64 == 0


def test_ptx_is_translated() -> None:
    ptx = """
    .visible .entry name(.param .u64 name_param_0)
    {
        .reg .pred %p<2>; .reg .b32 %r<3>; .reg .b64 %rd<2>;
        ld.param.u64 %rd1, [name_param_0]; // a comment
        mov.u32 %r1, %tid.x;
        setp.gt.s32 %p1, %r1, -3;
    @%p1 bra $L__BB0_2;
        shr.s32 %r2, %r1, 2;
        st.global.u32 [%rd1+8], %r2;
    $L__BB0_2:
        ret;
    }
    """
    lines = translate(parse(ptx)).splitlines()
    for line in (
        "_p1 = (pred)(setp_gt_s32((s32)_r1, (s32)18446744073709551613u));",
        "if (_p1) { goto _L__BB0_2; }",
        "_r2 = (s32)(shr_s32((s32)_r1, (u32)2u));",
        "{ u32 *to = (u32 *)((u64)_rd1 + (8)); to[0] = (u32)_r2; }",
        "count(4, 0);",
        "count(2, 0);",
        "count(1, 0);",
    ):
        assert line in lines
    with pytest.raises(ValueError, match="one kernel, got 2"):
        translate(parse(ptx + ptx))
