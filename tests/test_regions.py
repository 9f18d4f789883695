"""Regions: masks that are hard to label, what is refused, and the table that a batch writes."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

import cvkit
from cvkit import _validate_regions
from cvkit.batch import run
from cvkit.compare.cases.case import Case
from cvkit.compare.cases.images import noise, scene
from cvkit.compare.cases.regions import REGION_HOST_CASES, connected_components, opencv_watershed, stats_of
from tests.fake_device import fake
from tests.ptx_device import needs_ptx_device, ptx_device


def snake(height: int, width: int) -> np.ndarray:
    """One region through all of a mask, row by row, forth and back."""
    mask = np.zeros((height, width), np.uint8)
    mask[::2] = 1
    mask[1::4, -1] = mask[3::4, 0] = 1
    return mask


def spiral(height: int, width: int) -> np.ndarray:
    """One region, around and around, and one for what is between."""
    y, x = np.mgrid[:height, :width]
    ring = np.minimum(np.minimum(y, x), np.minimum(height - 1 - y, width - 1 - x))
    mask = (ring % 2 == 0).astype(np.uint8)
    corners = np.arange(0, min(height, width) // 2 - 2, 2)
    mask[corners + 1, corners] = 0  # each ring is open there,
    mask[corners + 2, corners + 1] = 1  # and goes on inside
    return mask


def checkerboard(height: int, width: int) -> np.ndarray:
    """A region a pixel for 4 neighbors, one region for 8."""
    return (np.indices((height, width)).sum(0) % 2).astype(np.uint8)


def comb(height: int, width: int) -> np.ndarray:
    """Columns that meet in the last row only, so that every one is joined at the end."""
    mask = np.zeros((height, width), np.uint8)
    mask[:, ::2] = 1
    mask[-1] = 1
    return mask


def nested(height: int, width: int) -> np.ndarray:
    """Arches within arches: neighbors that are joined by the row above, the innermost first or last."""
    y, x = np.mgrid[:height, :width]
    return (np.maximum(np.abs(x - width // 2), height - y) % 2).astype(np.uint8)


HARD = {"snake": snake, "spiral": spiral, "checkerboard": checkerboard, "comb": comb, "nested": nested}


def assert_labels_are_opencvs(mask: np.ndarray, connectivity: int) -> None:
    labels, count = cvkit.label(mask, connectivity=connectivity)
    np.testing.assert_array_equal(labels, connected_components(mask, connectivity))
    assert count == labels.max()


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("connectivity", [4, 8])
def test_masks_that_are_hard_to_label(name: str, connectivity: int) -> None:
    for shape in [(1, 1), (5, 7), (131, 200), (201, 66)]:
        mask = HARD[name](*shape)
        for turned in (mask, mask.T, mask[::-1], mask[:, ::-1], 1 - mask):
            assert_labels_are_opencvs(turned, connectivity)


@pytest.mark.sweep
@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("connectivity", [4, 8])
def test_the_time_is_linear(name: str, connectivity: int) -> None:
    seconds = []
    for shape in [(750, 1000), (3000, 4000)]:
        mask = HARD[name](*shape)
        assert_labels_are_opencvs(mask, connectivity)
        start = time.process_time()
        cvkit.label(mask, connectivity=connectivity)
        seconds.append(time.process_time() - start)
    assert seconds[1] < 16 * 4 * max(seconds[0], 2e-3)


def test_regions_across_strips_have_one_number_whatever_the_threads() -> None:
    mask = np.where(noise(700, 90) > 150, 1, 0).astype(np.uint8)
    threads = cvkit.get_num_threads()
    try:
        for count in (1, threads):
            cvkit.set_num_threads(count)
            for connectivity in (4, 8):
                assert_labels_are_opencvs(mask, connectivity)
    finally:
        cvkit.set_num_threads(threads)


def test_truth_values_and_bytes_are_masks() -> None:
    mask = noise(30, 41) > 99
    labels, count = cvkit.label(mask)
    from_bytes = cvkit.label(mask * np.uint8(7))
    np.testing.assert_array_equal(labels, from_bytes.labels)
    assert count == from_bytes.region_count
    for clean in (cvkit.remove_small_regions, cvkit.remove_small_holes):
        cleaned = clean(mask, 9)
        assert cleaned.dtype == bool
        np.testing.assert_array_equal(cleaned, clean(mask * np.uint8(255), 9) == 255)
    assert set(np.unique(cvkit.remove_small_regions(mask * np.uint8(7), 9))) == {0, 7}


def test_each_image_of_a_stack_has_numbers_and_stats_of_its_own() -> None:
    stack = np.stack([np.where(noise(40, 30, seed=seed) > 200 - seed, 1, 0) for seed in range(3)])
    stack = stack[..., np.newaxis].astype(np.uint8)
    labels, counts = cvkit.label(stack)
    stats = cvkit.region_stats(labels)
    assert stats.area.shape == (3, max(counts) + 1)
    for image, of_image in enumerate(labels[..., 0]):
        alone, count = cvkit.label(stack[image])
        np.testing.assert_array_equal(of_image, alone[..., 0])
        assert counts[image] == count
        np.testing.assert_array_equal(
            stats_of(*(array[image] for array in stats)), stats_of(*cvkit.region_stats(alone))
        )
    assert cvkit.label(stack[:0]).region_count.shape == (0,)  # type: ignore[union-attr]


def test_labels_without_pixels_have_no_place() -> None:
    stats = cvkit.region_stats(np.array([[-1, 3], [3, -2]], np.int32))
    np.testing.assert_array_equal(stats.area, [0, 0, 0, 2])
    np.testing.assert_array_equal(stats.box[[0, 3]], [[0, 0, 0, 0], [0, 0, 2, 2]])
    np.testing.assert_array_equal(stats.centroid[[0, 3]], [[np.nan, np.nan], [0.5, 0.5]])
    assert cvkit.region_stats(np.full((2, 2), -5, np.int32)).area.tolist() == [0]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.label) for case in REGION_HOST_CASES])
def test_rows_without_a_cuda_twin_agree(case: Case) -> None:
    for height, width in [(1, 1), (1, 9), (7, 1), (3, 3), (17, 23), (64, 97), (131, 300)]:
        for make in (noise, scene):
            image = make(height, 2 * width, case.channels, case.dtype)[:, ::2]
            before = image.copy()
            ours = case.ours(image)
            np.testing.assert_array_equal(ours, case.reference(np.ascontiguousarray(image)))
            np.testing.assert_array_equal(image, before)
    images = [scene(20, 30, case.channels, case.dtype, seed).reshape(20, 30, -1) for seed in range(3)]
    for alone, from_stack in zip(images, case.ours(np.stack(images)), strict=True):
        np.testing.assert_array_equal(from_stack.reshape(case.ours(alone).shape), case.ours(alone))


def test_all_that_is_linked_is_filled_and_nothing_else() -> None:
    for mask in (snake(131, 200), spiral(200, 131), comb(70, 70), checkerboard(66, 66)):
        y, x = (int(place) for place in np.argwhere(mask)[0])
        for connectivity in (4, 8):
            image, filled = cvkit.flood_fill(mask, (x, y), 9, connectivity=connectivity)
            labels, _ = cvkit.label(mask, connectivity=connectivity)
            np.testing.assert_array_equal(filled == 255, labels == labels[y, x])
            np.testing.assert_array_equal(image, np.where(filled, 9, mask))


@pytest.mark.parametrize("dtype", ["uint16", pytest.param("float64", marks=pytest.mark.sweep)])
def test_other_dtypes_are_filled_as_bytes_are(dtype: str) -> None:
    image = scene(40, 70, 2)
    for method in ("floating", "fixed"):
        options = {"tolerance": (20.4, 30), "method": method}
        filled, mask = cvkit.flood_fill(image, (30, 20), (7, 9.6), **options)  # type: ignore[arg-type]
        other, other_mask = cvkit.flood_fill(image.astype(dtype), (30, 20), (7, 10), **options)  # type: ignore[arg-type]
        np.testing.assert_array_equal(mask, other_mask)
        np.testing.assert_array_equal(filled, other)


def test_nan_is_like_nothing() -> None:
    image = np.ones((3, 4), np.float32)
    image[:, 2] = np.nan
    for method in ("floating", "fixed"):
        _, mask = cvkit.flood_fill(image, (0, 0), 5, tolerance=1e30, method=method)
        np.testing.assert_array_equal(mask == 255, np.isfinite(image) & (np.arange(4) < 2))
        assert cvkit.flood_fill(image, (2, 1), 5, tolerance=1, method=method).mask.sum() == 255


def test_markers_of_any_integers_flow_alike() -> None:
    image = scene(30, 40)
    markers = cvkit.label((noise(30, 40) > 250).astype(np.uint8)).labels
    expected = opencv_watershed(image, markers)
    for same in (markers, markers.astype(np.uint8), markers.astype(np.int64), markers.tolist()):
        np.testing.assert_array_equal(cvkit.watershed(image, same), expected)
    stack = np.stack([image, image[::-1]])[..., np.newaxis]
    each = np.stack([markers, markers[::-1]])
    np.testing.assert_array_equal(cvkit.watershed(stack, each[..., np.newaxis]), cvkit.watershed(stack, each))
    np.testing.assert_array_equal(cvkit.watershed(stack, each)[0, ..., 0], expected)


MASK = np.ones((4, 5), np.uint8)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: cvkit.label(MASK.astype(np.int32)),
            TypeError,
            "image must have dtype uint8, bool, got int32",
        ),
        (lambda: cvkit.label(noise(4, 4, 3)), ValueError, "image must have 1 channels"),
        (lambda: cvkit.label(MASK[:0]), ValueError, "image must not be empty"),
        (lambda: cvkit.label(MASK, connectivity=6), ValueError, "connectivity must be one of 4, 8, got 6"),
        (lambda: cvkit.region_stats(MASK), TypeError, "labels must have dtype int32, got uint8"),
        (
            lambda: cvkit.region_stats(np.full((2, 2), 2**31 - 1, np.int32)),
            ValueError,
            "labels must be at most 65535 in this image, got 2147483647",
        ),
        (lambda: cvkit.remove_small_regions(MASK, -1), ValueError, "minimum_area must be from 0 to"),
        (lambda: cvkit.remove_small_holes(MASK, 2.5), TypeError, "minimum_area must be a whole number"),
        (lambda: cvkit.flood_fill(fake(MASK), (0, 0), 1), TypeError, "flood_fill has no CUDA twin: copy the"),
        (
            lambda: cvkit.watershed(fake(MASK), MASK),
            TypeError,
            "watershed has no CUDA twin: copy the array by",
        ),
        (
            lambda: cvkit.flood_fill(MASK, (5, 0), 1),
            ValueError,
            r"seed_point must be \(x, y\) inside the image",
        ),
        (lambda: cvkit.flood_fill(MASK, 5, 1), ValueError, r"seed_point must be \(x, y\), got 5"),
        (lambda: cvkit.flood_fill(MASK, (1, 1.5), 1), TypeError, "seed_point must be a whole number"),
        (lambda: cvkit.flood_fill(MASK, (1, 1), np.nan), ValueError, "value must be finite"),
        (lambda: cvkit.flood_fill(MASK, (1, 1), 1, tolerance=-1), ValueError, "tolerance must be at least 0"),
        (lambda: cvkit.flood_fill(MASK, (1, 1), 1, method="seed"), ValueError, "method must be one of"),
        (
            lambda: cvkit.watershed(MASK, MASK.T),
            ValueError,
            r"markers must have shape \(4, 5\) or \(1, 4, 5\)",
        ),
        (lambda: cvkit.watershed(MASK, MASK * 1.0), TypeError, "markers must be whole numbers"),
        (lambda: cvkit.watershed(MASK, [[1 << 40] * 5] * 4), ValueError, "markers must fit into int32"),
        (
            lambda: _validate_regions.region_count(1 << 31),
            ValueError,
            "image must have at most 2147483647 regions",
        ),
    ],
)
def test_what_cannot_be_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@needs_ptx_device
def test_hard_masks_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    for make in HARD.values():
        stack = np.stack([make(70, 131), 1 - make(70, 131), np.ones((70, 131), np.uint8)])[..., np.newaxis]
        for connectivity in (4, 8):
            with ptx_device(monkeypatch, "random"):
                labels, counts = cvkit.label(fake(stack), connectivity=connectivity)
                stats = cvkit.region_stats(labels)
            expected, expected_counts = cvkit.label(stack, connectivity=connectivity)
            np.testing.assert_array_equal(labels, expected)
            np.testing.assert_array_equal(counts, expected_counts)
            for found, of_host in zip(stats, cvkit.region_stats(expected), strict=True):
                np.testing.assert_array_equal(found, of_host)


def test_a_batch_of_label_writes_a_table_of_each_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mask = np.zeros((6, 9), np.uint8)
    mask[1:3, 2:5] = mask[4, 7] = 255
    Path("masks").mkdir()
    cvkit.write_image("masks/a.png", mask)
    assert run("label", "masks", "measured").failed == 0
    with Path("measured/a.csv").open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert list(map(float, first.values())) == [1, 6, 2, 1, 3, 2, 3, 1.5]
    assert list(map(float, second.values())) == [2, 1, 7, 4, 1, 1, 7, 4]
    assert [*first] == ["label", "area", "left", "top", "width", "height", "centroid_x", "centroid_y"]
    run("label", "masks", "arrays", format="npz")
    with np.load("arrays/a.npz") as arrays:
        np.testing.assert_array_equal(arrays["labels"], cv2.connectedComponents(mask)[1])
        assert arrays["region_count"] == 2
    with pytest.raises(ValueError, match="format csv cannot hold the results: measurements are of labels"):
        run("remove_small_regions", "masks", "nowhere", parameters={"minimum_area": 3}, format="csv")
