"""Differences of images on CUDA: one thread for each value."""

from cvkit._jit_cuda import cuda, cuda_kernel


@cuda_kernel
def _subtract(first, second, limits, out):
    place, y, image = cuda.grid(3)
    count, height, width, channels = out.shape
    if image >= count or y >= height or place >= width * channels:
        return
    x, channel = divmod(place, channels)
    number = limits.dtype.type
    difference = number(number(first[image, y, x, channel]) - number(second[image, y, x, channel]))
    difference = limits[0] if difference < limits[0] else difference
    out[image, y, x, channel] = limits[1] if difference > limits[1] else difference


def subtract(first, second, limits, out):
    """Subtract images, in the dtype of ``limits``: the least and the greatest that the result may be."""
    count, height, width, channels = out.shape
    _subtract[count, height, width * channels](first, second, limits, out)
