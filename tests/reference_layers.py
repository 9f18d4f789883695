"""Naive NumPy versions of layers: every window is copied out of the padded planes."""

from __future__ import annotations

from typing import Any

import numpy as np


def pair(value: Any) -> tuple[Any, Any]:
    return value if isinstance(value, tuple) else (value, value)


def ends(size: int, reach: int, stride: int, padding: Any) -> tuple[int, int]:
    """What is added before and after an axis."""
    if padding == "same":
        results = -(-size // stride)
        total = max((results - 1) * stride + reach - size, 0)
        return total // 2, total - total // 2
    return {"valid": (0, 0), "full": (reach - 1, reach - 1)}.get(padding, (padding, padding))


def patches(
    x: np.ndarray, ksize: Any, stride: Any = 1, padding: Any = "valid", dilation: Any = 1, fill: float = 0
) -> np.ndarray:
    """The values of each window, (N, C, height, width, *ksize)."""
    reach = [(size - 1) * apart + 1 for size, apart in zip(pair(ksize), pair(dilation), strict=True)]
    around = [
        ends(size, reach[axis], pair(stride)[axis], pair(padding)[axis])
        for axis, size in enumerate(x.shape[2:])
    ]
    padded = np.pad(x, [(0, 0), (0, 0), *around], constant_values=fill)
    height, width = (
        (size - reach[axis]) // pair(stride)[axis] + 1 for axis, size in enumerate(padded.shape[2:])
    )
    out = np.empty((*x.shape[:2], height, width, *pair(ksize)), x.dtype)
    for y in range(height):
        for x_ in range(width):
            top, left = y * pair(stride)[0], x_ * pair(stride)[1]
            window = padded[:, :, top : top + reach[0], left : left + reach[1]]
            out[:, :, y, x_] = window[:, :, :: pair(dilation)[0], :: pair(dilation)[1]]
    return out


def max_pool2d(x: np.ndarray, ksize: Any, *, stride: Any = None, **options: Any) -> np.ndarray:
    return patches(x, ksize, stride or ksize, fill=-np.inf, **options).max(axis=(4, 5))


def avg_pool2d(
    x: np.ndarray, ksize: Any, *, stride: Any = None, padding: Any = "valid", count_padding: Any = None
) -> np.ndarray:
    counts_padding = padding != "same" if count_padding is None else count_padding
    total = patches(x, ksize, stride or ksize, padding).sum(axis=(4, 5))
    ones = patches(np.ones_like(x), ksize, stride or ksize, padding, fill=float(counts_padding))
    return total / ones.sum(axis=(4, 5))


def conv2d(
    x: np.ndarray, weights: np.ndarray, bias: Any = 0, *, groups: int = 1, **options: Any
) -> np.ndarray:
    results = []
    of_groups = zip(np.split(x, groups, axis=1), np.split(weights, groups), strict=True)
    for channels, filters in of_groups:
        windows = patches(channels, filters.shape[2:], **{"padding": "same", **options})
        results.append(np.einsum("nchwij,kcij->nkhw", windows.astype(np.float64), filters))
    return np.concatenate(results, axis=1) + np.reshape(bias, (-1, 1, 1))


def conv_transpose2d(
    x: np.ndarray,
    weights: np.ndarray,
    bias: Any = 0,
    *,
    stride: Any = 1,
    padding: Any = "same",
    output_padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> np.ndarray:
    strides, apart, more = map(pair, (stride, dilation, output_padding))
    reach = [(size - 1) * apart[axis] + 1 for axis, size in enumerate(weights.shape[2:])]
    size = [(x.shape[2 + axis] - 1) * strides[axis] + reach[axis] for axis in range(2)]
    shape = x.shape[0], weights.shape[1] * groups, *(size[axis] + strides[axis] for axis in range(2))
    out = np.zeros(shape)
    parts = [np.split(x, groups, axis=1), np.split(weights, groups), np.split(out, groups, axis=1)]
    for channels, filters, target in zip(*parts, strict=True):
        for y, x_ in np.ndindex(x.shape[2:]):
            top, left = y * strides[0], x_ * strides[1]
            window = target[:, :, top : top + reach[0] : apart[0], left : left + reach[1] : apart[1]]
            window += np.einsum("nc,ckij->nkij", channels[:, :, y, x_].astype(np.float64), filters)
    begin, end = [], []
    for axis in range(2):
        if padding == "same":
            results = x.shape[2 + axis] * strides[axis]
            begin.append(ends(results, reach[axis], strides[axis], "same")[0])
            end.append(begin[axis] + results)
        else:
            cut = ends(0, reach[axis], 1, pair(padding)[axis])[0]
            begin.append(cut)
            end.append(size[axis] - cut + more[axis])
    return out[:, :, begin[0] : end[0], begin[1] : end[1]] + np.reshape(bias, (-1, 1, 1))


def half_away(value: float) -> int:
    return int(np.floor(abs(value) + 0.5) * np.sign(value))


def roi_pool(
    x: np.ndarray, boxes: Any, output_shape: tuple[int, int], *, spatial_scale: float = 1
) -> np.ndarray:
    out = np.zeros((len(boxes), x.shape[1], *output_shape), x.dtype)
    for number, (item, *corners) in enumerate(boxes):
        left, top, right, bottom = (half_away(corner * spatial_scale) for corner in corners)
        for y, x_ in np.ndindex(*output_shape):
            limits = []
            parts = ((top, bottom, y, 0, x.shape[2]), (left, right, x_, 1, x.shape[3]))
            for first, last, part, axis, size in parts:
                length = max(last - first + 1, 1) / output_shape[axis]
                ends_of_part = np.floor(part * length), np.ceil((part + 1) * length)
                limits.append(slice(*(int(np.clip(first + end, 0, size)) for end in ends_of_part)))
            values = x[int(item)][:, limits[0], limits[1]].reshape(x.shape[1], -1)
            if values.size:
                out[number, :, y, x_] = values.max(axis=1)
    return out


def roi_align(
    x: np.ndarray,
    boxes: Any,
    output_shape: tuple[int, int],
    *,
    spatial_scale: float = 1,
    sampling_ratio: int | None = None,
    aligned: bool = False,
) -> np.ndarray:
    out = np.zeros((len(boxes), x.shape[1], *output_shape), np.float64)
    size = x.shape[2:]
    for number, (item, *corners) in enumerate(boxes):
        left, top, right, bottom = (corner * spatial_scale - aligned / 2 for corner in corners)
        begin = top, left
        lengths = [max(end - start, 0 if aligned else 1) for start, end in ((top, bottom), (left, right))]
        steps = [length / parts for length, parts in zip(lengths, output_shape, strict=True)]
        counts = [sampling_ratio or int(np.ceil(step)) for step in steps]
        for part in np.ndindex(*output_shape):
            for sample in np.ndindex(*counts):
                place = [
                    begin[axis] + (part[axis] + (sample[axis] + 0.5) / counts[axis]) * steps[axis]
                    for axis in range(2)
                ]
                if all(-1 <= place[axis] <= size[axis] for axis in range(2)):
                    y, x_ = (np.clip(place[axis], 0, size[axis] - 1) for axis in range(2))
                    for row, column in np.ndindex(*size):
                        weight = max(1 - abs(row - y), 0) * max(1 - abs(column - x_), 0)
                        out[(number, slice(None), *part)] += (
                            weight * x[int(item), :, row, column] / np.prod(counts)
                        )
    return out
