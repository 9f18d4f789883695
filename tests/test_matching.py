"""Templates: what the table of cases cannot say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise, scene
from cvkit.features import _fourier
from cvkit.features._cpu import matching as matching_kernels
from cvkit.features._cpu import whole_sums

IMAGE = scene(60, 70)
TEMPLATE = IMAGE[20:32, 30:45].copy()
METHODS = ("squared_difference", "correlation", "coefficient")


@pytest.mark.parametrize("method", METHODS)
def test_a_cut_is_found_where_it_was_cut(method: str) -> None:
    scores = cvkit.match_template(IMAGE, TEMPLATE, method=method)
    points, values = cvkit.best_matches(scores, lowest=method == "squared_difference")
    assert points.tolist() == [[30, 20]]
    assert values[0] == pytest.approx(0.0 if method == "squared_difference" else 1.0, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_windows_and_templates_without_contrast(method: str) -> None:
    image = np.zeros((9, 12), np.uint8)
    image[:, 6:] = scene(9, 6)
    assert cvkit.match_template(image, TEMPLATE[:3, :3], method=method)[0, 0] == (method == METHODS[0])
    flat = np.full((3, 3), 7, np.uint8)
    scores = cvkit.match_template(image, flat, method=method)
    if method == "coefficient":
        assert (scores == 1).all()
    masked = cvkit.match_template(image, flat, method=method, mask=np.eye(3, dtype=bool))
    assert np.isfinite(masked).all()


@pytest.mark.parametrize("is_masked", [False, True])
def test_transforms_and_sums_agree(is_masked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    image, template = noise(70, 90, 3, "float32"), noise(40, 30, 3, "float32", seed=1)
    image[3, 5, 1] = np.nan
    mask = noise(40, 30, 1, "float32", seed=2) if is_masked else None
    found = []
    for is_faster in (True, False):
        monkeypatch.setattr(_fourier, "is_faster", lambda *shapes, answer=is_faster: answer)
        found += [
            cvkit.match_template(image, template, method=method, normalize=False, mask=mask)
            for method in METHODS
        ]
    for by_transforms, by_sums in zip(found[:3], found[3:], strict=True):
        holds_nan = np.isnan(by_sums)
        np.testing.assert_array_equal(np.isnan(by_transforms), holds_nan)
        assert holds_nan[:4, :6].all()
        assert not holds_nan[4:].any()
        assert not holds_nan[:, 6:].any()
        difference = np.abs(by_transforms[4:] - by_sums[4:]).max()
        assert difference < 1e-4 * np.ptp(by_sums[4:])


def test_blocks_of_transforms_cover_the_image() -> None:
    image, weights = noise(300, 700, dtype="float32"), noise(2, 3, 1, "float32")
    planes, weights = image[np.newaxis, np.newaxis], weights[np.newaxis, np.newaxis]
    found, expected = np.empty((2, 1, 1, 299, 698), np.float32)
    _fourier.correlate(planes, weights, found)
    matching_kernels.correlate(planes, weights, np.ones((1, 1), bool), expected)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_what_is_no_number_stays_in_its_windows(value: float) -> None:
    image = noise(40, 50, dtype="float32")
    template = image[:4, :5].copy()
    for method in METHODS:
        before = cvkit.match_template(image, template, method=method)
        changed = image.copy()
        changed[20, 30] = value
        after = cvkit.match_template(changed, template, method=method)
        inside = np.zeros(after.shape, bool)
        inside[17:21, 26:31] = True
        np.testing.assert_array_equal(after[~inside], before[~inside])
        if value != 1e30:
            assert not np.isfinite(after[inside]).any()


def test_best_matches_keep_their_distance_and_their_order() -> None:
    scores = np.zeros((6, 8), np.float32)
    scores[1, 1], scores[1, 2], scores[4, 6], scores[2, 5], scores[0, 0] = 3, 2.5, 3, 2, np.nan
    points, values = cvkit.best_matches(scores, 4, distance=2)
    assert points.tolist()[:3] == [[1, 1], [6, 4], [5, 2]]
    assert values.tolist() == [3, 3, 2, 0]
    points, _ = cvkit.best_matches(scores, 99, limit=2.5)
    assert points.tolist() == [[1, 1], [6, 4], [2, 1]]
    points, values = cvkit.best_matches(-scores, 2, distance=(4, 1), lowest=True, limit=-2.75)
    assert points.tolist() == [[1, 1], [6, 4]]
    assert values.dtype == np.float32
    assert cvkit.best_matches(np.full((2, 2), np.nan), 3)[0].shape == (0, 2)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((IMAGE.astype(np.uint16), TEMPLATE), {}, TypeError, "image must have dtype uint8, float32"),
        ((IMAGE, TEMPLATE.astype(np.float32)), {}, TypeError, "template must have dtype uint8, got float32"),
        ((IMAGE, scene(70, 3)), {}, ValueError, r"template must be at most as large .*\(60, 70\)"),
        ((IMAGE, scene(3, 3, 3)), {}, ValueError, "template must have 1 channels"),
        ((IMAGE, IMAGE[:0]), {}, ValueError, "template must not be empty"),
        ((IMAGE, TEMPLATE), {"method": "difference"}, ValueError, "method must be one of"),
        ((IMAGE, TEMPLATE), {"mask": TEMPLATE[:3]}, ValueError, r"mask must have shape \(12, 15\)"),
        ((IMAGE, TEMPLATE), {"mask": TEMPLATE.astype(float)}, TypeError, "mask must have dtype bool"),
        ((IMAGE, TEMPLATE), {"mask": np.zeros_like(TEMPLATE)}, ValueError, "mask must be finite"),
    ],
)
def test_what_cannot_be_matched_is_refused(
    arguments: Any, options: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        cvkit.match_template(*arguments, **options)


@pytest.mark.parametrize(
    ("scores", "options", "error", "message"),
    [
        (np.zeros((2, 3, 4)), {}, ValueError, r"scores must be \(H, W\)"),
        (np.zeros((0, 3)), {}, ValueError, "scores must be"),
        (["a"], {}, TypeError, "scores must be an array of real numbers"),
        (np.zeros((2, 3)), {"count": 0}, ValueError, "count must be at least 1"),
        (np.zeros((2, 3)), {"distance": 0}, ValueError, "distance must be at least 1"),
        (np.zeros((2, 3)), {"limit": np.nan}, ValueError, "limit must be finite"),
    ],
)
def test_what_has_no_best_is_refused(scores: Any, options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        cvkit.best_matches(scores, **options)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 8), (33, 7)])
def test_sums_of_bytes_are_exact(height: int, width: int) -> None:
    image, template = noise(70, 90, 2), noise(height, width, 2, seed=1)
    planes = np.moveaxis(image, 2, 0)[np.newaxis].astype(np.int16)
    weights = np.moveaxis(template, 2, 0).astype(np.float64)
    sums = np.empty((1, 71 - height, 91 - width), np.int32)
    whole_sums.correlate_whole(planes, whole_sums.paired(weights), sums)
    windows = np.lib.stride_tricks.sliding_window_view(
        planes[0].astype(np.int32), (height, width), axis=(1, 2)
    )
    np.testing.assert_array_equal(sums[0], np.einsum("cyxij,cij->yx", windows, weights.astype(np.int32)))


@pytest.mark.parametrize("shape", [(9, 40), (70, 5), (130, 6)])
def test_transforms_are_sums(shape: tuple[int, int]) -> None:
    planes = noise(150, 80, 2, dtype="float32").transpose(2, 0, 1)[np.newaxis].copy()
    weights = np.stack([noise(*shape, 2, dtype="float32", seed=seed).transpose(2, 0, 1) for seed in (1, 2)])
    sums = np.empty((1, 2, 151 - shape[0], 81 - shape[1]), np.float32)
    _fourier.correlate(planes, weights, sums)
    windows = np.lib.stride_tricks.sliding_window_view(planes[0], shape, axis=(1, 2))
    expected = np.einsum("cyxij,kcij->kyx", windows, weights, optimize=True)
    np.testing.assert_allclose(sums[0], expected, rtol=1e-5)
