"""Where in the source the pixels of a row of a warp lie: coordinates, and offsets of pixels."""

from typing import Any, NamedTuple

import numpy as np

from cvkit._border import CONSTANT
from cvkit._jit import helper
from cvkit._simd.memory import prefetch
from cvkit.geometry._math import AFFINE, FAR, MAPS

# In place of the offset of a pixel's upper left neighbor: some neighbor lies beyond the border of the image;
# the border value alone counts.
ACROSS_BORDER, OUTSIDE = np.int32(-1), np.int32(-2)


class Buffers(NamedTuple):
    """What a task keeps of one row: for each pixel coordinates, an offset and fractions, and what it fetched.

    The weights repeat the fractions for each channel. ``across`` lists pixels some of whose neighbors lie
    beyond the border.
    """

    xs: Any
    ys: Any
    offsets: Any
    across: Any
    fraction_x: Any
    fraction_y: Any
    weight_x: Any
    weight_y: Any
    pixels: Any


@helper(allocates=True)
def row_buffers(width, types, channels, fetched):
    """Make buffers for ``width`` pixels and for ``fetched`` values of neighbors.

    ``types`` are arrays of the dtypes of coordinates, offsets, fractions and values.
    """
    coordinates_of, offsets_of, fractions_of, values_of = types
    axes = np.empty((2, width), coordinates_of.dtype)
    numbers = np.empty((2, width), offsets_of.dtype)
    fractions = np.empty((2, width * (1 + channels)), fractions_of.dtype)
    return Buffers(
        axes[0],
        axes[1],
        numbers[0],
        numbers[1],
        fractions[0, :width],
        fractions[1, :width],
        fractions[0, width:],
        fractions[1, width:],
        np.empty(fetched, values_of.dtype),
    )


@helper
def _affine_row(steps, starts, y, left, xs, ys):
    """Step along a row; from an exact start, each coordinate is rounded once."""
    real = xs.dtype.type
    first, step_x, step_y, start_x, start_y = real(left), steps[0], steps[1], starts[y, 0], starts[y, 1]
    for x in range(xs.shape[0]):
        column = first + real(np.int32(x))
        xs[x] = step_x * column + start_x
        ys[x] = step_y * column + start_y


@helper
def _perspective_row(steps, starts, y, left, xs, ys):
    """Step along a row and divide by the depth; points behind the plane have no source."""
    real = xs.dtype.type
    first, step_x, step_y, step_depth = real(left), steps[0], steps[1], steps[2]
    start_x, start_y, start_depth = starts[y, 0], starts[y, 1], starts[y, 2]
    nowhere = real(np.nan)
    for x in range(xs.shape[0]):
        column = first + real(np.int32(x))
        depth = step_depth * column + start_depth
        depth = depth if depth > 0 else nowhere
        xs[x] = (step_x * column + start_x) / depth
        ys[x] = (step_y * column + start_y) / depth


@helper
def _prefetch_row(values, y, left, pixels):
    """Ask for a part of a row of a map: a tile's rows lie too far apart for the processor to foresee them."""
    flat = values.reshape(values.size)
    start = y * values.shape[1] + left
    line = 64 // values.itemsize
    for index in range(start, start + pixels, line):
        prefetch(flat, np.uint64(index))


@helper
def coordinates(positions, y, left, xs, ys):
    """Return the source coordinates of the pixels from ``left`` on in output row ``y``.

    They are ``xs`` and ``ys``, filled, or parts of the maps: a copy would take as long as all the rest.
    """
    if positions.kind == MAPS:
        row = slice(left, left + xs.shape[0])
        below = min(y + 1, positions.map_x.shape[0] - 1)
        _prefetch_row(positions.map_x, below, left, xs.shape[0])
        _prefetch_row(positions.map_y, below, left, xs.shape[0])
        return positions.map_x[y, row], positions.map_y[y, row]
    if positions.kind == AFFINE:
        _affine_row(positions.steps, positions.starts, y, left, xs, ys)
    else:
        _perspective_row(positions.steps, positions.starts, y, left, xs, ys)
    return xs, ys


@helper
def locate(xs, ys, image, mode, span, offsets, weight_x, weight_y):
    """Split coordinates into the offset of the first of ``span`` x ``span`` neighbors and the fractions.

    ``offsets`` holds ACROSS_BORDER or OUTSIDE where the neighbors are not all in the image. Its dtype must
    hold the size of the image.
    """
    real, number = xs.dtype.type, offsets.dtype.type
    height, width, channels = image.shape
    pixel, row = number(channels), number(width * channels)
    before, after = real(span // 2 - 1), real(span // 2)
    # The last offset from which the last neighbor in the last row can be moved, as one of four items.
    last = number(image.size - (span - 1) * row - ((span - 1) * channels + 4 if channels > 1 else span))
    right, bottom = real(width - after), real(height - after)
    low = -after if mode == CONSTANT else real(-FAR)
    # Of the coordinates' type: compared with an integer, they would be widened first.
    high_x = real(width - 1 + span // 2) if mode == CONSTANT else real(FAR)
    high_y = real(height - 1 + span // 2) if mode == CONSTANT else real(FAR)
    zero = real(0)
    for x in range(xs.shape[0]):
        left, top = np.floor(xs[x]), np.floor(ys[x])
        # Comparisons in floating point, so that NaN and infinity are outside.
        near = (xs[x] > low) & (xs[x] < high_x) & (ys[x] > low) & (ys[x] < high_y)
        weight_x[x] = xs[x] - left if near else zero
        weight_y[x] = ys[x] - top if near else zero
        inside = (left >= before) & (left < right) & (top >= before) & (top < bottom)
        first_row, first_column = number(top - before), number(left - before)
        offset = number(number(first_row * row) + number(first_column * pixel))
        # One choice after the other: AVX2 has no cheap way to combine booleans of floats and of integers.
        elsewhere = ACROSS_BORDER if near else OUTSIDE
        offset = offset if offset <= last else elsewhere
        offsets[x] = offset if inside else elsewhere


@helper
def locate_nearest(xs, ys, image, mode, offsets):
    """Round coordinates, half to even, to the offset of a pixel, or ACROSS_BORDER or OUTSIDE."""
    real, number = xs.dtype.type, offsets.dtype.type
    height, width, channels = image.shape
    pixel, row = number(channels), number(width * channels)
    last = number(image.size - (4 if channels > 1 else 1))
    half, zero = real(0.5), real(0)
    low = -half if mode == CONSTANT else real(-FAR)
    high_x = real(width) - half if mode == CONSTANT else real(FAR)
    high_y = real(height) - half if mode == CONSTANT else real(FAR)
    right, bottom = real(width), real(height)
    for x in range(xs.shape[0]):
        column, line = np.rint(xs[x]), np.rint(ys[x])
        near = (xs[x] > low) & (xs[x] < high_x) & (ys[x] > low) & (ys[x] < high_y)
        inside = (column >= zero) & (column < right) & (line >= zero) & (line < bottom)
        offset = number(number(number(line) * row) + number(number(column) * pixel))
        offset = offset if offset <= last else ACROSS_BORDER
        offset = offset if inside else ACROSS_BORDER
        offsets[x] = offset if near else OUTSIDE
