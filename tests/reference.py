"""Naive NumPy versions of operations: slow, obvious, and sharing no code with cvkit."""

from __future__ import annotations

import numpy as np


def neighbour(image: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """For each pixel the one ``dy`` rows below and ``dx`` columns to the right, mirrored at the border."""

    def mirrored(size: int, shift: int) -> np.ndarray:
        index = np.abs(np.arange(size) + shift)
        return np.minimum(index, 2 * (size - 1) - index) if size > 1 else np.zeros(1, int)

    height, width = image.shape[:2]
    return image[mirrored(height, dy)][:, mirrored(width, dx)].astype(np.float64)


def sharpen(image: np.ndarray, method: str, amount: float) -> np.ndarray:
    """Subtract the Laplacian, or add the magnitude of the gradient in levels for each pixel."""
    centre = image.astype(np.float64)
    if method == "laplacian":
        around = sum(neighbour(image, dy, dx) for dy, dx in [(-1, 0), (1, 0), (0, -1), (0, 1)])
        result = centre - amount * (around - 4 * centre)
    else:
        smooth = [(-1, 1), (0, 2), (1, 1)]
        along_x = sum(w * (neighbour(image, d, 1) - neighbour(image, d, -1)) for d, w in smooth) / 8
        along_y = sum(w * (neighbour(image, 1, d) - neighbour(image, -1, d)) for d, w in smooth) / 8
        result = centre + amount * np.hypot(along_x, along_y)
    if image.dtype.kind == "u":
        result = np.rint(result).clip(0, np.iinfo(image.dtype).max)
    return result.astype(image.dtype)
