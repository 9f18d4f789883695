"""The HOG detector: OpenCV's windows and scores, settings, model files, the CUDA twin."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise, scene
from cvkit.detect import HOGDetector, load, pretrained
from tests.fake_device import fake, recorded_launches
from tests.ptx_device import unless_ptx_device
from tests.simulate_detector import small_detector, small_photo
from tests.test_devices import SIMULATOR

needs_opencv_4 = pytest.mark.skipif(not hasattr(cv2, "HOGDescriptor"), reason="OpenCV 5 has no HOGDescriptor")
WEIGHTS = np.zeros(3781)


def opencv_windows(
    image: np.ndarray, weights: np.ndarray, window: tuple[int, int], **settings: float
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes and scores of OpenCV's detectMultiScale, sorted."""
    descriptor = cv2.HOGDescriptor(window[::-1], (16, 16), (8, 8), (8, 8), 9, 1, -1, 0, 0.2, True)
    descriptor.setSVMDetector(weights.astype(np.float32))
    found, scores = descriptor.detectMultiScale(
        image,
        hitThreshold=settings["threshold"],
        winStride=(settings["stride"],) * 2,
        padding=(settings["padding"],) * 2,
        scale=settings["scale"],
        groupThreshold=0,
    )
    boxes = np.array(found, np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return sorted_windows(boxes, np.ravel(scores))


def sorted_windows(boxes: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.lexsort((scores, *boxes.T))
    return boxes[order], np.asarray(scores, np.float32)[order]


@needs_opencv_4
@pytest.mark.parametrize(
    ("stride", "padding", "scale"), [(8, 0, 1.05), (8, 8, 1.05), (4, 16, 1.3), (16, 24, 1.1), (6, 5, 1.2)]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_windows_are_those_of_opencv(stride: int, padding: int, scale: float, channels: int) -> None:
    from skimage import data

    photo = data.astronaut()[:300, 100:400]
    image = photo if channels == 3 else photo[..., 1].copy()
    weights = cv2.HOGDescriptor_getDefaultPeopleDetector().ravel()
    settings = {"stride": stride, "padding": padding, "scale": scale, "threshold": -1.6}
    boxes, scores = sorted_windows(*HOGDetector.from_weights(weights, **settings).detect_windows(image))
    expected_boxes, expected_scores = opencv_windows(image, weights, (128, 64), **settings)
    assert len(expected_boxes) > 3
    np.testing.assert_array_equal(boxes, expected_boxes)
    np.testing.assert_allclose(scores, expected_scores, atol=1e-4)


@needs_opencv_4
@pytest.mark.parametrize("window", [(64, 64), (48, 96), (32, 16)])
def test_windows_of_other_sizes_are_those_of_opencv(window: tuple[int, int]) -> None:
    size = (window[0] // 8 - 1) * (window[1] // 8 - 1) * 36
    weights = np.random.default_rng(0).normal(size=size + 1) / np.sqrt(size)
    settings = {"stride": 8, "padding": 8, "scale": 1.1, "threshold": 0.0}
    image = scene(150, 171, channels=3)
    found = sorted_windows(*HOGDetector(weights, window=window, **settings).detect_windows(image))
    expected = opencv_windows(image, weights, window, **settings)
    assert len(expected[0]) > 5
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], atol=1e-4)


@needs_opencv_4
@pytest.mark.parametrize(("width", "stride", "padding"), [(171, 3, 0), (170, 6, 5), (90, 2, 2)])
def test_windows_at_the_right_edge_are_those_of_opencv_where_channels_tie(
    width: int, stride: int, padding: int
) -> None:
    weights = np.random.default_rng(3).normal(size=7 * 3 * 36 + 1) / 30
    settings = {"stride": stride, "padding": padding, "scale": 1.5, "threshold": -100.0}
    image = noise(70, width, 3) & np.uint8(0x80)
    found = sorted_windows(*HOGDetector(weights, window=(64, 32), **settings).detect_windows(image))
    expected = opencv_windows(image, weights, (64, 32), **settings)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], atol=1e-4)


def test_detections_are_sorted_and_apart() -> None:
    found = small_detector().detect(scene(120, 90))
    assert len(found) > 3
    assert (np.diff(found.confidence) <= 0).all()
    overlap = cvkit.detect.box_iou(found.xyxy, found.xyxy, overlap="smaller")
    np.fill_diagonal(overlap, 0)
    assert overlap.max() <= 0.65 + 1e-6


def test_boxes_are_cut_from_the_window_to_the_object() -> None:
    detector = HOGDetector(WEIGHTS, window=(128, 64), object_size=(0.5, 0.25), padding=0)
    found = detector.detect(np.zeros((128, 64), np.uint8))
    np.testing.assert_allclose(found.xyxy, [[24, 32, 40, 96]])


def test_a_region_shifts_the_boxes_back() -> None:
    image = scene(200, 160)
    detector = small_detector()
    detector.padding = 0
    inside, scores = detector.detect_windows(image, region=(30.4, 20, 110, 139.5))
    alone, scores_alone = detector.detect_windows(image[20:140, 30:110])
    np.testing.assert_array_equal(inside, alone + np.array([30, 20, 30, 20]))
    np.testing.assert_array_equal(scores, scores_alone)


def test_upscaling_finds_smaller_objects_in_the_pixels_of_the_image() -> None:
    image = scene(60, 50)
    doubled = cvkit.resize(image, (120, 100), interpolation="bilinear_exact")
    detector = small_detector()
    expected, _ = detector.detect_windows(doubled)
    detector.upscale = 2.0
    found, _ = detector.detect_windows(image)
    np.testing.assert_allclose(found, expected / 2)


def test_min_height_skips_the_finest_levels() -> None:
    image = scene(200, 160)
    every, scores = small_detector().detect_windows(image)
    detector = small_detector()
    detector.min_height = 30.0
    tall, tall_scores = detector.detect_windows(image)
    tall_enough = detector.object_size[0] * np.rint(24 * 1.4 ** np.arange(9))
    heights = tall[:, 3] - tall[:, 1]
    assert 0 < len(tall) < len(every)
    assert heights.max() <= max(tall_enough)
    assert set(tall_scores).issubset(set(scores))


@pytest.mark.parametrize("shape", [(1, 1), (20, 20), (127, 300), (300, 63), (3, 4, 3)])
def test_a_image_smaller_than_the_window_has_no_detections(shape: tuple[int, ...]) -> None:
    detector = HOGDetector(WEIGHTS, padding=0)
    found = detector.detect(np.zeros(shape, np.uint8))
    assert len(found) == 0
    assert found.xyxy.shape == (0, 4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scale": 1.0}, "scale must be greater than 1.0, got 1.0"),
        ({"scale": float("nan")}, "scale must be finite"),
        ({"stride": 0}, "stride must be at least 1, got 0"),
        ({"threshold": float("nan")}, "threshold must be finite"),
        ({"window": (130, 64)}, "window must be whole cells"),
        ({"window": (8, 8)}, "window must be whole cells and at least one block"),
        ({"max_overlap": 1.5}, "max_overlap must be from 0.0 to 1.0, got 1.5"),
        ({"orientations": 8}, "weights must have 3360 values"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HOGDetector(WEIGHTS, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("weights", [np.zeros(3780), np.zeros((3781, 2)), np.full(3781, np.nan)])
def test_bad_weights_are_named(weights: np.ndarray) -> None:
    with pytest.raises(ValueError, match="weights must"):
        HOGDetector(weights)


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
        HOGDetector(WEIGHTS).detect(image)


@pytest.mark.parametrize("region", [(50, 0, 40, 100), (500, 500, 600, 600), (0, 0, 10), (0, 0, 10, np.nan)])
def test_bad_regions_are_named(region: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="region must"):
        HOGDetector(WEIGHTS).detect(np.zeros((200, 200), np.uint8), region=region)  # type: ignore[arg-type]


def test_a_saved_detector_is_the_same(tmp_path: Path) -> None:
    detector = small_detector()
    detector.save(tmp_path / "model.npz")
    read = load(tmp_path / "model.npz")
    assert read.settings == detector.settings
    np.testing.assert_array_equal(read.weights, detector.weights)
    assert load(tmp_path / "model.npz", threshold=9).threshold == 9
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]


@pytest.mark.parametrize("damage", ["empty", "text", "truncated", "other npz", "pickle"])
def test_a_damaged_model_gives_a_clear_error(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    small_detector().save(path)
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "text":
        path.write_text("not a model")
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:200])
    elif damage == "other npz":
        np.savez(path, weights=np.zeros(3))
    else:
        np.savez(path, header=np.array([{"a": 1}], object))
    with pytest.raises(ValueError, match=r"model\.npz is not a cvkit model or is damaged"):
        load(path)


def test_a_missing_model_and_an_unknown_name_are_named() -> None:
    with pytest.raises(FileNotFoundError):
        load("nowhere.npz")
    with pytest.raises(ValueError, match=r"name must be one of .*'person-hog'"):
        pretrained("dog")


@pytest.mark.sweep
@unless_ptx_device
def test_simulated_cuda_finds_the_same_windows(tmp_path: Path, root: Path) -> None:
    output = tmp_path / "found.npz"
    run = subprocess.run(
        [sys.executable, "-m", "tests.simulate_detector", str(output), "hog"],
        cwd=root,
        env={**os.environ, **SIMULATOR},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    boxes, scores = small_detector().detect_windows(small_photo(), region=(2, 0, 27, 36))
    assert len(boxes) > 5
    with np.load(output) as simulated:
        np.testing.assert_array_equal(simulated["hog boxes"], boxes)
        np.testing.assert_allclose(simulated["hog scores"], scores, atol=1e-4)


@pytest.mark.gpu
def test_gpu_finds_the_same_windows() -> None:
    image = scene(300, 400, channels=3)
    boxes, scores = small_detector().detect_windows(image)
    device_boxes, device_scores = small_detector().detect_windows(cvkit.to_device(image))
    sure = scores > small_detector().threshold + 1e-3
    assert {tuple(box) for box in boxes[sure]} <= {tuple(box) for box in device_boxes}
    assert abs(len(boxes) - len(device_boxes)) <= 2
    assert np.isfinite(device_scores).all()


def test_the_device_path_launches_every_kernel_of_the_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    with recorded_launches(monkeypatch) as launches:
        small_detector().detect_windows(fake(noise(36, 27, 3)))
    assert {"_window_scores", "_append_hits"} <= {kernel.__name__ for kernel, _ in launches}
