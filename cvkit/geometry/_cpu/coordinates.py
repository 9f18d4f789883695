"""Where in the source the pixels of a row of a warp lie."""

import numpy as np

from cvkit._jit import helper
from cvkit._simd.memory import prefetch
from cvkit.geometry._math import AFFINE, MAPS


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


@helper(inline=True)
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
