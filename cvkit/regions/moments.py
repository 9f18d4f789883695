"""Areas, lengths and moments of contours."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from cvkit import _validate_regions

# Below, OpenCV takes a contour for a line.
_NO_AREA = float(np.finfo(np.float32).eps) / 2
_CENTRAL = ("20", "11", "02", "30", "21", "12", "03")


def contour_area(contour: npt.ArrayLike, *, oriented: bool = False) -> float:
    """Return the area that a closed contour encloses, in square pixels.

    Parameters
    ----------
    contour : array_like, (n, 2) or (n, 1, 2)
        Points (x, y), integers or floats.
    oriented : bool
        Whether areas are negative of contours that run counterclockwise as images are seen.

    Returns
    -------
    float
        Lines run through the middles of pixels: of a region, half of the pixels on its outline are not in it.

    Raises
    ------
    TypeError
        For what are no numbers.
    ValueError
        For no points, another shape, or numbers that are not finite or do not fit into int32.

    Notes
    -----
    Equals ``cv2.contourArea(contour, oriented)``.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.contour_area([(0, 0), (4, 0), (4, 3), (0, 3)])
    12.0
    """
    x, y, before_x, before_y = _lines(_validate_regions.points(contour, "contour"))
    area = 0.5 * float((before_x * y - before_y * x).sum())
    return area if oriented else abs(area)


def contour_length(contour: npt.ArrayLike, *, closed: bool = True) -> float:
    """Return the length of a contour, in pixels.

    Parameters
    ----------
    contour : array_like, (n, 2) or (n, 1, 2)
        Points (x, y), integers or floats.
    closed : bool
        Whether the last point is linked to the first one.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        For what are no numbers.
    ValueError
        For no points, another shape, or numbers that are not finite or do not fit into int32.

    Notes
    -----
    Equals ``cv2.arcLength(contour, closed)``, which takes roots in float32.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.contour_length([(0, 0), (4, 0), (4, 3)]), cvkit.contour_length([(0, 0), (4, 0)], closed=False)
    (12.0, 4.0)
    """
    x, y, before_x, before_y = _lines(_validate_regions.points(contour, "contour"))
    begin = 0 if closed else 1
    return float(np.hypot(x - before_x, y - before_y)[begin:].sum())


def moments(contour: npt.ArrayLike) -> dict[str, float]:
    """Return the moments up to the third order of what a closed contour encloses.

    Parameters
    ----------
    contour : array_like, (n, 2) or (n, 1, 2)
        Points (x, y), integers or floats.

    Returns
    -------
    dict of str to float
        ``m00`` to ``m03``, the integrals of powers of x and y, of which ``m00`` is the area; ``mu20`` to
        ``mu03``, of coordinates from the center ``(m10 / m00, m01 / m00)``; ``nu20`` to ``nu03``, of a shape
        scaled to the area 1. All are 0 of a contour that encloses nothing.

    Raises
    ------
    TypeError
        For what are no numbers.
    ValueError
        For no points, another shape, or numbers that are not finite or do not fit into int32.

    Notes
    -----
    Equals ``cv2.moments(contour)``. By Green's theorem, sums over the lines of the contour.

    Examples
    --------
    >>> import cvkit
    >>> found = cvkit.moments([(0, 0), (4, 0), (4, 2), (0, 2)])
    >>> found["m00"], found["m10"] / found["m00"], found["m01"] / found["m00"]
    (8.0, 2.0, 1.0)
    """
    given = _validate_regions.points(contour, "contour").astype(np.float64)
    # From a point of the contour: powers of large coordinates would cancel out in the central moments.
    near = _integrals(given - given[0])
    if near["00"] <= _NO_AREA:
        return dict.fromkeys([*(f"m{name}" for name in near), *_names("mu"), *_names("nu")], 0.0)
    found = {f"m{name}": value for name, value in _integrals(given).items()}
    central = _shifted(near, -near["10"] / near["00"], -near["01"] / near["00"])
    area = near["00"]
    for name in _CENTRAL:
        found[f"mu{name}"] = central[name]
    for name in _CENTRAL:
        order = int(name[0]) + int(name[1])
        found[f"nu{name}"] = central[name] / area ** (1 + order / 2)
    return found


def _names(kind: str) -> list[str]:
    return [kind + name for name in _CENTRAL]


def _lines(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the ends (x, y) of the lines of a closed contour, and their beginnings."""
    x, y = points.astype(np.float64).T
    return x, y, np.roll(x, 1), np.roll(y, 1)


def _integrals(points: np.ndarray) -> dict[str, float]:
    """Integrate powers of x and y over what a contour encloses, whichever way it runs."""
    u, v, x, y = _lines(points)
    area = x * v - u * y
    # Sums of whole numbers, of which each is exact, and what they are to be divided by.
    sums = {
        "00": (area, 2),
        "10": (area * (x + u), 6),
        "01": (area * (y + v), 6),
        "20": (area * (x * (x + u) + u * u), 12),
        "11": (area * (x * (2 * y + v) + u * (y + 2 * v)), 24),
        "02": (area * (y * (y + v) + v * v), 12),
        "30": (area * (x + u) * (x * x + u * u), 20),
        "21": (area * (x * x * (3 * y + v) + 2 * u * x * (y + v) + u * u * (y + 3 * v)), 60),
        "12": (area * (y * y * (3 * x + u) + 2 * v * y * (x + u) + v * v * (x + 3 * u)), 60),
        "03": (area * (y + v) * (y * y + v * v), 20),
    }
    sign = -1.0 if area.sum() < 0 else 1.0
    return {name: sign * float(values.sum()) / divisor for name, (values, divisor) in sums.items()}


def _shifted(moments: Mapping[str, float], x: float, y: float) -> dict[str, float]:
    """Return the moments of a shape that is moved by (x, y)."""
    found = {}
    for name in moments:
        n, m = int(name[0]), int(name[1])
        found[name] = math.fsum(
            math.comb(n, i) * x ** (n - i) * math.comb(m, j) * y ** (m - j) * moments[f"{i}{j}"]
            for i in range(n + 1)
            for j in range(m + 1)
        )
    return found


def hu_moments(moments: Mapping[str, float]) -> np.ndarray:
    """Return Hu's seven numbers of a shape, which turning, moving and scaling it does not change.

    Parameters
    ----------
    moments : mapping of str to float
        As :func:`moments` returns them; ``nu20`` to ``nu03`` count.

    Returns
    -------
    numpy.ndarray, (7,), float64
        The last one changes its sign for a mirrored shape.

    Raises
    ------
    TypeError, ValueError
        For a moment that is missing or no finite number.

    Notes
    -----
    Equals ``cv2.HuMoments(moments)``. They are from M. Hu, "Visual pattern recognition by moment invariants",
    1962.

    Examples
    --------
    >>> import cvkit
    >>> square = cvkit.moments([(0, 0), (4, 0), (4, 4), (0, 4)])
    >>> cvkit.hu_moments(square).round(4).tolist()
    [0.1667, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    nu20, nu11, nu02, nu30, nu21, nu12, nu03 = _validate_regions.named_numbers(
        moments, _names("nu"), "moments"
    )
    sum_30, sum_03 = nu30 + nu12, nu21 + nu03
    difference_30, difference_03 = nu30 - 3 * nu12, 3 * nu21 - nu03
    long, short = sum_30 * (sum_30**2 - 3 * sum_03**2), sum_03 * (3 * sum_30**2 - sum_03**2)
    return np.array(
        [
            nu20 + nu02,
            (nu20 - nu02) ** 2 + 4 * nu11**2,
            difference_30**2 + difference_03**2,
            sum_30**2 + sum_03**2,
            difference_30 * long + difference_03 * short,
            (nu20 - nu02) * (sum_30**2 - sum_03**2) + 4 * nu11 * sum_30 * sum_03,
            difference_03 * long - difference_30 * short,
        ]
    )
