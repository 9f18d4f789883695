"""Corners as points, on the CPU: those that nothing around exceeds, and a choice that keeps apart.

How strong a corner is, is compared by its bits, which are ordered as what they stand for.
"""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange, serial_kernel
from cvkit._simd.bits import WORD, pack_bits
from cvkit._simd.numbers import trailing_zeros
from cvkit._tiles import parts_of

# Bits of an infinity; those of NaN are larger.
_INFINITY = np.int32(0x7F800000)


@helper(reorder=True)
def _largest_of_row(row):
    """Return the largest bits of a row, 0 at least; NaN does not count."""
    largest = np.int32(0)
    for x in range(row.shape[0]):
        bits = row[x] if row[x] <= _INFINITY else np.int32(0)
        largest = max(largest, bits)
    return largest


@helper(reorder=True)
def _largest_where(row, mask):
    largest = np.int32(0)
    for x in range(row.shape[0]):
        bits = row[x] if row[x] <= _INFINITY and mask[x] != 0 else np.int32(0)
        largest = max(largest, bits)
    return largest


@cpu_kernel
def _largest_of_rows(bits, is_masked, mask, largest):
    for y in prange(bits.shape[0]):
        largest[y] = _largest_where(bits[y], mask[y]) if is_masked else _largest_of_row(bits[y])


@helper
def _mark_row(above, here, below, limit, marks):
    """Mark with 1 what is beyond a limit and nowhere exceeded by its eight neighbors, but for the ends."""
    size = here.shape[0] - 2
    above_middle, above_after = above[1:], above[2:]
    middle, after = here[1:], here[2:]
    below_middle, below_after = below[1:], below[2:]
    for x in range(size):
        before = max(max(above[x], here[x]), below[x])
        between = max(above_middle[x], below_middle[x])
        behind = max(max(above_after[x], after[x]), below_after[x])
        strongest = max(max(before, between), behind)
        value = middle[x]
        is_number = value <= _INFINITY
        marks[x] = np.uint8((value > limit) & (value >= strongest) & is_number)


@helper
def _unmark(mask, marks):
    for x in range(mask.shape[0]):
        marks[x] &= np.uint8(mask[x] != 0)


@helper
def count_marks(marks):
    """Count the marks of a row, each 1."""
    count = np.int64(0)
    for x in range(marks.shape[0]):
        count += np.int64(marks[x])
    return count


@cpu_kernel
def _mark_rows(bits, limit, is_masked, mask, words, counts):
    """Set a bit for each corner of the inner rows and columns, and count those of each row."""
    width = bits.shape[1]
    for row in prange(words.shape[0]):
        marks = np.zeros(words.shape[1] * WORD, np.uint8)
        inner = marks[: max(width - 2, 0)]
        _mark_row(bits[row], bits[row + 1], bits[row + 2], limit, inner)
        if is_masked:
            _unmark(mask[row + 1, 1 : width - 1], inner)
        counts[row] = count_marks(inner)
        for word in range(words.shape[1]):
            words[row, word] = pack_bits(marks, word * WORD, np.uint8(1))


@helper
def _list_row(words, values, place, places, strengths):
    """List a row's corners; ``place`` is that of the first value."""
    count = 0
    for word in range(words.shape[0]):
        left = words[word]
        while left:
            x = word * WORD + np.int64(trailing_zeros(left))
            places[count], strengths[count] = place + x, values[x]
            left &= left - np.uint64(1)
            count += 1


@cpu_kernel
def list_rows(words, starts, response, places, strengths):
    """List what has a bit in the inner rows and columns: its place in the image, and its response.

    Those of row y are from ``starts[y]`` on.
    """
    width = response.shape[1]
    for row in prange(words.shape[0]):
        begin, end = starts[row], starts[row + 1]
        values, place = response[row + 1, 1:], (row + 1) * width + 1
        _list_row(words[row], values, place, places[begin:end], strengths[begin:end])


def find_peaks(response, is_masked, mask, quality):
    """Find the pixels, (H, W), beyond a share of the largest value and nowhere exceeded around.

    Return their number, their places and their values; outermost pixels do not count.
    """
    height, width = response.shape
    bits = response.view(np.int32)
    largest = np.zeros(height, np.int32)
    _largest_of_rows(bits, is_masked, mask, largest)
    rows = max(height - 2, 0)
    strongest = np.float64(largest.max(keepdims=True).view(np.float32)[0])
    limit = np.float32(strongest * quality).view(np.int32)
    words = np.empty((rows, parts_of(max(width - 2, 0), WORD)), np.uint64)
    counts = np.empty(rows, np.int64)
    _mark_rows(bits, limit, is_masked, mask, words, counts)
    starts = np.concatenate([[0], counts.cumsum()])
    places, strengths = np.empty(starts[-1], np.uint32), np.empty(starts[-1], np.float32)
    list_rows(words, starts, response, places, strengths)
    return starts[-1:], places, strengths


@helper
def _is_apart(points, x, y, square, cells, following, cell):
    """Tell whether a point is far enough from those of its cell and of the eight around it.

    ``cells`` names the last point of each cell, and ``following`` the one before it there, -1 for none.
    """
    rows, columns = cells.shape
    row, column = y // cell, x // cell
    for near_row in range(max(row - 1, 0), min(row + 2, rows)):
        for near_column in range(max(column - 1, 0), min(column + 2, columns)):
            point = cells[near_row, near_column]
            while point >= 0:
                across, along = x - np.int64(points[point, 0]), y - np.int64(points[point, 1])
                if np.float64(across * across + along * along) < square:
                    return False
                point = following[point]
    return True


@serial_kernel(allocates=True)
def keep_apart(places, width, distance, cells, cell, points):
    """Write the points of places in turn, unless they are closer to one before, and return their number.

    ``points`` has room for as many as are wanted; ``cells`` holds -1, for squares with sides of ``cell``
    pixels, the nearest whole number to ``distance``.
    """
    following = np.empty(points.shape[0], np.int32)
    count = 0
    for place in places:
        if count == points.shape[0]:
            break
        y, x = place // width, place % width
        if distance < 1 or _is_apart(points, x, y, distance * distance, cells, following, cell):
            points[count, 0], points[count, 1] = x, y
            if distance >= 1:
                following[count] = cells[y // cell, x // cell]
                cells[y // cell, x // cell] = count
            count += 1
    return count
