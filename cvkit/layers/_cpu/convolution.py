"""Convolution on the CPU, by columns and BLAS or directly, and its gradients, by columns.

BLAS is called by threads of the kernels: who calls these sees to it that it starts none itself.
"""

import numpy as np

from cvkit._jit import cpu_kernel, get_num_threads, prange
from cvkit._simd.taps import BYTES
from cvkit.layers._cpu import columns, depthwise, direct
from cvkit.layers._cpu.global_pooling import sum_of_plane

# Tasks for each thread, so that none waits long for the last one of another.
TASKS_OF_THREAD = 2


def _is_pixel(window):
    """Tell whether windows are the pixels, one after another."""
    return (window.height, window.width, window.stride_y, window.stride_x, window.top, window.left) == (
        *(1, 1, 1, 1),
        *(0, 0),
    )


def _keeps_width(window, width, out):
    """Tell whether results are as wide as planes and lie beneath them, and fill a vector at least."""
    reach = (window.width - 1) * window.dilation_x
    is_even = window.stride_y == window.stride_x == 1 and 2 * window.left == reach
    return is_even and out.shape[3] == width and out.shape[2] * width * out.itemsize >= BYTES


def _by_groups(array, groups):
    """View planes as (N, groups, C / groups, H * W)."""
    count, channels, height, width = array.shape
    return array.reshape(count, groups, channels // groups, height * width)


def convolve(x, weights, bias, window, method, out):
    """Write the convolution of planes with filters.

    Parameters
    ----------
    x : (N, C, H, W) array
        Planes.
    weights : (K, C / groups, height, width) array
        Filters.
    bias : (K,) array
        What is added to the results of each.
    window : Window
        How they lie.
    method : {"im2col", "direct"}
        How results are found; those of one channel always directly.
    out : (N, K, H', W') array
        Results.
    """
    filters, channels = weights.shape[:2]
    groups = x.shape[1] // channels
    pixels = x.shape[2] * x.shape[3]
    if method == "direct" or channels == 1:
        tasks = TASKS_OF_THREAD * get_num_threads() if get_num_threads() > 1 else 1
        if channels == 1 and _keeps_width(window, x.shape[3], out):
            planes, results = (
                x.reshape(*x.shape[:2], pixels),
                out.reshape(*out.shape[:2], out.shape[2] * out.shape[3]),
            )
            depthwise.convolve(planes, weights.reshape(-1), bias, window, x.shape[3], results)
        elif _is_pixel(window) and pixels * x.itemsize >= BYTES:
            direct.convolve_pixels(
                x.reshape(*x.shape[:2], pixels),
                weights.reshape(filters, channels),
                bias,
                tasks,
                out.reshape(*out.shape[:2], 1, pixels),
            )
        else:
            direct.convolve(x, weights, bias, window, tasks, out)
    elif _is_pixel(window):
        columns.convolve_pixels(
            _by_groups(x, groups),
            weights.reshape(groups, -1, channels),
            bias.reshape(groups, -1),
            _by_groups(out, groups),
        )
    else:
        columns.convolve(x, weights, bias, window, out)


def spread(gradient, weights, bias, window, out):
    """Write what each value of planes is weighed with, summed over the results of a convolution.

    Parameters
    ----------
    gradient : (N, K, H', W') array
        What the results are weighed with.
    weights : (K, C / groups, height, width) array
        Filters.
    bias : (C,) array
        What is added to each plane.
    window : Window
        How they lie.
    out : (N, C, H, W) array
        Planes.
    """
    groups = out.shape[1] // weights.shape[1]
    of_groups = weights.reshape(groups, weights.shape[0] // groups, -1)
    transposed = np.ascontiguousarray(of_groups.transpose(0, 2, 1))
    shape = gradient.shape[2:]
    columns.spread(_by_groups(gradient, groups), transposed, bias, window, shape, out)


def gradient_of_weights(gradient, x, window, out):
    """Write what each weight of filters contributes to the results of a convolution of ``x``.

    Parameters
    ----------
    gradient : (N, K, H', W') array
        What the results are weighed with.
    x : (N, C, H, W) array
        Planes.
    window : Window
        How filters lie.
    out : (K, C / groups, height, width) array
        Of the shape of the filters.
    """
    groups = x.shape[1] // out.shape[1]
    of_groups = out.reshape(groups, out.shape[0] // groups, -1)
    if x.shape[0] == 0:
        out[...] = 0
    else:
        shape = gradient.shape[2:]
        columns.gradient_of_weights(_by_groups(gradient, groups), x, window, shape, of_groups)


@cpu_kernel
def gradient_of_bias(gradient, out):
    """Write the sums of (N, K, H' * W') for each of K."""
    for number in prange(out.shape[0]):
        total = gradient.dtype.type(0)
        for item in range(gradient.shape[0]):
            total += sum_of_plane(gradient[item, number])
        out[number] = total
