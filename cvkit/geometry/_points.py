"""Where points lie to each other, and the matrix through four of them.

Kernels compile :func:`on_a_line` and :func:`solve_four`, which therefore call nothing of this file.

Nothing here knows a unit or an origin: points are compared by their differences, and with the rounding that
their distance from the origin brings.
"""

from __future__ import annotations

import math

import numpy as np

# The other two of three points.
_NEXT, _LAST = np.array([1, 2, 0]), np.array([2, 0, 1])


def edges(points: np.ndarray) -> np.ndarray:
    """Return the differences of points (..., N, 2) from the first one."""
    return points[..., 1:, :] - points[..., :1, :]


def map_points(points: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates x and y of points (N, 2) that a matrix (3, 3) maps."""
    x, y = points.T
    # Not a product of matrices: shared out among threads, such a narrow one takes longer.
    across, down, depth = (row[0] * x + row[1] * y + row[2] for row in matrix)
    with np.errstate(divide="ignore", invalid="ignore"):
        return across / depth, down / depth


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the areas of the parallelograms between vectors (..., 2)."""
    return first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]


def on_a_line(first: tuple[float, float], second: tuple[float, float], third: tuple[float, float]) -> bool:
    """Tell whether three points (x, y) span no triangle, up to rounding, or two of them are one."""
    x, y = second[0] - first[0], second[1] - first[1]
    u, v = third[0] - first[0], third[1] - first[1]
    size = max(abs(x), abs(y), abs(u), abs(v))
    if size == 0:
        return True
    x, y, u, v = x / size, y / size, u / size, v / size
    farthest = max(abs(first[0]), abs(first[1]), abs(second[0]), abs(second[1]), abs(third[0]), abs(third[1]))
    rounding = 2.0**-52 * (farthest / size)
    sides = math.hypot(x, y), math.hypot(u, v)
    return not abs(x * v - y * u) > 1e-10 * sides[0] * sides[1] + 4 * rounding * (sides[0] + sides[1])


def in_general_position(points: np.ndarray) -> bool:
    """Tell whether no three of four points (4, 2) lie on a line."""
    a, b, c, d = points.tolist()
    return not (on_a_line(a, b, c) or on_a_line(a, b, d) or on_a_line(a, c, d) or on_a_line(b, c, d))


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
    """Return the matrix, ending in 1, through four pairs of points (4, 2), in general position."""
    matrix = np.empty((3, 3))
    with np.errstate(all="ignore"):
        (near_source, source_size), (near_target, target_size) = _local(source), _local(target)
        solve_four(near_source, near_target, matrix)
        # Back from the sizes and the places that _local took away.
        matrix[:2] *= target_size
        matrix[:, :2] /= source_size
        matrix[:2] += np.outer(target[0], matrix[2])
        matrix[:, 2] -= matrix[:, :2] @ source[0]
        return matrix / matrix[2, 2]


def _local(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Return points as seen from the first one, at a size of 1, and the size."""
    apart = points - points[0]
    size = float(np.abs(apart).max())
    return apart / size, size


def solve_four(source: np.ndarray, target: np.ndarray, matrix: np.ndarray) -> None:
    """Fill a matrix, of any scale, through four pairs of points (4, 2) of a size near 1.

    Four points are weighted sums of three of them; a matrix takes the weights of some to those of others. The
    weight of a point is the area that the other two span with the fourth one. The product of (x, y, 1) and
    the line through the other two is 0 on this line, and the same for each point and its own line.
    """
    matrix[:] = 0
    for corner in range(3):
        after, last = (corner + 1) % 3, (corner + 2) % 3
        x, y, u, v = source[after, 0], source[after, 1], source[last, 0], source[last, 1]
        line = y - v, u - x, x * v - y * u
        source_area = (x - source[3, 0]) * (v - source[3, 1]) - (y - source[3, 1]) * (u - source[3, 0])
        x, y, u, v = target[after, 0], target[after, 1], target[last, 0], target[last, 1]
        target_area = (x - target[3, 0]) * (v - target[3, 1]) - (y - target[3, 1]) * (u - target[3, 0])
        for column in range(3):
            part = line[column] * target_area / source_area
            matrix[0, column] += target[corner, 0] * part
            matrix[1, column] += target[corner, 1] * part
            matrix[2, column] += part
