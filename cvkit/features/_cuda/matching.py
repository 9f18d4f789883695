"""Templates on CUDA: sums of products from shared memory, and sums over windows down columns, then along."""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.features._matching_math import COEFFICIENT, measured, measured_masked, normalized, whole

# A block's windows along both axes: a thread has ROWS of them, one below the other.
_WIDE, _HIGH, _ROWS = 32, 32, 4
_BLOCK = (_WIDE, _HIGH // _ROWS, 1)
# Taps of a side that are multiplied at a time. Sums of so many products of bytes fit into float32.
_SIDE = 16
_PITCH = _WIDE + _SIDE
_LOADED = _HIGH + _SIDE - 1
_VALUES, _TAPS = _LOADED * _PITCH, _SIDE * _SIDE
_LARGEST_INT32 = 2**31 - 1


@cuda_kernel
def _spread(source, centers, planes):
    x, y, image = pixel_of_thread()
    count, height, width, channels = source.shape
    if image >= count or y >= height or x >= width:
        return
    number = planes.dtype.type
    for channel in range(np.uint64(channels)):
        value = number(number(source[image, y, x, channel]) - centers[channel])
        planes[image, channel, y, x] = value
        if planes.shape[1] > channels:
            planes[image, channel + np.uint64(channels), y, x] = value * value


def spread(source, centers, planes):
    """Take images apart into channels, less a number for each; if there are twice as many, then squares."""
    _spread[source.shape[:3]](source, centers, planes)


@cuda_kernel(block=_BLOCK, is_block_fixed=True)
def _correlate(planes, weights, is_used, out):
    """Multiply a part of the weights at a time with what it meets, in float32; add up in float64."""
    window = cuda.shared.array(_VALUES, planes.dtype)
    taps = cuda.shared.array(_TAPS, planes.dtype)
    kinds, channels, high, wide = weights.shape
    _, _, height, width = planes.shape
    column, line = np.uint32(cuda.threadIdx.x), np.uint32(cuda.threadIdx.y)
    left, top = np.uint32(cuda.blockIdx.x * _WIDE), np.uint32(cuda.blockIdx.y * _HIGH)
    image, kind = np.uint32(cuda.blockIdx.z // kinds), np.uint32(cuda.blockIdx.z % kinds)
    tap = np.uint32(line * np.uint32(_WIDE)) + column
    first = second = third = fourth = 0.0
    for channel in range(np.uint32(channels)):
        if not is_used[kind, channel]:
            continue
        for tap_top in range(np.uint32(0), np.uint32(high), np.uint32(_SIDE)):
            for tap_left in range(np.uint32(0), np.uint32(wide), np.uint32(_SIDE)):
                cuda.syncthreads()
                for row in range(line, np.uint32(_LOADED), np.uint32(_HIGH // _ROWS)):
                    y = top + tap_top + row
                    for place in range(column, np.uint32(_PITCH), np.uint32(_WIDE)):
                        x = left + tap_left + place
                        value = planes.dtype.type(0)
                        if y < height and x < width:
                            value = planes[image, channel, y, x]
                        window[row * np.uint32(_PITCH) + place] = value
                if tap < np.uint32(_TAPS):
                    y, x = tap_top + tap // np.uint32(_SIDE), tap_left + tap % np.uint32(_SIDE)
                    if y < high and x < wide:
                        taps[tap] = weights[kind, channel, y, x]
                cuda.syncthreads()
                a = b = c = d = planes.dtype.type(0)
                for x in range(min(np.uint32(_SIDE), np.uint32(wide) - tap_left)):
                    place = line * np.uint32(_ROWS * _PITCH) + column + x
                    above = window[place]
                    upper = window[place + np.uint32(_PITCH)]
                    lower = window[place + np.uint32(2 * _PITCH)]
                    for y in range(min(np.uint32(_SIDE), np.uint32(high) - tap_top)):
                        below = window[place + np.uint32(3 * _PITCH)]
                        weight = taps[y * np.uint32(_SIDE) + x]
                        a += above * weight
                        b += upper * weight
                        c += lower * weight
                        d += below * weight
                        above, upper, lower = upper, lower, below
                        place += np.uint32(_PITCH)
                first += np.float64(a)
                second += np.float64(b)
                third += np.float64(c)
                fourth += np.float64(d)
    x, y = left + column, top + line * np.uint32(_ROWS)
    if x < out.shape[3]:
        for row, total in enumerate((first, second, third, fourth)):
            if y + np.uint32(row) < out.shape[2]:
                out[image, kind, y + np.uint32(row), x] = total


def correlate(planes, weights, is_used, out):
    """Sum products of every window with each of some weights, (planes, height, width), over planes in use."""
    count, kinds, height, width = out.shape
    lines = -(-height // _HIGH) * _BLOCK[1]
    _correlate[count * kinds, lines, width](planes, weights, is_used, out)


@cuda_kernel
def _sum_down(planes, length, columns):
    """Sum the squares of all planes down the columns of windows, and behind them each plane's values."""
    x, y, place = pixel_of_thread()
    count, kinds, height, width = columns.shape
    if place >= count * kinds or y >= height or x >= width:
        return
    image, kind = np.uint32(place // np.uint32(kinds)), np.uint32(place % np.uint32(kinds))
    number = columns.dtype.type
    channels = np.uint32(planes.shape[1])
    total = number(0)
    for row in range(y, y + np.uint32(length)):
        if kind > 0:
            total = number(total + number(planes[image, kind - np.uint32(1), row, x]))
        else:
            for channel in range(channels):
                value = number(planes[image, channel, row, x])
                total = number(total + number(value * value))
    columns[image, kind, y, x] = total


@cuda_kernel
def _measure(columns, products, centers, rule, out):
    x, y, image = pixel_of_thread()
    count, height, width = out.shape
    if image >= count or y >= height or x >= width:
        return
    number = columns.dtype.type
    value = products[image, 0, y, x]
    value = whole(value) if rule.is_whole else value
    extra = spread = 0.0
    area = np.float64(rule.height) * np.float64(rule.width)
    squares = 0.0
    for kind in range(np.uint32(columns.shape[1])):
        total = number(0)
        for column in range(x, x + np.uint32(rule.width)):
            total = number(total + columns[image, kind, y, column])
        wide = np.float64(total)
        if kind == 0:
            squares = wide
        else:
            channel = kind - np.uint32(1)
            center = centers[0, channel]
            value -= wide * centers[1, channel]
            spread -= wide * wide / area
            extra += center * (2 * wide + center * area)
    value = measured(value, squares, rule)
    if rule.is_normalized:
        raw = squares + extra
        length = squares + spread if rule.measure == COEFFICIENT else raw
        value = normalized(value, length, raw, squares, rule)
    out[image, y, x] = value


def measure(planes, products, centers, rule, out):
    """Measure every window by its sums of products and by sums over the window alone."""
    count, channels, _, width = planes.shape
    largest = 255 * 255 * channels * rule.height * rule.width
    dtype = np.int32 if rule.is_whole and largest <= _LARGEST_INT32 else np.float64
    kinds = 1 + channels if rule.needs_values else 1
    columns = temporary((count, kinds, out.shape[1], width), dtype, planes)
    _sum_down[count * kinds, out.shape[1], width](planes, rule.height, columns)
    _measure[out.shape](columns, products, centers, rule, out)


@cuda_kernel
def _measure_products(products, rule, out):
    x, y, image = pixel_of_thread()
    if image < out.shape[0] and y < out.shape[1] and x < out.shape[2]:
        value = products[image, 0, y, x]
        out[image, y, x] = measured(whole(value) if rule.is_whole else value, 0.0, rule)


def measure_products(products, rule, out):
    """Measure every window by its sums of products alone."""
    _measure_products[out.shape](products, rule, out)


@cuda_kernel
def _measure_masked(moments, masses, rule, out):
    x, y, image = pixel_of_thread()
    if image < out.shape[0] and y < out.shape[1] and x < out.shape[2]:
        out[image, y, x] = measured_masked(moments[image, :, y], masses, x, rule)


def measure_masked(moments, masses, rule, out):
    """Measure every window by its weighted sums."""
    _measure_masked[out.shape](moments, masses, rule, out)
