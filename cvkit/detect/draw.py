"""Draw detections into an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, to_host
from cvkit.detect.detections import Detections

Color = tuple[int, int, int]

# One color for each class, then over again: distinct also for color-blind eyes (Okabe and Ito, 2008).
_COLORS: tuple[Color, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)

# The signs of a score, three dots wide and five high; each number is a row, its highest bit the left dot.
_GLYPHS = {
    "0": (7, 5, 5, 5, 7),
    "1": (2, 6, 2, 2, 7),
    "2": (7, 1, 7, 4, 7),
    "3": (7, 1, 7, 1, 7),
    "4": (5, 5, 7, 1, 1),
    "5": (7, 4, 7, 1, 7),
    "6": (7, 4, 7, 5, 7),
    "7": (7, 1, 1, 1, 1),
    "8": (7, 5, 7, 5, 7),
    "9": (7, 5, 7, 1, 7),
    ".": (0, 0, 0, 0, 2),
    "-": (0, 0, 7, 0, 0),
    "%": (5, 1, 2, 4, 5),
    "#": (5, 7, 5, 7, 5),
    " ": (0, 0, 0, 0, 0),
}


def draw_detections(
    image: Array,
    detections: Detections,
    *,
    colors: Sequence[Color] = _COLORS,
    thickness: int | None = None,
    confidence: bool = True,
    percent: bool = False,
) -> np.ndarray:
    """Draw the boxes and confidence of detections into a copy of an image.

    Parameters
    ----------
    image : array, (H, W) or (H, W, 3), uint8
        A gray or RGB image; a device array is copied to the host.
    detections : Detections
        What to draw; the surest box comes on top. Parts outside the image are left out.
    colors : sequence of (int, int, int)
        RGB color of each class, used over again when there are more classes; where detections have a
        ``track_id``, of each object.
    thickness : int, optional
        Width of the lines in pixels; by default it follows the size of the image.
    confidence : bool
        Whether to write each confidence, with two decimals, above its box, after the number of an object
        that has one.
    percent : bool
        Whether confidences are probabilities, to be written in percent.

    Returns
    -------
    numpy.ndarray, (H, W, 3), uint8
        An RGB image. ``image`` itself is left as it is.

    Raises
    ------
    TypeError, ValueError
        For an image of another dtype or shape, or a thickness below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.detect import Detections, draw_detections
    >>> drawn = draw_detections(np.zeros((40, 30), np.uint8), Detections([[5, 10, 20, 35]], [1.25]))
    >>> drawn[34, 19]
    array([230, 159,   0], dtype=uint8)
    """
    image = to_host(image)
    _validate.image(image, dtypes=(np.uint8,), channels=(1, 3))
    if image.ndim == 4:
        raise ValueError(f"image must be one image, got a stack of shape {image.shape}")
    if thickness is None:
        thickness = max(1, round(min(image.shape[:2]) / 300))
    thickness = _validate.integer(thickness, "thickness", minimum=1)
    canvas = np.empty((*image.shape[:2], 3), np.uint8)
    canvas[...] = image if image.ndim == 3 else image[..., None]
    detections = detections[np.argsort(detections.confidence, kind="stable")]
    numbers = detections.class_id if detections.track_id is None else detections.track_id
    for found, number in zip(detections, numbers.tolist(), strict=True):
        color = colors[number % len(colors)]
        left, top, right, bottom = (round(float(value)) for value in found.xyxy)
        _draw_frame(canvas, left, top, right, bottom, thickness, color)
        text = f"#{number} " if detections.track_id is not None else ""
        if confidence:
            text += f"{round(100 * found.confidence)}%" if percent else f"{found.confidence:.2f}"
        if text:
            _write(canvas, text.rstrip(), left, top, max(2, thickness), color)
    return canvas


def _fill(canvas: np.ndarray, left: int, top: int, right: int, bottom: int, color: Color) -> None:
    """Fill a rectangle as far as it lies inside the canvas; right and bottom are excluded."""
    canvas[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = color


def _draw_frame(
    canvas: np.ndarray, left: int, top: int, right: int, bottom: int, thickness: int, color: Color
) -> None:
    """Draw a frame along the inner side of a box."""
    _fill(canvas, left, top, right, min(top + thickness, bottom), color)
    _fill(canvas, left, max(bottom - thickness, top), right, bottom, color)
    _fill(canvas, left, top, min(left + thickness, right), bottom, color)
    _fill(canvas, max(right - thickness, left), top, right, bottom, color)


def _write(canvas: np.ndarray, text: str, left: int, bottom: int, dot: int, color: Color) -> None:
    """Write a number in black on a plate that stands on the box or, at the image's top, inside it."""
    plate_height, plate_width = 7 * dot, (4 * len(text) + 1) * dot
    left = max(0, min(left, canvas.shape[1] - plate_width))
    top = max(0, bottom - plate_height)
    _fill(canvas, left, top, left + plate_width, top + plate_height, color)
    for position, sign in enumerate(text):
        for row, dots in enumerate(_GLYPHS[sign]):
            for column in range(3):
                if dots >> (2 - column) & 1:
                    x, y = left + (1 + 4 * position + column) * dot, top + (1 + row) * dot
                    _fill(canvas, x, y, x + dot, y + dot, (0, 0, 0))
