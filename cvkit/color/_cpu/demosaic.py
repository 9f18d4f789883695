"""Demosaicing on the CPU: each row becomes three rows of one color, which are then woven together."""

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange


@helper
def _mean_of_two(first, second, number):
    return number(number(number(first) + number(second)) + number(1)) >> number(1)


@helper
def _mean_of_four(first, second, third, fourth, number):
    total = number(number(number(first) + number(second)) + number(number(third) + number(fourth)))
    return number(total + number(2)) >> number(2)


@helper
def _difference(first, second):
    return max(first, second) - min(first, second)


@helper
def _fill_bilinear(rows, sites, number, own, green, other):
    """Fill the columns between the outermost; ``sites`` tells which hold the color of the row, not green."""
    above, row, below = rows
    for x in range(own.shape[0]):
        left, middle, right = row[x], row[x + 1], row[x + 2]
        up, down = above[x + 1], below[x + 1]
        diagonal = _mean_of_four(above[x], above[x + 2], below[x], below[x + 2], number)
        cross = _mean_of_four(left, right, up, down, number)
        is_site = sites[x] != 0
        own[x] = middle if is_site else _mean_of_two(left, right, number)
        green[x] = cross if is_site else middle
        other[x] = diagonal if is_site else _mean_of_two(up, down, number)


@helper
def _fill_edge_aware(rows, sites, number, own, green, other):
    """As ``_fill_bilinear``, but for green along the edge: of the two neighbors that differ less."""
    above, row, below = rows
    for x in range(own.shape[0]):
        left, middle, right = row[x], row[x + 1], row[x + 2]
        up, down = above[x + 1], below[x + 1]
        diagonal = _mean_of_four(above[x], above[x + 2], below[x], below[x + 2], number)
        across, along = _mean_of_two(left, right, number), _mean_of_two(up, down, number)
        is_vertical = _difference(left, right) > _difference(up, down)
        is_site = sites[x] != 0
        own[x] = middle if is_site else across
        green[x] = (along if is_vertical else across) if is_site else middle
        other[x] = diagonal if is_site else along


@helper
def _weave(red, green, blue, out):
    """Write a row of pixels, and repeat its first and its last."""
    width = red.shape[0]
    for x in range(width):
        out[3 * x + 3], out[3 * x + 4], out[3 * x + 5] = red[x], green[x], blue[x]
    for channel in range(3):
        out[channel] = out[channel + 3]
        out[3 * width + 3 + channel] = out[3 * width + channel]


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
        parts = np.empty((3, width - 2), out.dtype)
        if is_edge_aware:
            _fill_edge_aware(rows, of_columns, number, parts[0], parts[1], parts[2])
        else:
            _fill_bilinear(rows, of_columns, number, parts[0], parts[1], parts[2])
        if is_red:
            _weave(parts[0], parts[1], parts[2], out_rows[task])
        else:
            _weave(parts[2], parts[1], parts[0], out_rows[task])
