"""Border modes of the references."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

BORDERS = {
    "reflect101": cv2.BORDER_REFLECT_101,
    "reflect": cv2.BORDER_REFLECT,
    "replicate": cv2.BORDER_REPLICATE,
    "constant": cv2.BORDER_CONSTANT,
}


def with_border(
    reference: Callable[[np.ndarray, int], np.ndarray], border: str, margin: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Pass OpenCV's code for ``border``; for "wrap", which it lacks, filter a padded image."""
    if border != "wrap":
        return lambda image: reference(image, BORDERS[border])

    def wrapped(image: np.ndarray) -> np.ndarray:
        pad = ((margin, margin), (margin, margin), (0, 0))[: image.ndim]
        padded = np.pad(image, pad, mode="wrap")
        return reference(padded, cv2.BORDER_REPLICATE)[margin:-margin, margin:-margin]

    return wrapped
