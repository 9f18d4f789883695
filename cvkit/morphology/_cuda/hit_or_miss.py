"""Bits that are set in one mask and not in another, on CUDA: one thread for each value."""

from cvkit._jit_cuda import cuda, cuda_kernel


@cuda_kernel
def _exclude(kept, excluded, out):
    place, y, image = cuda.grid(3)
    count, height, width, channels = out.shape
    if image >= count or y >= height or place >= width * channels:
        return
    x, channel = divmod(place, channels)
    number = out.dtype.type
    out[image, y, x, channel] = kept[image, y, x, channel] & number(~excluded[image, y, x, channel])


def exclude(kept, excluded, out):
    """Clear the bits of one image that are set in another."""
    count, height, width, channels = out.shape
    _exclude[count, height, width * channels](kept, excluded, out)
