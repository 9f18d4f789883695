"""The CUDA kernels that arrays need before any operation runs."""

from cvkit._jit import cuda, cuda_kernel


@cuda_kernel
def copy_strided(source, out):
    """Copy a (N, H, W, C) array of any strides into a contiguous one; one thread for each value."""
    line, position = cuda.grid(2)[::-1]
    count, height, width, channels = source.shape
    if line < count * height and position < width * channels:
        n, y = divmod(line, height)
        x, c = divmod(position, channels)
        out[n, y, x, c] = source[n, y, x, c]
