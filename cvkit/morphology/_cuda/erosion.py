"""Minima and maxima over structuring elements on CUDA: one thread for each value."""

import numpy as np

from cvkit._border import border_index
from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel, temporary
from cvkit.morphology._math import stronger


@helper
def _place_in_stack(image, y, height, length, place):
    """Return which value of all images one of a row is."""
    row = np.uintp(image) * np.uintp(height) + np.uintp(y)
    return row * np.uintp(length) + np.uintp(place)


@cuda_kernel
def _extreme_along(source, rectangle, outside, extreme, held):
    place, y, image = pixel_of_thread()
    count, height, width, channels = source.shape
    if image >= count or y >= height or place >= width * channels:
        return
    length, step = np.uint32(width * channels), np.uint32(channels)
    index = _place_in_stack(image, y, height, length, place)
    before = np.uint32(rectangle.anchor_x * channels)
    after = np.uint32((rectangle.width - 1 - rectangle.anchor_x) * channels)
    found = extreme.weakest
    if place >= before and place + after < length:
        tap = index - np.uintp(before)
        for _ in range(np.uint32(rectangle.width)):
            found = stronger(source.flat[tap], found, extreme.is_maximum)
            tap += np.uintp(step)
    else:
        x, channel = np.int64(place // step), np.int64(place % step)
        for offset in range(-rectangle.anchor_x, rectangle.width - rectangle.anchor_x):
            column = border_index(x + offset, width, outside.border)
            value = outside.value
            if column >= 0:
                value = source[image, y, column, channel]
            found = stronger(value, found, extreme.is_maximum)
    held.flat[index] = found


@cuda_kernel
def _extreme_down(held, rectangle, outside, extreme, out):
    place, y, image = pixel_of_thread()
    count, height, width, channels = held.shape
    if image >= count or y >= height or place >= width * channels:
        return
    length = np.uint32(width * channels)
    index = _place_in_stack(image, y, height, length, place)
    before, after = np.uint32(rectangle.anchor_y), np.uint32(rectangle.height - 1 - rectangle.anchor_y)
    found = extreme.weakest
    if y >= before and y + after < np.uint32(height):
        tap = index - np.uintp(before) * np.uintp(length)
        for _ in range(np.uint32(rectangle.height)):
            found = stronger(held.flat[tap], found, extreme.is_maximum)
            tap += np.uintp(length)
    else:
        first = index - np.uintp(y) * np.uintp(length)
        for offset in range(-rectangle.anchor_y, rectangle.height - rectangle.anchor_y):
            row = border_index(np.int64(y) + offset, height, outside.border)
            value = outside.value
            if row >= 0:
                value = held.flat[first + np.uintp(row) * np.uintp(length)]
            found = stronger(value, found, extreme.is_maximum)
    out.flat[index] = found


def extreme_of_rectangles(source, rectangle, outside, extreme, out):
    """Write the minimum, or the maximum, over a rectangle around each value: along the rows, then down."""
    count, height, width, channels = source.shape
    threads = (count, height, width * channels)
    held = temporary(source.shape, source.dtype, source)
    _extreme_along[threads](source, rectangle, outside, extreme, held)
    _extreme_down[threads](held, rectangle, outside, extreme, out)


@cuda_kernel
def _extreme_of_runs(source, runs, outside, extreme, out):
    place, y, image = pixel_of_thread()
    count, height, width, channels = source.shape
    if image >= count or y >= height or place >= width * channels:
        return
    length, step = np.uint32(width * channels), np.uint32(channels)
    x, channel = np.int64(place // step), np.int64(place % step)
    found = extreme.weakest
    for run in range(np.uint32(runs.rows.shape[0])):
        row = border_index(np.int64(y) + runs.rows[run], height, outside.border)
        first = x + runs.first[run]
        end = x + runs.second[run] + (1 << runs.level[run])
        if row >= 0 and first >= 0 and end <= width:
            tap = _place_in_stack(image, row, height, length, first * channels + channel)
            for _ in range(np.uint32(end - first)):
                found = stronger(source.flat[tap], found, extreme.is_maximum)
                tap += np.uintp(step)
        else:
            for offset in range(first, end):
                column = border_index(offset, width, outside.border)
                value = outside.value
                if row >= 0 and column >= 0:
                    value = source[image, row, column, channel]
                found = stronger(value, found, extreme.is_maximum)
    out.flat[_place_in_stack(image, y, height, length, place)] = found


def extreme_of_runs(source, runs, outside, extreme, out):
    """Write the minimum, or the maximum, over an element of any form around each value."""
    count, height, width, channels = source.shape
    _extreme_of_runs[count, height, width * channels](source, runs, outside, extreme, out)
