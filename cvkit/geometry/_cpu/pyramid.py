"""Pyramids on the CPU: rows are blurred down the columns first, then along, even and odd pixels apart.

Integer images are summed in integers of twice their bits, which hold every sum.
"""

import numpy as np

from cvkit._border import REFLECT101, border_index, extend_row
from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.memory import copy_4_items
from cvkit._tiles import parts_of, strip
from cvkit.geometry._math import divided, doubled_index

# Rows of the smaller image that one task works on.
STRIP = 32


@helper
def _blur_five(a, b, c, d, e, total):
    number = total.dtype.type
    for x in range(total.shape[0]):
        outer = number(number(a[x]) + number(e[x]))
        inner = number(number(number(b[x]) + number(d[x])) * number(4))
        total[x] = number(number(outer + inner) + number(number(c[x]) * number(6)))


@helper
def _split(row, channels, even, odd):
    """Part even from odd pixels, four values at once: the next pixel overwrites what is too much."""
    if channels == 1:
        for x in range(odd.shape[0]):
            even[x], odd[x] = row[2 * x], row[2 * x + 1]
    else:
        pixel = np.uint64(channels)
        for x in range((odd.shape[0] - 4) // channels):
            first, to = np.uint64(2 * x * channels), np.uint64(x * channels)
            copy_4_items(row, first, even, to)
            copy_4_items(row, np.uint64(first + pixel), odd, to)


@helper
def _blur_columns(even, odd, channels, rounding, out):
    """Blur at the even pixels, of which ``even`` holds one more on either side, ``odd`` one before."""
    number = even.dtype.type
    next_even, last_even, next_odd = even[channels:], even[2 * channels :], odd[channels:]
    for x in range(out.shape[0]):
        outer = number(number(even[x] + last_even[x]) + number(number(odd[x] + next_odd[x]) * number(4)))
        out[x] = divided(number(outer + number(next_even[x] * number(6))), rounding)


@cpu_kernel
def down(source, sum_type, rounding, out):
    """Blur by 1 4 6 4 1 along both axes and keep every other pixel."""
    count, source_height, source_width, channels = source.shape
    height, width = out.shape[1], out.shape[2]
    length = source_width * channels
    rows = source.reshape(count, source_height, length)
    out_rows = out.reshape(count, height, width * channels)
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        # Two pixels more on either side, and room for the last move of four values.
        total = np.empty(length + 4 * channels + 8, sum_type.dtype)
        extended = total[: length + 4 * channels]
        even = np.empty((width + 2) * channels + 4, sum_type.dtype)
        odd = np.empty_like(even)
        for y in range(top, bottom):
            _blur_five(
                rows[image, border_index(2 * y - 2, source_height, REFLECT101)],
                rows[image, border_index(2 * y - 1, source_height, REFLECT101)],
                rows[image, 2 * y],
                rows[image, border_index(2 * y + 1, source_height, REFLECT101)],
                rows[image, border_index(2 * y + 2, source_height, REFLECT101)],
                total[2 * channels : 2 * channels + length],
            )
            extend_row(extended, 2, channels, REFLECT101, total[0])
            _split(total, channels, even, odd)
            _blur_columns(even, odd, channels, rounding, out_rows[image, y])


@helper
def _blur_three(a, b, c, total):
    number = total.dtype.type
    for x in range(total.shape[0]):
        total[x] = number(number(number(a[x]) + number(c[x])) + number(number(b[x]) * number(6)))


@helper
def _add_four_times(a, b, total):
    number = total.dtype.type
    for x in range(total.shape[0]):
        total[x] = number(number(number(a[x]) + number(b[x])) * number(4))


@helper
def _double_columns(total, channels, rounding, even, odd):
    """Blur at the pixels and between them; ``total`` holds one pixel more on either side."""
    number = total.dtype.type
    here, after = total[channels:], total[2 * channels :]
    for x in range(even.shape[0]):
        around = number(number(total[x] + after[x]) + number(here[x] * number(6)))
        even[x] = divided(around, rounding)
        odd[x] = divided(number(number(here[x] + after[x]) * number(4)), rounding)


@helper
def _join(even, odd, length, channels, out):
    """Put even and odd pixels in turns, as ``_split`` takes them apart; the last ones singly."""
    if channels == 1:
        for x in range(length):
            out[2 * x], out[2 * x + 1] = even[x], odd[x]
        return
    pixel = np.uint64(channels)
    last = length // channels - 1
    for x in range(last):
        first, to = np.uint64(x * channels), np.uint64(2 * x * channels)
        copy_4_items(even, first, out, to)
        copy_4_items(odd, first, out, np.uint64(to + pixel))
    for channel in range(channels):
        out[2 * last * channels + channel] = even[last * channels + channel]
        out[(2 * last + 1) * channels + channel] = odd[last * channels + channel]


@cpu_kernel
def up(source, sum_type, rounding, out):
    """Blur by 1 6 1 at the pixels and by 4 4 between them, along both axes."""
    count, height, width, channels = source.shape
    length = width * channels
    rows = source.reshape(count, height, length)
    out_rows = out.reshape(count, 2 * height, 2 * length)
    strips = parts_of(height, STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, STRIP, height)
        total = np.empty(length + 2 * channels, sum_type.dtype)
        inner = total[channels : channels + length]
        even, odd = np.empty(length + 4, out.dtype), np.empty(length + 4, out.dtype)
        for y in range(top, bottom):
            before, here = rows[image, doubled_index(y - 1, height)], rows[image, y]
            after = rows[image, doubled_index(y + 1, height)]
            for half in range(2):
                if half == 0:
                    _blur_three(before, here, after, inner)
                else:
                    _add_four_times(here, after, inner)
                for channel in range(channels):
                    total[channel] = inner[doubled_index(-1, width) * channels + channel]
                    total[channels + length + channel] = inner[(width - 1) * channels + channel]
                _double_columns(total, channels, rounding, even[:length], odd[:length])
                _join(even, odd, length, channels, out_rows[image, 2 * y + half])
