"""Resizing on the CPU by sums of floats: any number of neighboring rows and columns, each with its weight."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._simd.memory import copy_4_items
from cvkit._tiles import parts_of, strip
from cvkit.geometry._cpu.permutation import find_groups, register_sizes, sum_four_taps, sum_two_taps

# Rows of output that one task makes. The tasks share no blended rows, so the first row of each costs double.
STRIP = 64

# Values behind a row that may be read or written: as many as fill the largest register.
_SPARE = 16


class RowTaps(NamedTuple):
    """The first source row that each row of the result takes, and (tap, row) the weights."""

    first: Any
    weights: Any


class ColumnTaps(NamedTuple):
    """The first pixel of a line that each column of the result takes, and (tap, column) the weights.

    ``value_weights`` repeats them for each channel: (tap, value). Two or four taps are summed for groups of
    values: row g of ``groups`` has the first value of the result and the first of the line, and ``order``
    the places of all from there on.
    """

    first: Any
    weights: Any
    value_weights: Any
    channels: Any
    groups: Any
    order: Any


class Line(NamedTuple):
    """Those values of a source row that count, and some of its sort beyond the border.

    The pixels from ``begin`` to ``end`` are the image's: ``inner``, which starts at value ``start`` of a row.
    """

    values: Any
    inner: Any
    begin: Any
    end: Any
    start: Any


class Scratch(NamedTuple):
    """What a task keeps between rows.

    ``chosen`` has the source row of each tap, or its place in ``ring``, which keeps sums of columns of the
    latest source rows, ``held``. ``total`` is for one row of sums, ``moved`` for pixels side by side,
    ``aside`` for values of a line that are not finite.
    """

    chosen: Any
    ring: Any
    held: Any
    total: Any
    moved: Any
    aside: Any


@helper
def _sum_two_rows(first, second, first_weight, second_weight, total):
    number = type(first_weight)  # Numba would multiply uint16 in float64
    for x in range(total.shape[0]):
        total[x] = first_weight * number(first[x]) + second_weight * number(second[x])


@helper
def _add_two_rows(first, second, first_weight, second_weight, total):
    number = type(first_weight)
    for x in range(total.shape[0]):
        total[x] += first_weight * number(first[x]) + second_weight * number(second[x])


@helper
def _pair_of_rows(chosen, weights, y, tap):
    """Return two rows and their weights; half of the other for one of weight 0: NaN times 0 is NaN."""
    first, second = chosen[tap], chosen[tap + 1]
    first_weight, second_weight = weights[tap, y], weights[tap + 1, y]
    half = (first_weight + second_weight) * weights.dtype.type(0.5)
    if second_weight == 0:
        return first, first, half, half
    if first_weight == 0:
        return second, second, half, half
    return first, second, first_weight, second_weight


@helper
def _sum_rows(rows, chosen, start, weights, y, total):
    """Sum the chosen rows, an even number of them, from ``start`` on by the weights of output row ``y``."""
    stop = start + total.shape[0]
    for tap in range(0, chosen.shape[0], 2):
        first, second, first_weight, second_weight = _pair_of_rows(chosen, weights, y, tap)
        if tap == 0:
            _sum_two_rows(
                rows[first][start:stop], rows[second][start:stop], first_weight, second_weight, total
            )
        elif first_weight != 0:
            _add_two_rows(
                rows[first][start:stop], rows[second][start:stop], first_weight, second_weight, total
            )


@helper
def _repeat_outermost(line, channels):
    """Fill a line beyond its pixels of the image with copies of the outermost two."""
    values = line.values
    first, stop = line.begin * channels, line.end * channels
    for value in range(first):
        values[value] = values[first + value % channels]
    for value in range(stop, values.shape[0] - _SPARE):
        values[value] = values[stop - channels + value % channels]


@helper
def _sum_groups(values, columns, sums):
    """Sum two or four neighbors of each value; a group writes beyond its values, what the next overwrites."""
    weights, order, step = columns.value_weights, columns.order, np.uintp(columns.channels)
    register, place_size = register_sizes()
    places = np.uintp(register // place_size)
    for group in range(columns.groups.shape[0]):
        x, start = np.uintp(columns.groups[group, 0]), np.uintp(columns.groups[group, 1])
        place = np.uintp(np.uintp(group) * places)
        if weights.shape[0] == 2:
            sum_two_taps(values, start, step, order, place, weights, x, sums)
        else:
            sum_four_taps(values, start, step, order, place, weights, x, sums)


@helper
def _sum_two_columns(first, second, first_weights, second_weights, sums):
    for x in range(sums.shape[0]):
        sums[x] = first_weights[x] * first[x] + second_weights[x] * second[x]


@helper
def _add_two_columns(first, second, first_weights, second_weights, sums):
    for x in range(sums.shape[0]):
        sums[x] += first_weights[x] * first[x] + second_weights[x] * second[x]


@helper
def _move_pixels(line, first, tap, channels, moved):
    """Move the pixel of one tap of each column, four values at once: the next overwrites what is too much."""
    for x in range(first.shape[0]):
        start = np.uint64(np.uint64(np.uint64(first[x]) + np.uint64(tap)) * np.uint64(channels))
        copy_4_items(line, start, moved, np.uint64(x * channels))


@helper
def _sum_columns(line, columns, moved, sums):
    """Sum the taps of each value; those of column x are the pixels of the line from ``first[x]`` on.

    Neither two taps nor four are moved side by side first, four values at once, so that sums run in vectors.
    """
    values, first, weights, channels = line.values, columns.first, columns.value_weights, columns.channels
    taps = weights.shape[0]
    if taps in (2, 4):
        _sum_groups(values, columns, sums)
    else:
        size = sums.shape[0]
        one, other = moved, moved[2 * size :]
        for tap in range(0, taps, 2):
            _move_pixels(values, first, tap, channels, one)
            _move_pixels(values, first, tap + 1, channels, other)
            if tap == 0:
                _sum_two_columns(one, other, weights[0], weights[1], sums)
            else:
                _add_two_columns(one, other, weights[tap], weights[tap + 1], sums)


@helper(reorder=True)
def _is_finite(values):
    """Tell whether there is neither NaN nor infinity: times 0 either is NaN, and so is the sum.

    A difference from itself would not do: in a sum of any order it may be left out.
    """
    zero = values.dtype.type(0)
    total = zero
    for position in range(values.shape[0]):
        total += values[position] * zero
    return total == 0


@helper
def _move_infinite(values, aside):
    """Move NaN and infinity aside and leave 0 in their places."""
    zero = values.dtype.type(0)
    for position in range(values.shape[0]):
        is_finite = values[position] - values[position] == 0
        aside[position] = zero if is_finite else values[position]
        values[position] = values[position] if is_finite else zero


@helper
def _add_infinite(aside, columns, sums):
    """Add NaN and infinity where their weight is not 0, with which they would be NaN."""
    channels = columns.channels
    for x in range(columns.first.shape[0]):
        for tap in range(columns.weights.shape[0]):
            for channel in range(channels):
                value = aside[(np.int64(columns.first[x]) + tap) * channels + channel]
                if value != 0 and columns.weights[tap, x] != 0:
                    sums[x * channels + channel] += columns.weights[tap, x] * value


@helper
def _sum_float_columns(line, columns, scratch, sums):
    """Sum the taps of each value as ``_sum_columns`` does, of any floats."""
    if _is_finite(line.values):
        _sum_columns(line, columns, scratch.moved, sums)
    else:
        _move_infinite(line.values, scratch.aside)
        _sum_columns(line, columns, scratch.moved, sums)
        _add_infinite(scratch.aside, columns, sums)


@helper
def _rounded(value, limits):
    """Round half to even and saturate."""
    value = np.rint(value)
    value = value if value > limits.least else limits.least
    return value if value < limits.largest else limits.largest


@helper
def _round_and_store(total, limits, out):
    for x in range(out.shape[0]):
        out[x] = _rounded(total[x], limits)


@helper
def _sum_and_round_two(first, second, first_weight, second_weight, limits, out):
    """Weigh two rows and round their sum, in one pass."""
    for x in range(out.shape[0]):
        out[x] = _rounded(first_weight * first[x] + second_weight * second[x], limits)


@helper
def _sum_and_round_four(rows, weights, limits, out):
    """Weigh four rows and round their sum, in one pass."""
    row0, row1, row2, row3 = rows
    weight0, weight1, weight2, weight3 = weights
    for x in range(out.shape[0]):
        total = weight0 * row0[x] + weight1 * row1[x]
        out[x] = _rounded(total + (weight2 * row2[x] + weight3 * row3[x]), limits)


@helper
def _choose_rows(first, height, chosen):
    """List the source rows from ``first`` on; beyond the border the outermost repeats."""
    for tap in range(chosen.shape[0]):
        chosen[tap] = min(max(first + tap, 0), height - 1)


@helper
def _shrink_to_row(rows, y, taps, columns, line, scratch, limits, out):
    """Make row ``y`` of a smaller image: sum source rows, then the columns of that sum."""
    _choose_rows(taps.first[y], rows.shape[0], scratch.chosen)
    _sum_rows(rows, scratch.chosen, line.start, taps.weights, y, line.inner)
    _repeat_outermost(line, columns.channels)
    if limits.are_integers:
        _sum_columns(line, columns, scratch.moved, scratch.total)
        _round_and_store(scratch.total, limits, out)
    else:
        _sum_float_columns(line, columns, scratch, scratch.total)
        copy_row(scratch.total, out)


@helper
def _enlarge_to_row(rows, y, taps, columns, line, scratch, limits, out):
    """Make row ``y`` of a larger image: sum the columns of source rows that are new, then those sums."""
    chosen, ring, held = scratch.chosen, scratch.ring, scratch.held
    _choose_rows(taps.first[y], rows.shape[0], chosen)
    for tap in range(chosen.shape[0]):
        row, slot = chosen[tap], chosen[tap] % chosen.shape[0]
        chosen[tap] = slot
        if held[slot] != row:
            held[slot] = row
            copy_row(rows[row, line.start : line.start + line.inner.shape[0]], line.inner)
            _repeat_outermost(line, columns.channels)
            if limits.are_integers:
                _sum_columns(line, columns, scratch.moved, ring[slot])
            else:
                _sum_float_columns(line, columns, scratch, ring[slot])
    if not limits.are_integers:
        _sum_rows(ring, chosen, 0, taps.weights, y, out)
    elif chosen.shape[0] == 2:
        first_weight, second_weight = taps.weights[0, y], taps.weights[1, y]
        _sum_and_round_two(ring[chosen[0]], ring[chosen[1]], first_weight, second_weight, limits, out)
    elif chosen.shape[0] == 4:
        _sum_and_round_four(
            (ring[chosen[0]], ring[chosen[1]], ring[chosen[2]], ring[chosen[3]]),
            (taps.weights[0, y], taps.weights[1, y], taps.weights[2, y], taps.weights[3, y]),
            limits,
            out,
        )
    else:
        _sum_rows(ring, chosen, 0, taps.weights, y, scratch.total)
        _round_and_store(scratch.total, limits, out)


@helper(allocates=True)
def _relative_taps(x_first, x_weights, channels):
    """Count the first pixels from the first of all, repeat the weights for each channel, and make groups.

    Numba finds a named tuple that a parallel loop reads only where it is made by its name.
    """
    taps, width = x_weights.shape
    values = width * channels
    first, places = np.empty(width, np.uint32), np.empty(values, np.int64)
    value_weights = np.zeros((taps, values + _SPARE), x_weights.dtype)
    for x in range(width):
        first[x] = x_first[x] - x_first[0]
        for channel in range(channels):
            places[x * channels + channel] = np.int64(first[x]) * channels + channel
            for tap in range(taps):
                value_weights[tap, x * channels + channel] = x_weights[tap, x]
    groups = np.empty((values, 2), np.uint32)
    register, place_size = register_sizes()
    order = np.empty(values * (register // place_size), np.uint8)
    count = find_groups(places, x_weights.itemsize, groups, order)
    return first, value_weights, groups[:count], order


@helper(allocates=True)
def _line(start, stop, width, channels, dtype):
    """Allocate a line of the columns from ``start`` to ``stop`` of a source that has ``width``."""
    first, last = min(max(start, 0), width - 1), max(min(stop, width), 1)
    begin, end = first - start, last - start
    values = np.zeros((stop - start) * channels + _SPARE, dtype)
    return Line(values, values[begin * channels : end * channels], begin, end, first * channels)


@helper(allocates=True)
def _scratch(taps, values, line):
    dtype, size = line.values.dtype, values + _SPARE
    return Scratch(
        np.empty(taps, np.int64),
        np.empty((taps, size), dtype),
        np.full(taps, -1),
        np.empty(size, dtype),
        np.zeros(4 * size, dtype),
        np.empty_like(line.values),
    )


@cpu_kernel
def weighted(source, y_first, y_weights, x_first, x_weights, limits, out):
    """Sum some neighboring rows and columns, an even number of each, in the float type of the weights.

    The tables give the first neighbor, which may lie beyond the border, where the outermost pixel repeats.
    To make an image smaller, its rows are summed before the columns of their sum. To enlarge it, columns are
    summed before, because these rows serve for several of the result.
    """
    count, source_height, source_width, channels = source.shape
    height, width = out.shape[1], out.shape[2]
    rows = source.reshape(count, source_height, source_width * channels)
    out_rows = out.reshape(count, height, width * channels)
    taps = RowTaps(y_first, y_weights)
    first, value_weights, groups, order = _relative_taps(x_first, x_weights, channels)
    columns = ColumnTaps(first, x_weights, value_weights, channels, groups, order)
    # The source columns that count.
    start, stop = x_first[0], x_first[width - 1] + x_weights.shape[0]
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        line = _line(start, stop, source_width, channels, x_weights.dtype)
        scratch = _scratch(y_weights.shape[0], width * channels, line)
        for y in range(top, bottom):
            out_row = out_rows[image, y]
            if height > source_height:
                _enlarge_to_row(rows[image], y, taps, columns, line, scratch, limits, out_row)
            else:
                _shrink_to_row(rows[image], y, taps, columns, line, scratch, limits, out_row)
