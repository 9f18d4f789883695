"""HOG detectors from files of ``cv2.HOGDescriptor.save`` and ``cv2.ml.SVM.save``.

The files are written here as OpenCV 4 writes them, for OpenCV 5 has neither of the two classes.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cvkit.compare.cases.images import scene
from cvkit.detect import HOGDetector, load
from cvkit.detect.runs.settings import Settings
from tests.test_hog_detector import needs_opencv_4, sorted_windows

# Of a window of 32 x 32 pixels: 3 x 3 blocks of 2 x 2 cells of 9 orientations.
SIZE = 9 * 36
WEIGHTS = np.random.default_rng(5).normal(size=SIZE + 1).astype(np.float32) / 10
DESCRIPTOR = """%YAML:1.0
---
hog: !!opencv-object-detector-hog
   winSize: [ 32, 32 ]
   blockSize: [ 16, 16 ]
   blockStride: [ 8, 8 ]
   cellSize: [ 8, 8 ]
   nbins: 9
   derivAperture: 1
   winSigma: 4.
   histogramNormType: 0
   L2HysThreshold: 0.20000000000000001
   gammaCorrection: 1
   nlevels: 64
   signedGradient: 0
   SVMDetector: [ WEIGHTS ]
"""
MACHINE = """<?xml version="1.0"?>
<opencv_storage>
<opencv_ml_svm>
  <format>3</format>
  <svmType>KIND</svmType>
  <kernel>
    <type>LINEAR</type></kernel>
  <C>1.</C>
  <var_count>324</var_count>
  <support_vectors>
    <_>
      0 WEIGHTS</_>
    <_>
      WEIGHTS</_></support_vectors>
  <decision_functions>
    <_>
      <sv_count>1</sv_count>
      <rho>BIAS</rho>
      <alpha>
        2.</alpha>
      <index>
        1</index></_></decision_functions></opencv_ml_svm>
</opencv_storage>
"""


def written(values: np.ndarray, separator: str = " ") -> str:
    return separator.join(f"{value:.9g}" for value in values)


def descriptor_file(folder: Path, old: str = "", new: str = "", weights: np.ndarray = WEIGHTS) -> Path:
    """Write a descriptor, with ``new`` in the place of ``old``."""
    assert old in DESCRIPTOR
    path = folder / "hog.yml"
    path.write_text(DESCRIPTOR.replace(old, new).replace("WEIGHTS", written(weights, ", ")))
    return path


def machine_file(folder: Path, kind: str = "EPS_SVR", old: str = "", new: str = "") -> Path:
    """Write a machine whose decision is that of ``WEIGHTS``, with ``new`` in the place of ``old``."""
    assert old in MACHINE
    path = folder / "svm.xml"
    text = MACHINE.replace(old, new).replace("KIND", kind).replace("BIAS", f"{-WEIGHTS[-1]:.9g}")
    path.write_text(
        text.replace("0 WEIGHTS", written(np.zeros(SIZE))).replace("WEIGHTS", written(WEIGHTS[:-1] / 2))
    )
    return path


def test_a_descriptor_has_its_weights_and_settings(tmp_path: Path) -> None:
    detector = HOGDetector.from_opencv(descriptor_file(tmp_path), threshold=0.5)
    np.testing.assert_array_equal(detector.weights, WEIGHTS)
    settings = {"object_size": (1.0, 1.0), "threshold": 0.5, "class_name": "hog"}
    assert detector.settings == HOGDetector(WEIGHTS, window=(32, 32), **settings).settings  # type: ignore[arg-type]
    without_bias = HOGDetector.from_opencv(descriptor_file(tmp_path, weights=WEIGHTS[:-1]))
    np.testing.assert_array_equal(without_bias.weights, [*WEIGHTS[:-1], 0])


def test_a_window_that_is_not_square(tmp_path: Path) -> None:
    path = descriptor_file(tmp_path, "[ 32, 32 ]", "[ 16, 80 ]")
    assert HOGDetector.from_opencv(path).window == (80, 16)


@pytest.mark.parametrize(("kind", "sign"), [("EPS_SVR", 1), ("ONE_CLASS", 1), ("C_SVC", -1), ("NU_SVC", -1)])
def test_a_machine_decides_for_the_greater_label(kind: str, sign: int, tmp_path: Path) -> None:
    detector = HOGDetector.from_opencv(machine_file(tmp_path, kind), window=(32, 32))
    np.testing.assert_allclose(detector.weights, sign * WEIGHTS, rtol=1e-6)


def test_models_of_the_command_are_told_from_cascades(tmp_path: Path) -> None:
    assert load(descriptor_file(tmp_path), threshold=2).threshold == 2
    assert isinstance(load(machine_file(tmp_path), window=(32, 32)), HOGDetector)
    assert Settings(model=str(descriptor_file(tmp_path))).to_json()["parameters"]["model"] == "hog.yml"
    with pytest.raises(ValueError, match="a model of kind 'hog' has no setting 'min_neighbors'"):
        load(descriptor_file(tmp_path), min_neighbors=2)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("blockStride: [ 8, 8 ]", "blockStride: [ 16, 16 ]", r"blockStride must be \[8, 8\], the only"),
        ("winSigma: 4.", "winSigma: 2.", "winSigma must be"),
        ("nlevels: 64", "nlevels: 3", "nlevels must be"),
        ("nbins: 9", "", "it has no nbins"),
        ("nbins: 9", "nbins: many", "nbins must be numbers"),
        ("[ 32, 32 ]", "[ 32 ]", "winSize must have 2 values, got 1"),
        ("[ 32, 32 ]", "[ 48, 32 ]", "weights must have 540 values for this window"),
        ("[ 32, 32 ]", "[ 0, 0 ]", "sizes must be at least 1"),
        ("blockSize: [ 16, 16 ]", "blockSize: [ 12, 20 ]", "blockSize must be whole cells"),
        ("   SVMDetector: [ WEIGHTS ]", "", "it has no SVMDetector"),
        ("[ WEIGHTS ]", "[ .Inf ]", "SVMDetector must be finite"),
        ("winSize", "size", "it has no winSize"),
        ("derivAperture: 1", "derivAperture 1", "it is cut off, or of another format"),
    ],
)
def test_what_is_wrong_with_a_descriptor_is_named(old: str, new: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        HOGDetector.from_opencv(descriptor_file(tmp_path, old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("LINEAR", "RBF", "the kernel must be LINEAR, got RBF"),
        ("KIND", "TREE", "svmType must be one of"),
        (
            "<_>\n      <sv_count>",
            "<_>1</_><_><sv_count>",
            "there must be one decision, between two classes, got 2",
        ),
        ("<var_count>324", "<var_count>300", "support_vectors must have 300 values, got 324"),
        ("\n        1</index>", "2</index>", "names support vectors that are not there"),
        ("</opencv_storage>", "", "it is cut off, or of another format"),
        ("</kernel>", "", "it is cut off, or of another format"),
    ],
)
def test_what_is_wrong_with_a_machine_is_named(old: str, new: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"holds no linear classifier of OpenCV: .*{message}"):
        HOGDetector.from_opencv(machine_file(tmp_path, "EPS_SVR", old, new), window=(32, 32))


def test_weights_that_do_not_fit_the_window_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="weights must have 3780 values for this window"):
        HOGDetector.from_opencv(machine_file(tmp_path))


@pytest.mark.parametrize(
    "content", [b"", b"no file of OpenCV", b"<?xml version='1.0'?>", b"\xff\xfe\x00", b"{}"]
)
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "other.xml").write_bytes(content)
    with pytest.raises(ValueError, match=r"other\.xml holds no linear classifier of OpenCV"):
        HOGDetector.from_opencv(tmp_path / "other.xml")


@needs_opencv_4
@pytest.mark.parametrize("suffix", [".xml", ".yml", ".json"])
def test_windows_are_those_of_the_descriptor_that_was_saved(suffix: str, tmp_path: Path) -> None:
    descriptor = cv2.HOGDescriptor((32, 32), (16, 16), (8, 8), (8, 8), 9, 1, -1, 0, 0.2, True)
    descriptor.setSVMDetector(WEIGHTS)
    path = tmp_path / f"hog{suffix}"
    descriptor.save(str(path))
    image = scene(90, 110, 3)
    found, scores = descriptor.detectMultiScale(image, padding=(8, 8), scale=1.3, groupThreshold=0)
    boxes = np.array(found, np.float32)
    boxes[:, 2:] += boxes[:, :2]
    expected = sorted_windows(boxes, np.ravel(scores))
    windows = sorted_windows(*HOGDetector.from_opencv(path, scale=1.3).detect_windows(image))
    assert len(boxes) > 5
    np.testing.assert_array_equal(windows[0], expected[0])
    np.testing.assert_allclose(windows[1], expected[1], atol=1e-4)


@needs_opencv_4
@pytest.mark.parametrize("kind", ["C_SVC", "EPS_SVR", "ONE_CLASS"])
def test_scores_are_those_of_the_machine_that_was_saved(kind: str, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    samples = generator.normal(size=(60, SIZE)).astype(np.float32)
    labels = (samples @ WEIGHTS[:-1] > 0).astype(np.int32)
    machine = cv2.ml.SVM_create()
    machine.setType(getattr(cv2.ml, f"SVM_{kind}"))
    machine.setKernel(cv2.ml.SVM_LINEAR)
    machine.setP(0.1)
    machine.setNu(0.5)
    machine.train(samples, cv2.ml.ROW_SAMPLE, labels.astype(np.float32) if kind == "EPS_SVR" else labels)
    machine.save(str(tmp_path / "svm.xml"))
    weights = HOGDetector.from_opencv(tmp_path / "svm.xml", window=(32, 32)).weights
    decided = machine.predict(samples, flags=cv2.ml.STAT_MODEL_RAW_OUTPUT)[1].ravel()
    scores = samples @ weights[:-1] + weights[-1]
    # Of two classes, OpenCV's decision is positive for the first one.
    np.testing.assert_allclose(scores, -decided if kind == "C_SVC" else decided, atol=1e-4)
    assert scores.std() > 0.1
