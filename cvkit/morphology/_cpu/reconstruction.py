"""Reconstruction by dilation on the CPU; by erosion it is that of the opposite images.

Two scans down and up the image leave little to do. The rest waits in a heap, greatest values first: what is
raised then gets its final value. A plateau of one value is filled from a stack, without the heap.

Images have a frame of the least value, so that neighbors always exist; nothing is below it, or spreads to it.
"""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row

# Scans down the image and up again: one scan takes less than the queue for what it would find.
SCANS = 2


@helper
def _is_row_beyond(marker, mask, is_erosion):
    """Tell whether a value is beyond its limit, or a NaN."""
    count = 0
    if is_erosion:
        for x in range(marker.shape[0]):
            count += 0 if marker[x] >= mask[x] else 1
    else:
        for x in range(marker.shape[0]):
            count += 0 if marker[x] <= mask[x] else 1
    return count > 0


@cpu_kernel
def find_beyond(marker, mask, is_erosion, out):
    """Write 1 for each row, of (N, H), in which a marker is beyond its mask, and else 0."""
    count, height, width, _ = marker.shape
    rows, limits = marker.reshape(count * height, width), mask.reshape(count * height, width)
    flags = out.reshape(count * height)
    for row in prange(count * height):
        flags[row] = _is_row_beyond(rows[row], limits[row], is_erosion)


@helper
def _opposite_row(row, total, out):
    number = out.dtype.type
    for x in range(out.shape[0]):
        out[x] = number(total - row[x])


@helper
def _turn_row(row, total, is_erosion, out):
    """Copy a row, or its opposite."""
    if is_erosion:
        _opposite_row(row, total, out)
    else:
        copy_row(row, out)


@helper
def _spread_from_row(neighbors, limits, here, out):
    """Raise values to the greatest of three neighbors in another row, as far as their limits."""
    for x in range(out.shape[0] - 2):
        first, second, third, value = neighbors[x], neighbors[x + 1], neighbors[x + 2], here[x + 1]
        greatest = first if first > second else second
        other = third if third > value else value
        greatest = greatest if greatest > other else other
        limit = limits[x + 1]
        out[x + 1] = greatest if greatest < limit else limit


@helper
def _spread_right(row, limits, out):
    """Raise values to that before them, as far as their limits."""
    value = row[0]
    for x in range(1, row.shape[0] - 1):
        limit, here = limits[x], row[x]
        value = value if value < limit else limit
        value = value if value > here else here
        out[x] = value


@helper
def _spread_left(row, limits, out):
    """Raise values to that behind them, as far as their limits."""
    value = row[row.shape[0] - 1]
    for x in range(row.shape[0] - 2, 0, -1):
        limit, here = limits[x], row[x]
        value = value if value < limit else limit
        value = value if value > here else here
        out[x] = value


@helper
def _scan(levels, limits, raised):
    """Let values spread down the image and up again, in rows to the right and to the left."""
    height = levels.shape[0]
    for y in range(1, height - 1):
        _spread_from_row(levels[y - 1], limits[y], levels[y], raised)
        _spread_right(raised, limits[y], levels[y])
    for y in range(height - 2, 0, -1):
        _spread_from_row(levels[y + 1], limits[y], levels[y], raised)
        _spread_left(raised, limits[y], levels[y])


@helper
def _keep_raisable(row, limits, greatest, out):
    """Copy the values below their limits; others become the greatest, below nothing."""
    for x in range(out.shape[0]):
        out[x] = row[x] if row[x] < limits[x] else greatest


@helper
def _find_sources(row, beside, below, out):
    """Tell which values of a row are greater than one that can be raised to the right or below."""
    for x in range(out.shape[0] - 2):
        first, second, third, right = below[x], below[x + 1], below[x + 2], beside[x + 2]
        least = first if first < second else second
        other = third if third < right else right
        least = least if least < other else other
        out[x + 1] = least < row[x + 1]


@helper(allocates=True)
def _with_room(array, count):
    """Return an array that has an item after the first ``count``: itself, or a copy of twice its size."""
    if count < array.shape[0]:
        return array
    larger = np.empty(2 * array.shape[0], array.dtype)
    copy_row(array, larger[:count])
    return larger


@helper(allocates=True)
def _sources(levels, limits, greatest):
    """Return the places from which values spread yet."""
    height, width = levels.shape
    raisable = np.full((2, width), greatest)
    is_source = np.zeros(width, np.bool_)
    places, count = np.empty(1024, np.int64), 0
    for y in range(height - 2, 0, -1):
        _keep_raisable(levels[y], limits[y], greatest, raisable[y % 2])
        _find_sources(levels[y], raisable[y % 2], raisable[1 - y % 2], is_source)
        for x in range(width):
            if is_source[x]:
                places = _with_room(places, count)
                places[count] = y * width + x
                count += 1
    return places[:count]


@helper
def _sink(values, places, count, hole, value, place):
    """Fill a hole in a heap of ``count`` entries with one that may belong further down."""
    while True:
        child = 2 * hole + 1
        if child >= count:
            break
        if child + 1 < count and values[child + 1] > values[child]:
            child += 1
        if values[child] <= value:
            break
        values[hole], places[hole] = values[child], places[child]
        hole = child
    values[hole], places[hole] = value, place


@helper
def _rise(values, places, hole, value, place):
    """Fill a hole at the end of a heap with an entry that may belong further up."""
    while hole > 0:
        parent = (hole - 1) // 2
        if values[parent] >= value:
            break
        values[hole], places[hole] = values[parent], places[parent]
        hole = parent
    values[hole], places[hole] = value, place


@helper(allocates=True)
def _spread_from(sources, levels, limits, width):
    """Let values spread from sources, greatest first; images are rows of rows of ``width``."""
    steps = (-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1)
    places, count = sources, sources.shape[0]
    values = np.empty(count, levels.dtype)
    for entry in range(count):
        values[entry] = levels[places[entry]]
    for entry in range(count // 2 - 1, -1, -1):
        _sink(values, places, count, entry, values[entry], places[entry])
    plateau = np.empty(1024, np.int64)
    while count > 0:
        value, plateau[0] = values[0], places[0]
        count -= 1
        _sink(values, places, count, 0, values[count], places[count])
        # A source that was raised itself since has a greater value, with which it was here already.
        waiting = 1 if levels[plateau[0]] == value else 0
        while waiting > 0:
            waiting -= 1
            place = plateau[waiting]
            for step in steps:
                neighbor = place + step
                limit = limits[neighbor]
                if levels[neighbor] >= value or levels[neighbor] >= limit:
                    continue
                if limit < value:
                    levels[neighbor] = limit
                    values, places = _with_room(values, count), _with_room(places, count)
                    _rise(values, places, count, limit, neighbor)
                    count += 1
                else:
                    levels[neighbor] = value
                    plateau = _with_room(plateau, waiting)
                    plateau[waiting] = neighbor
                    waiting += 1


@helper(allocates=True)
def _reconstruct_image(marker, mask, is_erosion, extent, out):
    height, width = marker.shape
    least, greatest, total = extent
    levels, limits = np.full((height + 2, width + 2), least), np.full((height + 2, width + 2), least)
    for y in range(height):
        _turn_row(marker[y], total, is_erosion, levels[y + 1, 1 : width + 1])
        _turn_row(mask[y], total, is_erosion, limits[y + 1, 1 : width + 1])
    raised = np.full(width + 2, least)
    for _ in range(SCANS):
        _scan(levels, limits, raised)
    sources = _sources(levels, limits, greatest)
    if sources.shape[0] > 0:
        _spread_from(sources, levels.reshape(levels.size), limits.reshape(limits.size), width + 2)
    for y in range(height):
        _turn_row(levels[y + 1, 1 : width + 1], total, is_erosion, out[y])


@cpu_kernel
def reconstruct(marker, mask, is_erosion, extent, out):
    """Write the reconstruction of masks from markers.

    Parameters
    ----------
    marker, mask, out : (N, H, W, 1) arrays
        Images.
    is_erosion : bool
        Whether smaller values spread, not greater ones.
    extent : Extent
        Of the dtype.
    """
    count, height, width, _ = marker.shape
    rows, limits = marker.reshape(count, height, width), mask.reshape(count, height, width)
    out_rows = out.reshape(count, height, width)
    for image in prange(count):
        _reconstruct_image(rows[image], limits[image], is_erosion, extent, out_rows[image])
