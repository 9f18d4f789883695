"""Where points lie to each other, and the matrix through four of them, for one sample or many at once.

Nothing here knows a unit or an origin: points are compared by their differences, and with the rounding that
their distance from the origin brings.
"""

from __future__ import annotations

import numpy as np

_TRIPLES = np.array([[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]])
# The other two of three points.
_NEXT, _LAST = np.array([1, 2, 0]), np.array([2, 0, 1])


def edges(points: np.ndarray) -> np.ndarray:
    """Return the differences of points (..., N, 2) from the first one."""
    return points[..., 1:, :] - points[..., :1, :]


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the areas of the parallelograms between vectors (..., 2)."""
    return first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]


def on_a_line(points: np.ndarray) -> np.ndarray:
    """Tell whether three points (..., 3, 2) span no triangle, up to rounding, or two of them are one."""
    sides = edges(points)
    size = np.abs(sides).max(axis=(-2, -1))
    with np.errstate(all="ignore"):
        sides = sides / size[..., np.newaxis, np.newaxis]
        rounding = np.finfo(np.float64).eps * np.abs(points).max(axis=(-2, -1)) / size
    lengths = np.hypot(sides[..., 0], sides[..., 1])
    area = np.abs(_cross(sides[..., 0, :], sides[..., 1, :]))
    return ~(area > 1e-10 * lengths.prod(axis=-1) + 4 * rounding * lengths.sum(axis=-1))


def in_general_position(points: np.ndarray) -> np.ndarray:
    """Tell whether no three of four points (..., 4, 2) lie on a line."""
    return np.logical_not(on_a_line(points[..., _TRIPLES, :]).any(axis=-1))


def hold_four_in_general_position(points: np.ndarray) -> bool:
    """Tell whether some four of the points (N, 2) have no three on a line.

    There are none if and only if some line holds all places but one, up to rounding. Of any triangle of the
    points, that one place is then a corner and the line is the opposite side.
    """
    corner = points[0]
    apart = points - corner
    distances = np.hypot(*apart.T)
    length, side = distances.max(), apart[distances.argmax()]
    if length == 0:
        return False
    heights = _cross(side / length, apart)
    breadth, third = np.abs(heights).max(), apart[np.abs(heights).argmax()]
    rounding = 4 * np.finfo(np.float64).eps * np.abs(points).max()
    if breadth <= 1e-12 * length + rounding:
        return False
    # Each point is the sum of the corners by its weights; a weight of 0 is a point of the opposite side.
    area = _cross(side / length, third)
    weights = np.stack([_cross(apart, third) / length / area, heights / area])
    on_side = np.abs([1 - weights[0] - weights[1], *weights]) <= 1e-9 + 2 * rounding / breadth
    at_corner = on_side[_NEXT] & on_side[_LAST]
    return not (on_side | at_corner).all(axis=1).any()


def through_four(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the matrices, ending in 1, through four pairs of points (..., 4, 2), in general position.

    Four points are weighed sums of three of them; a matrix takes the weights of some to those of others.
    """
    sides, sizes = zip(*map(_local, (source, target)), strict=True)
    with np.errstate(all="ignore"):
        factors = _weights_of_fourth(sides[1]) / _weights_of_fourth(sides[0])
        matrix = np.swapaxes(_with_ones(sides[1][..., :3, :]) * factors[..., np.newaxis], -1, -2)
        matrix = matrix @ _opposite_lines(sides[0][..., :3, :])
        # Back from the sizes and the places that _local took away.
        matrix[..., :2, :] *= sizes[1]
        matrix[..., :, :2] /= sizes[0]
        matrix[..., :2, :] += target[..., 0, :, np.newaxis] * matrix[..., 2:, :]
        matrix[..., :, 2:] -= matrix[..., :, :2] @ source[..., 0, :, np.newaxis]
        return matrix / matrix[..., 2:, 2:]


def _local(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points as seen from the first one, at a size of 1, and the size."""
    apart = points - points[..., :1, :]
    size = np.abs(apart).max(axis=(-2, -1), keepdims=True)
    with np.errstate(all="ignore"):
        return apart / size, size


def _weights_of_fourth(points: np.ndarray) -> np.ndarray:
    """Return the weights of three points whose sum is the fourth one, up to a common factor.

    They are the areas of the triangles that it spans with two of them.
    """
    to_fourth = points[..., :3, :] - points[..., 3:, :]
    return _cross(to_fourth[..., _NEXT, :], to_fourth[..., _LAST, :])


def _opposite_lines(points: np.ndarray) -> np.ndarray:
    """Return for each of three points (..., 3, 2) the line through the other two, (..., 3, 3).

    The product of a line and (x, y, 1) is 0 on the line, and the same for each point and its own line.
    """
    first, second = points[..., _NEXT, :], points[..., _LAST, :]
    across, down = np.moveaxis(first - second, -1, 0)
    return np.stack([down, -across, _cross(first, second)], axis=-1)


def _with_ones(points: np.ndarray) -> np.ndarray:
    return np.concatenate([points, np.ones_like(points[..., :1])], axis=-1)
