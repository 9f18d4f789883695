"""Pooling on CUDA: one thread for each result."""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit_cuda import cuda_kernel, temporary
from cvkit.layers._cuda.places import first_tap, result_of_tap, tap_after
from cvkit.layers._math import is_more


@cuda_kernel
def _max_pool(planes, window, out):
    x, y, plane = pixel_of_thread()
    if plane >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    height, width = np.uint32(planes.shape[1]), np.uint32(planes.shape[2])
    most = planes.dtype.type(-np.inf)
    row = first_tap(y, window.stride_y, window.top)
    for _ in range(np.uint32(window.height)):
        column = first_tap(x, window.stride_x, window.left)
        for _ in range(np.uint32(window.width)):
            if row < height and column < width:
                value = planes[plane, row, column]
                most = value if is_more(value, most) else most
            column = tap_after(column, window.dilation_x)
        row = tap_after(row, window.dilation_y)
    out[plane, y, x] = most


def max_pool(planes, window, out):
    """Write the largest value of each window."""
    _max_pool[out.shape](planes, window, out)


@cuda_kernel
def _find_max(planes, window, places):
    x, y, plane = pixel_of_thread()
    if plane >= places.shape[0] or y >= places.shape[1] or x >= places.shape[2]:
        return
    height, width = np.uint32(planes.shape[1]), np.uint32(planes.shape[2])
    most, place = planes.dtype.type(-np.inf), np.int64(-1)
    row = first_tap(y, window.stride_y, window.top)
    for _ in range(np.uint32(window.height)):
        column = first_tap(x, window.stride_x, window.left)
        for _ in range(np.uint32(window.width)):
            if row < height and column < width:
                value = planes[plane, row, column]
                if is_more(value, most) | (place < 0):
                    most, place = value, np.int64(row) * np.int64(width) + np.int64(column)
            column = tap_after(column, window.dilation_x)
        row = tap_after(row, window.dilation_y)
    places[plane, y, x] = place


@cuda_kernel
def _gather_from_max(gradient, places, window, out):
    x, y, plane = pixel_of_thread()
    if plane >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    place = np.int64(y) * np.int64(out.shape[2]) + np.int64(x)
    total = out.dtype.type(0)
    for tap_y in range(np.uint32(window.height)):
        row = result_of_tap(y, tap_y, window.dilation_y, window.top, window.stride_y, gradient.shape[1])
        for tap_x in range(np.uint32(window.width)):
            column = result_of_tap(
                x, tap_x, window.dilation_x, window.left, window.stride_x, gradient.shape[2]
            )
            if row < gradient.shape[1] and column < gradient.shape[2] and places[plane, row, column] == place:
                total += gradient[plane, row, column]
    out[plane, y, x] = total


def max_pool_backward(gradient, planes, window, out):
    """Write what each value of the planes contributes: the gradients of windows whose largest it is."""
    places = temporary(gradient.shape, np.int64, gradient)
    _find_max[gradient.shape](planes, window, places)
    _gather_from_max[out.shape](gradient, places, window, out)


@cuda_kernel
def _average_pool(planes, window, counts_padding, out):
    x, y, plane = pixel_of_thread()
    if plane >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    height, width = np.uint32(planes.shape[1]), np.uint32(planes.shape[2])
    total, count = planes.dtype.type(0), np.uint32(0)
    row = first_tap(y, window.stride_y, window.top)
    for _ in range(np.uint32(window.height)):
        column = first_tap(x, window.stride_x, window.left)
        for _ in range(np.uint32(window.width)):
            if row < height and column < width:
                total += planes[plane, row, column]
                count = np.uint32(count + np.uint32(1))
            column = tap_after(column, window.dilation_x)
        row = tap_after(row, window.dilation_y)
    if counts_padding:
        count = np.uint32(window.height * window.width)
    out[plane, y, x] = total / planes.dtype.type(count)


def average_pool(planes, window, counts_padding, out):
    """Write the mean of each window; ``counts_padding``: with the zeros beyond the plane."""
    _average_pool[out.shape](planes, window, counts_padding, out)


@cuda_kernel
def _share(gradient, height, width, window, counts_padding, shares):
    x, y, plane = pixel_of_thread()
    if plane >= shares.shape[0] or y >= shares.shape[1] or x >= shares.shape[2]:
        return
    rows = columns = np.uint32(0)
    row = first_tap(y, window.stride_y, window.top)
    for _ in range(np.uint32(window.height)):
        rows = np.uint32(rows + np.uint32(row < np.uint32(height)))
        row = tap_after(row, window.dilation_y)
    column = first_tap(x, window.stride_x, window.left)
    for _ in range(np.uint32(window.width)):
        columns = np.uint32(columns + np.uint32(column < np.uint32(width)))
        column = tap_after(column, window.dilation_x)
    if counts_padding:
        rows, columns = np.uint32(window.height), np.uint32(window.width)
    shares[plane, y, x] = gradient[plane, y, x] / shares.dtype.type(np.uint32(rows * columns))


@cuda_kernel
def _gather(shares, window, out):
    x, y, plane = pixel_of_thread()
    if plane >= out.shape[0] or y >= out.shape[1] or x >= out.shape[2]:
        return
    total = out.dtype.type(0)
    for tap_y in range(np.uint32(window.height)):
        row = result_of_tap(y, tap_y, window.dilation_y, window.top, window.stride_y, shares.shape[1])
        for tap_x in range(np.uint32(window.width)):
            column = result_of_tap(x, tap_x, window.dilation_x, window.left, window.stride_x, shares.shape[2])
            if row < shares.shape[1] and column < shares.shape[2]:
                total += shares[plane, row, column]
    out[plane, y, x] = total


def average_pool_backward(gradient, window, counts_padding, out):
    """Write what each value of the planes contributes: its share of the gradients of its windows."""
    shares = temporary(gradient.shape, gradient.dtype, gradient)
    _share[gradient.shape](gradient, out.shape[1], out.shape[2], window, counts_padding, shares)
    _gather[out.shape](shares, window, out)
