"""Unsharp masking on CUDA."""

from cvkit._jit import cuda, cuda_kernel
from cvkit.filters._math import sharpened


@cuda_kernel
def _add_detail(source, blurred, amount, threshold, rounding, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    value = source[image, y, x, channel]
    out[image, y, x, channel] = sharpened(value, blurred[image, y, x, channel], amount, threshold, rounding)


def add_detail(source, blurred, amount, threshold, rounding, out):
    """Add to the image what its blurred version lacks, where that is at least the threshold."""
    count, height, width, channels = source.shape
    _add_detail[count, height, width * channels](source, blurred, amount, threshold, rounding, out)
