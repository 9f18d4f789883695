"""Histograms on CUDA: blocks count in shared memory, and add what they counted to the image's counters."""

import numpy as np

from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel

LEVELS = 256
_THREADS = 256
# Pixels that a thread counts.
_RUN = 16
# Counters of the bytes of four channels.
_COUNTERS = 4 * LEVELS
# Counters of values in shared memory: 16 KB of a block leave room for others beside it.
_SHARED = 4096


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _clear(out):
    """Clear a row of counters with each block."""
    row, column = divmod(cuda.blockIdx.x, out.shape[1])
    for place in range(cuda.threadIdx.x, out.shape[2], _THREADS):
        out[row, column, place] = 0


def clear(counts):
    """Set counters to 0; they have three axes."""
    _clear[counts.shape[0] * counts.shape[1] * _THREADS](counts)


@helper
def _is_seen(is_masked, masks, image, pixel):
    """Tell whether a pixel counts; ``masks`` are one of every image or one of each."""
    return not is_masked or masks[image % masks.shape[0], pixel] != 0


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _count_bytes(values, is_masked, masks, bin_of, parts, out):
    """Count a part of an image of up to four channels; ``values`` is (N, pixels * channels)."""
    counters = cuda.shared.array(_COUNTERS, np.uint32)
    thread, channels = cuda.threadIdx.x, out.shape[1]
    image, part = divmod(cuda.blockIdx.x, parts)
    for place in range(thread, channels * LEVELS, _THREADS):
        counters[place] = 0
    cuda.syncthreads()
    begin = part * (_THREADS * _RUN)
    end = min(begin + _THREADS * _RUN, values.shape[1] // channels)
    for pixel in range(begin + thread, end, _THREADS):
        if _is_seen(is_masked, masks, image, pixel):
            for channel in range(channels):
                level = np.int32(values[image, pixel * channels + channel])
                cuda.atomic.add(counters, channel * LEVELS + level, 1)
    cuda.syncthreads()
    for place in range(thread, channels * LEVELS, _THREADS):
        number = counters[place]
        place_in_bins = bin_of[place % LEVELS]
        if number and place_in_bins >= 0:
            cuda.atomic.add(out, (image, place // LEVELS, place_in_bins), number)


def count_bytes(source, is_masked, mask, bin_of, out):
    """Count bytes into the bins that ``bin_of`` gives them, for each image and channel.

    ``mask`` is (1 or N, height, width), of zeros where pixels do not count.
    """
    count, height, width, channels = source.shape
    clear(out)
    parts = -(-height * width // (_THREADS * _RUN))
    values = source.reshape(count, height * width * channels)
    masks = mask.reshape(mask.shape[0], mask.shape[1] * mask.shape[2])
    _count_bytes[count * parts * _THREADS](values, is_masked, masks, bin_of, parts, out)


@helper
def _bin_of(value, borders):
    """Search the bin of a value, -1 for none; NaN is in none."""
    last = borders.shape[0] - 1
    if not borders[0] <= value < borders[last]:
        return -1
    first = 0
    while last - first > 1:
        middle = (first + last) >> 1
        if value < borders[middle]:
            last = middle
        else:
            first = middle
    return first


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _count_values(values, is_masked, masks, borders, parts, out):
    """Count a part of one channel of an image, in shared memory if there are few bins."""
    counters = cuda.shared.array(_SHARED, np.uint32)
    thread, channels, bins = cuda.threadIdx.x, out.shape[1], out.shape[2]
    row, part = divmod(cuda.blockIdx.x, parts)
    image, channel = divmod(row, channels)
    is_shared = bins <= _SHARED
    if is_shared:
        for place in range(thread, bins, _THREADS):
            counters[place] = 0
    cuda.syncthreads()
    begin = part * (_THREADS * _RUN)
    end = min(begin + _THREADS * _RUN, values.shape[1] // channels)
    for pixel in range(begin + thread, end, _THREADS):
        if _is_seen(is_masked, masks, image, pixel):
            place = _bin_of(borders.dtype.type(values[image, pixel * channels + channel]), borders)
            if place >= 0 and is_shared:
                cuda.atomic.add(counters, place, 1)
            elif place >= 0:
                cuda.atomic.add(out, (image, channel, place), 1)
    cuda.syncthreads()
    if is_shared:
        for place in range(thread, bins, _THREADS):
            if counters[place]:
                cuda.atomic.add(out, (image, channel, place), counters[place])


def count_values(source, is_masked, mask, bins, out):
    """Count values into bins of equal width, for each image and channel; ``mask`` as for ``count_bytes``."""
    count, height, width, channels = source.shape
    clear(out)
    parts = -(-height * width // (_THREADS * _RUN))
    values = source.reshape(count, height * width * channels)
    masks = mask.reshape(mask.shape[0], mask.shape[1] * mask.shape[2])
    _count_values[count * channels * parts * _THREADS](values, is_masked, masks, bins.borders, parts, out)
