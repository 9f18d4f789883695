"""Regions on CUDA: union-find over pixels, or over blocks of 2 x 2, all of whose pixels touch.

A node is a pixel for 4 neighbors and such a block for 8. The roots of regions, which are their first nodes,
get labels in their order: every block of threads counts those of a part of an image, the counts are added up,
and each part labels its own.
"""

from typing import NamedTuple

import numpy as np

from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel, reshaped, temporary
from cvkit.filters._cuda.union_find import root_of, unite

_THREADS = 256
# Nodes of a thread and of a part.
_RUN = 16
_PART = _THREADS * _RUN


class Nodes(NamedTuple):
    """The nodes of images, numbered through all of them."""

    parents: object
    """The index of each node's parent, its own for roots; of nodes without pixels -1."""
    labels: object
    """The label of each root."""


@helper
def _is_set(source, image, y, x):
    """Tell whether there is a pixel, and it is not 0; what is before the first wraps to large numbers."""
    return y < source.shape[1] and x < source.shape[2] and source[image, y, x] != 0


@cuda_kernel
def _begin(source, size, parents):
    """Make each node a region of its own, if it has pixels."""
    x, y, image = pixel_of_thread()
    _, rows, columns = parents.shape
    if image >= parents.shape[0] or y >= rows or x >= columns:
        return
    number = np.uint32
    is_node = _is_set(source, image, number(y * number(size)), number(x * number(size)))
    if size == 2 and not is_node:
        top, left = number(y << number(1)), number(x << number(1))
        bottom, right = number(top + number(1)), number(left + number(1))
        is_node = (
            _is_set(source, image, top, right)
            or _is_set(source, image, bottom, left)
            or _is_set(source, image, bottom, right)
        )
    index = (np.uint64(image) * np.uint64(rows) + np.uint64(y)) * np.uint64(columns) + np.uint64(x)
    parents[image, y, x] = parents.dtype.type(index if is_node else ~np.uint64(0))


@cuda_kernel
def _link_pixels(source, flat_parents):
    """Join every pixel with those to the left and above."""
    x, y, image = pixel_of_thread()
    count, height, width = source.shape
    if image >= count or y >= height or x >= width or source[image, y, x] == 0:
        return
    one = np.uint32(1)
    index = (np.uintp(image) * np.uintp(height) + np.uintp(y)) * np.uintp(width) + np.uintp(x)
    is_left = _is_set(source, image, y, np.uint32(x - one))
    if is_left:
        unite(flat_parents, index, index - np.uintp(1))
    # Where both have neighbors to the left that touch, those are joined, and so are these.
    is_joined = is_left and _is_set(source, image, np.uint32(y - one), np.uint32(x - one))
    if _is_set(source, image, np.uint32(y - one), x) and not is_joined:
        unite(flat_parents, index, index - np.uintp(width))


@cuda_kernel
def _link_blocks(source, flat_parents, rows, columns):
    """Join every block of 2 x 2 with those to the left and above that its pixels touch."""
    x, y, image = pixel_of_thread()
    if image >= source.shape[0] or y >= rows or x >= columns:
        return
    one = np.uint32(1)
    left, top = np.uint32(x << one), np.uint32(y << one)
    right, bottom = np.uint32(left + one), np.uint32(top + one)
    before, above = np.uint32(left - one), np.uint32(top - one)
    index = (np.uintp(image) * np.uintp(rows) + np.uintp(y)) * np.uintp(columns) + np.uintp(x)
    top_left, top_right = _is_set(source, image, top, left), _is_set(source, image, top, right)
    is_at_left = (top_left or _is_set(source, image, bottom, left)) and (
        _is_set(source, image, top, before) or _is_set(source, image, bottom, before)
    )
    if is_at_left:
        unite(flat_parents, index, index - np.uintp(1))
    if not (top_left or top_right):
        return
    upper = index - np.uintp(columns)
    above_left, above_right = _is_set(source, image, above, left), _is_set(source, image, above, right)
    if above_left or above_right:
        unite(flat_parents, index, upper)
    # Blocks at the corners, unless the block above touches them, too.
    if top_left and not above_left and _is_set(source, image, above, before):
        unite(flat_parents, index, upper - np.uintp(1))
    if top_right and not above_right and _is_set(source, image, above, np.uint32(right + one)):
        unite(flat_parents, index, upper + np.uintp(1))


@helper
def _sums_before(sums, thread):
    """Replace numbers of a block's threads, in shared memory, by the sums up to each; return their total."""
    step = 1
    while step < _THREADS:
        before = sums[thread - step] if thread >= step else sums.dtype.type(0)
        cuda.syncthreads()
        sums[thread] += before
        cuda.syncthreads()
        step <<= 1
    return sums[_THREADS - 1]


@helper
def _first_of_thread(parts, nodes):
    """Return the image of a block of threads, and the first node of a thread and the one after its last."""
    block = np.uintp(cuda.blockIdx.x)
    image = block // np.uintp(parts)
    part = block - image * np.uintp(parts)
    first = min(part * np.uintp(_PART) + np.uintp(cuda.threadIdx.x) * np.uintp(_RUN), np.uintp(nodes))
    return image, first, min(first + np.uintp(_RUN), np.uintp(nodes))


@helper
def _count_of_thread(parents, base, first, stop):
    """Count the roots of a thread's nodes."""
    found = np.uint32(0)
    node = first
    while node < stop:
        found += np.uint32(np.uintp(parents[base + node]) == base + node)
        node += np.uintp(1)
    return found


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _count_roots(parents, nodes, totals):
    """Count the roots of each part of an image of so many nodes."""
    sums = cuda.shared.array(_THREADS, np.uint32)
    thread = cuda.threadIdx.x
    image, first, stop = _first_of_thread(totals.shape[1], nodes)
    sums[thread] = _count_of_thread(parents, image * np.uintp(nodes), first, stop)
    cuda.syncthreads()
    total = _sums_before(sums, thread)
    if thread == 0:
        totals.flat[cuda.blockIdx.x] = total


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _add_up(totals, counts):
    """Replace the numbers of roots in the parts of an image by how many there are before; one block each."""
    sums = cuda.shared.array(_THREADS, np.int64)
    thread, image = cuda.threadIdx.x, cuda.blockIdx.x
    parts = totals.shape[1]
    each = (parts + _THREADS - 1) // _THREADS
    first = min(thread * each, parts)
    stop = min(first + each, parts)
    own = np.int64(0)
    for part in range(first, stop):
        own += totals[image, part]
    sums[thread] = own
    cuda.syncthreads()
    total = _sums_before(sums, thread)
    before = sums[thread] - own
    for part in range(first, stop):
        found = totals[image, part]
        totals[image, part] = before
        before += found
    if thread == 0:
        counts[image] = total


@cuda_kernel(block=(_THREADS,), is_block_fixed=True)
def _label_roots(parents, nodes, totals, labels):
    """Label the roots of each part from the number before it on."""
    sums = cuda.shared.array(_THREADS, np.uint32)
    thread = cuda.threadIdx.x
    image, first, stop = _first_of_thread(totals.shape[1], nodes)
    base = image * np.uintp(nodes)
    own = _count_of_thread(parents, base, first, stop)
    sums[thread] = own
    cuda.syncthreads()
    _sums_before(sums, thread)
    label = np.uint32(np.uint32(totals.flat[cuda.blockIdx.x]) + sums[thread] - own)
    node = base + first
    while node < base + stop:
        if np.uintp(parents[node]) == node:
            label += np.uint32(1)
            labels[node] = label
        node += np.uintp(1)


def find_regions(source, size):
    """Find the regions of images, in blocks of ``size`` rows; return their nodes, and how many there are."""
    count, height, width = source.shape
    rows, columns = -(-height // size), -(-width // size)
    nodes = rows * columns
    number = np.uint32 if count * nodes < 1 << 32 else np.uint64
    parents = temporary((count, rows, columns), number, source)
    labels = temporary((count * nodes,), np.uint32, source)
    totals = temporary((count, -(-nodes // _PART)), np.uint32, source)
    counts = temporary((count,), np.int64, source)
    flat_parents = reshaped(parents, (count * nodes,))
    _begin[count, rows, columns](source, size, parents)
    if size == 1:
        _link_pixels[source.shape](source, flat_parents)
    else:
        _link_blocks[count, rows, columns](source, flat_parents, rows, columns)
    _count_roots[totals.size * _THREADS](flat_parents, nodes, totals)
    _add_up[count * _THREADS](totals, counts)
    _label_roots[totals.size * _THREADS](flat_parents, nodes, totals, labels)
    return Nodes(flat_parents, labels), counts


@cuda_kernel
def _write_labels(source, size, columns, regions, out):
    """Write the labels of roots to the pixels of their regions, and 0 to others."""
    x, y, image = pixel_of_thread()
    count, height, width = source.shape
    if image >= count or y >= height or x >= width:
        return
    label = np.int32(0)
    if source[image, y, x] != 0:
        shift = np.uint32(size - 1)
        rows = np.uintp((height + size - 1) >> shift)
        row = np.uintp(image) * rows + np.uintp(y >> shift)
        node = row * np.uintp(columns) + np.uintp(x >> shift)
        label = np.int32(regions.labels[root_of(regions.parents, node)])
    out[image, y, x] = label


def write_labels(source, size, regions, out):
    """Write the labels of regions to their pixels, and 0 to others."""
    _write_labels[out.shape](source, size, -(-source.shape[2] // size), regions, out)
