"""Flood fill on the CPU: stretches of a row that wait for the rows beside them to be looked at.

What can be entered from where is known as bits, 64 pixels at a time, of rows that have been reached.
"""

from typing import NamedTuple

import numpy as np

from cvkit._jit import helper, serial_kernel
from cvkit._rows import copy_row, split_channels
from cvkit._simd.bits import WORD, pack_bits, unpack_bits
from cvkit._simd.numbers import leading_zeros, trailing_zeros
from cvkit._tiles import parts_of

_ONE, _ALL = np.uint64(1), np.uint64((1 << 64) - 1)
# From which neighbor a pixel is entered: left, right, above, above left, above right, below, below left and
# below right. Where that is: how many rows below, and how many columns to the left.
_ROWS = (0, 0, -1, -1, -1, 1, 1, 1)
_COLUMNS = (1, -1, 0, 1, -1, 0, 1, -1)
_LEFT, _RIGHT, _ABOVE, _BELOW, _DIRECTIONS = 0, 1, 2, 5, 8
# Stretches that wait at first.
_FEW = 1 << 10


class Rule(NamedTuple):
    """Which pixels are filled."""

    lowest: np.ndarray
    """The least difference of a channel from what it is compared with, in a dtype that holds them."""
    highest: np.ndarray
    """The largest."""
    is_fixed: bool
    """Whether all are compared with the seed, and not with the neighbor that they are entered from."""
    has_diagonals: bool


class Plane(NamedTuple):
    """What is known of the rows of an image, a word for 64 pixels."""

    empty: np.ndarray
    """Which pixels are not filled, (H, words)."""
    entries: np.ndarray
    """Which pixels can be entered from each direction, (directions, H, words), or from any."""
    is_known: np.ndarray
    """Whether a row has been reached."""


@helper
def _compare(values, others, bounds, is_first, flags):
    """Set the flags of values that are within bounds from others; after the first channel only keep them."""
    lowest, highest = bounds
    number = type(lowest)
    for x in range(values.shape[0]):
        difference = number(number(values[x]) - number(others[x]))
        inside = np.uint8((difference >= lowest) & (difference <= highest))
        flags[x] = inside if is_first else flags[x] & inside


@helper
def _find_entries(planes, others, shift, rule, flags, words):
    """Find which pixels of a row can be entered from those of another, so many columns to their left."""
    width = planes.shape[1]
    first, stop = max(shift, 0), width + min(shift, 0)
    for channel in range(planes.shape[0]):
        _compare(
            planes[channel, first:stop],
            others[channel, first - shift : stop - shift],
            (rule.lowest[channel], rule.highest[channel]),
            channel == 0,
            flags[first:stop],
        )
    if shift != 0:
        flags[0 if shift > 0 else width - 1] = 0
    for word in range(words.shape[0]):
        words[word] = pack_bits(flags, word * WORD, np.uint8(1))


@helper(force_inline=True)
def _bits_between(word, first, last):
    """Return the bits of a word that stand for columns from ``first`` to ``last``."""
    low, high = max(first - word * WORD, 0), min(last - word * WORD, WORD - 1)
    if low > high:
        return np.uint64(0)
    return (_ALL << np.uint64(low)) & (_ALL >> np.uint64(WORD - 1 - high))


@helper
def _learn_row(rows, y, seed, scratch, rule, plane):
    """Find where the pixels of a row can be entered, when it is reached for the first time."""
    planes, others, flags = scratch
    plane.is_known[y] = True
    for word in range(plane.empty.shape[1]):
        plane.empty[y, word] = _bits_between(word, 0, planes.shape[1] - 1)
    split_channels(rows[y], planes)
    if rule.is_fixed:
        _find_entries(planes, seed, 0, rule, flags, plane.entries[0, y])
        return
    held = -1
    for direction in range(_DIRECTIONS):
        row, shift = y + _ROWS[direction], _COLUMNS[direction]
        is_diagonal = row != y and shift != 0
        if 0 <= row < rows.shape[0] and (rule.has_diagonals or not is_diagonal):
            if row != held:
                split_channels(rows[row], others)
                held = row
            _find_entries(planes, others, shift, rule, flags, plane.entries[direction, y])


@helper(inline=True)
def _entry(entries, direction, y):
    return entries[min(direction, entries.shape[0] - 1), y]


@helper(force_inline=True)
def _entered(plane, y, step, word, stretch, has_diagonals):
    """Return the empty pixels of a row's word that a stretch of the row ``step`` rows before it can enter."""
    _, first, last = stretch
    entries = plane.entries
    straight = _ABOVE if step > 0 else _BELOW
    found = _entry(entries, straight, y)[word] & _bits_between(word, first, last)
    if has_diagonals:
        found |= _entry(entries, straight + 1, y)[word] & _bits_between(word, first + 1, last + 1)
        found |= _entry(entries, straight + 2, y)[word] & _bits_between(word, first - 1, last - 1)
    return found & plane.empty[y, word]


@helper
def _last_of(plane, y, step, stretch, has_diagonals, x):
    """Return the last column that is reached from ``x`` to the right, or from the stretch, as all before."""
    empty, entry = plane.empty[y], _entry(plane.entries, _LEFT, y)
    column = x + 1
    word = column // WORD
    while word < empty.shape[0]:
        reached = empty[word] & entry[word]
        if plane.entries.shape[0] > 1:  # else what is entered from one direction is from every other
            reached |= _entered(plane, y, step, word, stretch, has_diagonals)
        blocked = ~reached & (_ALL << np.uint64(column - word * WORD))
        if blocked:
            return word * WORD + np.int64(trailing_zeros(blocked)) - 1
        word += 1
        column = word * WORD
    return column - 1


@helper
def _first_of(empty, entry, x):
    """Return the first column that can be reached from ``x`` to the left."""
    column = x - 1
    while column >= 0:
        word = column // WORD
        place = np.uint64(column - word * WORD)
        blocked = ~(empty[word] & entry[word]) & (_ALL >> np.uint64(np.uint64(WORD - 1) - place))
        if blocked:
            return word * WORD + WORD - np.int64(leading_zeros(blocked))
        column = word * WORD - 1
    return 0


@helper
def _fill_stretch(plane, y, step, stretch, has_diagonals, x):
    """Fill a pixel and what is reached from it along its row; return the first and the last column.

    Pixels that are entered from ``stretch``, as that one is, count as reached.
    """
    empty = plane.empty[y]
    first = x
    is_leftmost = x <= stretch[1] - np.int64(has_diagonals)
    if is_leftmost or plane.entries.shape[0] > 1:  # else the pixel before would have been entered before
        first = _first_of(empty, _entry(plane.entries, _RIGHT, y), x)
    last = _last_of(plane, y, step, stretch, has_diagonals, x)
    for word in range(first // WORD, last // WORD + 1):
        empty[word] &= ~_bits_between(word, first, last)
    return first, last


@helper
def _repeat(values, place):
    """Set all values of a row to one of them."""
    value = values[place]
    for x in range(values.shape[0]):
        values[x] = value


@helper(allocates=True)
def _with_room(waiting, count):
    """Return stretches that wait, in an array with room for one more."""
    if count < waiting.shape[0]:
        return waiting
    larger = np.empty((2 * count, 3), np.int32)
    for place in range(count):
        for part in range(3):
            larger[place, part] = waiting[place, part]
    return larger


@helper(allocates=True)
def _fill(rows, x, y, scratch, rule, plane):
    """Fill an image from its seed; ``rows`` are (H, W * C)."""
    planes = scratch[0]
    height, width = rows.shape[0], planes.shape[1]
    seed = np.empty(planes.shape, planes.dtype)
    split_channels(rows[y], seed)
    for channel in range(planes.shape[0]):
        _repeat(seed[channel], x)
    for row in range(height):
        plane.is_known[row] = False
    _learn_row(rows, y, seed, scratch, rule, plane)
    waiting = np.empty((_FEW, 3), np.int32)
    first, last = _fill_stretch(plane, y, 1, (y, x, x - 1), False, x)
    waiting[0, 0], waiting[0, 1], waiting[0, 2] = y, first, last
    count = 1
    while count > 0:
        count -= 1
        stretch = np.int64(waiting[count, 0]), np.int64(waiting[count, 1]), np.int64(waiting[count, 2])
        reach = 1 if rule.has_diagonals else 0
        begin, end = max(stretch[1] - reach, 0), min(stretch[2] + reach, width - 1)
        for step in (-1, 1):
            row = stretch[0] + step
            if not 0 <= row < height:
                continue
            if not plane.is_known[row]:
                _learn_row(rows, row, seed, scratch, rule, plane)
            for word in range(begin // WORD, end // WORD + 1):
                found = _entered(plane, row, step, word, stretch, rule.has_diagonals)
                while found:
                    column = word * WORD + np.int64(trailing_zeros(found))
                    first, last = _fill_stretch(plane, row, step, stretch, rule.has_diagonals, column)
                    waiting = _with_room(waiting, count)
                    waiting[count, 0], waiting[count, 1], waiting[count, 2] = row, first, last
                    count += 1
                    found &= plane.empty[row, word]


@helper
def _write_where(flags, value, row):
    """Write a value to the pixels of a row whose flags are set."""
    for x in range(row.shape[0]):
        row[x] = value if flags[x] else row[x]


@helper
def _paint(empty, value, row, flags, mask):
    """Write the value of filled pixels to a row, and which they are to that of the mask."""
    channels = value.shape[0]
    for word in range(empty.shape[0]):
        unpack_bits(~empty[word], flags, word * WORD)
    copy_row(flags, mask)
    if channels == 1:
        _write_where(flags, value[0], row)
        return
    for x in range(mask.shape[0]):
        if flags[x]:
            for channel in range(channels):
                row[x * channels + channel] = value[channel]


@serial_kernel(allocates=True)
def _fill_images(source, seed, value, rule, out, mask):
    """Fill images in ``out``, which holds those of ``source``, and in ``mask``, which holds zeros."""
    count, height, width, channels = source.shape
    words = parts_of(width, WORD)
    scratch = (
        np.empty((channels, width), source.dtype),
        np.empty((channels, width), source.dtype),
        np.zeros(words * WORD, np.uint8),
    )
    plane = Plane(
        np.empty((height, words), np.uint64),
        np.empty((1 if rule.is_fixed else _DIRECTIONS, height, words), np.uint64),
        np.empty(height, np.bool_),
    )
    for image in range(count):
        rows = source[image].reshape(height, width * channels)
        _fill(rows, seed[0], seed[1], scratch, rule, plane)
        painted = out[image].reshape(height, width * channels)
        for y in range(height):
            if plane.is_known[y]:
                _paint(plane.empty[y], value, painted[y], scratch[2], mask[image, y])


def fill(source, seed, value, rule, out, mask):
    """Fill images, (N, H, W, C), from the pixel (x, y) ``seed``, and set its pixels in ``mask``, of zeros."""
    np.copyto(out, source)
    _fill_images(source, seed, value, rule, out, mask)
