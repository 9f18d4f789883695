"""Naive NumPy versions of operations: slow, obvious, and sharing no code with cvkit."""

from __future__ import annotations

import itertools
import math

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


def border_pixel(image: np.ndarray, y: int, x: int, border: str, value: float) -> np.ndarray:
    """One pixel of ``image`` extended beyond its border."""
    inside = []
    for index, size in ((y, image.shape[0]), (x, image.shape[1])):
        if border == "constant" and not 0 <= index < size:
            return np.full(image.shape[2:], float(value))
        pattern = {
            "constant": list(range(size)),
            "replicate": [min(max(index, 0), size - 1)],
            "wrap": list(range(size)),
            "reflect": [*range(size), *reversed(range(size))],
            "reflect101": [*range(size), *reversed(range(1, size - 1))],
        }[border]
        inside.append(pattern[index % len(pattern)])
    return image[tuple(inside)].astype(np.float64)


def kernel_weights(fraction: float, interpolation: str) -> dict[int, float]:
    """Weight of each neighbour, by its distance from the floor of a coordinate."""
    if interpolation == "nearest":
        return {round(fraction): 1.0}
    if interpolation == "bilinear":
        return {0: 1 - fraction, 1: fraction}
    a = -0.75

    def keys(t: float) -> float:
        t = abs(t)
        if t <= 1:
            return (a + 2) * t**3 - (a + 3) * t**2 + 1
        return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a

    return {offset: keys(fraction - offset) for offset in (-1, 0, 1, 2)}


def sample(
    image: np.ndarray, x: float, y: float, interpolation: str, border: str, value: float = 0
) -> np.ndarray:
    """One pixel between the pixels of an (H, W, ...) image, in float64."""
    if not (math.isfinite(x) and math.isfinite(y)):
        return np.full(image.shape[2:], float(value))
    if interpolation == "nearest":
        return border_pixel(image, round(y), round(x), border, value)
    left, top = math.floor(x), math.floor(y)
    total = np.zeros(image.shape[2:])
    for (dy, wy), (dx, wx) in itertools.product(
        kernel_weights(y - top, interpolation).items(), kernel_weights(x - left, interpolation).items()
    ):
        total = total + wy * wx * border_pixel(image, top + dy, left + dx, border, value)
    return total


def as_dtype(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Round half to even and saturate for whole dtypes."""
    if dtype.kind == "u":
        values = np.rint(values).clip(0, np.iinfo(dtype).max)
    return values.astype(dtype)


def remap(
    image: np.ndarray,
    map_x: np.ndarray,
    map_y: np.ndarray,
    interpolation: str = "bilinear",
    border: str = "constant",
    value: float = 0,
) -> np.ndarray:
    """Sample an image at every point of two maps."""
    out = np.empty((*map_x.shape, *image.shape[2:]))
    for y, x in np.ndindex(map_x.shape):
        out[y, x] = sample(image, float(map_x[y, x]), float(map_y[y, x]), interpolation, border, value)
    return as_dtype(out, image.dtype)


def warp(
    image: np.ndarray,
    matrix: np.ndarray,
    shape: tuple[int, int],
    interpolation: str = "bilinear",
    border: str = "constant",
    value: float = 0,
) -> np.ndarray:
    """Warp by an affine or perspective matrix from the image to the result."""
    square = np.vstack([matrix, [0, 0, 1]]) if len(matrix) == 2 else np.asarray(matrix, np.float64)
    inverse = np.linalg.inv(square)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    mapped = np.einsum("ij,jyx->iyx", inverse, np.stack([x, y, np.ones_like(x)]))
    depth = np.where(mapped[2] * np.sign(square[2, 2]) > 0, mapped[2], np.nan)
    return remap(image, mapped[0] / depth, mapped[1] / depth, interpolation, border, value)


def canny(image: np.ndarray, low: float, high: float, l2_gradient: bool = False) -> np.ndarray:
    """Edges by Canny's rules in float64: strongest channel, maxima across the edge, chains of candidates."""
    height, width = image.shape[:2]
    padded = np.pad(image.reshape(height, width, -1).astype(np.float64), ((1, 1), (1, 1), (0, 0)), "edge")

    def at(dy: int, dx: int) -> np.ndarray:
        return padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]

    every_x = sum(w * (at(d, 1) - at(d, -1)) for d, w in [(-1, 1), (0, 2), (1, 1)])
    every_y = sum(w * (at(1, d) - at(-1, d)) for d, w in [(-1, 1), (0, 2), (1, 1)])
    every = np.hypot(every_x, every_y) if l2_gradient else np.abs(every_x) + np.abs(every_y)
    best = every.argmax(axis=2)[..., None]
    gradient_x, gradient_y, strength = (
        np.take_along_axis(values, best, axis=2)[..., 0] for values in (every_x, every_y, every)
    )
    around = np.pad(strength, 1)
    pending = []
    candidate = np.zeros((height + 2, width + 2), bool)
    for y, x in np.ndindex(height, width):
        gx, gy, here = gradient_x[y, x], gradient_y[y, x], strength[y, x]
        angle = math.degrees(math.atan2(abs(gy), abs(gx)))
        diagonal = 1 if (gx < 0) == (gy < 0) else -1
        down, right = (0, 1) if angle < 22.5 else (1, 0) if angle > 67.5 else (1, diagonal)
        before, after = around[y + 1 - down, x + 1 - right], around[y + 1 + down, x + 1 + right]
        is_maximum = here > before and (here > after if down and right else here >= after)
        candidate[y + 1, x + 1] = is_maximum and here > max(low, 0)
        if candidate[y + 1, x + 1] and here > high:
            pending.append((y + 1, x + 1))
    edges = np.zeros_like(candidate)
    while pending:
        y, x = pending.pop()
        if candidate[y, x] and not edges[y, x]:
            edges[y, x] = True
            pending += itertools.product(range(y - 1, y + 2), range(x - 1, x + 2))
    return edges[1:-1, 1:-1].astype(np.uint8) * 255


def non_local_means(image: np.ndarray, h: float, patch: int, window: int) -> np.ndarray:
    """Average pixels by the likeness of odd patches around them; weights below 0.001 are 0."""
    height, width = image.shape[:2]
    radius, reach = patch // 2, window // 2
    pixels = image.reshape(height, width, -1).astype(np.float64)
    pad = radius + reach
    padded = np.pad(pixels, ((pad, pad), (pad, pad), (0, 0)), "reflect")

    def moved(dy: int, dx: int, margin: int) -> np.ndarray:
        top, left = pad - margin + dy, pad - margin + dx
        return padded[top : top + height + 2 * margin, left : left + width + 2 * margin]

    value_sum, weight_sum = np.zeros_like(pixels), np.zeros((height, width, 1))
    for dy, dx in itertools.product(range(-reach, reach + 1), repeat=2):
        squares = ((moved(0, 0, radius) - moved(dy, dx, radius)) ** 2).mean(axis=2)
        patches = np.lib.stride_tricks.sliding_window_view(squares, (patch, patch))
        weight = np.exp(-patches.mean(axis=(2, 3)) / h**2)[..., None]
        weight[weight < 0.001] = 0
        value_sum, weight_sum = value_sum + weight * moved(dy, dx, 0), weight_sum + weight
    return as_dtype((value_sum / weight_sum).reshape(image.shape), image.dtype)
