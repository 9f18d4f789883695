"""FAST on the CPU: how much brighter or darker an arc of nine pixels is, for a row of pixels in bytes."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.bits import WORD, pack_bits
from cvkit._simd.memory import read_apart, write_apart
from cvkit._tiles import parts_of
from cvkit.features._cpu.corner_points import count_marks, list_rows
from cvkit.features._fast_math import contrast_of

# The circle's radius: so far from the edges there are no corners.
_REACH = 3

_ONE, _TWO, _THREE, _FOUR, _FIVE, _SIX = (np.uint64(number) for number in range(1, 7))


@helper
def _score_row(rows, threshold, scores):
    """Score the pixels of the middle one of seven rows; ``scores`` begins with the fourth of them."""
    r0, r1, r2, r3, r4, r5, r6 = rows
    for x in range(scores.shape[0]):
        at0 = np.uint64(x)
        at1, at2, at3 = at0 + _ONE, at0 + _TWO, at0 + _THREE
        at4, at5, at6 = at0 + _FOUR, at0 + _FIVE, at0 + _SIX
        ring = (
            *(read_apart(r6, at3), read_apart(r6, at4), read_apart(r5, at5), read_apart(r4, at6)),
            *(read_apart(r3, at6), read_apart(r2, at6), read_apart(r1, at5), read_apart(r0, at4)),
            *(read_apart(r0, at3), read_apart(r0, at2), read_apart(r1, at1), read_apart(r2, at0)),
            *(read_apart(r3, at0), read_apart(r4, at0), read_apart(r5, at1), read_apart(r6, at2)),
        )
        contrast = contrast_of(read_apart(r3, at3), ring)
        write_apart(scores, at0, contrast if contrast > threshold else np.uint8(0))


@cpu_kernel
def measure_contrast(source, threshold, out):
    """Write by how much an arc of nine pixels around each is brighter or darker, 0 up to a threshold."""
    height, width = source.shape
    for y in prange(height):
        row = out[y]
        if _REACH <= y < height - _REACH and width > 2 * _REACH:
            row[:_REACH] = 0
            row[width - _REACH :] = 0
            rows = (
                source[y - 3],
                source[y - 2],
                source[y - 1],
                source[y],
                source[y + 1],
                source[y + 2],
                source[y + 3],
            )
            _score_row(rows, threshold, row[_REACH : width - _REACH])
        else:
            row[:] = 0


@helper
def _mark_largest(above, here, below, marks):
    """Mark with 1 what exceeds its eight neighbors, and 1."""
    above_middle, above_after = above[1:], above[2:]
    middle, after = here[1:], here[2:]
    below_middle, below_after = below[1:], below[2:]
    for x in range(marks.shape[0]):
        before = max(max(above[x], here[x]), below[x])
        between = max(above_middle[x], below_middle[x])
        behind = max(max(above_after[x], after[x]), below_after[x])
        others = max(max(before, between), max(behind, np.uint8(1)))
        marks[x] = np.uint8(middle[x] > others)


@helper
def _mark_all(here, marks):
    middle = here[1:]
    for x in range(marks.shape[0]):
        marks[x] = np.uint8(middle[x] > np.uint8(0))


@helper(reorder=True)
def _has_contrast(row):
    found = np.uint8(0)
    for x in range(row.shape[0]):
        found |= row[x]
    return found != 0


@cpu_kernel
def _mark_rows(contrast, suppress, words, counts):
    """Set a bit for each corner of the inner rows and columns, and count those of each row."""
    width = contrast.shape[1]
    for row in prange(words.shape[0]):
        marks = np.zeros(words.shape[1] * WORD, np.uint8)
        inner = marks[: max(width - 2, 0)]
        counts[row] = 0
        if not _has_contrast(contrast[row + 1]):
            words[row] = 0
            continue
        if suppress:
            _mark_largest(contrast[row], contrast[row + 1], contrast[row + 2], inner)
        else:
            _mark_all(contrast[row + 1], inner)
        counts[row] = count_marks(inner)
        for word in range(words.shape[1]):
            words[row, word] = pack_bits(marks, word * WORD, np.uint8(1))


def find_corners(contrast, suppress):
    """Find the pixels whose contrast is not 0, or exceeds that of all around.

    Return their number, their places and their contrast.
    """
    height, width = contrast.shape
    rows = max(height - 2, 0)
    words = np.empty((rows, parts_of(max(width - 2, 0), WORD)), np.uint64)
    counts = np.empty(rows, np.int64)
    _mark_rows(contrast, suppress, words, counts)
    starts = np.concatenate([[0], counts.cumsum()])
    places, strengths = np.empty(starts[-1], np.uint32), np.empty(starts[-1], np.uint8)
    list_rows(words, starts, contrast, places, strengths)
    return starts[-1:], places, strengths
