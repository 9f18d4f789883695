"""Segments on the CPU: points vote in a random order, one after another, and what is found is taken back."""

import numpy as np

from cvkit._jit import helper, serial_kernel
from cvkit.features._hough_math import distance_bin

# Bits of a fraction of a pixel, on the way along a line.
_SHIFT = 16
# Of OpenCV's generator of random numbers, a multiply-with-carry one.
_MULTIPLIER = 4164903690


@helper
def _next_random(state):
    """Return the next state, whose lower half is the random number."""
    low, carry = state & np.uint64(0xFFFFFFFF), state >> np.uint64(32)
    return np.uint64(low * np.uint64(_MULTIPLIER) + carry)


@helper
def _vote(x, y, table, offset, counters, bins):
    """Vote for all lines through a point; return the first angle of most votes, and these."""
    cosines, sines = table[0], table[1]
    for angle in range(bins.shape[0]):
        bins[angle] = distance_bin(x, y, cosines[angle], sines[angle]) + offset
    most, best = np.int32(0), 0
    for angle in range(bins.shape[0]):
        row = counters[angle]
        votes = row[bins[angle]] + np.int32(1)
        row[bins[angle]] = votes
        if votes > most:
            most, best = votes, angle
    return best, most


@helper
def _take_back(x, y, table, offset, counters, bins):
    """Take the votes of a point back."""
    cosines, sines = table[0], table[1]
    for angle in range(bins.shape[0]):
        bins[angle] = distance_bin(x, y, cosines[angle], sines[angle]) + offset
    for angle in range(bins.shape[0]):
        counters[angle, bins[angle]] -= np.int32(1)


@helper
def _step(x, y, cosine, sine):
    """Return where a walk along a line begins, its step, and whether that is one pixel along x.

    The other axis is in fractions of a pixel.
    """
    along_x = abs(-sine) > abs(cosine)
    one, half = np.int64(1) << _SHIFT, np.int64(1) << (_SHIFT - 1)
    if along_x:
        step_x = 1 if -sine > 0 else -1
        step_y = np.int64(np.rint(np.float32(cosine * np.float32(one)) / abs(sine)))
        return np.int64(x), (np.int64(y) << _SHIFT) + half, np.int64(step_x), step_y, along_x
    step_y = 1 if cosine > 0 else -1
    step_x = np.int64(np.rint(np.float32(-sine * np.float32(one)) / abs(cosine)))
    return (np.int64(x) << _SHIFT) + half, np.int64(y), step_x, np.int64(step_y), along_x


@helper
def _place(walk):
    """Return the pixel that a walk is at."""
    x, y, _, _, along_x = walk
    return (x, y >> _SHIFT) if along_x else (x >> _SHIFT, y)


@helper
def _advanced(walk, direction):
    x, y, step_x, step_y, along_x = walk
    return x + direction * step_x, y + direction * step_y, step_x, step_y, along_x


@helper
def _end_of(walk, direction, gap, marks):
    """Walk until the image ends or too many pixels in turn are not marked; return the last that is."""
    end_x, end_y = _place(walk)
    height, width = marks.shape
    missing = 0
    while True:
        x, y = _place(walk)
        if not (0 <= x < width and 0 <= y < height):
            return end_x, end_y
        if marks[y, x]:
            missing = 0
            end_x, end_y = x, y
        else:
            missing += 1
            if missing > gap:
                return end_x, end_y
        walk = _advanced(walk, direction)


@serial_kernel(allocates=True)
def find_segments(points, marks, table, counters, limits, found):
    """Find segments and return how many; stop when there is no room for another.

    ``points`` are the marked ones, and are shuffled; ``marks`` and ``counters``, which begin with 0, change.
    ``limits`` are the offset of bins, the fewest votes, the shortest length and the longest gap.
    """
    offset, threshold, length, gap = limits
    state = np.uint64(0xFFFFFFFFFFFFFFFF)
    bins = np.empty(table.shape[1], np.int32)
    count = 0
    for left in range(points.shape[1], 0, -1):
        state = _next_random(state)
        chosen = np.int64((state & np.uint64(0xFFFFFFFF)) % np.uint64(left))
        x, y = points[0, chosen], points[1, chosen]
        points[0, chosen], points[1, chosen] = points[0, left - 1], points[1, left - 1]
        if not marks[np.int64(y), np.int64(x)]:
            continue
        angle, votes = _vote(x, y, table, offset, counters, bins)
        if votes < threshold:
            continue
        start = _step(x, y, table[0, angle], table[1, angle])
        first_x, first_y = _end_of(start, 1, gap, marks)
        last_x, last_y = _end_of(start, -1, gap, marks)
        is_long = max(abs(last_x - first_x), abs(last_y - first_y)) >= length
        for direction in (1, -1):
            end_x, end_y = (first_x, first_y) if direction > 0 else (last_x, last_y)
            walk = start
            while True:
                here_x, here_y = _place(walk)
                if marks[here_y, here_x]:
                    if is_long:
                        _take_back(np.float32(here_x), np.float32(here_y), table, offset, counters, bins)
                    marks[here_y, here_x] = 0
                if here_x == end_x and here_y == end_y:
                    break
                walk = _advanced(walk, direction)
        if is_long:
            found[0, count], found[1, count], found[2, count], found[3, count] = (
                first_x,
                first_y,
                last_x,
                last_y,
            )
            count += 1
            if count == found.shape[1]:
                break
    return count
