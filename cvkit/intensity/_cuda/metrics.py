"""Comparisons of two images on CUDA: a block for each sum, a thread for each window."""

from cvkit._border import REFLECT, border_index
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel
from cvkit.filters._math import holds_integers
from cvkit.intensity._math import similarity

_THREADS = 256


@helper
def _add_up(partial):
    """Sum what the threads of a block have, two and two, into the first place."""
    thread = cuda.threadIdx.x
    others = _THREADS // 2
    while others > 0:
        cuda.syncthreads()
        if thread < others:
            partial[thread] += partial[thread + others]
        others //= 2


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _sum_squared_differences(a, b, size, sums):
    partial = cuda.shared.array(_THREADS, sums.dtype)
    number = sums.dtype.type
    row, part = divmod(cuda.blockIdx.x, sums.shape[1])
    thread = cuda.threadIdx.x
    total = number(0)
    for x in range(part * size + thread, min((part + 1) * size, a.shape[1]), _THREADS):
        if holds_integers(a):
            # Unsigned differences would wrap.
            difference = number(max(a[row, x], b[row, x]) - min(a[row, x], b[row, x]))
        else:
            difference = number(a[row, x] - b[row, x])
        total = number(total + number(difference * difference))
    partial[thread] = total
    _add_up(partial)
    if thread == 0:
        sums[row, part] = partial[0]


def sum_squared_differences(a, b, size, sums):
    """Sum over each part of ``size``, at most 2**16, of each row; ``sums`` is (N, parts)."""
    _sum_squared_differences[sums.size * _THREADS](a, b, size, sums)


@cuda_kernel
def _structural_similarity(a, b, weights, constants, out):
    """Sum differences from the values in the middle, which lose no digits where windows are flat."""
    position, y, image = cuda.grid(3)
    count, height, width, channels = a.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    number = weights.dtype.type
    size = weights.shape[0]
    middle_a, middle_b = number(a[image, y, x, channel]), number(b[image, y, x, channel])
    mean_a, mean_b, squares, products = number(0), number(0), number(0), number(0)
    for row in range(size):
        source_y = border_index(y + row - size // 2, height, REFLECT)
        for column in range(size):
            source_x = border_index(x + column - size // 2, width, REFLECT)
            weight = weights[row] * weights[column]
            step_a = number(a[image, source_y, source_x, channel]) - middle_a
            step_b = number(b[image, source_y, source_x, channel]) - middle_b
            mean_a += weight * step_a
            mean_b += weight * step_b
            squares += weight * (step_a * step_a + step_b * step_b)
            products += weight * step_a * step_b
    variances = squares - mean_a * mean_a - mean_b * mean_b
    covariance = products - mean_a * mean_b
    out[image, y, x, channel] = similarity(
        mean_a + middle_a, mean_b + middle_b, variances, covariance, constants
    )


def structural_similarity(a, b, weights, constants, out):
    """Compare the windows around each value, weighted by an odd number of ``weights`` along both axes."""
    count, height, width, channels = a.shape
    _structural_similarity[count, height, width * channels](a, b, weights, constants, out)


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _sum_rows(values, margin, sums):
    partial = cuda.shared.array(_THREADS, sums.dtype)
    _, height, width, channels = values.shape
    image, y = divmod(cuda.blockIdx.x, height)
    thread = cuda.threadIdx.x
    total = sums.dtype.type(0)
    for position in range(margin * channels + thread, (width - margin) * channels, _THREADS):
        total += values[image, y, position // channels, position % channels]
    partial[thread] = total
    _add_up(partial)
    if thread == 0:
        sums[image, y] = partial[0]


def sum_rows(values, margin, sums):
    """Sum each row of each image without ``margin`` pixels at both ends; ``sums`` is (N, H)."""
    _sum_rows[sums.size * _THREADS](values, margin, sums)
