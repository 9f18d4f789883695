"""Sums over all that is above and to the left, on CUDA: along the rows, then down the columns."""

from cvkit._jit_cuda import cuda, cuda_kernel

_THREADS = 256


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _sum_rows(source, is_squared, out):
    """One block for each row of a channel, a part after another; lanes add those before, ever farther."""
    sums = cuda.shared.array(_THREADS, out.dtype)
    _, height, width, channels = source.shape
    number = out.dtype.type
    thread = cuda.threadIdx.x
    line, channel = divmod(cuda.blockIdx.x, channels)
    image, y = divmod(line, height)
    if thread == 0:
        out[image, y + 1, 0, channel] = number(0)
    total = number(0)
    for begin in range(0, width, _THREADS):
        x = begin + thread
        value = number(source[image, y, min(x, width - 1), channel])
        sums[thread] = number(value * value) if is_squared else value
        distance = 1
        while distance < _THREADS:
            cuda.syncthreads()
            before = sums[thread - distance] if thread >= distance else number(0)
            cuda.syncthreads()
            sums[thread] = number(sums[thread] + before)
            distance *= 2
        cuda.syncthreads()
        if x < width:
            out[image, y + 1, x + 1, channel] = number(total + sums[thread])
        total = number(total + sums[_THREADS - 1])
        cuda.syncthreads()


@cuda_kernel(block=(_THREADS, 1))
def _sum_columns(out):
    """One thread for each column of a channel."""
    position, image = cuda.grid(2)
    count, height, width, channels = out.shape
    if image >= count or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    number = out.dtype.type
    total = number(0)
    out[image, 0, x, channel] = total
    for y in range(1, height):
        total = number(total + out[image, y, x, channel])
        out[image, y, x, channel] = total


def integrate(source, strip_height, is_squared, out):
    """Sum values, or their squares, over all rows above and columns before; ``out`` begins with zeros.

    There are no strips on CUDA.
    """
    count, height, width, channels = source.shape
    _sum_rows[count * height * channels * _THREADS](source, is_squared, out)
    _sum_columns[count, (width + 1) * channels](out)
