"""Convolution and its gradients on CUDA: one thread for each result."""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread, place_of_thread
from cvkit._jit_cuda import cuda_kernel, reshaped
from cvkit.layers._cuda.places import first_tap, result_of_tap, tap_after


@cuda_kernel
def _convolve(x, weights, bias, window, out):
    column, row, plane = pixel_of_thread()
    count, filters = np.uint32(out.shape[0]), np.uint32(out.shape[1])
    item, number = np.uint32(plane // filters), np.uint32(plane % filters)
    if item >= count or row >= out.shape[2] or column >= out.shape[3]:
        return
    height, width, channels = np.uint32(x.shape[2]), np.uint32(x.shape[3]), np.uint32(weights.shape[1])
    of_group = np.uint32(filters // np.uint32(np.uint32(x.shape[1]) // channels))
    first = np.uint32(np.uint32(number // of_group) * channels)
    total = bias[number]
    for channel in range(channels):
        y = first_tap(row, window.stride_y, window.top)
        for tap_y in range(np.uint32(window.height)):
            left = first_tap(column, window.stride_x, window.left)
            for tap_x in range(np.uint32(window.width)):
                if y < height and left < width:
                    value = x[item, np.uint32(first + np.uint32(channel)), y, left]
                    total += weights[number, channel, tap_y, tap_x] * value
                left = tap_after(left, window.dilation_x)
            y = tap_after(y, window.dilation_y)
    out[item, number, row, column] = total


def convolve(x, weights, bias, window, method, out):
    """Write the convolution of planes with filters; here there is one method."""
    count, filters, height, width = out.shape
    _convolve[count * filters, height, width](x, weights, bias, window, out)


@cuda_kernel
def _spread(gradient, weights, bias, window, out):
    x, y, plane = pixel_of_thread()
    all_channels, channels = np.uint32(out.shape[1]), np.uint32(weights.shape[1])
    item, place = np.uint32(plane // all_channels), np.uint32(plane % all_channels)
    if item >= out.shape[0] or y >= out.shape[2] or x >= out.shape[3]:
        return
    channel = np.uint32(place % channels)
    of_group = np.uint32(np.uint32(weights.shape[0]) // np.uint32(all_channels // channels))
    first = np.uint32(np.uint32(place // channels) * of_group)
    total = bias[place]
    for tap_y in range(np.uint32(window.height)):
        row = result_of_tap(y, tap_y, window.dilation_y, window.top, window.stride_y, gradient.shape[2])
        for tap_x in range(np.uint32(window.width)):
            column = result_of_tap(
                x, tap_x, window.dilation_x, window.left, window.stride_x, gradient.shape[3]
            )
            if row < gradient.shape[2] and column < gradient.shape[3]:
                for number in range(of_group):
                    of_filter = np.uint32(first + np.uint32(number))
                    weight = weights[of_filter, channel, tap_y, tap_x]
                    total += weight * gradient[item, of_filter, row, column]
    out[item, place, y, x] = total


def spread(gradient, weights, bias, window, out):
    """Write what each value of planes is weighed with, summed over the results of a convolution."""
    count, channels, height, width = out.shape
    _spread[count * channels, height, width](gradient, weights, bias, window, out)


@cuda_kernel(block=(64,))
def _gradient_of_weights(gradient, x, window, channels, out):
    place = place_of_thread()
    if place >= np.uint64(out.shape[0]):
        return
    taps = np.uint32(np.uint32(window.height) * np.uint32(window.width))
    tap, of_filter = np.uint32(place % np.uint64(taps)), np.uint32(place // np.uint64(taps))
    tap_y = np.uint32(tap // np.uint32(window.width))
    tap_x = np.uint32(tap % np.uint32(window.width))
    channel = np.uint32(of_filter % np.uint32(channels))
    number = np.uint32(of_filter // np.uint32(channels))
    of_group = np.uint32(
        np.uint32(gradient.shape[1]) // np.uint32(np.uint32(x.shape[1]) // np.uint32(channels))
    )
    plane = np.uint32(np.uint32(number // of_group) * np.uint32(channels) + channel)
    height, width = np.uint32(x.shape[2]), np.uint32(x.shape[3])
    top = np.uint32(np.uint32(tap_y * np.uint32(window.dilation_y)) - np.uint32(window.top))
    left = np.uint32(np.uint32(tap_x * np.uint32(window.dilation_x)) - np.uint32(window.left))
    total = out.dtype.type(0)
    for item in range(np.uint32(x.shape[0])):
        y = top
        for row in range(np.uint32(gradient.shape[2])):
            of_row = out.dtype.type(0)
            column_of_x = left
            for column in range(np.uint32(gradient.shape[3])):
                if y < height and column_of_x < width:
                    of_row += gradient[item, number, row, column] * x[item, plane, y, column_of_x]
                column_of_x = tap_after(column_of_x, window.stride_x)
            # Sums of rows are so few that hardly any digit is lost.
            total += of_row
            y = tap_after(y, window.stride_y)
    out[place] = total


def gradient_of_weights(gradient, x, window, out):
    """Write what each weight of filters contributes to the results of a convolution of ``x``."""
    _gradient_of_weights[out.size](gradient, x, window, out.shape[1], reshaped(out, (out.size,)))


@cuda_kernel(block=(64,))
def _gradient_of_bias(gradient, out):
    number = place_of_thread()
    if number >= np.uint64(out.shape[0]):
        return
    total = out.dtype.type(0)
    for item in range(np.uint32(gradient.shape[0])):
        of_item = out.dtype.type(0)
        for place in range(np.uint64(gradient.shape[2])):
            of_item += gradient[item, number, place]
        total += of_item
    out[number] = total


def gradient_of_bias(gradient, out):
    """Write the sums of (N, K, H' * W') for each of K."""
    _gradient_of_bias[out.shape[0]](gradient, out)
