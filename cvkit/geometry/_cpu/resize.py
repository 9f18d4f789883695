"""Resizing on the CPU: blend along the columns once for each source row, then blend those rows."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._simd.memory import copy_2_items, copy_4_items
from cvkit._simd.pixels import blend_four_pixels, blend_two_pixels

# Rows of output that one task makes. The tasks share no blended rows, so the first row of each costs double.
STRIP = 64


@helper
def _fetch_pairs(row, first, copyable, pairs):
    """Fetch the two values of each column of a gray row; the last ones singly, not to read beyond the row."""
    for x in range(copyable):
        copy_2_items(row, np.uint64(first[x]), pairs, np.uint64(2 * x))
    last = row.shape[0] - 1
    for x in range(copyable, first.shape[0]):
        pairs[2 * x], pairs[2 * x + 1] = row[first[x]], row[min(first[x] + 1, last)]


@helper
def _fetch_pixels(row, first, channels, copyable, left, right):
    """Fetch both pixels of each column, four values each: the next pixel overwrites what is too much."""
    for x in range(copyable):
        start, to = np.uint64(first[x] * channels), np.uint64(x * channels)
        copy_4_items(row, start, left, to)
        copy_4_items(row, np.uint64(start + np.uint64(channels)), right, to)
    last = row.shape[0] // channels - 1
    for x in range(copyable, first.shape[0]):
        for c in range(channels):
            left[x * channels + c] = row[first[x] * channels + c]
            right[x * channels + c] = row[min(first[x] + 1, last) * channels + c]


@helper
def _copyable_columns(first, channels, row_size):
    """Count the columns whose pair can be fetched by whole moves: what these read lies within the row."""
    reach = 2 if channels == 1 else channels + 4
    columns = 0
    while columns < first.shape[0] and np.int64(first[columns]) * channels + reach <= row_size:
        columns += 1
    return columns


@helper
def _blend_exact_pairs(pairs, weight, blended):
    """Blend two values that come as one number of 16 bits, which hold 255 * 256 exactly."""
    for x in range(blended.shape[0]):
        left, right = np.uint16(pairs[x] & np.uint16(255)), np.uint16(pairs[x] >> np.uint16(8))
        left_weight = np.uint16(np.uint16(256) - weight[x])
        blended[x] = np.uint16(np.uint16(left * left_weight) + np.uint16(right * weight[x]))


@helper
def _blend_exact_pixels(left, right, weight, blended):
    """Blend as ``_blend_exact_pairs`` does."""
    for x in range(blended.shape[0]):
        before = np.uint16(np.uint16(left[x]) * np.uint16(np.uint16(256) - weight[x]))
        blended[x] = np.uint16(before + np.uint16(np.uint16(right[x]) * weight[x]))


@helper
def _blend_exact_rows(upper, lower, weight, out):
    """Blend two blended rows and round; 8 + 8 + 8 bits stay exact in 32."""
    lower_weight = np.uint32(weight)
    upper_weight = np.uint32(np.uint32(256) - lower_weight)
    for x in range(out.shape[0]):
        total = np.uint32(np.uint32(upper[x]) * upper_weight) + np.uint32(np.uint32(lower[x]) * lower_weight)
        out[x] = np.uint8(np.uint32(np.uint32(total) + np.uint32(32768)) >> np.uint32(16))


@cpu_kernel
def bilinear_exact(source, y_first, y_weight, x_first, x_weight, out):
    """Resize by two-tap blends in fixed point; the tables give the first tap and the second's weight."""
    count, source_height, source_width, channels = source.shape
    height, columns = out.shape[1], out.shape[2]
    values = columns * channels
    rows = source.reshape(count, source_height, source_width * channels)
    out_rows = out.reshape(count, height, values)
    weight = np.empty(values, np.uint16)
    for x in range(values):
        weight[x] = x_weight[x // channels]
    copyable = _copyable_columns(x_first, channels, rows.shape[2])
    # A source one pixel high has no second tap: its weight is 0 and it points at the first.
    row_step = 1 if source_height > 1 else 0
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        left, right = np.empty(2 * values + 4, np.uint8), np.empty(values + 4, np.uint8)
        pairs = left[: 2 * values].view(np.uint16)
        blended = np.empty((2, values), np.uint16)
        held = np.full(2, -1)  # which source row each blended row was made of
        for y in range(top, min(top + STRIP, height)):
            upper = np.int64(y_first[y])
            lower = upper + row_step
            for row in (upper, lower):
                if held[row & 1] != row:
                    if channels == 1:
                        _fetch_pairs(rows[image, row], x_first, copyable, left)
                        _blend_exact_pairs(pairs, weight, blended[row & 1])
                    else:
                        _fetch_pixels(rows[image, row], x_first, channels, copyable, left, right)
                        _blend_exact_pixels(left, right, weight, blended[row & 1])
                    held[row & 1] = row
            _blend_exact_rows(blended[upper & 1], blended[lower & 1], y_weight[y], out_rows[image, y])


@helper
def _blend_pairs(pairs, weights, blended):
    """Blend by two weights of 11 bits; the sum loses its low 4 bits, as in OpenCV, and then fits 16."""
    for x in range(blended.shape[0]):
        left = np.int32(np.int32(pairs[2 * x]) * np.int32(weights[0, x]))
        right = np.int32(np.int32(pairs[2 * x + 1]) * np.int32(weights[1, x]))
        blended[x] = np.int16(np.int32(left + right) >> np.int32(4))


@helper
def _blend_pixels(left, right, weights, blended):
    """Blend as ``_blend_pairs`` does."""
    for x in range(blended.shape[0]):
        before = np.int32(np.int32(left[x]) * np.int32(weights[0, x]))
        after = np.int32(np.int32(right[x]) * np.int32(weights[1, x]))
        blended[x] = np.int16(np.int32(before + after) >> np.int32(4))


@helper
def _blend_rows_11_bits(upper, lower, upper_weight, lower_weight, out):
    """Blend two blended rows as OpenCV's vector code does: each product keeps its high 16 bits."""
    for x in range(out.shape[0]):
        above = np.int16(np.int32(np.int32(upper[x]) * np.int32(upper_weight)) >> np.int32(16))
        below = np.int16(np.int32(np.int32(lower[x]) * np.int32(lower_weight)) >> np.int32(16))
        out[x] = np.uint8(np.int16(np.int16(above + below) + np.int16(2)) >> np.int16(2))


@cpu_kernel
def bilinear(source, y_index, y_weights, x_first, x_weights, out):
    """Resize bytes by two-tap blends in fixed point; tables of two rows and the first of two columns."""
    count, source_height, source_width, channels = source.shape
    height, columns = out.shape[1], out.shape[2]
    values = columns * channels
    rows = source.reshape(count, source_height, source_width * channels)
    out_rows = out.reshape(count, height, values)
    weights = np.empty((2, values), np.int16)
    for x in range(values):
        weights[0, x], weights[1, x] = x_weights[0, x // channels], x_weights[1, x // channels]
    copyable = _copyable_columns(x_first, channels, rows.shape[2])
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        left, right = np.empty(2 * values + 4, np.uint8), np.empty(values + 4, np.uint8)
        blended = np.empty((2, values), np.int16)
        held = np.full(2, -1)
        for y in range(top, min(top + STRIP, height)):
            upper, lower = np.int64(y_index[0, y]), np.int64(y_index[1, y])
            for row in (upper, lower):
                if held[row & 1] != row:
                    if channels == 1:
                        _fetch_pairs(rows[image, row], x_first, copyable, left)
                        _blend_pairs(left, weights, blended[row & 1])
                    else:
                        _fetch_pixels(rows[image, row], x_first, channels, copyable, left, right)
                        _blend_pixels(left, right, weights, blended[row & 1])
                    held[row & 1] = row
            _blend_rows_11_bits(
                blended[upper & 1], blended[lower & 1], y_weights[0, y], y_weights[1, y], out_rows[image, y]
            )


@helper
def _halve_gray(upper, lower, out):
    """Average blocks of 2 x 2 whose two values of a row come as one number of 16 bits."""
    low = np.uint16(255)
    for x in range(out.shape[0]):
        above = np.uint16(np.uint16(upper[x] & low) + np.uint16(upper[x] >> np.uint16(8)))
        below = np.uint16(np.uint16(lower[x] & low) + np.uint16(lower[x] >> np.uint16(8)))
        out[x] = np.uint8(np.uint16(np.uint16(above + below) + np.uint16(2)) >> np.uint16(2))


@helper
def _add_rows(upper, lower, total):
    for x in range(total.shape[0]):
        total[x] = np.uint16(np.uint16(upper[x]) + np.uint16(lower[x]))


@helper
def _halve_columns(total, channels, out):
    """Average each value with the one a pixel further; a count known when compiling vectorizes."""
    if channels == 3:
        for x in range(out.shape[0] // 3):
            out[3 * x] = _quarter(total[6 * x], total[6 * x + 3])
            out[3 * x + 1] = _quarter(total[6 * x + 1], total[6 * x + 4])
            out[3 * x + 2] = _quarter(total[6 * x + 2], total[6 * x + 5])
    else:
        for x in range(out.shape[0] // channels):
            for c in range(channels):
                value = 2 * x * channels + c
                out[x * channels + c] = _quarter(total[value], total[value + channels])


@helper
def _quarter(left, right):
    return np.uint8(np.uint16(np.uint16(left + right) + np.uint16(2)) >> np.uint16(2))


@helper
def _halve_two_channels_to_even(total, out):
    for x in range(out.shape[0] // 2):
        out[2 * x] = _quarter_to_even(total[4 * x], total[4 * x + 2])
        out[2 * x + 1] = _quarter_to_even(total[4 * x + 1], total[4 * x + 3])


@helper
def _quarter_to_even(left, right):
    total = np.uint16(left + right)
    odd = np.uint16(np.uint16(total >> np.uint16(2)) & np.uint16(1))
    return np.uint8(np.uint16(np.uint16(total + np.uint16(1)) + odd) >> np.uint16(2))


@cpu_kernel
def halve(source, to_even, out):
    """Average blocks of 2 x 2 bytes, halves rounded up or, of two channels, ``to_even``."""
    count, height, width, channels = out.shape
    rows = source.reshape(count, 2 * height, 2 * width * channels)
    pairs = rows.view(np.uint16)
    out_rows = out.reshape(count, height, width * channels)
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        total = np.empty(rows.shape[2], np.uint16)
        for y in range(top, min(top + STRIP, height)):
            if channels == 1:
                _halve_gray(pairs[image, 2 * y], pairs[image, 2 * y + 1], out_rows[image, y])
            else:
                _add_rows(rows[image, 2 * y], rows[image, 2 * y + 1], total)
                if to_even:
                    _halve_two_channels_to_even(total, out_rows[image, y])
                else:
                    _halve_columns(total, channels, out_rows[image, y])


@helper
def _copy_pixels(row, index, channels, copyable, out):
    """Copy a pixel for each column, four values at once: the next pixel overwrites what is too much."""
    if channels == 1:
        for x in range(index.shape[0]):
            out[x] = row[index[x]]
        return
    for x in range(copyable):
        copy_4_items(row, np.uint64(index[x] * channels), out, np.uint64(x * channels))
    for x in range(copyable, index.shape[0]):
        for c in range(channels):
            out[x * channels + c] = row[index[x] * channels + c]


@cpu_kernel
def nearest(source, y_index, x_index, out):
    """Copy one pixel for each."""
    count, source_height, source_width, channels = source.shape
    height, columns = out.shape[1], out.shape[2]
    rows = source.reshape(count, source_height, source_width * channels)
    out_rows = out.reshape(count, height, columns * channels)
    # The last move must not write beyond the row, which may be the first of another task.
    copyable = min(_copyable_columns(x_index, channels, rows.shape[2]), columns - 1)
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        for y in range(top, min(top + STRIP, height)):
            if y > top and y_index[y] == y_index[y - 1]:
                out_rows[image, y] = out_rows[image, y - 1]
            else:
                _copy_pixels(rows[image, y_index[y]], x_index, channels, copyable, out_rows[image, y])


@helper
def _blend_two(first, second, first_weight, second_weight, total):
    for x in range(total.shape[0]):
        total[x] = first_weight * first[x] + second_weight * second[x]


@helper
def _add_two(first, second, first_weight, second_weight, total):
    for x in range(total.shape[0]):
        total[x] += first_weight * first[x] + second_weight * second[x]


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
def _weigh_rows(rows, chosen, start, weights, y, total):
    """Sum the chosen rows, an even number of them, from ``start`` on by the weights of output row ``y``."""
    stop = start + total.shape[0]
    for tap in range(0, chosen.shape[0], 2):
        first, second, first_weight, second_weight = _pair_of_rows(chosen, weights, y, tap)
        if tap == 0:
            _blend_two(rows[first][start:stop], rows[second][start:stop], first_weight, second_weight, total)
        elif first_weight != 0:
            _add_two(rows[first][start:stop], rows[second][start:stop], first_weight, second_weight, total)


@helper
def _repeat_outermost(line, first, stop, channels):
    """Fill a line beyond its given pixels, from ``first`` to ``stop``, with copies of the outermost two."""
    for value in range(first * channels):
        line[value] = line[first * channels + value % channels]
    for value in range(stop * channels, line.shape[0]):
        line[value] = line[(stop - 1) * channels + value % channels]


@helper
def _weigh_pairs(pairs, weights, weighed):
    for x in range(weighed.shape[0]):
        weighed[x] = weights[0, x] * pairs[2 * x] + weights[1, x] * pairs[2 * x + 1]


@helper
def _weigh_fours(fours, weights, weighed):
    for x in range(weighed.shape[0]):
        outer = weights[0, x] * fours[4 * x] + weights[3, x] * fours[4 * x + 3]
        weighed[x] = outer + (weights[1, x] * fours[4 * x + 1] + weights[2, x] * fours[4 * x + 2])


@helper
def _weigh_two(first, second, first_weights, second_weights, weighed):
    for x in range(weighed.shape[0]):
        weighed[x] = first_weights[x] * first[x] + second_weights[x] * second[x]


@helper
def _add_weighed_two(first, second, first_weights, second_weights, weighed):
    for x in range(weighed.shape[0]):
        weighed[x] += first_weights[x] * first[x] + second_weights[x] * second[x]


@helper
def _move_pixels(line, first, tap, channels, moved):
    """Move the pixel of one tap of each column, four values at once: the next overwrites what is too much."""
    for x in range(first.shape[0]):
        start = np.uint64(np.uint64(np.uint64(first[x]) + np.uint64(tap)) * np.uint64(channels))
        copy_4_items(line, start, moved, np.uint64(x * channels))


@helper
def _weigh_pixels(line, first, channels, column_weights, begin, end, shift, weighed):
    """Blend two or four pixels for the columns from ``begin`` to ``end``; ``weighed`` starts at ``shift``.

    Four values are written at once: the next pixel overwrites what is too much.
    """
    step = np.uintp(channels)
    for x in range(begin, end):
        start, to = np.uintp(np.uintp(first[x]) * step), np.uintp((x - shift) * channels)
        if column_weights.shape[0] == 2:
            blend_two_pixels(line, start, step, (column_weights[0, x], column_weights[1, x]), weighed, to)
        else:
            weights = column_weights[0, x], column_weights[1, x], column_weights[2, x], column_weights[3, x]
            blend_four_pixels(line, start, step, weights, weighed, to)


@helper
def _weigh_columns(line, first, channels, column_weights, weights, moved, weighed):
    """Sum the taps of each value; those of column x are the pixels of ``line`` from ``first[x]`` on.

    Of gray images and of many taps they are moved side by side first, two or four values at once, so that
    the sums run in vectors.
    """
    taps = weights.shape[0]
    if channels == 1 and taps == 2:
        for x in range(first.shape[0]):
            copy_2_items(line, np.uint64(first[x]), moved, np.uint64(2 * x))
        _weigh_pairs(moved, weights, weighed)
    elif channels == 1 and taps == 4:
        for x in range(first.shape[0]):
            copy_4_items(line, np.uint64(first[x]), moved, np.uint64(4 * x))
        _weigh_fours(moved, weights, weighed)
    elif taps in (2, 4):
        last = first.shape[0] - 1
        _weigh_pixels(line, first, channels, column_weights, 0, last, 0, weighed)
        # The last pixel must not write beyond its row.
        _weigh_pixels(line, first, channels, column_weights, last, last + 1, last, moved)
        copy_row(moved, weighed[last * channels :])
    else:
        size = weighed.shape[0]
        one, other = moved, moved[2 * size :]
        for tap in range(0, taps, 2):
            _move_pixels(line, first, tap, channels, one)
            _move_pixels(line, first, tap + 1, channels, other)
            if tap == 0:
                _weigh_two(one, other, weights[0], weights[1], weighed)
            else:
                _add_weighed_two(one, other, weights[tap], weights[tap + 1], weighed)


@helper
def _is_finite(line):
    others = 0
    for value in range(line.shape[0]):
        others += line[value] - line[value] != 0
    return others == 0


@helper
def _move_infinite(line, aside):
    """Move NaN and infinity aside and leave 0 in their places."""
    zero = line.dtype.type(0)
    for value in range(line.shape[0]):
        is_finite = line[value] - line[value] == 0
        aside[value] = zero if is_finite else line[value]
        line[value] = line[value] if is_finite else zero


@helper
def _add_infinite(aside, first, channels, column_weights, weighed):
    """Add NaN and infinity where their weight is not 0, with which they would be NaN."""
    for x in range(first.shape[0]):
        for tap in range(column_weights.shape[0]):
            for channel in range(channels):
                value = aside[(np.int64(first[x]) + tap) * channels + channel]
                if value != 0 and column_weights[tap, x] != 0:
                    weighed[x * channels + channel] += column_weights[tap, x] * value


@helper
def _weigh_float_columns(line, aside, first, channels, column_weights, weights, moved, weighed):
    """Sum the taps of each value as ``_weigh_columns`` does, of any floats."""
    if _is_finite(line):
        _weigh_columns(line, first, channels, column_weights, weights, moved, weighed)
    else:
        _move_infinite(line, aside)
        _weigh_columns(line, first, channels, column_weights, weights, moved, weighed)
        _add_infinite(aside, first, channels, column_weights, weighed)


@helper
def _rounded(value, largest):
    """Round half to even and saturate."""
    value = np.rint(value)
    value = value if value > type(value)(0) else type(value)(0)
    return value if value < largest else largest


@helper
def _round(total, largest, out):
    for x in range(out.shape[0]):
        out[x] = _rounded(total[x], largest)


@helper
def _round_four(rows, weights, largest, out):
    """Weigh four rows and round their sum, in one pass."""
    row0, row1, row2, row3 = rows
    weight0, weight1, weight2, weight3 = weights
    for x in range(out.shape[0]):
        total = weight0 * row0[x] + weight1 * row1[x]
        out[x] = _rounded(total + (weight2 * row2[x] + weight3 * row3[x]), largest)


@cpu_kernel
def weighted(source, y_first, y_weights, x_first, x_weights, whole, largest, out):
    """Sum some neighboring rows and columns, an even number of each, in the float type of the weights.

    The tables give the first neighbor, which may lie beyond the border, where the outermost pixel repeats.
    To make an image smaller, its rows are weighed before the columns of their sum. To enlarge it, columns are
    weighed before, because these rows serve for several of the result: ``ring`` holds the latest.
    """
    count, source_height, source_width, channels = source.shape
    height, width = out.shape[1], out.shape[2]
    rows = source.reshape(count, source_height, source_width * channels)
    out_rows = out.reshape(count, height, width * channels)
    y_taps, x_taps = y_weights.shape[0], x_weights.shape[0]
    enlarges = height > source_height
    values = width * channels
    # The source columns that count, and those of them that exist.
    start, stop = x_first[0], x_first[width - 1] + x_taps
    inner_start, inner_stop = min(max(start, 0), source_width - 1), max(min(stop, source_width), 1)
    first = np.empty(width, np.uint32)
    weights = np.empty((x_taps, values), x_weights.dtype)
    for x in range(width):
        first[x] = x_first[x] - start
        for tap in range(x_taps):
            for channel in range(channels):
                weights[tap, x * channels + channel] = x_weights[tap, x]
    strips = (height + STRIP - 1) // STRIP
    for task in prange(count * strips):
        image = task // strips
        top = (task % strips) * STRIP
        line = np.empty((stop - start) * channels + 4, x_weights.dtype)
        inner = line[(inner_start - start) * channels : (inner_stop - start) * channels]
        aside = np.empty_like(line)
        moved = np.empty(4 * values + 8, x_weights.dtype)
        ring = np.empty((y_taps, values), x_weights.dtype)
        held = np.full(y_taps, -1)
        chosen = np.empty(y_taps, np.int64)
        total = np.empty(values, x_weights.dtype)
        for y in range(top, min(top + STRIP, height)):
            out_row = out_rows[image, y]
            for tap in range(y_taps):
                chosen[tap] = min(max(y_first[y] + tap, 0), source_height - 1)
            if not enlarges:
                _weigh_rows(rows[image], chosen, inner_start * channels, y_weights, y, inner)
                _repeat_outermost(line, inner_start - start, inner_stop - start, channels)
                if whole:
                    _weigh_columns(line, first, channels, x_weights, weights, moved, total)
                    _round(total, largest, out_row)
                else:
                    # Of the dtype of the weights anyway where this is run, not only compiled.
                    float_row = out_row.view(x_weights.dtype)
                    _weigh_float_columns(line, aside, first, channels, x_weights, weights, moved, float_row)
            else:
                for tap in range(y_taps):
                    row, slot = chosen[tap], chosen[tap] % y_taps
                    chosen[tap] = slot
                    if held[slot] != row:
                        held[slot] = row
                        copy_row(rows[image, row, inner_start * channels : inner_stop * channels], inner)
                        _repeat_outermost(line, inner_start - start, inner_stop - start, channels)
                        _weigh_float_columns(
                            line, aside, first, channels, x_weights, weights, moved, ring[slot]
                        )
                if not whole:
                    _weigh_rows(ring, chosen, 0, y_weights, y, out_row)
                elif y_taps == 4:
                    _round_four(
                        (ring[chosen[0]], ring[chosen[1]], ring[chosen[2]], ring[chosen[3]]),
                        (y_weights[0, y], y_weights[1, y], y_weights[2, y], y_weights[3, y]),
                        largest,
                        out_row,
                    )
                else:
                    _weigh_rows(ring, chosen, 0, y_weights, y, total)
                    _round(total, largest, out_row)
