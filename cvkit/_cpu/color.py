"""Colour conversions on the CPU: one pass over each row, its values side by side for the vectoriser."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange


@helper
def _gray_row_fixed(row, red, green, blue, out):
    """Weights of 15 bits; 16 + 15 bits and the half that rounds fit 32."""
    for x in range(out.shape[0]):
        total = np.uint32(1 << 14)
        total = np.uint32(total + np.uint32(np.uint32(row[3 * x]) * red))
        total = np.uint32(total + np.uint32(np.uint32(row[3 * x + 1]) * green))
        total = np.uint32(total + np.uint32(np.uint32(row[3 * x + 2]) * blue))
        out[x] = total >> np.uint32(15)


@cpu_kernel
def gray_fixed(source, red, green, blue, out):
    """Weighted sum of the channels of integer images, rounded."""
    count, height, width, _ = out.shape
    rows = source.reshape(count * height, width * 3)
    out_rows = out.reshape(count * height, width)
    for y in prange(count * height):
        _gray_row_fixed(rows[y], red, green, blue, out_rows[y])


@helper
def _gray_row_float(row, red, green, blue, out):
    for x in range(out.shape[0]):
        out[x] = row[3 * x] * red + row[3 * x + 1] * green + row[3 * x + 2] * blue


@cpu_kernel
def gray_float(source, red, green, blue, out):
    """Weighted sum of the channels of float images."""
    count, height, width, _ = out.shape
    rows = source.reshape(count * height, width * 3)
    out_rows = out.reshape(count * height, width)
    for y in prange(count * height):
        _gray_row_float(rows[y], red, green, blue, out_rows[y])


@helper
def _reverse_row(row, out):
    for x in range(out.shape[0] // 3):
        first, second, third = row[3 * x], row[3 * x + 1], row[3 * x + 2]
        out[3 * x], out[3 * x + 1], out[3 * x + 2] = third, second, first


@cpu_kernel
def reverse_channels(source, out):
    """Swap the first and the third channel."""
    count, height, width, channels = out.shape
    rows = source.reshape(count * height, width * channels)
    out_rows = out.reshape(count * height, width * channels)
    for y in prange(count * height):
        _reverse_row(rows[y], out_rows[y])
