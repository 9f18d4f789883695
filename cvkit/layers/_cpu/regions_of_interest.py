"""Pooling of boxes on the CPU."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit.layers._math import bin_of_box, grid_of_box, neighbors_of, sample_of, samples_inside


class Samples(NamedTuple):
    """Where the samples of a box lie along an axis.

    Attributes
    ----------
    low, high : int64 arrays
        The two places that a sample lies between.
    fraction : array
        How far it is behind the first.
    ends : int64 array
        For each part of the box, how many samples there are up to its last.
    count : int
        How many a part has, those beyond the plane included.
    """

    low: Any
    high: Any
    fraction: Any
    ends: Any
    count: Any


@helper
def _place_of_max(plane, box, scale, part, shape, lowest):
    """Return the place of the largest value of a part of a box; -1 where there is none."""
    top, bottom = bin_of_box(box[2], box[4], scale, part[0], shape[0], plane.shape[0])
    left, right = bin_of_box(box[1], box[3], scale, part[1], shape[1], plane.shape[1])
    most, most_y, most_x = lowest, -1, -1
    for y in range(top, bottom):
        for x in range(left, right):
            if plane[y, x] > most:
                most, most_y, most_x = plane[y, x], y, x
    return most_y, most_x, top < bottom and left < right


@helper
def _pool_box(plane, box, scale, lowest, out):
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            most_y, most_x, has_values = _place_of_max(plane, box, scale, (y, x), out.shape, lowest)
            if most_y >= 0:
                out[y, x] = plane[most_y, most_x]
            else:
                out[y, x] = lowest if has_values else 0


@cpu_kernel
def roi_pool(x, boxes, scale, lowest, out):
    """Write the largest value of each part of boxes, 0 where there is none.

    Parameters
    ----------
    x : (N, C, H, W) array
        Planes.
    boxes : (R, 5) array
        Number of an item, left, top, right and bottom.
    scale : float
        What these are multiplied by.
    lowest : float
        Values have to be larger.
    out : (R, C, height, width) array
        Results.
    """
    boxes_count, channels = out.shape[:2]
    for task in prange(boxes_count * channels):
        box, channel = task // channels, task % channels
        _pool_box(x[np.int64(boxes[box, 0]), channel], boxes[box], scale, lowest, out[box, channel])


@helper
def _spread_box(gradient, plane, box, scale, lowest, out):
    for y in range(gradient.shape[0]):
        for x in range(gradient.shape[1]):
            most_y, most_x, _ = _place_of_max(plane, box, scale, (y, x), gradient.shape, lowest)
            if most_y >= 0:
                out[most_y, most_x] += gradient[y, x]


@cpu_kernel
def roi_pool_backward(gradient, x, boxes, scale, lowest, out):
    """Add the gradients of parts of boxes to the planes' where their largest values are."""
    for channel in prange(x.shape[1]):
        for box in range(boxes.shape[0]):
            item = np.int64(boxes[box, 0])
            plane, target = x[item, channel], out[item, channel]
            _spread_box(gradient[box, channel], plane, boxes[box], scale, lowest, target)


@helper
def _count_samples(begin, end, grid, parts, size):
    start, step, count = grid_of_box(begin, end, grid, parts)
    total = 0
    for part in range(parts):
        first, last = samples_inside(start + type(step)(part) * step, step, count, size)
        total += last - first
    return total


@helper
def _place_samples(begin, end, grid, size, samples):
    start, step, count = grid_of_box(begin, end, grid, samples.ends.shape[0])
    total = 0
    for part in range(samples.ends.shape[0]):
        base = start + type(step)(part) * step
        first, last = samples_inside(base, step, count, size)
        for index in range(first, last):
            low, high, fraction = neighbors_of(sample_of(base, step, count, index), size)
            if low >= 0:
                samples.low[total], samples.high[total], samples.fraction[total] = low, high, fraction
                total += 1
        samples.ends[part] = total


@helper(allocates=True)
def _samples(begin, end, grid, parts, size):
    """Find where the samples of a box lie along an axis."""
    total = _count_samples(begin, end, grid, parts, size)
    _, step, count = grid_of_box(begin, end, grid, parts)
    fraction = np.empty(total, np.array([step]).dtype)
    low, high = np.empty(total, np.int64), np.empty(total, np.int64)
    samples = Samples(low, high, fraction, np.empty(parts, np.int64), count)
    _place_samples(begin, end, grid, size, samples)
    return samples


@helper
def _blend(plane, y, x, along_y, along_x):
    """Return the value of a plane at a sample."""
    number = plane.dtype.type
    below, right = along_y.fraction[y], along_x.fraction[x]
    above, left = number(1) - below, number(1) - right
    first, second = plane[along_y.low[y]], plane[along_y.high[y]]
    low, high = along_x.low[x], along_x.high[x]
    return above * (left * first[low] + right * first[high]) + below * (
        left * second[low] + right * second[high]
    )


@helper
def _align_box(plane, along_y, along_x, out):
    number = plane.dtype.type
    count = number(max(along_y.count * along_x.count, 1))
    for part_y in range(out.shape[0]):
        first_y = along_y.ends[part_y - 1] if part_y > 0 else 0
        for part_x in range(out.shape[1]):
            first_x = along_x.ends[part_x - 1] if part_x > 0 else 0
            total = number(0)
            for y in range(first_y, along_y.ends[part_y]):
                for x in range(first_x, along_x.ends[part_x]):
                    total += _blend(plane, y, x, along_y, along_x)
            out[part_y, part_x] = total / count


@cpu_kernel
def roi_align(x, boxes, grid, out):
    """Write the mean of samples in each part of boxes.

    Parameters
    ----------
    x : (N, C, H, W) array
        Planes.
    boxes : (R, 5) array
        Number of an item, left, top, right and bottom.
    grid : Grid
        Where samples lie.
    out : (R, C, height, width) array
        Results.
    """
    height, width = out.shape[2:]
    for box in prange(boxes.shape[0]):
        along_y = _samples(boxes[box, 2], boxes[box, 4], grid, height, x.shape[2])
        along_x = _samples(boxes[box, 1], boxes[box, 3], grid, width, x.shape[3])
        for channel in range(x.shape[1]):
            _align_box(x[np.int64(boxes[box, 0]), channel], along_y, along_x, out[box, channel])


@helper
def _spread_aligned(gradient, along_y, along_x, out):
    number = out.dtype.type
    count = number(max(along_y.count * along_x.count, 1))
    for part_y in range(gradient.shape[0]):
        first_y = along_y.ends[part_y - 1] if part_y > 0 else 0
        for part_x in range(gradient.shape[1]):
            first_x = along_x.ends[part_x - 1] if part_x > 0 else 0
            share = gradient[part_y, part_x] / count
            for y in range(first_y, along_y.ends[part_y]):
                first, second = out[along_y.low[y]], out[along_y.high[y]]
                below = share * along_y.fraction[y]
                above = share - below
                for x in range(first_x, along_x.ends[part_x]):
                    right = along_x.fraction[x]
                    left = number(1) - right
                    low, high = along_x.low[x], along_x.high[x]
                    first[low] += above * left
                    first[high] += above * right
                    second[low] += below * left
                    second[high] += below * right


@cpu_kernel
def roi_align_backward(gradient, boxes, grid, out):
    """Add what each value of the planes contributes to the means of boxes to their gradient."""
    height, width = gradient.shape[2:]
    for channel in prange(out.shape[1]):
        for box in range(boxes.shape[0]):
            along_y = _samples(boxes[box, 2], boxes[box, 4], grid, height, out.shape[2])
            along_x = _samples(boxes[box, 1], boxes[box, 3], grid, width, out.shape[3])
            target = out[np.int64(boxes[box, 0]), channel]
            _spread_aligned(gradient[box, channel], along_y, along_x, target)
