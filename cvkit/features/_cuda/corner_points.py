"""Corners as points, on CUDA: those that nothing around exceeds, in the order in which threads find them."""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel, temporary

_THREADS = 256
# Values that a thread reads.
_RUN = 16


@cuda_kernel(block=(_THREADS,))
def _clear(largest, count):
    if cuda.grid(1) == 0:
        largest[0] = 0
        count[0] = 0


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _find_largest(values, is_masked, mask, largest):
    """Find the largest value, 0 at least, where a mask is set; NaN does not count."""
    of_threads = cuda.shared.array(_THREADS, np.float32)
    thread = cuda.threadIdx.x
    found = np.float32(0)
    first = np.uint64(cuda.blockIdx.x) * np.uint64(_THREADS * _RUN) + np.uint64(thread)
    for turn in range(_RUN):
        place = first + np.uint64(turn * _THREADS)
        is_seen = place < np.uint64(values.size) and (not is_masked or mask.flat[place] != 0)
        if is_seen and values.flat[place] > found:
            found = values.flat[place]
    of_threads[thread] = found
    half = _THREADS // 2
    while half > 0:
        cuda.syncthreads()
        if thread < half:
            of_threads[thread] = max(of_threads[thread], of_threads[thread + half])
        half //= 2
    if thread == 0 and of_threads[0] > np.float32(0):
        cuda.atomic.max(largest, 0, of_threads[0])


@helper
def _is_exceeded(values, x, y, value):
    """Tell whether a value is not at least as large as its eight neighbors."""
    number, one = np.uint32, np.uint32(1)
    left, right = number(x - one), number(x + one)
    row = values[number(y - one)]
    if not (value >= row[left] and value >= row[x] and value >= row[right]):
        return True
    row = values[y]
    if not (value >= row[left] and value >= row[right]):
        return True
    row = values[number(y + one)]
    return not (value >= row[left] and value >= row[x] and value >= row[right])


@cuda_kernel
def _append_peaks(values, is_masked, mask, largest, quality, count, places, strengths):
    x, y, _ = pixel_of_thread()
    one = np.uint32(1)
    height, width = np.uint32(values.shape[0]), np.uint32(values.shape[1])
    if y < one or x < one or np.uint32(y + one) >= height or np.uint32(x + one) >= width:
        return
    value = values[y, x]
    limit = np.float32(np.float64(largest[0]) * quality)
    if not value > limit or (is_masked and mask[y, x] == 0) or _is_exceeded(values, x, y, value):
        return
    slot = cuda.atomic.add(count, 0, 1)
    places[slot] = np.uint32(y * width + x)
    strengths[slot] = value


def find_peaks(response, is_masked, mask, quality):
    """Find the pixels, (H, W), beyond a share of the largest value and nowhere exceeded around.

    Return their number, their places and their values; outermost pixels do not count.
    """
    largest, count = temporary((1,), np.float32, response), temporary((1,), np.int32, response)
    places = temporary((response.size,), np.uint32, response)
    strengths = temporary((response.size,), np.float32, response)
    _clear[1](largest, count)
    blocks = -(-response.size // (_THREADS * _RUN))
    _find_largest[blocks * _THREADS](response, is_masked, mask, largest)
    threads = (1, *response.shape)
    _append_peaks[threads](response, is_masked, mask, largest, quality, count, places, strengths)
    return count, places, strengths
