"""Boxes around points, and ellipses through them, which are told by the boxes around them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cvkit import _validate_regions
from cvkit.regions._cpu import polygons as kernels
from cvkit.regions.polygons import hull_indices

# Of what OpenCV tells points on a line by, and where it takes an ellipse for one along the axes.
_SINGULAR = float(np.finfo(np.float32).eps)
_ALONG_AXES = 1e-8


class RotatedBox(NamedTuple):
    """A rectangle of any direction, as OpenCV tells it.

    Attributes
    ----------
    center : (float, float)
        (x, y).
    size : (float, float)
        Width, along the direction, and height, across.
    angle : float
        The direction in degrees, clockwise from the x axis as images are seen.
    """

    center: tuple[float, float]
    size: tuple[float, float]
    angle: float


def bounding_box(points: npt.ArrayLike) -> tuple[int, int, int, int]:
    """Return the smallest box of whole pixels that points lie in.

    Parameters
    ----------
    points : array_like, (n, 2) or (n, 1, 2)
        Points (x, y), integers or floats; a contour's or any.

    Returns
    -------
    (int, int, int, int)
        Left, top, width and height; a single pixel's are 1.

    Raises
    ------
    TypeError
        For what are no numbers.
    ValueError
        For no points, another shape, or numbers that are not finite or do not fit into int32.

    Notes
    -----
    Equals ``cv2.boundingRect(points)``.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.bounding_box([(3, 1), (7, 2), (4, 6)])
    (3, 1, 5, 6)
    """
    given = np.floor(_validate_regions.points(points))
    left, top = given.min(axis=0).tolist()
    right, bottom = given.max(axis=0).tolist()
    return int(left), int(top), int(right - left) + 1, int(bottom - top) + 1


def minimum_area_box(points: npt.ArrayLike) -> RotatedBox:
    """Return the smallest box, of any direction, that points lie in.

    Parameters
    ----------
    points : array_like, (n, 2) or (n, 1, 2)
        Points (x, y), integers or floats; a contour's or any.

    Returns
    -------
    RotatedBox
        Center (x, y), size (width, height) and angle, from -90 degrees up to 0; read by ``cv2.boxPoints``.

    Raises
    ------
    TypeError
        For what are no numbers.
    ValueError
        For no points, another shape, or numbers that are not finite or do not fit into int32.

    Notes
    -----
    Equals ``cv2.minAreaRect(points)``, in float32. A side of the box lies along the hull: H. Freeman and R.
    Shapira, "Determining the minimum-area encasing rectangle for an arbitrary closed curve", 1975.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.minimum_area_box([(0, 0), (3, 0), (3, 1), (0, 1)])
    RotatedBox(center=(1.5, 0.5), size=(1.0, 3.0), angle=-90.0)
    """
    given = _validate_regions.points(points)
    hull = given[hull_indices(given, clockwise=False)].astype(np.float32)
    box = np.zeros((3, 2), np.float32)
    if len(hull) > 2:
        kernels.smallest_box(hull, box)
    else:
        box[0], box[1] = hull[0], hull[-1] - hull[0]
    corner, along, across = box
    center = corner + (along + across) * np.float32(0.5)
    width, height = (float(np.float32(math.hypot(*side.tolist()))) for side in (along, across))
    angle = float(np.float32(np.float32(math.atan2(float(along[1]), float(along[0]))) * 180 / math.pi))
    while angle >= 0:
        angle, width, height = angle - 90, height, width
    while angle < -90:
        angle, width, height = angle + 90, height, width
    return RotatedBox((float(center[0]), float(center[1])), (width, height), angle)


def fit_ellipse(points: npt.ArrayLike) -> RotatedBox:
    """Fit an ellipse to points.

    Parameters
    ----------
    points : array_like, (n, 2) or (n, 1, 2)
        Five points (x, y) or more, integers or floats.

    Returns
    -------
    RotatedBox
        The box around the ellipse: center (x, y), the lengths of its shorter and of its longer axis, and the
        angle in degrees, from 0 to 180, of the shorter one.

    Raises
    ------
    TypeError
        For what are no numbers.
    ValueError
        For fewer points, another shape, numbers that are not finite or do not fit into int32, or points that
        lie on a line, at fewer than five places, or rather on a hyperbola.

    Notes
    -----
    Equals ``cv2.fitEllipse(points)`` where that finds an ellipse: it makes one of a hyperbola, and of points
    on a line it fits others, drawn at random around them. Six points or more are fitted by linear least
    squares, as in A. Fitzgibbon and R. Fisher, "A buyer's guide to conic fitting", 1995, and five as in A.
    Fitzgibbon, M. Pilu and R. Fisher, "Direct least squares fitting of ellipses", 1999.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> angles = np.linspace(0, 6, 20)
    >>> found = cvkit.fit_ellipse(np.column_stack([50 + 20 * np.cos(angles), 30 + 10 * np.sin(angles)]))
    >>> np.round([*found.center, *found.size, found.angle], 3).tolist()
    [50.0, 30.0, 20.0, 40.0, 90.0]
    """
    given = _validate_regions.points(points, least=5).astype(np.float64)
    middle = given.mean(axis=0)
    near = given - middle
    _validate_regions.ellipse(len(np.unique(given, axis=0)) >= 5, points)
    size = float(np.abs(near).sum()) / 100
    fit = _fit_directly if len(given) == 5 else _fit_linearly
    found = fit(*(near.T / size))
    _validate_regions.ellipse(found is not None, points)
    (x, y), (width, height), angle = found or RotatedBox((0, 0), (0, 0), 0)
    return RotatedBox(
        (x * size + float(middle[0]), y * size + float(middle[1])), (width * size, height * size), angle
    )


def _fit_linearly(x: np.ndarray, y: np.ndarray) -> RotatedBox | None:
    """Fit a conic to points around the origin by linear least squares, then its axes around its center."""
    conic = np.column_stack([-x * x, -y * y, -x * y, x, y])
    left, values, right = np.linalg.svd(conic, full_matrices=False)
    if values[0] * _SINGULAR > values[4]:
        return None
    a, b, c, d, e = right.T @ ((left.T @ np.full(len(x), 1e4)) / values)
    center, _, rank, _ = np.linalg.lstsq(np.array([[2 * a, c], [c, 2 * b]]), np.array([d, e]))
    u, v = x - center[0], y - center[1]
    axes, _, rank_of_axes, _ = np.linalg.lstsq(np.column_stack([u * u, v * v, u * v]), np.ones(len(x)))
    if rank < 2 or rank_of_axes < 3:
        return None
    a, b, c = axes.tolist()
    turn = -0.5 * math.atan2(c, b - a)
    apart = c / math.sin(-2 * turn) if abs(c) > _ALONG_AXES else b - a
    if a + b <= abs(apart) + _ALONG_AXES:
        return None
    width, height = 2 * math.sqrt(2 / (a + b - apart)), 2 * math.sqrt(2 / (a + b + apart))
    if width > height:
        return RotatedBox((float(center[0]), float(center[1])), (height, width), 90 + math.degrees(turn))
    return RotatedBox((float(center[0]), float(center[1])), (width, height), 0.0)


def _fit_directly(x: np.ndarray, y: np.ndarray) -> RotatedBox | None:
    """Fit the conic with b * b < 4 * a * c to points around the origin, which is an ellipse always."""
    squares, rest = np.column_stack([x * x, x * y, y * y]), np.column_stack([x, y, np.ones(len(x))])
    count = len(x)
    products, mixed, plain = squares.T @ squares / count, squares.T @ rest / count, rest.T @ rest / count
    if abs(np.linalg.det(plain)) < np.finfo(np.float64).eps:
        return None
    linear = -np.linalg.solve(plain, mixed.T)
    reduced = products + mixed @ linear
    _, vectors = np.linalg.eig(np.array([reduced[2] / 2, -reduced[1], reduced[0] / 2]))
    vectors = np.real(vectors)
    discriminants = 4 * vectors[0] * vectors[2] - vectors[1] ** 2
    best = int(discriminants.argmax())
    if discriminants[best] <= 1e-6 * float((vectors[:, best] ** 2).sum()):
        return None
    a, b, c = vectors[:, best].tolist()
    d, e, f = (linear @ vectors[:, best]).tolist()
    below = b * b - 4 * a * c
    center = (2 * c * d - b * e) / below, (2 * a * e - b * d) / below
    constant = c * d * d - b * d * e + a * e * e + f * below
    spread, total = math.hypot(b, a - c), a + c
    long, short = (
        2 * math.sqrt(max(2 * constant / (below * size), 0)) for size in (spread - total, -spread - total)
    )
    turn = 90 + math.degrees(0.5 * math.atan2(b, a - c)) if b else (0.0 if a < c else 90.0)
    if long > short:
        return RotatedBox(center, (short, long), math.fmod(90 + turn, 180))
    return RotatedBox(center, (long, short), math.fmod(turn, 180))
