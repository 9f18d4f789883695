"""Cascades: OpenCV's windows, groups and level weights, files of both formats, settings, refusals."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.cli import main
from cvkit.compare.cases.images import scene
from cvkit.detect import CascadeDetector, load, loading, pretrained
from cvkit.detect.cascade_files import Cascade, checked_cascade, read_cascade
from cvkit.detect.grouping import group_windows
from tests.cascades import random_cascade, write_cascade, write_old_cascade
from tests.fake_device import fake
from tests.ptx_device import needs_ptx_device, ptx_device, unless_ptx_device
from tests.simulate_detector import CASCADE_DETECTORS, small_photo
from tests.test_devices import SIMULATOR

needs_opencv_4 = pytest.mark.skipif(
    not hasattr(cv2, "CascadeClassifier"), reason="OpenCV 5 has no CascadeClassifier"
)
FOLDER = Path(getattr(getattr(cv2, "data", None), "haarcascades", "nowhere"))
needs_files = pytest.mark.skipif(
    not any(FOLDER.glob("haarcascade_*.xml")), reason="this OpenCV has no haarcascade_*.xml"
)
WINDOW = (18, 14)


def corners(boxes: Any) -> np.ndarray:
    """Make left, top, right, bottom of OpenCV's boxes."""
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    xyxy[:, 2:] += xyxy[:, :2]
    return xyxy


def assert_as_opencv(path: Path, image: np.ndarray, least: int = 0, **settings: Any) -> None:
    """Compare windows, their scores, and the groups with OpenCV's, whose threads would mix the order."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        classifier = cv2.CascadeClassifier(str(path))
        neighbors = settings.pop("min_neighbors", 3)
        options = {"scaleFactor": settings.get("scale", 1.1)}
        for ours, theirs in (("min_size", "minSize"), ("max_size", "maxSize")):
            if ours in settings:
                options[theirs] = settings[ours][::-1]
        detector = CascadeDetector.load(path, min_neighbors=neighbors, **settings)
        bgr = image if image.ndim == 2 else image[..., ::-1].copy()
        windows, scores = detector.detect_windows(image)
        assert len(windows) >= least
        np.testing.assert_array_equal(
            windows, corners(classifier.detectMultiScale(bgr, minNeighbors=0, **options))
        )
        _, _, weights = classifier.detectMultiScale3(bgr, minNeighbors=0, outputRejectLevels=True, **options)
        np.testing.assert_array_equal(scores, np.ravel(np.array(weights, np.float32)))
        boxes, counts = classifier.detectMultiScale2(bgr, minNeighbors=neighbors, **options)
        found = detector.detect(image)
        np.testing.assert_array_equal(found.xyxy, corners(boxes))
        if len(found) and neighbors:
            groups = group_windows(windows.astype(np.int32), scores, neighbors)
            np.testing.assert_array_equal(groups.counts, np.ravel(counts))
    finally:
        cv2.setNumThreads(threads)


@needs_opencv_4
@pytest.mark.parametrize("kind", ["haar", "tilted", "lbp"])
@pytest.mark.parametrize("splits", [1, 3])
def test_windows_and_groups_are_those_of_opencv(tmp_path: Path, kind: str, splits: int) -> None:
    image = scene(101, 133)
    for seed in range(3):
        cascade = random_cascade(kind, WINDOW, seed=seed, splits=splits)
        path = write_cascade(tmp_path / "cascade.xml", cascade, WINDOW)
        assert_as_opencv(path, image, 1, scale=1.3)


@needs_opencv_4
@pytest.mark.parametrize("splits", [1, 2])
def test_files_of_opencv_1_are_read(tmp_path: Path, splits: int) -> None:
    cascade = random_cascade("tilted", (16, 16), seed=5, splits=splits)
    path = write_old_cascade(tmp_path / "old.xml", cascade, (16, 16))
    assert_as_opencv(path, scene(90, 71), 1, scale=1.2)


@needs_opencv_4
@pytest.mark.parametrize(
    "settings",
    [
        {"scale": 1.05, "min_neighbors": 1},
        {"scale": 2.5, "min_neighbors": 0},
        {"min_size": (30, 20)},
        {"max_size": (40, 50), "min_neighbors": 8},
        {"min_size": (41, 41), "max_size": (41, 41)},
    ],
)
def test_settings_mean_what_they_do_in_opencv(tmp_path: Path, settings: dict[str, Any]) -> None:
    path = write_cascade(tmp_path / "cascade.xml", random_cascade("haar", WINDOW, seed=1), WINDOW)
    assert_as_opencv(path, scene(77, 90), **settings)


@needs_opencv_4
@pytest.mark.parametrize("shape", [(18, 14), (19, 14), (18, 15), (17, 200), (36, 28), (53, 47, 3), (40, 211)])
def test_images_of_any_size_and_color(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = write_cascade(tmp_path / "cascade.xml", random_cascade("haar", WINDOW, seed=2), WINDOW)
    assert_as_opencv(path, scene(*shape), scale=1.15)


@needs_files
@pytest.mark.parametrize("name", ["frontalface_default", "eye_tree_eyeglasses", "license_plate_rus_16stages"])
def test_the_files_of_opencv(name: str) -> None:
    from skimage import data

    image = cvkit.rgb_to_gray(np.ascontiguousarray(data.astronaut()[:260, 80:360]))
    assert_as_opencv(FOLDER / f"haarcascade_{name}.xml", image, scale=1.2)


@pytest.mark.sweep
@needs_files
@pytest.mark.parametrize("path", sorted(FOLDER.glob("haarcascade_*.xml")), ids=lambda path: path.stem)
def test_all_files_of_opencv_on_photographs(path: Path) -> None:
    from skimage import data

    for photograph in (data.astronaut(), data.coffee(), data.chelsea()):
        for settings in (
            {},
            {"scale": 1.03, "min_size": (60, 60)},
            {"scale": 1.3, "min_size": (40, 30), "max_size": (200, 150)},
            {"scale": 1.5, "min_size": (77, 77), "max_size": (77, 77)},
        ):
            assert_as_opencv(path, np.ascontiguousarray(photograph), **settings)


def test_one_thread_and_two_find_the_same(tmp_path: Path) -> None:
    detector = CascadeDetector(random_cascade("tilted", WINDOW, splits=2), WINDOW)
    image = scene(200, 160)
    threads = cvkit.get_num_threads()
    found = []
    for count in (1, min(2, threads)):
        cvkit.set_num_threads(count)
        found.append(detector.detect_windows(image))
    cvkit.set_num_threads(threads)
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_confidence_is_the_surest_of_the_group_and_thresholds_count() -> None:
    image, cascade = scene(101, 133), random_cascade("haar", WINDOW, seed=1)
    every, scores = CascadeDetector(cascade, WINDOW).detect_windows(image)
    found = CascadeDetector(cascade, WINDOW, min_neighbors=2).detect(image)
    assert len(found) > 1
    assert set(found.confidence) <= set(scores)
    limit = float(np.median(found.confidence))
    surer = CascadeDetector(cascade, WINDOW, min_neighbors=2, threshold=limit)
    assert surer.detect(image) == found[found.confidence >= limit]
    np.testing.assert_array_equal(surer.detect_windows(image)[0], every[scores >= limit])


def test_a_region_shifts_the_boxes_back_and_upscaling_keeps_pixels() -> None:
    image, cascade = scene(120, 133), random_cascade("lbp", WINDOW, seed=1)
    detector = CascadeDetector(cascade, WINDOW)
    inside, alone = detector.detect(image, region=(20, 30, 100, 119)), detector.detect(image[30:119, 20:100])
    np.testing.assert_array_equal(inside.xyxy, alone.xyxy + np.array([20, 30, 20, 30]))
    enlarged = cvkit.resize(image, (240, 266), interpolation="bilinear_exact")
    larger = CascadeDetector(cascade, WINDOW, upscale=2.0).detect(image)
    np.testing.assert_array_equal(larger.xyxy, detector.detect(enlarged).xyxy / 2)


@pytest.mark.parametrize("kind", ["tilted", "lbp"])
def test_a_saved_cascade_is_the_same(tmp_path: Path, kind: str) -> None:
    path = write_cascade(tmp_path / "cascade.xml", random_cascade(kind, WINDOW, splits=3), WINDOW)
    detector = load(path, scale=1.4, min_size=(20, 20))
    detector.save(tmp_path / "cascade.npz")
    again = load(tmp_path / "cascade.npz")
    assert again.settings == detector.settings
    image = scene(90, 91)
    for one, other in zip(detector.detect_windows(image), again.detect_windows(image), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("shape", [(1, 1), (17, 14), (18, 13), (3, 4, 3)])
def test_an_image_smaller_than_the_window_has_no_detections(shape: tuple[int, ...]) -> None:
    assert len(CascadeDetector(random_cascade("haar", WINDOW), WINDOW).detect(np.zeros(shape, np.uint8))) == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scale": 1.0}, "scale must be greater than 1.0, got 1.0"),
        ({"min_neighbors": -1}, "min_neighbors must be at least 0, got -1"),
        ({"min_size": (-1, 3)}, "min_size must be"),
        ({"max_size": (1, 2, 3)}, "max_size must have shape 2"),
        ({"threshold": float("nan")}, "threshold must be finite"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CascadeDetector(random_cascade("haar", WINDOW), WINDOW, **settings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"feature": [99] * 12}, "nodes must use features 0 to 11"),
        ({"children": [[0, 1]] * 12}, "nodes must lead each to two others that come later"),
        ({"children": [[0, 0]] * 12}, "nodes must lead each to two others that come later"),
        ({"leaves": [0.0] * 23}, r"leaves must have shape \(24,\), got \(23,\)"),
        ({"stage_thresholds": [np.nan] * 3}, "stage_thresholds must be finite"),
        ({"rectangles": np.full((12, 3, 4), 9)}, "feature 0 must lie in the window of 14 x 18"),
        ({"tree_sizes": [13] + [0] * 11}, "tree_sizes must be at least 1"),
        ({"stage_sizes": [4, 4, 5]}, "stage_sizes must be at least 1"),
        ({"tree_sizes": []}, "cascade must have stages of trees of nodes, got 3 of 0 of 12"),
    ],
)
def test_cascades_that_do_not_fit_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checked_cascade(random_cascade("haar", WINDOW)._replace(**change), WINDOW)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no element found"),
        ("<html/>", "it is no storage of OpenCV"),
        ("<opencv_storage/>", "it is no storage of OpenCV"),
        ("<opencv_storage><a/></opencv_storage>", "<a> lacks <featureType>"),
        (
            "<opencv_storage><a><stageType>BOOST</stageType><featureType>HOG</featureType></a></opencv_storage>",
            "only boosted HAAR and LBP features are read, it has 'HOG'",
        ),
    ],
)
def test_files_that_are_no_cascades_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "cascade.xml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        load(path)


def test_a_damaged_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    path = write_cascade(tmp_path / "cascade.xml", random_cascade("lbp", WINDOW), WINDOW)
    text = path.read_text()
    for end in range(0, len(text), 97):
        path.write_text(text[:end])
        with pytest.raises(ValueError, match="is not a cascade of OpenCV or is damaged"):
            read_cascade(path)


@pytest.mark.parametrize(
    "name", ["stageThreshold", "weakClassifiers", "leafValues", "featureParams", "height"]
)
def test_a_file_that_lacks_something_is_refused(tmp_path: Path, name: str) -> None:
    path = write_cascade(tmp_path / "cascade.xml", random_cascade("haar", WINDOW), WINDOW)
    path.write_text(path.read_text().replace(f"<{name}>", "<other>").replace(f"</{name}>", "</other>"))
    with pytest.raises(ValueError, match=f"lacks <{name}>"):
        read_cascade(path)


def test_groups_within_larger_ones_are_left_out() -> None:
    large, small = [[0, 0, 100, 100]] * 6, [[30, 30, 60, 60]] * 3
    windows = np.array(large + small, np.int32)
    groups = group_windows(windows, np.arange(9.0), 1)
    np.testing.assert_array_equal(groups.xyxy, large[:1])
    assert groups.scores == [5.0]


def test_a_cascade_holds_whole_arrays() -> None:
    checked = checked_cascade(random_cascade("lbp", WINDOW), WINDOW)
    assert isinstance(checked, Cascade)
    assert all(array.flags.c_contiguous for array in checked)


def test_names_are_those_of_the_installed_opencv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(loading, "cascade_folder", lambda: None)
    with pytest.raises(FileNotFoundError, match="haarcascade_eye comes with OpenCV 4"):
        pretrained("haarcascade_eye")
    write_cascade(tmp_path / "haarcascade_any.xml", random_cascade("haar", WINDOW), WINDOW)
    monkeypatch.setattr(loading, "cascade_folder", lambda: tmp_path)
    assert pretrained("haarcascade_any", scale=1.5).window == WINDOW
    with pytest.raises(FileNotFoundError, match=r"is none of the cascades in .*: haarcascade_any"):
        pretrained("haarcascade_eye")
    with pytest.raises(ValueError, match="a model of kind 'cascade' has no setting 'stride'"):
        pretrained("haarcascade_any", stride=8)


def test_the_command_takes_a_cascade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    image = scene(101, 133)
    cvkit.write_image("image.png", image)
    path = write_cascade(tmp_path / "mine.xml", random_cascade("haar", WINDOW, seed=1), WINDOW)
    options = ["--model", "mine.xml", "--format", "csv", "--scale", "1.2", "--no-save-images", "--quiet"]
    assert main(["detect", "image.png", *options, "--device", "cpu"]) == 0
    expected = load(path, scale=1.2).detect(image)
    assert len(expected) > 0
    lines = (tmp_path / "detections" / "detections.csv").read_text().splitlines()
    assert len(lines) == len(expected) + 1
    assert main(["detect", "image.png", "--model", "mine.xml", "--stride", "8"]) == 2
    assert main(["detect", "image.png", "--model", "no.xml"]) == 2


@needs_files
def test_the_command_knows_the_cascades_of_opencv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    cvkit.write_image("image.png", scene(60, 60))
    assert main(["detect", "image.png", "--model", "haarcascade_smile", "--no-save-images"]) == 0
    assert main(["detect", "image.png", "--model", "haarcascade_nose"]) == 2
    assert "haarcascade_eye," in capsys.readouterr().err


PLAIN = """
import sys, numpy as np
from cvkit.compare.cases.images import scene
from cvkit.detect import load
found = [load(path, scale=1.5, min_neighbors=1).detect(scene(30, 41)) for path in sys.argv[2:]]
np.savez(sys.argv[1], *(boxes.xyxy for boxes in found), *(boxes.confidence for boxes in found))
"""


def test_plain_python_finds_what_compiled_kernels_do(tmp_path: Path, root: Path) -> None:
    paths = []
    for kind in ("haar", "tilted", "lbp"):
        cascade = random_cascade(kind, WINDOW, seed=1, splits=3, stages=2)
        paths.append(write_cascade(tmp_path / f"{kind}.xml", cascade, WINDOW))
    subprocess.run(
        [sys.executable, "-c", PLAIN, str(tmp_path / "plain.npz"), *map(str, paths)],
        cwd=root,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "ignore"},
        check=True,
        timeout=600,
    )
    found = [load(path, scale=1.5, min_neighbors=1).detect(scene(30, 41)) for path in paths]
    compiled = [*(boxes.xyxy for boxes in found), *(boxes.confidence for boxes in found)]
    assert max(map(len, found)) > 0
    with np.load(tmp_path / "plain.npz") as plain:
        for one, other in zip(plain.files, compiled, strict=True):
            np.testing.assert_array_equal(plain[one], other)


@pytest.mark.sweep
@unless_ptx_device
def test_simulated_cuda_finds_the_same_windows(tmp_path: Path, root: Path) -> None:
    output = tmp_path / "found.npz"
    run = subprocess.run(
        [sys.executable, "-m", "tests.simulate_detector", str(output), "cascades"],
        cwd=root,
        env={**os.environ, **SIMULATOR},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    with np.load(output) as simulated:
        for name, detector in CASCADE_DETECTORS.items():
            boxes, scores = detector.detect_windows(small_photo())
            assert len(boxes) > 2
            np.testing.assert_array_equal(simulated[f"{name} boxes"], boxes)
            np.testing.assert_array_equal(simulated[f"{name} scores"], scores)


@pytest.mark.gpu
@pytest.mark.parametrize("name", CASCADE_DETECTORS)
def test_gpu_finds_the_same_objects(name: str) -> None:
    image = scene(300, 400, 3)
    detector = CASCADE_DETECTORS[name]
    assert detector.detect(cvkit.to_device(image)) == detector.detect(image)


@needs_ptx_device
def test_compiled_cuda_kernels_sum_parts_of_long_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row is longer than a block of threads, and the image has colors."""
    image = scene(16, 270, 3)
    expected = CASCADE_DETECTORS["tilted"].detect_windows(image)
    with ptx_device(monkeypatch, "random"):
        found = CASCADE_DETECTORS["tilted"].detect_windows(fake(image))
    assert len(expected[0]) > 2
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
