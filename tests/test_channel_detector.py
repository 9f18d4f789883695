"""The channel detector: its pyramid, its cascade against a naive one, settings, files, CUDA."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise, scene
from cvkit.detect import ChannelDetector, Trees, box_iou, load
from cvkit.detect.channel_pyramid import ChannelPyramid, Decorrelation, _shrunk, estimate_exponents
from cvkit.detect.model_files import read_model, write_model
from tests import reference
from tests.fake_device import fake, recorded_launches
from tests.ptx_device import unless_ptx_device
from tests.simulate_detector import CHANNEL_DETECTORS, random_trees, small_channel_detector, tiny_photo
from tests.test_devices import SIMULATOR


@pytest.mark.parametrize(
    ("depth", "stride", "cascade", "count"),
    [(1, 4, -1.0, 40), (2, 4, -1.0, 300), (2, 8, -0.5, 40), (3, 12, -1e9, 20), (2, 4, -1.0, 0)],
)
@pytest.mark.parametrize("shape", [(10, 9, 70), (10, 40, 7), (10, 4, 2), (10, 3, 9)])
def test_the_cascade_gives_the_sums_of_the_trees(
    depth: int, stride: int, cascade: float, count: int, shape: tuple[int, int, int]
) -> None:
    trees = random_trees(80, count, depth)
    detector = ChannelDetector(trees, window=(16, 8), stride=stride, cascade=cascade)
    channels = np.random.default_rng(1).integers(0, 130, shape).astype(np.uint8)
    expected = reference.cascade_scores(channels, (10, 4, 2), detector.trees, cascade, stride // 4)
    np.testing.assert_array_equal(detector.scored_windows(channels), expected)
    if count == 300 and shape[2] == 70:
        assert 0 < np.isfinite(expected).sum() < expected.size


def test_features_equal_to_the_threshold_go_right() -> None:
    trees = Trees(np.array([[0]]), np.array([[128]]), np.array([[1.0, 2.0]]))
    detector = ChannelDetector(trees, window=(4, 4))
    channels = np.zeros((10, 1, 3), np.uint8)
    channels[0, 0] = 127, 128, 129
    np.testing.assert_array_equal(detector.scored_windows(channels), [[1, 2, 2]])


def test_the_first_level_is_the_image_with_its_outermost_pixels_repeated() -> None:
    image = noise(61, 47, 3)
    level = next(iter(small_channel_detector(padding=(8, 12)).levels(image)))
    padded = np.pad(image, ((8, 8), (12, 12), (0, 0)), mode="edge")
    assert level.scale == (1, 1)
    np.testing.assert_array_equal(level.channels, cvkit.channel_features(padded))


def test_decorrelated_levels_are_the_ldcf_features() -> None:
    image = noise(61, 47, 3)
    detector = small_channel_detector(filters=2, padding=(4, 8))
    assert detector.decorrelation is not None
    level = next(iter(detector.levels(image)))
    padded = np.pad(image, ((4, 4), (8, 8), (0, 0)), mode="edge")
    np.testing.assert_array_equal(level.channels, cvkit.ldcf_features(padded, *detector.decorrelation))


def test_levels_shrink_by_equal_ratios_down_to_the_window() -> None:
    detector = small_channel_detector(scales_per_octave=3, padding=0)
    levels = list(detector.levels(scene(128, 100, 3)))
    np.testing.assert_allclose(
        [level.scale for level in levels], [[2 ** (k / 3)] * 2 for k in range(10)], rtol=0.05
    )
    assert levels[-1].channels.shape == (10, 4, 3)


@pytest.mark.parametrize("shape", [(30, 41), (29, 20), (15, 20), (7, 11), (1, 1), (30, 10), (13, 41)])
def test_shrinking_averages_what_a_pixel_covers(shape: tuple[int, int]) -> None:
    image = noise(30, 41, 4, np.float32)[np.newaxis]
    expected = cvkit.resize(image, shape, interpolation="area")
    np.testing.assert_allclose(_shrunk(image, shape), expected, rtol=1e-5)


def test_a_fast_pyramid_is_exact_at_octaves_and_near_between() -> None:
    image = cvkit.resize(scene(60, 50, 3), (240, 200))
    exact = list(small_channel_detector(padding=0, scales_per_octave=4).levels(image))
    fast = list(small_channel_detector(padding=0, scales_per_octave=4, fast_pyramid=True).levels(image))
    assert [level.scale for level in fast] == [level.scale for level in exact]
    assert [level.channels.shape for level in fast] == [level.channels.shape for level in exact]
    for index, (ours, true) in enumerate(zip(fast, exact, strict=True)):
        error = np.abs(ours.channels.astype(int) - true.channels).mean(axis=(1, 2))
        if index % 4 == 0:
            assert not error.any()
        else:
            assert 0 < error[0] < 6  # L, whose levels spread over 255
            assert error[1:].max() < 30


def test_a_fast_pyramid_pads_by_the_outermost_cells() -> None:
    image = scene(64, 48, 3)
    plain, padded = (
        list(small_channel_detector(padding=padding, fast_pyramid=True).levels(image))
        for padding in (0, (8, 4))
    )
    for narrow, wide in zip(plain, padded, strict=False):
        np.testing.assert_array_equal(wide.channels[:, 2:-2, 1:-1], narrow.channels)
        np.testing.assert_array_equal(wide.channels[:, 0], wide.channels[:, 1])


def test_exponents_multiply_the_channels_of_approximated_levels() -> None:
    image = np.full((64, 64, 3), 60, np.uint8)
    flat = ChannelPyramid((16, 16), (0, 0), 2, exponents=[0.0] * 10)
    steep = ChannelPyramid((16, 16), (0, 0), 2, exponents=[1.0] * 10)
    brightness = [[level.channels[0].mean() for level in p.levels(image)] for p in (flat, steep)]
    np.testing.assert_allclose(np.diff(brightness[0]), 0)
    # The second of two levels an octave comes from the first, or, equally near, from the same.
    assert brightness[1][1] == pytest.approx(brightness[1][0] * 2**0.5, rel=0.02)


def test_exponents_of_edges_and_of_noise() -> None:
    flat = np.full((128, 128, 3), 90, np.uint8)
    flat[:, 64:] = 200
    edge = estimate_exponents([flat, flat.transpose(1, 0, 2)])
    assert edge[0] == pytest.approx(0, abs=0.05)
    # One edge across an image of half the size counts twice.
    assert edge[3] == pytest.approx(1, abs=0.3)
    with pytest.raises(ValueError, match="images must be at least one"):
        estimate_exponents([])


def test_detections_are_sorted_and_apart() -> None:
    found = small_channel_detector().detect(scene(120, 90, 3))
    assert len(found) > 3
    assert (np.diff(found.confidence) <= 0).all()
    overlap = box_iou(found.xyxy, found.xyxy, overlap="smaller")
    np.fill_diagonal(overlap, 0)
    assert overlap.max() <= 0.65 + 1e-6


def test_windows_lie_where_their_channels_come_from() -> None:
    """Paint one window of a level; the detector that asks for its brightness finds the window there."""
    image = np.zeros((200, 160, 3), np.uint8)
    image[64:128, 48:80] = 255
    middle = 4 * 8 + 4  # L of the cell in the window's middle
    trees = Trees(np.array([[middle]]), np.array([[230]]), np.array([[-2.0, 1.0]]))
    detector = ChannelDetector(trees, window=(32, 32), padding=8, scales_per_octave=2, object_size=(1, 1))
    boxes, _ = detector.detect_windows(image)
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    assert len(boxes) > 10
    assert (np.abs(centers - [64, 96]) <= [20, 36]).all()


def test_a_region_shifts_the_boxes_back() -> None:
    image = scene(200, 160, 3)
    detector = small_channel_detector(padding=0)
    inside, scores = detector.detect_windows(image, region=(30.4, 20, 110, 139.5))
    alone, scores_alone = detector.detect_windows(image[20:140, 30:110])
    assert len(inside) > 10
    np.testing.assert_allclose(inside, alone + np.array([30, 20, 30, 20]), rtol=1e-6)
    np.testing.assert_array_equal(scores, scores_alone)


def test_upscaling_finds_smaller_objects_in_the_pixels_of_the_image() -> None:
    image = scene(60, 50, 3)
    doubled = cvkit.resize(image, (120, 100), interpolation="bilinear_exact")
    expected, expected_scores = small_channel_detector().detect_windows(doubled)
    found, scores = small_channel_detector(upscale=2.0).detect_windows(image)
    np.testing.assert_allclose(found, expected / 2, atol=1e-4)
    np.testing.assert_array_equal(scores, expected_scores)


@pytest.mark.parametrize("fast", [False, True])
def test_min_height_skips_the_finest_levels(fast: bool) -> None:
    image = scene(200, 160, 3)
    every = list(small_channel_detector(fast_pyramid=fast).levels(image))
    tall = list(small_channel_detector(fast_pyramid=fast, min_height=30.0).levels(image))
    wanted = [level for level in every if 0.8 * 16 * min(level.scale) >= 30]
    assert 0 < len(wanted) < len(every)
    assert [level.scale for level in tall] == [level.scale for level in wanted]
    for ours, expected in zip(tall, wanted, strict=True):
        np.testing.assert_array_equal(ours.channels, expected.channels)
    assert len(small_channel_detector(min_height=1e4).detect(image)) == 0


@pytest.mark.parametrize("shape", [(1, 1), (7, 20), (300, 2), (3, 4, 3)])
def test_a_image_smaller_than_the_window_has_no_detections(shape: tuple[int, ...]) -> None:
    detector = small_channel_detector(padding=0)
    found = detector.detect(np.zeros(shape, np.uint8))
    assert found.xyxy.shape == (0, 4)
    assert list(detector.levels(np.zeros(shape, np.uint8))) == []


def test_gray_counts_as_three_equal_channels() -> None:
    gray = scene(80, 60)
    boxes, scores = small_channel_detector().detect_windows(gray)
    expected_boxes, expected_scores = small_channel_detector().detect_windows(np.dstack([gray] * 3))
    np.testing.assert_array_equal(boxes, expected_boxes)
    np.testing.assert_array_equal(scores, expected_scores)


@pytest.mark.parametrize("name", CHANNEL_DETECTORS)
def test_two_threads_find_the_same(name: str) -> None:
    image = scene(300, 200, 3)
    threads = cvkit.get_num_threads()
    try:
        cvkit.set_num_threads(1)
        serial = CHANNEL_DETECTORS[name].detect_windows(image)
        cvkit.set_num_threads(min(2, threads))
        parallel = CHANNEL_DETECTORS[name].detect_windows(image)
    finally:
        cvkit.set_num_threads(threads)
    assert len(serial[0]) > 10
    np.testing.assert_array_equal(parallel[0], serial[0])
    np.testing.assert_array_equal(parallel[1], serial[1])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": (130, 64)}, r"window must be multiples of 4, got \(130, 64\)"),
        ({"stride": 6}, "stride must be multiples of 4, got 6"),
        ({"stride": 0}, "stride must be at least 1, got 0"),
        ({"padding": 3}, r"padding must be multiples of 4, got \(3, 3\)"),
        ({"padding": -4}, "padding must be at least 0, got -4"),
        ({"padding": (4, 4, 4)}, r"padding must be one value or \(rows, columns\)"),
        ({"scales_per_octave": 0}, "scales_per_octave must be at least 1, got 0"),
        ({"cascade": float("nan")}, "cascade must be finite"),
        ({"threshold": float("inf")}, "threshold must be finite"),
        ({"calibration": (1.0, 0.0)}, "calibration must have a slope below 0"),
        ({"exponents": [0.0] * 9}, "exponents must have shape 10, got"),
        ({"filters": np.zeros((10, 1, 5, 5))}, "filters need offset and scale"),
        ({"offset": np.zeros(10)}, "offset and scale need filters"),
        ({"filters": np.zeros((9, 1, 5, 5)), "offset": 0, "scale": 0}, "filters must have shape 10 x any x"),
        ({"window": (12, 8)}, "feature must be from 0 to 59, got"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ChannelDetector(random_trees(80, 9), **{"window": (16, 8), **settings})  # type: ignore[arg-type]


TREE = Trees(np.zeros((2, 3), np.int32), np.zeros((2, 3), np.uint8), np.zeros((2, 4), np.float32))


@pytest.mark.parametrize(
    ("trees", "error", "message"),
    [
        (TREE[:2], ValueError, "trees must be three arrays"),
        (TREE._replace(leaf=np.zeros((2, 3))), ValueError, r"leaf must be \(trees, 2\*\*depth\)"),
        (TREE._replace(leaf=np.zeros(4)), ValueError, r"leaf must be \(trees, 2\*\*depth\)"),
        (TREE._replace(leaf=np.full((2, 4), np.nan)), ValueError, "leaf must be finite"),
        (TREE._replace(feature=np.zeros((2, 1), int)), ValueError, r"feature must have shape \(2, 3\)"),
        (TREE._replace(feature=np.zeros((2, 3))), TypeError, "feature must hold whole numbers, got float64"),
        (TREE._replace(feature=np.full((2, 3), -1)), ValueError, "feature must be from 0 to 5119"),
        (TREE._replace(threshold=np.full((2, 3), 256)), ValueError, "threshold must be from 0 to 255"),
    ],
)
def test_bad_trees_are_named(trees: tuple[np.ndarray, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ChannelDetector(trees)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("image", "error"),
    [
        (np.zeros((200, 200)), TypeError),
        (np.zeros((200, 200, 4), np.uint8), ValueError),
        (np.zeros((0, 5), np.uint8), ValueError),
        (np.zeros((2, 200, 200, 3), np.uint8), ValueError),
        ("an image", TypeError),
    ],
)
def test_bad_images_are_named(image: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="image must"):
        ChannelDetector(TREE).detect(image)


def test_bad_channels_are_named() -> None:
    with pytest.raises(ValueError, match=r"channels must be \(10, rows, columns\), got shape \(9, 40, 40\)"):
        ChannelDetector(TREE).scored_windows(np.zeros((9, 40, 40), np.uint8))
    with pytest.raises(TypeError, match="channels must have dtype uint8, got float32"):
        ChannelDetector(TREE).scored_windows(np.zeros((10, 40, 40), np.float32))


@pytest.mark.parametrize("filters", [0, 2])
def test_a_saved_detector_is_the_same(filters: int, tmp_path: Path) -> None:
    detector = small_channel_detector(filters=filters, calibration=(-2.0, 1.0), fast_pyramid=True)
    detector.save(tmp_path / "model.npz")
    read = load(tmp_path / "model.npz")
    assert isinstance(read, ChannelDetector)
    assert read.settings == detector.settings
    for ours, saved in zip(detector.trees, read.trees, strict=True):
        np.testing.assert_array_equal(ours, saved)
    if filters:
        for field in Decorrelation._fields:
            np.testing.assert_array_equal(
                getattr(read.decorrelation, field), getattr(detector.decorrelation, field)
            )
    image = scene(64, 48, 3)
    np.testing.assert_array_equal(read.detect(image).xyxy, detector.detect(image).xyxy)
    assert load(tmp_path / "model.npz", threshold=9, stride=8).stride == 8
    assert load(tmp_path / "model.npz", scale=1.05).settings["scales_per_octave"] == 14
    with pytest.raises(ValueError, match=r"scale must be greater than 1\.0, got 1"):
        load(tmp_path / "model.npz", scale=1)
    with pytest.raises(ValueError, match="a model of kind 'channels' has no setting 'bins'"):
        load(tmp_path / "model.npz", bins=9)
    assert detector.probability([0.5]) == pytest.approx([0.5])
    assert detector.confidence_of(0.5) == 0.5


def test_a_model_of_another_kind_or_without_an_array_gives_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    small_channel_detector().save(path)
    _, settings, arrays = read_model(path)
    write_model(path, "neural", settings, **arrays)
    with pytest.raises(
        ValueError, match=r"must hold a model of kind 'hog', 'channels', 'cascade', it holds 'neural'"
    ):
        load(path)
    del arrays["leaf"]
    write_model(path, "channels", settings, **arrays)
    with pytest.raises(ValueError, match=r"model\.npz lacks the array 'leaf' of a model of kind 'channels'"):
        load(path)
    with pytest.raises(ValueError, match="settings this version does not know"):
        write_model(path, "channels", {"color": 1}, **arrays, leaf=np.zeros((12, 4)))
        load(path)


@pytest.mark.sweep
@unless_ptx_device
def test_simulated_cuda_finds_the_same_windows(tmp_path: Path, root: Path) -> None:
    output = tmp_path / "found.npz"
    run = subprocess.run(
        [sys.executable, "-m", "tests.simulate_detector", str(output), "channels"],
        cwd=root,
        env={**os.environ, **SIMULATOR},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    with np.load(output) as simulated:
        for name, detector in CHANNEL_DETECTORS.items():
            boxes, scores = detector.detect_windows(tiny_photo())
            assert len(boxes) > 2
            np.testing.assert_array_equal(simulated[f"{name} boxes"], boxes)
            np.testing.assert_allclose(simulated[f"{name} scores"], scores, atol=1e-5)


@pytest.mark.gpu
@pytest.mark.parametrize("name", CHANNEL_DETECTORS)
def test_gpu_finds_the_same_windows(name: str) -> None:
    image = scene(300, 400, 3)
    boxes, _ = CHANNEL_DETECTORS[name].detect_windows(image)
    on_device, _ = CHANNEL_DETECTORS[name].detect_windows(cvkit.to_device(image))
    # A byte at a threshold may be another by one.
    common = {tuple(box) for box in boxes} & {tuple(box) for box in on_device}
    assert len(common) > 0.98 * max(len(boxes), len(on_device))


def test_the_device_path_launches_every_kernel_of_the_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    with recorded_launches(monkeypatch) as launches:
        for detector in CHANNEL_DETECTORS.values():
            detector.detect_windows(fake(noise(36, 27, 3)))
    names = {kernel.__name__ for kernel, _ in launches}
    assert {"_window_scores", "_shrink", "_interpolate_cells", "_decorrelate", "_quantize"} <= names
