"""Lines on the CPU: the votes of all points for a few angles at a time, whose counters stay in a cache."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange, serial_kernel
from cvkit._tiles import parts_of, span
from cvkit.features._hough_math import distance_bin

# Points whose bins are computed, by vectors, before they are counted.
CHUNK = 1 << 10
# Chunks whose points fit into counters of 16 bits.
CHUNKS = 63
# Angles that are counted in turns: equal bins follow each other, and a counter would wait for itself.
ANGLES = 4


@serial_kernel
def list_points(image, points):
    """List x and y of the pixels that are not 0, row by row; return how many there are."""
    place = 0
    for y in range(image.shape[0]):
        row = image[y]
        for x in range(image.shape[1]):
            if row[x]:
                points[0, place] = x
                points[1, place] = y
                place += 1
    return place


@helper
def _find_bins(x, y, cosine, sine, offset, bins):
    for place in range(bins.shape[0]):
        bins[place] = distance_bin(x[place], y[place], cosine, sine) + offset


@helper
def _count_four(bins, counters):
    first, second, third, fourth = counters[0], counters[1], counters[2], counters[3]
    for place in range(bins.shape[1]):
        first[np.uint32(bins[0, place])] += np.uint16(1)
        second[np.uint32(bins[1, place])] += np.uint16(1)
        third[np.uint32(bins[2, place])] += np.uint16(1)
        fourth[np.uint32(bins[3, place])] += np.uint16(1)


@helper
def _flush(narrow, counters):
    """Add counters of 16 bits to those of 32, and begin again."""
    for place in range(counters.shape[0]):
        counters[place] += np.int32(narrow[place])
        narrow[place] = np.uint16(0)


@cpu_kernel
def vote_for_lines(points, count, table, offset, counters):
    """Count for each angle how far along its normal the first ``count`` points are.

    ``table`` has the cosines and the sines of the angles, in steps; ``counters`` begin with a bin that
    ``offset`` is the number of for a distance of 0, and with a row for no angle.
    """
    angles = table.shape[1]
    for group in prange(parts_of(angles, ANGLES)):
        first, last = span(group, ANGLES, angles)
        bins = np.empty((ANGLES, CHUNK), np.int32)
        narrow = np.zeros((ANGLES, counters.shape[1]), np.uint16)
        for chunk in range(parts_of(count, CHUNK)):
            begin, end = span(chunk, CHUNK, count)
            found = bins[:, : end - begin]
            x, y = points[0, begin:end], points[1, begin:end]
            for angle in range(ANGLES):
                # Where there are fewer angles, the last is counted again, for nobody.
                given = min(first + angle, angles - 1)
                _find_bins(x, y, table[0, given], table[1, given], offset, found[angle])
            _count_four(found, narrow)
            if chunk % CHUNKS == CHUNKS - 1 or end == count:
                for angle in range(first, last):
                    _flush(narrow[angle - first], counters[angle + 1])


@helper
def _mark_maxima(row, before, after, threshold, marks):
    """Mark the counters of a row, but for its ends, that are above a threshold and above their neighbors."""
    for x in range(marks.shape[0]):
        votes = row[x + 1]
        below = max(max(threshold, row[x]), before[x + 1])
        marks[x] = np.uint8((votes > below) & (votes >= max(row[x + 2], after[x + 1])))


@serial_kernel(allocates=True)
def list_maxima(counters, threshold, found):
    """List angle and bin of counters above a threshold and above their neighbors; return how many there are.

    Of equal ones the first along an axis counts. Where there is no room they are only counted.
    """
    count = 0
    marks = np.empty(counters.shape[1] - 2, np.uint8)
    for angle in range(1, counters.shape[0] - 1):
        before, after = counters[angle - 1], counters[angle + 1]
        _mark_maxima(counters[angle], before, after, np.int32(threshold), marks)
        for place in range(marks.shape[0]):
            if marks[place]:
                if count < found.shape[1]:
                    found[0, count] = angle - 1
                    found[1, count] = place
                count += 1
    return count
