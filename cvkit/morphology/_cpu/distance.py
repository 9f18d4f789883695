"""Distances to the nearest zero on the CPU.

Distances along steps to neighbors are propagated down the image and up again, in 32 bits; what is reached
along a row is a running minimum. The exact ones are found in columns first. The squared distances that the
columns give along a row are parabolas, whose lower envelope is the lower convex hull of points.
"""

from typing import Any, NamedTuple

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._rows import copy_row
from cvkit._simd.scans import LANES, lower_backward, lower_forward
from cvkit._tiles import parts_of, span, strip
from cvkit.morphology._distance_math import FARTHEST, UNIT, euclidean_length

# Columns beyond either end of a row that the steps of a knight come from.
_MARGIN = 2
# Columns of a task of the first pass of the exact transform, and rows of one of the second.
_COLUMNS, _STRIP = 512, 16
# How far to either side a point is compared with others before the hull is drawn.
_REACH = 4
_NONE, _ALL_BITS = np.int32(-1), np.uint32(0xFFFFFFFF)


@helper
def _fill(value, row):
    for x in range(row.shape[0]):
        row[x] = value


@helper
def _step_down(near, chamfer, reached):
    """Write what straight and diagonal steps reach from the row before, which has margins."""
    for x in range(reached.shape[0]):
        aslant = min(near[x + 1], near[x + 3])
        reach = min(np.uint32(near[x + 2] + chamfer.straight), np.uint32(aslant + chamfer.diagonal))
        reached[x] = min(reach, chamfer.largest)


@helper
def _step_as_knights(near, far, chamfer, reached):
    """Lower what is reached to what a knight's steps reach from the two rows before."""
    for x in range(reached.shape[0]):
        least = min(min(near[x], near[x + 4]), min(far[x + 1], far[x + 3]))
        reached[x] = min(reached[x], np.uint32(least + chamfer.knight))


@helper
def _step(lines, row, chamfer, reached):
    """Write what is reached in a row from the two rows before, of the three that are held in turn."""
    near, far = lines[(row + 2) % 3], lines[(row + 1) % 3]
    _step_down(near, chamfer, reached)
    if chamfer.knight != 0:
        _step_as_knights(near, far, chamfer, reached)


@helper
def _set_zeros(source, reached):
    for x in range(source.shape[0]):
        reached[x] = np.uint32(0) if source[x] == 0 else reached[x]


@helper
def _lower(other, reached):
    for x in range(other.shape[0]):
        reached[x] = min(other[x], reached[x])


@helper
def _write(reached, out):
    for x in range(out.shape[0]):
        out[x] = np.float32(reached[x]) * UNIT


@helper(allocates=True)
def _propagate(source, chamfer, held, out):
    """Pass over an image twice; ``held`` is the memory of ``out``.

    Lines are longer than rows. What is computed beyond an image is reached through it, and nothing in it is
    reached through what lies beyond.
    """
    height, width = source.shape
    lines = np.full((3, parts_of(width, LANES) * LANES + 2 * _MARGIN), chamfer.largest, np.uint32)
    for y in range(height):
        reached = lines[y % 3][_MARGIN:-_MARGIN]
        _step(lines, y, chamfer, reached)
        _set_zeros(source[y], reached)
        carry = chamfer.largest
        for start in range(0, reached.shape[0], LANES):
            carry = lower_forward(reached, start, carry, chamfer.straight)
        copy_row(reached, held[y])
    for line in range(3):
        _fill(chamfer.largest, lines[line])
    for row in range(height):
        y = height - 1 - row
        reached = lines[row % 3][_MARGIN:-_MARGIN]
        _step(lines, row, chamfer, reached)
        _lower(held[y], reached)
        carry = chamfer.largest
        for start in range(reached.shape[0] - LANES, -1, -LANES):
            carry = lower_backward(reached, start, carry, chamfer.straight)
        _write(reached, out[y])


@cpu_kernel
def chamfer_distance(source, chamfer, out):
    """Write distances along steps to neighbors.

    Parameters
    ----------
    source : (N, H, W, 1) uint8 array
        Images.
    chamfer : Chamfer
        What steps cost.
    out : (N, H, W, 1) float32 array
        Distances to the nearest zero.
    """
    count, height, width, _ = source.shape
    for image in prange(count):
        rows = out[image].reshape(height, width)
        _propagate(source[image].reshape(height, width), chamfer, rows.view(np.uint32), rows)


@helper
def _last_zeros(source, before, y, out):
    """Write the last row in which each column had a zero."""
    for x in range(out.shape[0]):
        out[x] = np.int32(y) if source[x] == 0 else before[x]


@helper
def _choose_nearest(below, y, nearest):
    """Replace the last row with a zero by the next one where that is nearer; ``below`` is of the next row."""
    for x in range(nearest.shape[0]):
        last, following = nearest[x], below[x]
        up, down = np.int32(y - last), np.int32(following - y)
        is_nearer = (down > 0) & ((last < 0) | (down < up))
        nearest[x] = following if is_nearer else last


@helper
def _search_columns(source, nearest):
    """Write the row of the nearest zero of each column, the upper one of two, or -1."""
    height = source.shape[0]
    _fill(_NONE, nearest[0])
    _last_zeros(source[0], nearest[0], 0, nearest[0])
    for y in range(1, height):
        _last_zeros(source[y], nearest[y - 1], y, nearest[y])
    for y in range(height - 2, -1, -1):
        _choose_nearest(nearest[y + 1], y, nearest[y])


class Scratch(NamedTuple):
    """What a task writes on its way along a row."""

    nearest: Any  # int32, the row of the nearest zero of each column
    squares: Any  # float64, the squared distance to it, with margins
    is_candidate: Any  # uint8
    candidates: Any  # int32, columns, and one place more
    columns: Any  # float64, of the hull
    heights: Any  # float64, of the hull
    owners: Any  # uint32, complement of the column whose zero is the nearest, padded and with a place more
    rows: Any  # int32, the row of that zero


@helper
def _square(nearest, y, squares):
    for x in range(nearest.shape[0]):
        distance = np.float64(np.int32(nearest[x] - np.int32(y)))
        squares[x] = np.inf if nearest[x] < 0 else distance * distance


@helper
def _find_candidates(squares, is_candidate):
    """Mark points that lie below the chords of their neighbors; among zeros only the outer ones."""
    here = squares[_REACH:]
    left, right = squares[_REACH - 1 :], squares[_REACH + 1 :]
    left_2, right_2 = squares[_REACH - 2 :], squares[_REACH + 2 :]
    left_4, right_4 = squares[_REACH - 4 :], squares[_REACH + 4 :]
    for x in range(is_candidate.shape[0]):
        twice, around = here[x] + here[x], left[x] + right[x]
        is_below = (around + 2.0 > twice) & (around + twice != 0.0)
        is_below &= (left_2[x] + right_2[x] + 8.0 > twice) & (left_4[x] + right_4[x] + 32.0 > twice)
        is_candidate[x] = np.uint8(is_below)


@helper
def _list_candidates(is_candidate, candidates):
    """List the columns that are marked, without branches, and return how many there are."""
    count = np.int64(0)
    for x in range(is_candidate.shape[0]):
        candidates[count] = np.int32(x)
        count += np.int64(is_candidate[x])
    return count


@helper
def _draw_hull(candidates, squares, columns, heights):
    """Fill the corners of the lower convex hull of squares plus squared columns; return how many."""
    last = -1
    column = height = run = rise = 0.0  # of the last corner, and from the one before to it
    for place in range(candidates.shape[0]):
        x = np.float64(candidates[place])
        y = squares[candidates[place]] + x * x
        while last > 0 and (y - height) * run <= rise * (x - column):
            last -= 1
            column, height = columns[last], heights[last]
            if last > 0:
                run, rise = column - columns[last - 1], height - heights[last - 1]
        run, rise = x - column, y - height
        last += 1
        column, height = x, y
        columns[last], heights[last] = column, height
    return last + 1


@helper
def _own(columns, heights, width, owners):
    """Write whose zero is the nearest: that of the corner to the left until the next one's is nearer.

    Columns grow along the hull, so that their complements do not: a running minimum spreads them.
    """
    _fill(_ALL_BITS, owners)
    owners[0] = ~np.uint32(columns[0])
    for corner in range(1, columns.shape[0]):
        run, rise = columns[corner] - columns[corner - 1], heights[corner] - heights[corner - 1]
        start = np.floor(rise / (2.0 * run)) + 1.0
        owners[np.uint32(min(max(start, 0.0), width))] = ~np.uint32(columns[corner])
    carry = _ALL_BITS
    for start in range(0, owners.shape[0], LANES):
        carry = lower_forward(owners, start, carry, np.uint32(0))


@helper
def _own_themselves(nearest, y, owners):
    """Give zeros to themselves: among neighbors that are zeros only the outer ones are on the hull."""
    for x in range(nearest.shape[0]):
        owners[x] = ~np.uint32(x) if nearest[x] == np.int32(y) else owners[x]


@helper
def _look_up(nearest, owners, rows):
    """Write the rows of the nearest zeros; apart from what is done with them, which runs in vectors."""
    for x in range(rows.shape[0]):
        rows[x] = nearest[~owners[x]]


@helper
def _measure(rows, y, owners, out):
    for x in range(out.shape[0]):
        dx, dy = np.int32(np.int32(x) - np.int32(~owners[x])), np.int32(rows[x] - np.int32(y))
        out[x] = euclidean_length(dx, dy)


@helper
def _transform_row(rows, y, scratch, out):
    """Write the distances of row ``y`` over where its columns have their nearest zeros."""
    nearest, squares = scratch.nearest, scratch.squares[_REACH:-_REACH]
    copy_row(rows, nearest)
    _square(nearest, y, squares)
    _find_candidates(scratch.squares, scratch.is_candidate)
    count = _list_candidates(scratch.is_candidate, scratch.candidates)
    if count == 0:
        _fill(_NONE, scratch.rows)
        _fill(FARTHEST, out)
        return
    corners = _draw_hull(scratch.candidates[:count], squares, scratch.columns, scratch.heights)
    _own(scratch.columns[:corners], scratch.heights[:corners], np.float64(out.shape[0]), scratch.owners)
    _own_themselves(nearest, y, scratch.owners)
    _look_up(nearest, scratch.owners, scratch.rows)
    _measure(scratch.rows, y, scratch.owners, out)


@helper
def _point(scratch, indices):
    """Write where the nearest zeros of a row are."""
    for x in range(indices.shape[0]):
        row = scratch.rows[x]
        indices[x, 0], indices[x, 1] = row, (_NONE if row < 0 else np.int32(~scratch.owners[x]))


@helper(allocates=True)
def _transform_strip(rows, top, out, indices):
    """Write the distances of rows of an image, from ``top`` on, and where the nearest zeros are."""
    width = out.shape[1]
    scratch = Scratch(
        np.empty(width, np.int32),
        np.full(width + 2 * _REACH, np.inf),
        np.empty(width, np.uint8),
        np.empty(width + 1, np.int32),
        np.empty(width, np.float64),
        np.empty(width, np.float64),
        np.empty(parts_of(width + 1, LANES) * LANES, np.uint32),
        np.empty(width, np.int32),
    )
    for y in range(out.shape[0]):
        _transform_row(rows[y], top + y, scratch, out[y])
        if indices.shape[0] > 0:
            _point(scratch, indices[y])


@cpu_kernel
def euclidean_distance(source, out, indices):
    """Write distances, and where the nearest zero is.

    Parameters
    ----------
    source : (N, H, W, 1) uint8 array
        Images.
    out : (N, H, W, 1) float32 array
        Distances to the nearest zero.
    indices : (N, H, W, 2) int32 array
        Its row and column, or -1; not wanted if the array has no images.
    """
    count, height, width, _ = source.shape
    pixels, distances = source.reshape(count, height, width), out.reshape(count, height, width)
    rows = distances.view(np.int32)  # of zeros, until the distances are written
    tiles = parts_of(width, _COLUMNS)
    for task in prange(count * tiles):
        left, right = span(task % tiles, _COLUMNS, width)
        image = task // tiles
        _search_columns(pixels[image, :, left:right], rows[image, :, left:right])
    strips = parts_of(height, _STRIP)
    for task in prange(count * strips):
        image, top, bottom = strip(task, strips, _STRIP, height)
        wanted = indices[image, top:bottom] if indices.shape[0] > 0 else indices[:0, 0]
        _transform_strip(rows[image, top:bottom], top, distances[image, top:bottom], wanted)
