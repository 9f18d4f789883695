"""Resizing on the CPU by copies and in integers: each source row is blended along its columns once."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.memory import copy_2_items, copy_4_items
from cvkit._simd.numbers import high_half
from cvkit._tiles import parts_of, strip

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
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        left, right = np.empty(2 * values + 4, np.uint8), np.empty(values + 4, np.uint8)
        pairs = left[: 2 * values].view(np.uint16)
        blended = np.empty((2, values), np.uint16)
        held = np.full(2, -1)  # which source row each blended row was made of
        for y in range(top, bottom):
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
        blended[x] = np.uint16(np.int32(left + right) >> np.int32(4))


@helper
def _blend_pixels(left, right, weights, blended):
    """Blend as ``_blend_pairs`` does."""
    for x in range(blended.shape[0]):
        before = np.int32(np.int32(left[x]) * np.int32(weights[0, x]))
        after = np.int32(np.int32(right[x]) * np.int32(weights[1, x]))
        blended[x] = np.uint16(np.int32(before + after) >> np.int32(4))


@helper
def _blend_rows_11_bits(upper, lower, upper_weight, lower_weight, out):
    """Blend two blended rows as OpenCV's vector code does: each product keeps its high 16 bits."""
    for x in range(out.shape[0]):
        above, below = high_half(upper[x], upper_weight), high_half(lower[x], lower_weight)
        out[x] = np.uint8(np.uint16(np.uint16(above + below) + np.uint16(2)) >> np.uint16(2))


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
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        left, right = np.empty(2 * values + 4, np.uint8), np.empty(values + 4, np.uint8)
        blended = np.empty((2, values), np.uint16)
        held = np.full(2, -1)
        for y in range(top, bottom):
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
            upper_weight, lower_weight = np.uint16(y_weights[0, y]), np.uint16(y_weights[1, y])
            _blend_rows_11_bits(
                blended[upper & 1], blended[lower & 1], upper_weight, lower_weight, out_rows[image, y]
            )


@helper
def _quarter(total, ones, parity):
    """Divide sums of four by four, which begin where ``ones`` has bits, and ``parity`` to round to even."""
    number = type(total)
    half = number(number(ones << number(1)) - parity)
    odd = number(number(total >> number(2)) & parity)
    return number(number(number(total + half) + odd) >> number(2))


@helper
def _halve_gray(upper, lower, to_even, out):
    """Average blocks of 2 x 2 whose two values of a row come as one number."""
    number = upper.dtype.type
    bits = np.iinfo(number).bits // 2
    first, shift = number((1 << bits) - 1), number(bits)
    for x in range(out.shape[0]):
        above = number(number(upper[x] & first) + number(upper[x] >> shift))
        below = number(number(lower[x] & first) + number(lower[x] >> shift))
        # So few operations that one more counts: the compiler makes a loop for each way to round.
        total = number(above + below)
        half = number(number(1) + number(number(total >> number(2)) & number(1))) if to_even else number(2)
        out[x] = number(number(total + half) >> number(2))


@helper(force_inline=True)
def _halve_pixels(upper, lower, bits, to_even, out):
    """Average blocks of 2 x 2 pixels, each of which is one number of two or four values of ``bits`` bits."""
    number = upper.dtype.type
    # Every other value of a number, with room for a sum of four.
    others, shift = number(number(np.iinfo(number).max) // number((1 << bits) + 1)), number(bits)
    ones = number(others // number((1 << bits) - 1))
    parity = number(ones * number(to_even))
    for x in range(out.shape[0]):
        a, b, c, d = upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]
        even = number(number(a & others) + number(b & others))
        even = number(even + number(number(c & others) + number(d & others)))
        odd = number(number(number(a >> shift) & others) + number(number(b >> shift) & others))
        odd = number(odd + number(number(number(c >> shift) & others) + number(number(d >> shift) & others)))
        even = number(_quarter(even, ones, parity) & others)
        odd = number(_quarter(odd, ones, parity) & others)
        out[x] = number(even | number(odd << shift))


@helper
def _add_rows(upper, lower, total):
    number = total.dtype.type
    for x in range(total.shape[0]):
        total[x] = number(number(upper[x]) + number(lower[x]))


@helper
def _halve_three_channels(total, to_even, out):
    """Average each value with the one a pixel further; a count known when compiling vectorizes."""
    number = total.dtype.type
    one, parity = number(1), number(to_even)
    for x in range(out.shape[0] // 3):
        out[3 * x] = _quarter(number(total[6 * x] + total[6 * x + 3]), one, parity)
        out[3 * x + 1] = _quarter(number(total[6 * x + 1] + total[6 * x + 4]), one, parity)
        out[3 * x + 2] = _quarter(number(total[6 * x + 2] + total[6 * x + 5]), one, parity)


@helper
def _halve_row(upper, lower, channels, to_even, units, total, out):
    two, four = type(units[0]), type(units[1])
    bits = np.iinfo(two).bits // 2
    if channels == 1:
        _halve_gray(upper.view(two), lower.view(two), to_even, out)
    elif channels == 2:
        _halve_pixels(upper.view(two), lower.view(two), bits, to_even, out.view(two))
    elif channels == 3:
        _add_rows(upper, lower, total)
        _halve_three_channels(total, to_even, out)
    else:
        _halve_pixels(upper.view(four), lower.view(four), bits, to_even, out.view(four))


@cpu_kernel
def halve(source, to_even, units, out):
    """Average blocks of 2 x 2 unsigned values, halves rounded up or ``to_even``.

    ``units`` are numbers of the types that are as wide as two values and as four.
    """
    count, height, width, channels = out.shape
    rows = source.reshape(count, 2 * height, 2 * width * channels)
    out_rows = out.reshape(count, height, width * channels)
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        total = np.empty(rows.shape[2] if channels == 3 else 0, type(units[0]))
        for y in range(top, bottom):
            upper, lower = rows[image, 2 * y], rows[image, 2 * y + 1]
            _halve_row(upper, lower, channels, to_even, units, total, out_rows[image, y])


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
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        for y in range(top, bottom):
            if y > top and y_index[y] == y_index[y - 1]:
                out_rows[image, y] = out_rows[image, y - 1]
            else:
                _copy_pixels(rows[image, y_index[y]], x_index, channels, copyable, out_rows[image, y])
