"""Demosaicing on the CPU: every column of a row as if it held either color, of which one is taken."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._simd.memory import read_apart, write_apart


@helper
def _mean_of_two(first, second, number):
    total = number(number(number(first) + number(second)) + number(1))
    return number(total >> number(1))


@helper
def _mean_of_four(first, second, third, fourth, number):
    total = number(number(number(first) + number(second)) + number(number(third) + number(fourth)))
    return number(number(total + number(2)) >> number(2))


@helper
def _difference(first, second, kind):
    return kind(max(first, second) - min(first, second))


@helper
def _around(rows, x):
    """Read the nine pixels around a column, three by three."""
    above, row, below = rows
    left, middle, right = np.uintp(x), np.uintp(x + 1), np.uintp(x + 2)
    return (
        (read_apart(above, left), read_apart(above, middle), read_apart(above, right)),
        (read_apart(row, left), read_apart(row, middle), read_apart(row, right)),
        (read_apart(below, left), read_apart(below, middle), read_apart(below, right)),
    )


@helper
def _write(out, x, pixel, is_red):
    """Write the color of the row, green and the other color in their order."""
    place = np.uintp(3 * x + 3)
    own, green, other = pixel
    write_apart(out, place, own if is_red else other)
    write_apart(out, place + np.uintp(1), green)
    write_apart(out, place + np.uintp(2), other if is_red else own)


@helper
def _fill_bilinear(rows, sites, number, is_red, out):
    """Fill the columns between the outermost; ``sites`` tells which hold the color of the row, not green."""
    kind = out.dtype.type
    for x in range(sites.shape[0]):
        above, row, below = _around(rows, x)
        diagonal = kind(_mean_of_four(above[0], above[2], below[0], below[2], number))
        cross = kind(_mean_of_four(row[0], row[2], above[1], below[1], number))
        across = kind(_mean_of_two(row[0], row[2], number))
        along = kind(_mean_of_two(above[1], below[1], number))
        is_site, middle = read_apart(sites, np.uintp(x)) != 0, row[1]
        own, green = (middle if is_site else across), (cross if is_site else middle)
        _write(out, x, (own, green, diagonal if is_site else along), is_red)


@helper
def _fill_edge_aware(rows, sites, number, is_red, out):
    """As ``_fill_bilinear``, but for green along the edge: of the two neighbors that differ less."""
    kind = out.dtype.type
    for x in range(sites.shape[0]):
        above, row, below = _around(rows, x)
        diagonal = kind(_mean_of_four(above[0], above[2], below[0], below[2], number))
        across = kind(_mean_of_two(row[0], row[2], number))
        along = kind(_mean_of_two(above[1], below[1], number))
        is_vertical = _difference(row[0], row[2], kind) > _difference(above[1], below[1], kind)
        is_site, middle = read_apart(sites, np.uintp(x)) != 0, row[1]
        own, green = (
            (middle if is_site else across),
            ((along if is_vertical else across) if is_site else middle),
        )
        _write(out, x, (own, green, diagonal if is_site else along), is_red)


@helper
def _repeat_ends(out):
    """Write the first and the last pixel of a row, which are those next to them."""
    last = out.shape[0] - 3
    for channel in range(3):
        out[channel] = out[channel + 3]
        out[last + channel] = out[last - 3 + channel]


@cpu_kernel
def demosaic(source, red, number, is_edge_aware, out):
    """Interpolate a mosaic; ``red`` is the row and the column of its first red pixel, each 0 or 1.

    ``number`` is the type of sums. Outermost pixels are those next to them; images of fewer than three rows
    or columns become black.
    """
    count, height, width, _ = source.shape
    images, out_rows = source.reshape(count, height, width), out.reshape(count * height, 3 * width)
    sites = np.empty(width, np.uint8)
    for x in range(width):
        sites[x] = x % 2 == 0
    for task in prange(count * height):
        if height < 3 or width < 3:
            out_rows[task][:] = 0
            continue
        y = min(max(task % height, 1), height - 2)
        image = images[task // height]
        rows = image[y - 1], image[y], image[y + 1]
        is_red = y % 2 == red[0]
        first_site = (red[1] + (0 if is_red else 1) + 1) % 2
        of_columns = sites[first_site : first_site + width - 2]
        if is_edge_aware:
            _fill_edge_aware(rows, of_columns, number, is_red, out_rows[task])
        else:
            _fill_bilinear(rows, of_columns, number, is_red, out_rows[task])
        _repeat_ends(out_rows[task])
