"""Measuring regions on the CPU: row by row, a stretch of equal labels at a time."""

import numpy as np

from cvkit._jit import helper, serial_kernel
from cvkit._simd.bits import WORD, pack_bits
from cvkit._simd.numbers import trailing_zeros
from cvkit._tiles import parts_of

_ONE = np.uint64(1)
# What is kept of a region while it is measured: the number of its pixels, the sums of their columns and rows,
# and the first and the last column and row. Eight numbers are a line of the cache.
_AREA, _SUM_X, _SUM_Y, _LEFT, _TOP, _RIGHT, _BOTTOM = range(7)


@helper
def _mark_changes(row, marks):
    """Mark the columns whose label is not that of the column before."""
    before, here, marks_of_here = row[:-1], row[1:], marks[1:]
    for x in range(here.shape[0]):
        marks_of_here[x] = np.uint8(here[x] != before[x])


@helper(force_inline=True)
def _add_stretch(table, label, y, start, stop):
    """Add the pixels of a row from ``start`` on to the region of a label; negative ones have none."""
    if label < 0:
        return
    row = table[np.uint64(label)]
    length = stop - start
    row[_AREA] += length
    row[_SUM_X] += (start + stop - 1) * length // 2
    row[_SUM_Y] += y * length
    row[_LEFT] = min(row[_LEFT], start)
    row[_TOP] = min(row[_TOP], y)
    row[_RIGHT] = max(row[_RIGHT], stop)
    row[_BOTTOM] = y + 1


@helper
def _measure_row(row, y, marks, table):
    """Add the pixels of a row, whose changes are marked, to their regions."""
    start = 0
    for word in range(marks.shape[0] // WORD):
        changes = pack_bits(marks, word * WORD, np.uint8(1))
        while changes:
            stop = word * WORD + np.int64(trailing_zeros(changes))
            changes &= changes - _ONE
            _add_stretch(table, row[start], y, start, stop)
            start = stop
    _add_stretch(table, row[start], y, start, row.shape[0])


@helper
def _finish(table, area, box, centroid):
    """Bring what was added up into the form that users get."""
    for label in range(table.shape[0]):
        row = table[label]
        area[label] = row[_AREA]
        if row[_AREA] == 0:
            box[label] = 0
            centroid[label] = np.nan
            continue
        box[label, 0], box[label, 1] = row[_LEFT], row[_TOP]
        box[label, 2], box[label, 3] = row[_RIGHT] - row[_LEFT], row[_BOTTOM] - row[_TOP]
        centroid[label, 0] = np.float64(row[_SUM_X]) / np.float64(row[_AREA])
        centroid[label, 1] = np.float64(row[_SUM_Y]) / np.float64(row[_AREA])


def largest_label(labels):
    """Return the largest label of any image, or 0, in an array."""
    return labels.max(initial=0).reshape(1)


@serial_kernel(allocates=True)
def measure(labels, stats):
    """Measure the regions of images, (N, H, W), for all labels that the rows of ``stats`` have."""
    count, height, width = labels.shape
    marks = np.zeros(parts_of(width, WORD) * WORD, np.uint8)
    table = np.empty((stats.area.shape[1], 8), np.int64)
    for image in range(count):
        table[:] = 0
        table[:, _LEFT] = width
        table[:, _TOP] = height
        for y in range(height):
            _mark_changes(labels[image, y], marks)
            _measure_row(labels[image, y], y, marks, table)
        _finish(table, stats.area[image], stats.box[image], stats.centroid[image])
