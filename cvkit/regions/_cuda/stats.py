"""Measuring regions on CUDA: threads walk down columns and add each stretch of equal labels at once."""

import numpy as np

from cvkit._cuda_threads import cuda, pixel_of_thread, place_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel, temporary

# Rows of a thread.
_RUN = 64
# What is summed up of a region, and the columns and rows that it begins at and ends before.
_AREA, _SUM_X, _SUM_Y, _SUMS = range(4)
_LEFT, _TOP, _RIGHT, _BOTTOM, _EDGES = range(5)


@cuda_kernel(block=(32,))
def _clear(found):
    """Begin with the label of the background."""
    if place_of_thread() == 0:
        found[0] = 0


@cuda_kernel
def _find_largest(labels, found):
    """Find the largest label of a stretch of a column."""
    x, part, image = pixel_of_thread()
    count, height, width = labels.shape
    y = np.uint32(part * np.uint32(_RUN))
    if image >= count or y >= height or x >= width:
        return
    bottom = np.uint32(min(np.int64(y) + _RUN, height))
    largest = np.int32(0)
    while y < bottom:
        largest = max(largest, labels[image, y, x])
        y = np.uint32(y + np.uint32(1))
    if largest > found[0]:
        cuda.atomic.max(found, 0, largest)


def largest_label(labels):
    """Return the largest label of any image, or 0, in an array."""
    count, height, width = labels.shape
    found = temporary((1,), np.int32, labels)
    _clear[1](found)
    _find_largest[count, -(-height // _RUN), width](labels, found)
    return found


@cuda_kernel(block=(256,))
def _begin(height, width, sums, edges):
    """Begin with regions that have no pixels."""
    label = place_of_thread()
    if label < np.uint64(sums.shape[0]):
        for place in range(_SUMS):
            sums[label, np.uint32(place)] = 0
        edges[label, np.uint32(_LEFT)], edges[label, np.uint32(_TOP)] = width, height
        edges[label, np.uint32(_RIGHT)], edges[label, np.uint32(_BOTTOM)] = 0, 0


@helper
def _add_stretch(sums, edges, label, x, top, bottom):
    """Add the pixels of a column from ``top`` to ``bottom`` to a region."""
    length, last = np.uint64(bottom - top), np.uint64(bottom - 1)
    cuda.atomic.add(sums, (label, _AREA), length)
    cuda.atomic.add(sums, (label, _SUM_X), np.uint64(x) * length)
    cuda.atomic.add(sums, (label, _SUM_Y), (np.uint64(top) + last) * length // np.uint64(2))
    # Most stretches lie within what is known of the region.
    if x < edges[label, _LEFT]:
        cuda.atomic.min(edges, (label, _LEFT), x)
    if top < edges[label, _TOP]:
        cuda.atomic.min(edges, (label, _TOP), top)
    if x >= edges[label, _RIGHT]:
        cuda.atomic.max(edges, (label, _RIGHT), np.int32(x + 1))
    if bottom > edges[label, _BOTTOM]:
        cuda.atomic.max(edges, (label, _BOTTOM), bottom)


@cuda_kernel
def _add_stretches(labels, most, sums, edges):
    """Add the stretches of a part of a column to their regions; ``most`` labels are those of an image."""
    x, part, image = pixel_of_thread()
    count, height, width = labels.shape
    y = np.uint32(part * np.uint32(_RUN))
    if image >= count or y >= height or x >= width:
        return
    bottom = np.uint32(min(np.int64(y) + _RUN, height))
    base = np.int64(image) * most
    begin, label = y, labels[image, y, x]
    while y < bottom:
        y = np.uint32(y + np.uint32(1))
        following = labels[image, y, x] if y < bottom else np.int32(-1)
        if following != label or y == bottom:
            if label >= 0:
                _add_stretch(sums, edges, base + label, np.int32(x), np.int32(begin), np.int32(y))
            begin, label = y, following


@cuda_kernel(block=(256,))
def _finish(sums, edges, area, box, centroid):
    """Bring what was added up into the form that users get."""
    place = place_of_thread()
    if place >= np.uint64(sums.shape[0]):
        return
    label = place % np.uint64(area.shape[1])
    image = place // np.uint64(area.shape[1])
    pixels = sums[place, _AREA]
    left, top = edges[place, _LEFT], edges[place, _TOP]
    width, height = np.int32(edges[place, _RIGHT] - left), np.int32(edges[place, _BOTTOM] - top)
    if pixels == 0:
        left = top = width = height = np.int32(0)
    area[image, label] = pixels
    box[image, label, 0], box[image, label, 1] = left, top
    box[image, label, 2], box[image, label, 3] = width, height
    # Without pixels 0 / 0, which is NaN.
    centroid[image, label, 0] = np.float64(sums[place, _SUM_X]) / np.float64(pixels)
    centroid[image, label, 1] = np.float64(sums[place, _SUM_Y]) / np.float64(pixels)


def measure(labels, stats):
    """Measure the regions of images, (N, H, W), for all labels that the rows of ``stats`` have."""
    count, height, width = labels.shape
    most = stats.area.shape[1]
    sums = temporary((count * most, _SUMS), np.uint64, labels)
    edges = temporary((count * most, _EDGES), np.int32, labels)
    _begin[count * most](height, width, sums, edges)
    _add_stretches[count, -(-height // _RUN), width](labels, most, sums, edges)
    _finish[count * most](sums, edges, *stats)
