"""What detectors that score every window of an image pyramid have in common."""

from __future__ import annotations

import copy
import math
import os
from abc import ABC, abstractmethod
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack, reshaped
from cvkit.detect.detections import Detections
from cvkit.detect.model_files import write_model
from cvkit.detect.suppression import nms
from cvkit.ml.svm.platt import sigmoid

DetectorT = TypeVar("DetectorT", bound="WindowDetector")


class WindowDetector(ABC):
    """Find objects by scoring windows of one size on several scales of an image.

    A subclass scores the windows of an image and names the arrays of its model.

    Parameters
    ----------
    window : (int, int)
        Height and width of the window in pixels.
    threshold : float
        Least score of a detection.
    upscale : float
        Enlarge images by this factor first, to find people smaller than the window.
    min_height : float
        Height in pixels of the smallest object to look for.
    max_overlap : float
        Of two detections of which one covers more than this share of the smaller, the surer is kept.
    object_size : (float, float)
        Height and width of the object as shares of the window's; detections are cut to it.
    calibration : (float, float), optional
        Slope A and offset B of Platt's sigmoid, for :meth:`probability`.
    class_name : str
        What the objects are called in results.
    """

    # Which detector a model file belongs to.
    kind: str
    _SETTINGS = (
        "window",
        "threshold",
        "upscale",
        "min_height",
        "max_overlap",
        "object_size",
        "calibration",
        "class_name",
    )

    def __init__(
        self,
        *,
        window: tuple[int, int],
        threshold: float,
        upscale: float,
        min_height: float,
        max_overlap: float,
        object_size: tuple[float, float],
        calibration: tuple[float, float] | None,
        class_name: str,
    ) -> None:
        self.window: tuple[int, int] = _validate.output_shape(window, "window")
        self.threshold: float = _validate.number(threshold, "threshold")
        self.upscale: float = _validate.number(upscale, "upscale", above=0.0)
        self.min_height: float = _validate.number(min_height, "min_height", minimum=0.0)
        self.max_overlap: float = _validate.number(max_overlap, "max_overlap", minimum=0.0, maximum=1.0)
        height, width = (
            _validate.number(share, "object_size", above=0.0, maximum=1.0) for share in object_size
        )
        self.object_size: tuple[float, float] = (height, width)
        self.calibration: tuple[float, float] | None = (
            None if calibration is None else _sigmoid_parameters(calibration)
        )
        self.class_name: str = _class_name(class_name)

    @abstractmethod
    def _windows(self, image: Array) -> tuple[np.ndarray, np.ndarray]:
        """Return all windows of an image that score at least the threshold, and their scores.

        Windows are (left, top, right, bottom) in the image's pixels, uncut where they reach beyond it.
        """

    @abstractmethod
    def _model_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays of the model's file."""

    @classmethod
    @abstractmethod
    def from_model(cls, arrays: dict[str, np.ndarray], settings: dict[str, Any]) -> WindowDetector:
        """Make a detector of what a model's file holds; a missing array is a KeyError."""

    @property
    def settings(self) -> dict[str, Any]:
        """The constructor's keyword arguments that make this detector, but for the model's arrays."""
        return {name: getattr(self, name) for name in self._SETTINGS}

    def detect(self, image: Array, *, region: tuple[float, float, float, float] | None = None) -> Detections:
        """Find the objects in an image.

        Parameters
        ----------
        image : array, (H, W) or (H, W, 3), uint8
            Gray or RGB. On a GPU array, the work up to the windows' scores is done on the GPU.
        region : (left, top, right, bottom), optional
            Part of the image to look at, in pixels; boxes are still given in the whole image.

        Returns
        -------
        Detections
            Boxes around the objects (not the windows with their margins), surest first.

        Raises
        ------
        TypeError, ValueError
            If the image or the region is unsuitable. An image smaller than the window is not an error.

        Examples
        --------
        >>> from cvkit.detect import pretrained
        >>> import numpy as np
        >>> pretrained("person-hog").detect(np.zeros((60, 30, 3), np.uint8)).xyxy.shape
        (0, 4)
        """
        windows, scores = self._scan(image, region)
        boxes = self.object_boxes(windows)
        kept = self.suppress(boxes, scores)
        return Detections(boxes[kept], scores[kept])

    @property
    def smallest_object(self) -> float:
        """Height in pixels of the smallest object that is found in an image that is not enlarged."""
        return self.object_size[0] * self.window[0]

    def at_scale(self: DetectorT, factor: float) -> DetectorT:
        """Return this detector for an image that has been made smaller.

        Parameters
        ----------
        factor : float
            How many times.

        Returns
        -------
        WindowDetector
            With the same model; its settings in pixels are those of the smaller image.

        Examples
        --------
        >>> from cvkit.detect import HOGDetector
        >>> HOGDetector(np.zeros(3781), min_height=300).at_scale(2).min_height
        150.0
        """
        smaller = copy.copy(self)
        smaller.min_height = self.min_height / factor
        return smaller

    def suppress(self, boxes: npt.ArrayLike, confidence: npt.ArrayLike) -> np.ndarray:
        """Choose of objects that cover each other by more than ``max_overlap`` the surest.

        Parameters
        ----------
        boxes : array_like, (N, 4)
            Left, top, right and bottom of each object, as :meth:`object_boxes` gives them.
        confidence : array_like, (N,)
            How sure each is.

        Returns
        -------
        numpy.ndarray, (K,)
            Indices of the objects to keep, the surest first.

        Raises
        ------
        ValueError
            If the lengths differ.

        Examples
        --------
        >>> from cvkit.detect import pretrained
        >>> boxes = [[0, 0, 10, 20], [1, 0, 11, 20], [50, 0, 60, 20]]
        >>> pretrained("person-hog").suppress(boxes, [1.0, 2.0, 3.0])
        array([2, 1])
        """
        return nms(boxes, confidence, threshold=self.max_overlap, overlap="smaller")

    def detect_windows(
        self, image: Array, *, region: tuple[float, float, float, float] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find all windows that score at least the threshold.

        Parameters
        ----------
        image, region
            As for :meth:`detect`.

        Returns
        -------
        xyxy : numpy.ndarray, (N, 4), float32
                Left, top, right and bottom of each window, in pixels, cut to the image.
        scores : numpy.ndarray, (N,), float32

        Notes
        -----
        For a HOG detector, these are the windows and scores of ``cv2.HOGDescriptor.detectMultiScale`` on the
        same array, with ``groupThreshold=0`` and these settings.

        Examples
        --------
        >>> from cvkit.detect import HOGDetector
        >>> HOGDetector(np.zeros(3781)).detect_windows(np.zeros((128, 64), np.uint8))[0][0]
        array([ 0.,  0., 56., 120.], dtype=float32)
        """
        windows, scores = self._scan(image, region)
        height, width = image.shape[:2]
        # OpenCV cuts windows that reach into the padding.
        return np.clip(windows, 0, [width, height, width, height]).astype(np.float32), scores

    def _scan(
        self, image: Array, region: tuple[float, float, float, float] | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return all windows above the threshold, uncut where they reach into the padding, and scores."""
        pixels, corner = self._part(image, region)
        boxes, scores = self._windows(pixels)
        return (boxes + np.tile(corner, 2)).astype(np.float32), scores

    def _part(
        self, image: Array, region: tuple[float, float, float, float] | None
    ) -> tuple[Array, np.ndarray]:
        """Check an image, and return the part of it to look at and its corner (x, y)."""
        stack = ImageStack.of(image, dtypes=(np.uint8,), channels=(1, 3))
        if stack.rank == 4:
            raise ValueError(f"image must be one image, (H, W) or (H, W, 3), got shape {stack.shape}")
        left, top, right, bottom = _region(region, stack.shape[1:3])
        pixels = reshaped(stack.array, stack.shape[1:])
        if (left, top, right, bottom) != (0, 0, *stack.shape[2:0:-1]):
            pixels = pixels[top:bottom, left:right]
        return pixels, np.array([left, top])

    def object_boxes(self, windows: np.ndarray) -> np.ndarray:
        """Shrink windows about their centers to the objects in them.

        Parameters
        ----------
        windows : numpy.ndarray, (N, 4)
            Left, top, right and bottom.

        Returns
        -------
        numpy.ndarray, (N, 4)

        Examples
        --------
        >>> from cvkit.detect import HOGDetector
        >>> HOGDetector(np.zeros(3781), object_size=(0.5, 0.5)).object_boxes(np.array([[0, 0, 64, 128]]))
        array([[16., 32., 48., 96.]])
        """
        center = (windows[:, :2] + windows[:, 2:]) / 2
        half = (windows[:, 2:] - windows[:, :2]) / 2 * np.array(self.object_size[::-1], np.float32)
        return np.concatenate([center - half, center + half], axis=1)

    def probability(self, confidence: npt.ArrayLike) -> np.ndarray:
        """Turn the confidence of detections into probabilities that there is an object.

        Parameters
        ----------
        confidence : array_like
            As detections have it: scores of their windows.

        Returns
        -------
        numpy.ndarray, float64
            From 0 to 1, on the mixture of objects and other windows that the model was calibrated on; how
            common objects are in other images, it cannot know.

        Raises
        ------
        ValueError
            If the model is not calibrated.

        Examples
        --------
        >>> from cvkit.detect import HOGDetector
        >>> HOGDetector(np.zeros(3781), calibration=(-2.0, 1.0)).probability([-9, 0.5, 10]).round(3)
        array([0. , 0.5, 1. ])
        """
        slope, offset = self._calibrated()
        return sigmoid(np.asarray(confidence, np.float64), slope, offset)

    def confidence_of(self, probability: float) -> float:
        """Return the confidence that stands for a probability, for example as a threshold.

        Parameters
        ----------
        probability : float
            Between 0 and 1.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If the model is not calibrated, or for 0 and 1, which no confidence reaches.

        Examples
        --------
        >>> from cvkit.detect import HOGDetector
        >>> HOGDetector(np.zeros(3781), calibration=(-2.0, 1.0)).confidence_of(0.5)
        0.5
        """
        probability = _validate.number(probability, "probability")
        if not 0 < probability < 1:
            raise ValueError(f"probability must be between 0 and 1, got {probability!r}")
        slope, offset = self._calibrated()
        return (math.log(1 / probability - 1) - offset) / slope

    def _calibrated(self) -> tuple[float, float]:
        if self.calibration is None:
            raise ValueError("the model has no calibration: it gives raw scores, no probabilities")
        return self.calibration

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the detector to a file that :func:`load` reads: an npz file without pickled objects.

        Parameters
        ----------
        path : path
            The file to write; an existing one is replaced, whole.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> from cvkit.detect import HOGDetector, load
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "zero.npz"
        >>> HOGDetector(np.zeros(3781), stride=4).save(path)
        >>> load(path).stride
        4
        """
        write_model(path, self.kind, self.settings, **self._model_arrays())


def _class_name(name: Any) -> str:
    """Check the name of a class, which is a line of its own in some results."""
    if not isinstance(name, str):
        raise TypeError(f"class_name must be a string, got {name!r}")
    if name.splitlines() != [name]:
        raise ValueError(f"class_name must be one line that is not empty, got {name!r}")
    return name


def _sigmoid_parameters(calibration: Any) -> tuple[float, float]:
    """Check Platt's parameters; the probability must rise with the score."""
    slope, offset = (float(value) for value in _validate.matrix(calibration, (2,), "calibration"))
    if slope >= 0:
        raise ValueError(f"calibration must have a slope below 0, got {calibration!r}")
    return slope, offset


def _region(
    region: tuple[float, float, float, float] | None, size: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """Check a region of interest and cut it to the image; whole pixels, outwards."""
    height, width = size
    if region is None:
        return 0, 0, width, height
    left, top, right, bottom = _validate.matrix(region, (4,), "region")
    inside = (
        max(0, math.floor(left)),
        max(0, math.floor(top)),
        min(width, math.ceil(right)),
        min(height, math.ceil(bottom)),
    )
    if inside[0] >= inside[2] or inside[1] >= inside[3]:
        raise ValueError(f"region must be (left, top, right, bottom) within {width}x{height}, got {region!r}")
    return inside
