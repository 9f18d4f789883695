"""Pooling of boxes on CUDA: one thread for each result; gradients are added up by atomic operations."""

import numpy as np

from cvkit._cuda_threads import cuda, pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel
from cvkit.layers._math import bin_of_box, grid_of_box, neighbors_of, sample_of, samples_inside


@helper
def _place_of_max(x, boxes, scale, places, shape, lowest):
    """Return the place of the largest value of a part of a box; -1 where there is none."""
    box, channel, part_y, part_x = places
    item = np.uint32(boxes[box, 0])
    top, bottom = bin_of_box(boxes[box, 2], boxes[box, 4], scale, part_y, shape[0], x.shape[2])
    left, right = bin_of_box(boxes[box, 1], boxes[box, 3], scale, part_x, shape[1], x.shape[3])
    most, most_y, most_x = lowest, np.int64(-1), np.int64(-1)
    for y in range(np.uint32(top), np.uint32(bottom)):
        for column in range(np.uint32(left), np.uint32(right)):
            value = x[item, channel, y, column]
            if value > most:
                most, most_y, most_x = value, np.int64(y), np.int64(column)
    return most_y, most_x, top < bottom and left < right


@cuda_kernel
def _roi_pool(x, boxes, scale, lowest, out):
    part_x, part_y, plane = pixel_of_thread()
    channels = np.uint32(out.shape[1])
    box, channel = np.uint32(plane // channels), np.uint32(plane % channels)
    if box >= out.shape[0] or part_y >= out.shape[2] or part_x >= out.shape[3]:
        return
    places, shape = (box, channel, part_y, part_x), (out.shape[2], out.shape[3])
    most_y, most_x, has_values = _place_of_max(x, boxes, scale, places, shape, lowest)
    value = lowest if has_values else out.dtype.type(0)
    if most_y >= 0:
        value = x[np.uint32(boxes[box, 0]), channel, np.uint32(most_y), np.uint32(most_x)]
    out[box, channel, part_y, part_x] = value


def roi_pool(x, boxes, scale, lowest, out):
    """Write the largest value of each part of boxes, 0 where there is none."""
    count, channels, height, width = out.shape
    _roi_pool[count * channels, height, width](x, boxes, scale, lowest, out)


@cuda_kernel
def _roi_pool_backward(gradient, x, boxes, scale, lowest, out):
    part_x, part_y, plane = pixel_of_thread()
    channels = np.uint32(gradient.shape[1])
    box, channel = np.uint32(plane // channels), np.uint32(plane % channels)
    if box >= gradient.shape[0] or part_y >= gradient.shape[2] or part_x >= gradient.shape[3]:
        return
    places, shape = (box, channel, part_y, part_x), (gradient.shape[2], gradient.shape[3])
    most_y, most_x, _ = _place_of_max(x, boxes, scale, places, shape, lowest)
    if most_y >= 0:
        target = np.uint32(boxes[box, 0]), channel, np.uint32(most_y), np.uint32(most_x)
        cuda.atomic.add(out, target, gradient[box, channel, part_y, part_x])


def roi_pool_backward(gradient, x, boxes, scale, lowest, out):
    """Add the gradients of parts of boxes to the planes' where their largest values are."""
    count, channels, height, width = gradient.shape
    _roi_pool_backward[count * channels, height, width](gradient, x, boxes, scale, lowest, out)


@cuda_kernel
def _roi_align(x, boxes, grid, out):
    part_x, part_y, plane = pixel_of_thread()
    channels = np.uint32(out.shape[1])
    box, channel = np.uint32(plane // channels), np.uint32(plane % channels)
    if box >= out.shape[0] or part_y >= out.shape[2] or part_x >= out.shape[3]:
        return
    number = out.dtype.type
    item, height, width = np.uint32(boxes[box, 0]), x.shape[2], x.shape[3]
    start_y, step_y, count_y = grid_of_box(boxes[box, 2], boxes[box, 4], grid, out.shape[2])
    start_x, step_x, count_x = grid_of_box(boxes[box, 1], boxes[box, 3], grid, out.shape[3])
    base_y, base_x = start_y + number(part_y) * step_y, start_x + number(part_x) * step_x
    first_y, last_y = samples_inside(base_y, step_y, count_y, height)
    first_x, last_x = samples_inside(base_x, step_x, count_x, width)
    total = number(0)
    for sample_y in range(first_y, last_y):
        top, bottom, below = neighbors_of(sample_of(base_y, step_y, count_y, sample_y), height)
        if top < 0:
            continue
        above = number(1) - below
        top, bottom = np.uint32(top), np.uint32(bottom)
        for sample_x in range(first_x, last_x):
            left, right, behind = neighbors_of(sample_of(base_x, step_x, count_x, sample_x), width)
            if left < 0:
                continue
            before = number(1) - behind
            left, right = np.uint32(left), np.uint32(right)
            upper = before * x[item, channel, top, left] + behind * x[item, channel, top, right]
            lower = before * x[item, channel, bottom, left] + behind * x[item, channel, bottom, right]
            total += above * upper + below * lower
    out[box, channel, part_y, part_x] = total / number(count_y * count_x if count_y * count_x > 1 else 1)


def roi_align(x, boxes, grid, out):
    """Write the mean of samples in each part of boxes."""
    count, channels, height, width = out.shape
    _roi_align[count * channels, height, width](x, boxes, grid, out)


@cuda_kernel
def _roi_align_backward(gradient, boxes, grid, out):
    part_x, part_y, plane = pixel_of_thread()
    channels = np.uint32(out.shape[1])
    box, channel = np.uint32(plane // channels), np.uint32(plane % channels)
    if box >= gradient.shape[0] or part_y >= gradient.shape[2] or part_x >= gradient.shape[3]:
        return
    number = out.dtype.type
    item, height, width = np.uint32(boxes[box, 0]), out.shape[2], out.shape[3]
    start_y, step_y, count_y = grid_of_box(boxes[box, 2], boxes[box, 4], grid, gradient.shape[2])
    start_x, step_x, count_x = grid_of_box(boxes[box, 1], boxes[box, 3], grid, gradient.shape[3])
    base_y, base_x = start_y + number(part_y) * step_y, start_x + number(part_x) * step_x
    first_y, last_y = samples_inside(base_y, step_y, count_y, height)
    first_x, last_x = samples_inside(base_x, step_x, count_x, width)
    share = gradient[box, channel, part_y, part_x] / number(count_y * count_x if count_y * count_x > 1 else 1)
    for sample_y in range(first_y, last_y):
        top, bottom, below = neighbors_of(sample_of(base_y, step_y, count_y, sample_y), height)
        if top < 0:
            continue
        top, bottom = np.uint32(top), np.uint32(bottom)
        lower = share * below
        upper = share - lower
        for sample_x in range(first_x, last_x):
            left, right, behind = neighbors_of(sample_of(base_x, step_x, count_x, sample_x), width)
            if left < 0:
                continue
            before = number(1) - behind
            left, right = np.uint32(left), np.uint32(right)
            cuda.atomic.add(out, (item, channel, top, left), upper * before)
            cuda.atomic.add(out, (item, channel, top, right), upper * behind)
            cuda.atomic.add(out, (item, channel, bottom, left), lower * before)
            cuda.atomic.add(out, (item, channel, bottom, right), lower * behind)


def roi_align_backward(gradient, boxes, grid, out):
    """Add what each value of the planes contributes to the means of boxes to their gradient."""
    count, channels, height, width = gradient.shape
    _roi_align_backward[count * channels, height, width](gradient, boxes, grid, out)
