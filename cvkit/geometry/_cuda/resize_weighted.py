"""Resizing on CUDA by sums of floats: one thread for each output value."""

from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.geometry._math import rounded


@cuda_kernel
def _weighted(source, y_first, y_weights, x_first, x_weights, is_integer, largest, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = out.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    real = x_weights.dtype.type
    total = real(0)
    for down in range(y_weights.shape[0]):
        if y_weights[down, y] == 0:  # times infinity it were NaN
            continue
        row = min(max(y_first[y] + down, 0), source.shape[1] - 1)
        along = real(0)
        for right in range(x_weights.shape[0]):
            if x_weights[right, x] == 0:
                continue
            column = min(max(x_first[x] + right, 0), source.shape[2] - 1)
            along += x_weights[right, x] * real(source[image, row, column, channel])
        total += y_weights[down, y] * along
    out[image, y, x, channel] = rounded(total, is_integer, largest)


def weighted(source, y_first, y_weights, x_first, x_weights, is_integer, largest, out):
    """Sum some neighboring rows and columns in the float type of the weights; see the CPU's."""
    count, height, width, channels = out.shape
    _weighted[count, height, width * channels](
        source, y_first, y_weights, x_first, x_weights, is_integer, largest, out
    )
