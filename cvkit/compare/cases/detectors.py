"""The table of the detectors: images on which cvkit and OpenCV look for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

import cvkit
from cvkit._opencv import cascade_folder
from cvkit.detect import HOGDetector, pretrained
from cvkit.detect.loading import is_cascade_name
from cvkit.detect.window_detector import WindowDetector

_STRIDE, _SCALE, _PADDING = 8, 1.05, 0


@dataclass(frozen=True)
class DetectorCase:
    """One row: detection in an image of one size and kind.

    Parameters
    ----------
    height, width : int
        Size to which the image is brought.
    channels : int
        1 for gray, 3 for RGB.
    bar : float or None
        Largest accepted ratio of cvkit's time to OpenCV's, one thread each.
    model : str or None
        The model of cvkit that looks; without it, HOG with the weights of OpenCV, whose windows compare.
    fast : bool
        Whether the model's pyramid is a fast one.
    """

    height: int
    width: int
    channels: int
    bar: float | None
    model: str | None = None
    fast: bool = False

    operation = "detect"
    against = "opencv"
    opencv: ClassVar[tuple[int, ...]] = (4,)

    @property
    def name(self) -> str:
        """The detector and the kind of image."""
        kind = "gray" if self.channels == 1 else "RGB"
        return f"{self.model or 'HOG'}{', fast' if self.fast else ''}, {kind}"

    @property
    def label(self) -> str:
        """Detector, kind of image and size, unique in the table."""
        return f"detect[{self.name}]-{self.height}x{self.width}"

    def detector(self) -> WindowDetector:
        """Make the detector of this row."""
        if self.model is None:
            return our_detector()
        return pretrained(self.model, fast_pyramid=True) if self.fast else pretrained(self.model)

    def reference(self) -> OpenCVDetector | OpenCVCascade:
        """Make the detector of OpenCV that this row's is compared with."""
        is_cascade = self.model is not None and is_cascade_name(self.model)
        return OpenCVCascade(str(self.model)) if is_cascade else OpenCVDetector()

    def adapted(self, image: np.ndarray) -> np.ndarray:
        """Bring an RGB image to this row's size and channels."""
        resized = cvkit.resize(image, (self.height, self.width), interpolation="bilinear_exact")
        return cvkit.rgb_to_gray(resized) if self.channels == 1 else resized


DETECTOR_CASES = [
    DetectorCase(height, width, channels, bar)
    for height, width, bar in [(480, 640, 0.40), (1080, 1920, 0.35)]
    for channels in (1, 3)
]
"""Both sides have the same weights, so that their windows and scores compare."""

TIMED_DETECTORS = [
    DetectorCase(height, width, 3, bar, model, fast)
    for height, width in [(480, 640), (1080, 1920)]
    for model, fast, bar in [
        ("person-acf", False, 0.5),
        ("person-acf", True, 0.25),
        ("person-ldcf", False, None),
        ("person-ldcf", True, None),
    ]
]
"""Other detectors than OpenCV's, only timed beside it: the bars are shares of its time at stride 8."""
TIMED_DETECTORS += [
    DetectorCase(height, width, 1, 0.6, "haarcascade_frontalface_default")
    for height, width in [(480, 640), (1080, 1920)]
]  # beside OpenCV's cascade; tests/test_cascade_detector.py compares what both find


def people_weights() -> np.ndarray:
    """Return the weights that OpenCV 4 ships for people of 96 pixels height, bias last."""
    return np.ravel(cv2.HOGDescriptor.getDefaultPeopleDetector())


def our_detector(**settings: float) -> HOGDetector:
    """Make cvkit's detector with OpenCV's weights and the settings that both sides use."""
    options = {"stride": _STRIDE, "padding": _PADDING, "scale": _SCALE, **settings}
    return HOGDetector.from_weights(people_weights(), **options)


class OpenCVDetector:
    """``cv2.HOGDescriptor`` with its own weights and the settings that both sides use."""

    def __init__(self) -> None:
        self._descriptor = cv2.HOGDescriptor()
        self._descriptor.setSVMDetector(people_weights())

    def detect(
        self, image: np.ndarray, *, threshold: float = 0.0, group: int = 2
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return windows as (left, top, right, bottom) and their scores.

        Parameters
        ----------
        image : numpy.ndarray, (H, W) or (H, W, 3), uint8
            Where to look.
        threshold : float
            Least score of a window.
        group : int
            Least number of neighboring windows for a detection, minus one; 0 returns every window.

        Returns
        -------
        xyxy : numpy.ndarray, (N, 4), float32
        scores : numpy.ndarray, (N,), float32
        """
        width, height = self._descriptor.winSize
        if image.shape[0] < height or image.shape[1] < width:
            # OpenCV writes beyond its arrays there and may end the process.
            return np.empty((0, 4), np.float32), np.empty(0, np.float32)
        boxes, scores = self._descriptor.detectMultiScale(
            image,
            hitThreshold=threshold,
            winStride=(_STRIDE, _STRIDE),
            padding=(_PADDING, _PADDING),
            scale=_SCALE,
            groupThreshold=group,
        )
        xyxy = np.array(boxes, np.float32).reshape(-1, 4)
        xyxy[:, 2:] += xyxy[:, :2]
        return xyxy, np.ravel(np.asarray(scores, np.float32))


class OpenCVCascade:
    """``cv2.CascadeClassifier`` with one of the files that come with it, and its own settings."""

    def __init__(self, name: str) -> None:
        self._classifier = cv2.CascadeClassifier(f"{cascade_folder()}/{name}.xml")

    def detect(self, image: np.ndarray) -> np.ndarray:
        """Return the boxes of an image as (left, top, width, height).

        Parameters
        ----------
        image : numpy.ndarray, (H, W), uint8
            Where to look.

        Returns
        -------
        numpy.ndarray, (N, 4)
        """
        return np.asarray(self._classifier.detectMultiScale(image)).reshape(-1, 4)
