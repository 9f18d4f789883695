"""Unsharp masking on the CPU."""

from cvkit._jit import cpu_kernel, helper, prange
from cvkit.filters._math import sharpened


@helper(allocates=False)
def _sharpen_row(row, blurred, amount, threshold, rounding, out):
    for x in range(out.shape[0]):
        out[x] = sharpened(row[x], blurred[x], amount, threshold, rounding)


@cpu_kernel
def add_detail(source, blurred, amount, threshold, rounding, out):
    """Add to the image what its blurred version lacks, where that is at least the threshold."""
    count, height, width, channels = source.shape
    rows = source.reshape(count * height, width * channels)
    blurred_rows = blurred.reshape(count * height, width * channels)
    out_rows = out.reshape(count * height, width * channels)
    for y in prange(count * height):
        _sharpen_row(rows[y], blurred_rows[y], amount, threshold, rounding, out_rows[y])
