"""Lines of one pixel's width and filled polygons, as OpenCV draws them."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import helper, serial_kernel

# Places along a row, between lines, are counted in parts of a pixel.
SHIFT = 16


class Outlines(NamedTuple):
    """Closed outlines, one after the other."""

    points: Any  # (points, 2) int32; (x, y)
    begins: Any  # (outlines + 1,) int64


class Edges(NamedTuple):
    """Edges of polygons that are not level."""

    top: Any  # int64; the first row
    bottom: Any  # int64; the row after the last one
    place: Any  # int64; where an edge crosses its first row
    step: Any  # int64; how far it goes on from row to row


@helper
def _paint(color, row, first, last):
    """Give some pixels of a row a color."""
    channels = color.shape[0]
    if channels == 1:
        value = color[0]
        for x in range(first, last + 1):
            row[x] = value
    else:
        for x in range(first, last + 1):
            for channel in range(channels):
                row[x * channels + channel] = color[channel]


@helper
def _sides(x, y, width, height):
    """Return bits for the sides of an image that a point lies beyond."""
    return int(x < 0) + 2 * int(x >= width) + 4 * int(y < 0) + 8 * int(y >= height)


@helper(contract=False)
def _part(wanted, numerator, denominator):
    """Return a share of a distance, rounded toward 0."""
    return np.int64(np.float64(wanted) * np.float64(numerator) / np.float64(denominator))


@helper
def _clip(x, y, end_x, end_y, width, height):
    """Cut a line at the sides of an image; return whether any of it is left, and its ends.

    What is left of a line that misses the image counts as well: its slope is that of an edge.
    """
    sides, end_sides = _sides(x, y, width, height), _sides(end_x, end_y, width, height)
    if sides & end_sides == 0 and sides | end_sides != 0:
        if sides & 12:
            target = 0 if sides < 8 else height - 1
            x += _part(target - y, end_x - x, end_y - y)
            y = np.int64(target)
            sides = _sides(x, y, width, height) & 3
        if end_sides & 12:
            target = 0 if end_sides < 8 else height - 1
            end_x += _part(target - end_y, end_x - x, end_y - y)
            end_y = np.int64(target)
            end_sides = _sides(end_x, end_y, width, height) & 3
        if sides & end_sides == 0 and sides | end_sides != 0:
            if sides:
                target = 0 if sides == 1 else width - 1
                y += _part(target - x, end_y - y, end_x - x)
                x = np.int64(target)
                sides = 0
            if end_sides:
                target = 0 if end_sides == 1 else width - 1
                end_y += _part(target - end_x, end_y - y, end_x - x)
                end_x = np.int64(target)
                end_sides = 0
    return sides | end_sides == 0, x, y, end_x, end_y


@helper
def _draw_line(x, y, end_x, end_y, color, pixels, columns):
    """Draw a line between two pixels of an image, from left to right, after Bresenham."""
    if end_x < x:
        x, y, end_x, end_y = end_x, end_y, x, y
    width, height = end_x - x, abs(end_y - y)
    along, aside = np.int64(1), columns if end_y >= y else -columns
    if height > width:
        along, aside = aside, along
    longer, shorter = max(width, height), min(width, height)
    error = longer - 2 * shorter
    pixel = y * columns + x
    for _ in range(longer + 1):
        place = np.uint64(pixel)
        for channel in range(color.shape[0]):
            pixels[place, channel] = color[channel]
        is_aside = np.int64(error < 0)
        error += 2 * longer * is_aside - 2 * shorter
        pixel += along + aside * is_aside


@serial_kernel
def draw_outlines(outlines, color, pixels, width):
    """Draw lines between the points of outlines, and back to their first ones, into rows of an image."""
    points, begins = outlines.points, outlines.begins
    height = pixels.shape[0] // width
    for outline in range(begins.shape[0] - 1):
        begin, end = begins[outline], begins[outline + 1]
        if begin == end:
            continue
        end_x, end_y = np.int64(points[end - 1, 0]), np.int64(points[end - 1, 1])
        for index in range(begin, end):
            x, y = end_x, end_y
            end_x, end_y = np.int64(points[index, 0]), np.int64(points[index, 1])
            if min(x, y, end_x, end_y) >= 0 and max(x, end_x) < width and max(y, end_y) < height:
                _draw_line(x, y, end_x, end_y, color, pixels, width)
                continue
            is_seen, from_x, from_y, to_x, to_y = _clip(x, y, end_x, end_y, width, height)
            if is_seen:
                _draw_line(from_x, from_y, to_x, to_y, color, pixels, width)


@serial_kernel
def collect_edges(outlines, shape, edges):
    """Collect the edges that are not level, with their steps inside the image; return how many there are."""
    points, begins = outlines.points, outlines.begins
    height, width = shape
    count = 0
    for outline in range(begins.shape[0] - 1):
        begin, end = begins[outline], begins[outline + 1]
        for index in range(begin, end):
            after = index + 1 if index + 1 < end else begin
            top, bottom = np.int64(points[index, 1]), np.int64(points[after, 1])
            if top == bottom:
                continue
            _, x, y, end_x, end_y = _clip(
                np.int64(points[index, 0]), top, np.int64(points[after, 0]), bottom, width, height
            )
            if y == end_y:
                y, end_y = top, bottom
            if top > bottom:
                top, bottom, x, y, end_x, end_y = bottom, top, end_x, end_y, x, y
            way, rows = (end_x - x) << SHIFT, end_y - y
            # Rounded toward 0.
            step = abs(way) // abs(rows)
            step = step if (way < 0) == (rows < 0) else -step
            edges.top[count], edges.bottom[count] = top, bottom
            edges.place[count], edges.step[count] = (x << SHIFT) + (top - y) * step, step
            count += 1
    return count


@helper
def _begins_of(keys, shift, sizes):
    """Count how often each key comes, and tell where equal ones begin once all are in order."""
    for index in range(keys.shape[0]):
        sizes[(keys[index] >> shift) + 1] += 1
    for key in range(1, sizes.shape[0]):
        sizes[key] += sizes[key - 1]


@serial_kernel(allocates=True)
def sort_edges(edges, shape, order):
    """Sort edges that begin at pixels of an image by their tops, then by their places, in linear time."""
    count = order.shape[0]
    by_place = np.empty(count, np.int64)
    columns = np.zeros(shape[1] + 1, np.int64)
    _begins_of(edges.place, SHIFT, columns)
    for edge in range(count):
        column = edges.place[edge] >> SHIFT
        by_place[columns[column]] = edge
        columns[column] += 1
    rows = np.zeros(shape[0] + 1, np.int64)
    _begins_of(edges.top, 0, rows)
    for index in range(count):
        edge = by_place[index]
        row = edges.top[edge]
        order[rows[row]] = edge
        rows[row] += 1


@helper
def _sort(active, count, place):
    """Sort edges by where they are; most are in order."""
    for index in range(1, count):
        edge = active[index]
        before = index - 1
        while before >= 0 and place[active[before]] > place[edge]:
            active[before + 1] = active[before]
            before -= 1
        active[before + 1] = edge


@serial_kernel(allocates=True)
def fill_between(edges, order, color, rows):
    """Fill the rows between the first and the second edge, the third and the fourth, and so on.

    ``order`` is that of their tops, then of their places. Outlines are closed, so that every row has an even
    number.
    """
    top, bottom, place, step = edges.top, edges.bottom, edges.place, edges.step
    height, width = rows.shape[0], rows.shape[1] // color.shape[0]
    active, merged = np.empty(top.shape[0], np.int64), np.empty(top.shape[0], np.int64)
    count, waiting = 0, 0
    for y in range(top[order[0]], min(bottom.max(), height)):
        index, found, left = 0, 0, -1
        while True:
            while index < count and bottom[active[index]] == y:
                index += 1
            is_new = waiting < order.shape[0] and top[order[waiting]] == y
            if index < count and not (is_new and place[order[waiting]] <= place[active[index]]):
                edge = active[index]
                index += 1
            elif is_new:
                edge = order[waiting]
                waiting += 1
            else:
                break
            merged[found] = edge
            found += 1
            if left < 0:
                left = edge
                continue
            if y >= 0:
                first = (min(place[left], place[edge]) + (1 << SHIFT) - 1) >> SHIFT
                last = max(place[left], place[edge]) >> SHIFT
                _paint(color, rows[y], max(first, 0), min(last, width - 1))
            place[left] += step[left]
            place[edge] += step[edge]
            left = -1
        active, merged, count = merged, active, found
        _sort(active, count, place)
