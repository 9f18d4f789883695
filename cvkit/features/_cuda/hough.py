"""Lines on CUDA: a block counts the votes of some points for one angle, in shared memory if they fit."""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.features._hough_math import distance_bin

_THREADS = 256
# Bins of an angle in shared memory, and points of a block.
_SHARED = 8192
_POINTS = 1 << 14


@cuda_kernel
def _list_points(image, count, points):
    x, y, _ = pixel_of_thread()
    if y < image.shape[0] and x < image.shape[1] and image[y, x]:
        place = cuda.atomic.add(count, 0, 1)
        points[0, place] = x
        points[1, place] = y


def list_points(image, points):
    """List x and y of the pixels that are not 0, in any order; return how many there are, on the device."""
    count = temporary((1,), np.int32, image)
    count.copy_to_device(np.zeros(1, np.int32), stream=image.stream)
    _list_points[image.shape](image, count, points)
    return count


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _vote(points, count, table, offset, parts, counters):
    shared = cuda.shared.array(_SHARED, np.int32)
    thread = np.uint32(cuda.threadIdx.x)
    angle = np.uint32(cuda.blockIdx.x // parts)
    begin = np.uint32(cuda.blockIdx.x % parts) * np.uint32(_POINTS)
    end = min(begin + np.uint32(_POINTS), np.uint32(count[0]))
    if begin >= end:  # all of the block's threads
        return
    bins = np.uint32(counters.shape[1])
    is_shared = bins <= np.uint32(_SHARED)
    if is_shared:
        for place in range(thread, bins, np.uint32(_THREADS)):
            shared[place] = 0
    cuda.syncthreads()
    cosine, sine = table[0, angle], table[1, angle]
    for place in range(begin + thread, end, np.uint32(_THREADS)):
        found = np.uint32(distance_bin(points[0, place], points[1, place], cosine, sine) + offset)
        if is_shared:
            cuda.atomic.add(shared, found, 1)
        else:
            cuda.atomic.add(counters, (angle + np.uint32(1), found), 1)
    cuda.syncthreads()
    if is_shared:
        for place in range(thread, bins, np.uint32(_THREADS)):
            if shared[place]:
                cuda.atomic.add(counters, (angle + np.uint32(1), place), shared[place])


def vote_for_lines(points, count, table, offset, counters):
    """Count for each angle how far along its normal the first ``count`` points are, as the CPU twin."""
    parts = -(-points.shape[1] // _POINTS)
    _vote[table.shape[1] * parts * _THREADS](points, count, table, np.int32(offset), parts, counters)
