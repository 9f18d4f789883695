"""Unsharp masking on the CPU."""

from cvkit._jit import cpu_kernel, helper, prange
from cvkit.filters._math import sharpened


@helper
def _sharpen_row(row, amount, threshold, rounding, blurred):
    for x in range(blurred.shape[0]):
        blurred[x] = sharpened(row[x], blurred[x], amount, threshold, rounding)


@cpu_kernel
def add_detail(source, amount, threshold, rounding, blurred):
    """Replace the blurred image by the image plus what the blur took from it, if that reaches the threshold.

    In place by one name: with two names for one array the loop would not run as vectors.
    """
    count, height, width, channels = source.shape
    rows = source.reshape(count * height, width * channels)
    blurred_rows = blurred.reshape(count * height, width * channels)
    for y in prange(count * height):
        _sharpen_row(rows[y], amount, threshold, rounding, blurred_rows[y])
