"""Hulls of points, contours of fewer points, and where points lie to a contour."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cvkit import _validate, _validate_regions
from cvkit.regions._cpu import polygons as kernels


def convex_hull(points: npt.ArrayLike, *, clockwise: bool = False) -> np.ndarray:
    """Find the corners of the smallest convex polygon that points lie in.

    Parameters
    ----------
    points : array_like, (n, 2) or (n, 1, 2)
        Points (x, y), integers or floats; a contour's or any.
    clockwise : bool
        Whether to turn clockwise, where the x axis points to the right and the y axis upward.

    Returns
    -------
    numpy.ndarray, (corners, 2), int32, float32 or float64
        Some of the points, in order around the hull.

    Raises
    ------
    TypeError
        For what are no numbers.
    ValueError
        For no points, another shape, or numbers that are not finite or do not fit into int32.

    Notes
    -----
    Equals ``cv2.convexHull(points, clockwise=clockwise)``, but for an axis of one element. Floats are
    compared as float32. The algorithm is from J. Sklansky, "Finding the convex hull of a simple polygon",
    1982.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.convex_hull([(0, 0), (4, 0), (2, 1), (4, 3), (0, 3)]).tolist()
    [[0, 0], [4, 0], [4, 3], [0, 3]]
    """
    given = _validate_regions.points(points)
    return given[hull_indices(given, clockwise)]


def hull_indices(points: np.ndarray, clockwise: bool) -> np.ndarray:
    """Return which of checked points are the corners of their hull, in order."""
    order = np.lexsort((points[:, 1], points[:, 0]))
    places = np.empty(2 * len(points) + 2, np.int64)
    count = kernels.find_hull(as_kernels_read(points[order]), bool(clockwise), places)
    return _in_order(order[places[:count]])


def as_kernels_read(points: np.ndarray) -> np.ndarray:
    """Bring points to one of the two dtypes that kernels are compiled for."""
    return points.astype(np.int64 if points.dtype == np.int32 else np.float32, copy=False)


def _in_order(found: np.ndarray) -> np.ndarray:
    """Begin where the places of a hull's corners among the points ascend or descend from, if they do."""
    count = len(found)
    if count < 3:
        return found
    for direction in (1, -1):
        begin = int((direction * found).argmin())
        turned = np.roll(found, -begin)
        if (np.diff(direction * turned) > 0).all():
            return turned
    return found


def simplify_contour(contour: npt.ArrayLike, tolerance: float, *, closed: bool = True) -> np.ndarray:
    """Leave out points of a contour that lie within a tolerance of the line through the others.

    Parameters
    ----------
    contour : array_like, (n, 2) or (n, 1, 2)
        Points (x, y), integers or floats.
    tolerance : float
        The largest distance of a point that is left out, in pixels.
    closed : bool
        Whether the last point is linked to the first one; else both are kept.

    Returns
    -------
    numpy.ndarray, (m, 2), int32, float32 or float64
        The points that are kept, in order.

    Raises
    ------
    TypeError
        For what are no numbers.
    ValueError
        For no points, another shape, numbers that are not finite or do not fit into int32, or a negative
        tolerance.

    Notes
    -----
    Equals ``cv2.approxPolyDP(contour, tolerance, closed)``, but for an axis of one element. Floats are
    compared as float32. The algorithm is from D. Douglas and T. Peucker, "Algorithms for the reduction of the
    number of points required to represent a digitized line or its caricature", 1973.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.simplify_contour([(0, 0), (0, 5), (1, 9), (5, 9), (9, 9), (9, 0)], 1.5).tolist()
    [[0, 0], [1, 9], [9, 9], [9, 0]]
    """
    given = _validate_regions.points(contour, "contour")
    tolerance = _validate.number(tolerance, "tolerance", minimum=0)
    kept = np.empty(len(given) + 1, np.int64)
    count = kernels.simplify(as_kernels_read(given), tolerance, bool(closed), kept)
    return given[kept[:count]]


def point_in_contour(contour: npt.ArrayLike, point: npt.ArrayLike, *, distance: bool = False) -> float:
    """Tell whether a point lies inside a closed contour, or how far from it.

    Parameters
    ----------
    contour : array_like, (n, 2) or (n, 1, 2)
        Points (x, y), integers or floats.
    point : array_like, (2,)
        The point (x, y).
    distance : bool
        Whether to measure the distance from the contour.

    Returns
    -------
    float
        1 inside, 0 on the contour and -1 outside; or the distance from the nearest of its lines in pixels,
        negative outside.

    Raises
    ------
    TypeError
        For what are no numbers.
    ValueError
        For no points, another shape, or numbers that are not finite or do not fit into int32.

    Notes
    -----
    Equals ``cv2.pointPolygonTest(contour, point, distance)``, whose distances are of float32.

    Examples
    --------
    >>> import cvkit
    >>> square = [(0, 0), (4, 0), (4, 4), (0, 4)]
    >>> cvkit.point_in_contour(square, (1, 2)), cvkit.point_in_contour(square, (1, 2), distance=True)
    (1.0, 1.0)
    >>> cvkit.point_in_contour(square, (6, 2), distance=True)
    -2.0
    """
    ends = _validate_regions.points(contour, "contour").astype(np.float64).T
    x, y = _validate_regions.points([point], "point").astype(np.float64)[0]
    before_x, before_y = np.roll(ends, 1, axis=1)
    end_x, end_y = ends
    width, height = end_x - before_x, end_y - before_y
    from_x, from_y = x - before_x, y - before_y
    aside = from_y * width - from_x * height
    length = width * width + height * height
    along = np.clip(from_x * width + from_y * height, 0, length)
    share = along / np.where(length > 0, length, 1)
    apart = np.hypot(from_x - share * width, from_y - share * height)
    is_within = (along >= 0) & (along <= length) & (aside == 0)
    is_on = is_within & (np.minimum(before_x, end_x) <= x) & (x <= np.maximum(before_x, end_x))
    is_on &= (np.minimum(before_y, end_y) <= y) & (y <= np.maximum(before_y, end_y))
    if is_on.any():
        return 0.0
    crosses = (before_y <= y) != (end_y <= y)
    is_left = np.where(height < 0, -aside, aside) > 0
    sign = 1.0 if np.count_nonzero(crosses & is_left) % 2 else -1.0
    return sign * float(apart.min()) if distance else sign
