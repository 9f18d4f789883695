"""Border following by tables: the neighbors of every pixel as bits, and where each set of them leads.

Pixels are numbered in raster order. Of a border only the ends of runs matter to the scan: that of a region is
first met at the left end of a run, that of a hole at the right end of one.
"""

from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import helper, serial_kernel
from cvkit._simd.bits import WORD, pack_bits
from cvkit._simd.counts import count_bits
from cvkit._simd.numbers import leading_zeros, trailing_zeros

# Directions from 0 to 7 turn from the right over the top to the left; each has a bit.
_RIGHT, _UPPER_RIGHT, _UP, _UPPER_LEFT, _LEFT, _LOWER_LEFT, _DOWN, _LOWER_RIGHT = (
    np.uint8(1 << direction) for direction in range(8)
)
# What a border has left at a pixel: that one passed, and that one passed to its right.
_SEEN, _RIGHT_SEEN = np.uint8(1), np.uint8(2)
_EVERY = np.uint8(255)
_NO_PIXEL = np.int64(-1)
_ONE = np.uint64(1)

_ROWS = np.array([0, -1, -1, -1, 0, 1, 1, 1], np.int64)
_COLUMNS = np.array([1, 1, 0, -1, -1, -1, 0, 1], np.int64)
# Steps as differences of points (x, y), which are y * 2**32 + x: two int32, the lower first.
_STEPS = (_ROWS << 32) + _COLUMNS


def _turns():
    """Tell for all neighbors and directions back where a border goes on, and if it passes the right side.

    It turns counterclockwise from where it came until it finds a neighbor.
    """
    neighbors, back = np.arange(256)[:, None, None], np.arange(8, dtype=np.int64)[:, None]
    tried = back + 1 + np.arange(8)
    found = (neighbors >> (tried & 7) & 1).argmax(axis=2) + back[:, 0] + 1
    return (found & 7) + 8 * (found > 8)


_TURNS = _turns().ravel()


def moves_of(width):
    """Return how borders move through an image of ``width`` columns, as ``Pixels.moves``."""
    offsets = _ROWS * width + _COLUMNS
    return _TURNS + 16 * offsets[_TURNS & 7]


class Pixels(NamedTuple):
    """What is known of each pixel; all arrays end with a full word."""

    neighbors: Any  # uint8; bits of the directions with a set pixel; of a pixel that is not set, all
    marks: Any  # uint8
    labels: Any  # int32; the border that passed last, to the right if any did; empty where none are kept
    moves: Any  # (256 * 8,) int64; offset * 16 + passes_right * 8 + direction, by neighbors and direction
    width: int


class Borders(NamedTuple):
    """Borders in the order in which they are met, and their points one after the other."""

    points: Any  # int64; y * 2**32 + x
    begins: Any  # int64; the first point of each border, and the end of the last one
    parents: Any  # int32; -1 for those that no border encloses
    is_hole: Any  # bool


class Wanted(NamedTuple):
    """Which borders and which of their points."""

    outermost: bool
    outer_parents: bool
    hole_parents: bool
    every_point: bool


@helper
def _threshold_row(row, mask):
    """Make all bits of what is not 0."""
    for x in range(row.shape[0]):
        mask[x] = _EVERY if row[x] != 0 else np.uint8(0)


@helper
def _gather_row(above, here, below, neighbors):
    """Gather the bits of the neighbors of a row's pixels from rows that begin and end with a 0 more."""
    size = neighbors.shape[0]
    above_left, above_middle, above_right = above[:size], above[1:], above[2:]
    left, middle, right = here[:size], here[1:], here[2:]
    below_left, below_middle, below_right = below[:size], below[1:], below[2:]
    for x in range(size):
        upper = (above_left[x] & _UPPER_LEFT) | (above_middle[x] & _UP) | (above_right[x] & _UPPER_RIGHT)
        lower = (below_left[x] & _LOWER_LEFT) | (below_middle[x] & _DOWN) | (below_right[x] & _LOWER_RIGHT)
        neighbors[x] = upper | lower | (left[x] & _LEFT) | (right[x] & _RIGHT) | ~middle[x]


@serial_kernel(allocates=True)
def gather_neighbors(image, neighbors):
    """Gather the bits of all neighbors; return the most points, and the most borders, that there can be.

    A border has a side of a pixel to itself for each of its points.
    """
    height, width = image.shape
    masks = np.zeros((3, width + 2), np.uint8)
    _threshold_row(image[0], masks[0, 1:-1])
    for y in range(height):
        below = masks[(y + 1) % 3]
        if y + 1 < height:
            _threshold_row(image[y + 1], below[1:-1])
        else:
            below[:] = 0
        _gather_row(masks[(y + 2) % 3], masks[y % 3], below, neighbors[y * width : (y + 1) * width])
    neighbors[height * width :] = _EVERY
    sides, ends = np.int64(0), np.int64(0)
    for start in range(0, neighbors.shape[0], WORD):
        right_ends = ~pack_bits(neighbors, start, _RIGHT)
        left_ends = ~pack_bits(neighbors, start, _LEFT)
        tops, bottoms = ~pack_bits(neighbors, start, _UP), ~pack_bits(neighbors, start, _DOWN)
        ends += np.int64(count_bits(right_ends) + count_bits(left_ends))
        sides += np.int64(count_bits(tops) + count_bits(bottoms))
    return sides + ends, ends


@helper
def _first_direction(neighbors, side):
    """Return the direction of the first neighbor clockwise from a side where there is none."""
    turned = ((np.uint32(neighbors) << np.uint32(8)) | np.uint32(neighbors)) >> np.uint32(side)
    return (side + 63 - np.int64(leading_zeros(np.uint64(turned & np.uint32(255))))) & 7


@helper
def _follow(pixels, origin, is_hole, every_point, border, borders):
    """Follow a border from a pixel; ``begins`` tells where its points begin, and is told where they end."""
    neighbors, marks, labels, moves = pixels.neighbors, pixels.marks, pixels.labels, pixels.moves
    points, has_labels = borders.points, labels.shape[0] > 0
    count = borders.begins[border]
    row = origin // pixels.width
    point = (row << 32) + origin - row * pixels.width
    if neighbors[origin] == 0:
        points[count] = point
        borders.begins[border + 1] = count + 1
        marks[origin] = _SEEN | _RIGHT_SEEN
        if has_labels:
            labels[origin] = border
        return
    # The direction towards the pixel from which the border comes.
    back = _first_direction(neighbors[origin], np.int64(0) if is_hole else np.int64(4))
    # From the direction before, the search begins at that pixel, and ends.
    last = origin + (moves[np.int64(neighbors[origin]) * 8 + ((back - 1) & 7)] >> 4)
    pixel, before = origin, back ^ 4
    while True:
        place = np.uint64(pixel)  # unsigned, an index costs no test for a negative one
        move = moves[np.uint64(np.int64(neighbors[place]) * 8 + back)]
        direction = move & 7
        passes_right = np.uint8((move >> 2) & 2)
        mark = marks[place]
        if has_labels and (passes_right | np.uint8(mark == 0)):
            labels[place] = border
        marks[place] = mark | _SEEN | passes_right
        points[np.uint64(count)] = point
        count += np.int64(every_point | (direction != before))
        point += _STEPS[np.uint64(direction)]
        after = pixel + (move >> 4)
        if after == origin and pixel == last:
            break
        pixel, back, before = after, direction ^ 4, direction
    borders.begins[border + 1] = count


@helper
def _last_bit(word, last):
    """Return the highest bit of a word up to a number below 64, or -1 where there is none."""
    if last < 0:
        return np.int64(-1)
    lower = word << np.uint64(63 - last)
    return last - np.int64(leading_zeros(lower)) if lower else np.int64(-1)


@serial_kernel
def follow_borders(pixels, wanted, borders):
    """Follow all borders in raster order of their first points; return how many there are."""
    neighbors, marks, labels, width = pixels.neighbors, pixels.marks, pixels.labels, pixels.width
    parents, is_hole = borders.parents, borders.is_hole
    count = 0
    borders.begins[0] = 0
    # The ends of runs that were met last, in words that are done.
    last_left, last_right = _NO_PIXEL, _NO_PIXEL
    for start in range(0, neighbors.shape[0], WORD):
        left_ends = ~pack_bits(neighbors, start, _LEFT)
        right_ends = ~pack_bits(neighbors, start, _RIGHT)
        pending = left_ends & ~pack_bits(marks, start, _SEEN)
        if not wanted.outermost:
            pending |= right_ends & ~pack_bits(marks, start, _RIGHT_SEEN)
        while pending:
            bit = np.int64(trailing_zeros(pending))
            pending &= pending - _ONE
            pixel = start + bit
            if (left_ends >> np.uint64(bit)) & _ONE and marks[pixel] == 0:
                lower = _last_bit(right_ends, bit - 1)
                enclosing = start + lower if lower >= 0 else last_right
                is_first = enclosing < (pixel // width) * width
                if is_first or not wanted.outermost or marks[enclosing] & _RIGHT_SEEN:
                    parents[count], is_hole[count] = -1, False
                    if wanted.outer_parents and not is_first:
                        other = labels[enclosing]
                        parents[count] = other if is_hole[other] else parents[other]
                    _follow(pixels, pixel, False, wanted.every_point, count, borders)
                    count += 1
            if wanted.outermost:
                continue
            if (right_ends >> np.uint64(bit)) & _ONE and not marks[pixel] & _RIGHT_SEEN:
                parents[count], is_hole[count] = -1, True
                if wanted.hole_parents:
                    lower = _last_bit(left_ends, bit)
                    other = labels[start + lower if lower >= 0 else last_left]
                    parents[count] = parents[other] if is_hole[other] else other
                _follow(pixels, pixel, True, wanted.every_point, count, borders)
                count += 1
        if left_ends:
            last_left = start + _last_bit(left_ends, 63)
        if right_ends:
            last_right = start + _last_bit(right_ends, 63)
    return count


@serial_kernel(allocates=True)
def arrange(borders, hierarchy, begins, ends):
    """Put borders into OpenCV's order: after each those in it, and of neighbors the one that was met last.

    ``hierarchy`` takes the places of the next and the previous neighbor, of the first one inside and of the
    one around; ``begins`` and ``ends`` where the points are.
    """
    count = hierarchy.shape[0]
    parents = borders.parents
    # Of each border, and of the image before them all: how many are inside, and where it comes.
    inside, place = np.zeros(count + 1, np.int32), np.empty(count + 1, np.int32)
    for border in range(count - 1, -1, -1):
        parent = parents[border] + 1
        place[border + 1] = inside[parent]
        inside[parent] += inside[border + 1] + 1
    place[0] = -1
    newest = np.int32(-1)
    for border in range(count):
        parent = place[parents[border] + 1]
        here = place[border + 1] + parent + 1
        place[border + 1] = here
        older = newest if parent < 0 else hierarchy[parent, 2]
        hierarchy[here, 0], hierarchy[here, 1], hierarchy[here, 2], hierarchy[here, 3] = older, -1, -1, parent
        if older >= 0:
            hierarchy[older, 1] = here
        if parent < 0:
            newest = here
        else:
            hierarchy[parent, 2] = here
        begins[here], ends[here] = borders.begins[border], borders.begins[border + 1]
