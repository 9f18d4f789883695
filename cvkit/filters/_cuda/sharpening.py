"""Unsharp masking on CUDA."""

from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.filters._math import sharpened


@cuda_kernel
def _add_detail(source, amount, threshold, rounding, blurred):
    position, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    value = source[image, y, x, channel]
    blur = blurred[image, y, x, channel]
    blurred[image, y, x, channel] = sharpened(value, blur, amount, threshold, rounding)


def add_detail(source, amount, threshold, rounding, blurred):
    """Replace the blurred image by the image plus what the blur took from it, where that is enough."""
    count, height, width, channels = source.shape
    _add_detail[count, height, width * channels](source, amount, threshold, rounding, blurred)
