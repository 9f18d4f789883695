"""What finds objects in the images of a run: a model, and where it looks."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

import cvkit
from cvkit.detect.detections import Detections
from cvkit.detect.draw import draw_detections
from cvkit.detect.runs.regions import Part, Regions
from cvkit.detect.tiled import detect_in_tiles
from cvkit.detect.window_detector import WindowDetector

# Unless told otherwise, images are enlarged until objects of this height are found, such as people, whose
# models begin at 100 pixels; but at most so many times, and to so many pixels, which bounds the time.
_WANTED_HEIGHT = 50
_MOST_UPSCALE = 2.0
_MOST_PIXELS = 4_000_000
# Larger images are looked at in tiles, which bounds the memory.
_MOST_PIXELS_IN_ONE = 16_000_000


class Zoom(NamedTuple):
    """How many times images were enlarged, at least and at most."""

    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.most:.3g}" if self.least == self.most else f"{self.least:.3g} to {self.most:.3g}"


class Finder:
    """Finds the objects in an image.

    Parameters
    ----------
    detector : WindowDetector
        The model.
    regions : Regions
        Where to look.
    is_raw : bool
        Whether the confidence of what is found is the model's own, not a probability.
    is_enlarging : bool
        Whether to choose from the size of each image how far to enlarge it.
    on_gpu : bool
        Whether to compute on the current GPU.
    start_confidence : float, optional
        Least confidence that the track of an object begins with.

    Attributes
    ----------
    classes : tuple of str
        Names of the classes.
    zoom : Zoom or None
        How many times images were enlarged so far; None where that was not chosen here.
    """

    def __init__(
        self,
        detector: WindowDetector,
        regions: Regions,
        *,
        is_raw: bool,
        is_enlarging: bool,
        on_gpu: bool,
        start_confidence: float | None = None,
    ) -> None:
        self.detector = detector
        self.classes = (detector.class_name,)
        self.zoom: Zoom | None = None
        self.start_confidence = start_confidence
        self._regions = regions
        self._is_raw = is_raw
        self._is_enlarging = is_enlarging
        self._on_gpu = on_gpu

    def find(self, image: Any, name: str) -> Detections:
        """Find the objects in an image, or in the parts of it that are wanted.

        Parameters
        ----------
        image : numpy.ndarray, (H, W, 3), uint8
            RGB.
        name : str
            Its source, which may have regions of its own.

        Raises
        ------
        ValueError
            If a region lies outside the image.
        """
        height, width = image.shape[:2]
        wanted = self._regions.of(name)
        parts = [_within(part, width, height) for part in wanted] or [(0, 0, width, height)]
        pixels = cvkit.to_device(image) if self._on_gpu else image
        found = Detections.concatenate(self._find_in(pixels, part) for part in parts)
        if len(parts) > 1:
            found = found[self.detector.suppress(found.xyxy, found.confidence)]
        if self._is_raw:
            return found
        return Detections(found.xyxy, self.detector.probability(found.confidence), found.class_id)

    def draw(self, image: Any, found: Detections) -> np.ndarray:
        """Draw what was found into a copy of an image, confidences as probabilities where these are known."""
        if self.detector.calibration is None:
            return draw_detections(image, found)
        if self._is_raw:
            probability = self.detector.probability(found.confidence)
            found = Detections(found.xyxy, probability, found.class_id, found.track_id)
        return draw_detections(image, found, percent=True)

    def _find_in(self, pixels: Any, part: tuple[int, int, int, int]) -> Detections:
        """Find the objects in a part of an image: left, top, right and bottom."""
        left, top, right, bottom = part
        width, height = right - left, bottom - top
        self._choose_upscale((width, height))
        piece = pixels if (height, width) == pixels.shape[:2] else pixels[top:bottom, left:right]
        in_one = width * height <= _MOST_PIXELS_IN_ONE
        found = self.detector.detect(piece) if in_one else detect_in_tiles(self.detector, piece)
        corner = np.array([left, top, left, top], np.float32)
        return Detections(found.xyxy + corner, found.confidence, found.class_id)

    def _choose_upscale(self, size: tuple[int, int]) -> None:
        if not self._is_enlarging:
            return
        chosen = choose_upscale(size, self.detector.smallest_object, self.detector.min_height)
        self.detector.upscale = chosen
        earlier = self.zoom or Zoom(chosen, chosen)
        self.zoom = Zoom(min(chosen, earlier.least), max(chosen, earlier.most))


def choose_upscale(size: tuple[float, float], smallest_object: float, min_height: float = 0.0) -> float:
    """Choose how many times to enlarge an image, so that small objects are found in bounded time.

    Parameters
    ----------
    size : (float, float)
        Of the image, or of the part to look at, in pixels.
    smallest_object : float
        Height of the smallest object that is found without.
    min_height : float
        Height of the smallest object that is wanted.

    Returns
    -------
    float
        From 1 to 2: at least 2 where the smallest object is twice as high as wanted and the image has up to a
        million pixels, less for larger ones, 1 from four millions on.

    Examples
    --------
    >>> [choose_upscale(size, 102) for size in ((640, 480), (1920, 1080), (4000, 3000))]
    [2.0, 1.389, 1.0]
    >>> choose_upscale((640, 480), 24)
    1.0
    """
    wanted = smallest_object / max(_WANTED_HEIGHT, min_height)
    affordable = math.sqrt(_MOST_PIXELS / (size[0] * size[1]))
    return round(max(1.0, min(wanted, affordable, _MOST_UPSCALE)), 3)


def _within(part: Part, width: int, height: int) -> tuple[int, int, int, int]:
    """Cut a region to the image, as left, top, right and bottom; whole pixels, outwards."""
    left, top = math.floor(part[0]), math.floor(part[1])
    right, bottom = math.ceil(part[0] + part[2]), math.ceil(part[1] + part[3])
    if right <= 0 or bottom <= 0 or left >= width or top >= height:
        region = ",".join(f"{number:g}" for number in part)
        raise ValueError(f"the region {region} lies outside the image of {width} x {height} pixels")
    return max(left, 0), max(top, 0), min(right, width), min(bottom, height)
