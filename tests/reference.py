"""Naive NumPy versions of operations: slow, obvious, and sharing no code with cvkit."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np


def neighbor(image: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """For each pixel the one ``dy`` rows below and ``dx`` columns to the right, mirrored at the border."""

    def mirrored(size: int, shift: int) -> np.ndarray:
        index = np.abs(np.arange(size) + shift)
        return np.minimum(index, 2 * (size - 1) - index) if size > 1 else np.zeros(1, int)

    height, width = image.shape[:2]
    return image[mirrored(height, dy)][:, mirrored(width, dx)].astype(np.float64)


def sharpen(image: np.ndarray, method: str, amount: float) -> np.ndarray:
    """Subtract the Laplacian, or add the magnitude of the gradient in levels for each pixel."""
    center = image.astype(np.float64)
    if method == "laplacian":
        around = sum(neighbor(image, dy, dx) for dy, dx in [(-1, 0), (1, 0), (0, -1), (0, 1)])
        result = center - amount * (around - 4 * center)
    else:
        smooth = [(-1, 1), (0, 2), (1, 1)]
        along_x = sum(w * (neighbor(image, d, 1) - neighbor(image, d, -1)) for d, w in smooth) / 8
        along_y = sum(w * (neighbor(image, 1, d) - neighbor(image, -1, d)) for d, w in smooth) / 8
        result = center + amount * np.hypot(along_x, along_y)
    if image.dtype.kind != "f":
        result = np.rint(result).clip(np.iinfo(image.dtype).min, np.iinfo(image.dtype).max)
    return result.astype(image.dtype)


@functools.cache
def border_pattern(size: int, border: str) -> list[int]:
    """Indices of one period of an axis that is extended without end."""
    if border == "reflect":
        return [*range(size), *reversed(range(size))]
    if border == "reflect101":
        return [*range(size), *reversed(range(1, size - 1))]
    return [*range(size)]


def border_pixel(image: np.ndarray, y: int, x: int, border: str, value: float) -> np.ndarray:
    """One pixel of ``image`` extended beyond its border."""
    height, width = image.shape[:2]
    if not (0 <= y < height and 0 <= x < width):
        if border == "constant":
            return np.full(image.shape[2:], float(value))
        if border == "replicate":
            y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
        rows, columns = border_pattern(height, border), border_pattern(width, border)
        y, x = rows[y % len(rows)], columns[x % len(columns)]
    return image[y, x].astype(np.float64)


def kernel_weights(fraction: float, interpolation: str) -> dict[int, float]:
    """Weight of each neighbor, by its distance from the floor of a coordinate."""
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
    if dtype.kind != "f":
        values = np.rint(values).clip(np.iinfo(dtype).min, np.iinfo(dtype).max)
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


def hog_blocks_without(vector: np.ndarray, shape: tuple[int, ...], pixel: tuple[int, int]) -> np.ndarray:
    """Remove, by NaN, the blocks of 16 x 16 pixels that hold a gradient across ``pixel`` (y, x)."""
    rows, columns = shape[0] // 8 - 1, shape[1] // 8 - 1
    blocks = vector.copy().reshape(columns, rows, 36)
    y, x = pixel
    for column, row in itertools.product(range(columns), range(rows)):
        for near_y, near_x in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if 8 * row <= near_y < 8 * row + 16 and 8 * column <= near_x < 8 * column + 16:
                blocks[column, row] = np.nan
    return blocks.ravel()


def luv(image: np.ndarray) -> np.ndarray:
    """CIE L*u*v* for the white D65 of an sRGB image, uint8 or from 0 to 1."""
    value = image.astype(np.float64) / (255 if image.dtype == np.uint8 else 1)
    value = np.broadcast_to(value.reshape(*value.shape[:2], -1), (*value.shape[:2], 3)).clip(0, 1)
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
    x, y, z = np.moveaxis(light @ np.transpose(to_xyz), -1, 0)
    lightness = np.where(y > 0.008856, 116 * np.cbrt(y) - 16, 903.3 * y)
    around = np.maximum(x + 15 * y + 3 * z, 1e-7)
    white = 0.950456 + 15 + 3 * 1.088754
    u = 13 * lightness * (4 * x / around - 4 * 0.950456 / white)
    v = 13 * lightness * (9 * y / around - 9 / white)
    return np.stack([lightness, u, v], axis=-1)


def correlate(image: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Correlate a plane with weights of odd size; the border is mirrored with its outermost pixel."""
    rows, columns = weights.shape
    margins = ((rows // 2, rows // 2), (columns // 2, columns // 2))
    wide = np.pad(image, margins, mode="symmetric")
    height, width = image.shape
    return sum(
        weights[row, column] * wide[row : row + height, column : column + width]
        for row, column in np.ndindex(rows, columns)
    )


def cell_channels(image: np.ndarray, cell: int, orientations: int) -> np.ndarray:
    """Means over cells of L, u, v, normalized magnitude and orientations, not smoothed over cells."""
    smooth = np.outer([1, 2, 1], [1, 2, 1]) / 16
    planes = [
        correlate(plane, smooth) for plane in np.moveaxis((luv(image) + np.array([0, 88, 134])) / 270, -1, 0)
    ]
    height, width = planes[0].shape
    magnitude, angle = np.zeros((height, width)), np.zeros((height, width))
    for y, x in np.ndindex(height, width):
        up, down, left, right = max(y - 1, 0), min(y + 1, height - 1), max(x - 1, 0), min(x + 1, width - 1)
        steps = [
            ((p[y, right] - p[y, left]) / max(right - left, 1), (p[down, x] - p[up, x]) / max(down - up, 1))
            for p in planes
        ]
        along_x, along_y = max(steps, key=lambda step: math.hypot(*step))
        magnitude[y, x] = math.hypot(along_x, along_y)
        angle[y, x] = math.atan2(along_y, along_x) % math.pi
    triangle = np.array([1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1]) / 36
    magnitude /= correlate(magnitude, np.outer(triangle, triangle)) + 0.005
    votes = np.zeros((orientations, height, width))
    for y, x in np.ndindex(height, width):
        position = angle[y, x] * orientations / math.pi
        lower, share = math.floor(position), position - math.floor(position)
        votes[lower % orientations, y, x] += magnitude[y, x] * (1 - share)
        votes[(lower + 1) % orientations, y, x] += magnitude[y, x] * share
    return np.stack([cell_means(plane, cell) for plane in [*planes, magnitude, *votes]])


def cell_means(plane: np.ndarray, cell: int) -> np.ndarray:
    """Average the pixels of each whole cell."""
    rows, columns = plane.shape[0] // cell, plane.shape[1] // cell
    cut = plane[: rows * cell, : columns * cell]
    return cut.reshape(rows, cell, columns, cell).mean(axis=(1, 3))


def channel_features(image: np.ndarray, cell: int, orientations: int, quantize: bool) -> np.ndarray:
    """Cells smoothed by 1 2 1, and what bytes stand for them."""
    cells = [
        correlate(plane, np.outer([1, 2, 1], [1, 2, 1]) / 16)
        for plane in cell_channels(image, cell, orientations)
    ]
    if not quantize:
        return np.stack(cells).astype(np.float32)
    ranges = [(0, 0.372), (0.15, 0.65), (0.25, 0.8), (0, 1.1)] + [(0, 0.9)] * orientations
    spread = [(plane - low) * 255 / (high - low) for plane, (low, high) in zip(cells, ranges, strict=True)]
    return np.floor(np.stack(spread) + 0.5).clip(0, 255).astype(np.uint8)


def ldcf_features(
    image: np.ndarray, filters: np.ndarray, offset: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Filter the channels of 2 x 2 pixels, average over 2 x 2 of the results, round to bytes."""
    height, width = image.shape[0] // 4 * 2, image.shape[1] // 4 * 2
    cells = cell_channels(image, 2, 6)[:, :height, :width]
    smooth = [correlate(plane, np.outer([1, 2, 1], [1, 2, 1]) / 16) for plane in cells]
    found = [
        cell_means(correlate(plane, weights), 2)
        for plane, own in zip(smooth, filters, strict=True)
        for weights in own
    ]
    spread = (np.stack(found) - offset[:, None, None]) * scale[:, None, None]
    return np.floor(spread + 0.5).clip(0, 255).astype(np.uint8)


def cascade_scores(
    channels: np.ndarray,
    window: tuple[int, int, int],
    trees: tuple[np.ndarray, np.ndarray, np.ndarray],
    cascade: float,
    step: int,
) -> np.ndarray:
    """Scores of all windows of (channel, row, column) bytes; -inf where the sum falls to ``cascade``."""
    rows = (channels.shape[1] - window[1]) // step + 1
    columns = (channels.shape[2] - window[2]) // step + 1
    out = np.full((max(rows, 0), max(columns, 0)), -np.inf, np.float32)
    for row, column in np.ndindex(out.shape):
        top, left = row * step, column * step
        values = channels[:, top : top + window[1], left : left + window[2]].ravel()
        score = np.float32(0)
        for feature, threshold, leaf in zip(*trees, strict=True):
            node = 0
            while node < len(feature):
                node = 2 * node + (1 if values[feature[node]] < threshold[node] else 2)
            score += leaf[node - len(feature)]
            if score <= cascade:
                break
        else:
            out[row, column] = score
    return out


def histogram(image: np.ndarray, bins: int, value_range: tuple[float, float]) -> np.ndarray:
    """Count the values of each channel by the bins that a rounded product and a rounded sum give."""
    low, high = value_range
    scale = bins / (high - low)
    counts = []
    for channel in range(image.shape[2]):
        values = image[..., channel][(image[..., channel] >= low) & (image[..., channel] < high)]
        places = np.floor(values * scale + -scale * low).clip(0, bins - 1).astype(int)
        counts.append(np.bincount(places, minlength=bins))
    return np.stack(counts)


def equalize_histogram(image: np.ndarray) -> np.ndarray:
    """Give each level its share of the pixels above the lowest level, in float32."""
    largest = np.iinfo(image.dtype).max
    levels, counts = np.unique(image, return_counts=True)
    if len(levels) == 1:
        return image.copy()
    ranks = np.cumsum(counts) - counts[0]
    scale = np.float32(largest) / np.float32(ranks[-1])
    new = np.rint(ranks.astype(np.float32) * scale).clip(0, largest).astype(image.dtype)
    return new[np.searchsorted(levels, image)]


def triangle_threshold(image: np.ndarray) -> int:
    """Look at each point of the histogram between its peak and the end of its longer side."""
    last = np.iinfo(image.dtype).max
    counts = [int(count) for count in np.bincount(image.ravel(), minlength=last + 1)]
    peak = counts.index(max(counts))
    left, right = max(int(image.min()) - 1, 0), min(int(image.max()) + 1, last)
    is_flipped = peak - left < right - peak
    if is_flipped:
        counts, peak, left = counts[::-1], last - peak, last - right
    best, best_value = 0, left
    for value in range(left + 1, peak + 1):
        distance = counts[peak] * value - (peak - left) * counts[value]
        if distance > best:
            best, best_value = distance, value
    return last - best_value + 1 if is_flipped else best_value - 1


def nearest_zeros(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared distances to the nearest zero and its row and column: the first column, then the first row."""
    columns, rows = np.nonzero(mask.T == 0)
    if not columns.size:
        return np.full(mask.shape, -1), np.full((*mask.shape, 2), -1)
    y, x = np.indices(mask.shape)
    squares = (y[..., np.newaxis] - rows) ** 2 + (x[..., np.newaxis] - columns) ** 2
    nearest = squares.argmin(axis=2)
    return squares.min(axis=2), np.stack([rows[nearest], columns[nearest]], axis=2)


def thin(image: np.ndarray, method: str) -> np.ndarray:
    """Thinning by the definitions of its authors; p[0] is the neighbor above, the others follow clockwise."""
    mask = image >= 128
    turn = still = 0
    while still < 2:
        wide = np.pad(mask, 1).astype(int)
        around = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]
        height, width = mask.shape
        p = [wide[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] for dy, dx in around]
        p = p[4:] + p[:4] if turn % 2 else p
        if method == "zhang_suen":
            transitions = sum((1 - p[i]) * p[(i + 1) % 8] for i in range(8))
            count = sum(p)
            removed = (transitions == 1) & (count >= 2) & (count <= 6)
            removed &= (p[0] * p[2] * p[4] == 0) & (p[2] * p[4] * p[6] == 0)
        else:
            parts = sum((1 - p[i]) & (p[i + 1] | p[(i + 2) % 8]) for i in (0, 2, 4, 6))
            fewer = np.minimum(
                *(sum(p[i - first] | p[i + 1 - first] for i in (0, 2, 4, 6)) for first in (0, 1))
            )
            removed = (parts == 1) & (fewer >= 2) & (fewer <= 3)
            removed &= ((p[4] | p[5] | (1 - p[7])) & p[6]) == 0
        removed &= mask
        removed[[0, -1]] = removed[:, [0, -1]] = False
        still = 0 if removed.any() else still + 1
        mask, turn = mask & ~removed, turn + 1
    return np.where(mask, np.uint8(255), np.uint8(0))
