"""Affine and perspective matrices: from points, from angles, inverted, composed, applied."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt

from cvkit import _validate
from cvkit.geometry._points import edges, in_general_position, map_points, on_a_line, through_four


def affine_matrix(src: npt.ArrayLike, dst: npt.ArrayLike) -> np.ndarray:
    """Return the affine matrix that maps three points to three points.

    Parameters
    ----------
    src, dst : array_like, (3, 2)
        Points (x, y) before and after.

    Returns
    -------
    numpy.ndarray, (2, 3), float64

    Raises
    ------
    ValueError
        If the points of ``src`` lie on a line.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.affine_matrix([[0, 0], [1, 0], [0, 1]], [[5, 7], [6, 7], [5, 9]]).round(9) + 0
    array([[1., 0., 5.],
           [0., 2., 7.]])
    """
    source, target = _validate.matrix(src, (3, 2), "src"), _validate.matrix(dst, (3, 2), "dst")
    if on_a_line(*source.tolist()):
        raise _on_a_line_error(source, "src")
    # Differences, because points far from the origin differ in their last digits only.
    linear = np.linalg.solve(edges(source), edges(target)).T
    return np.column_stack([linear, target[0] - linear @ source[0]])


def perspective_matrix(src: npt.ArrayLike, dst: npt.ArrayLike) -> np.ndarray:
    """Return the perspective matrix (homography) that maps four points to four points.

    Parameters
    ----------
    src, dst : array_like, (4, 2)
        Points (x, y) before and after.

    Returns
    -------
    numpy.ndarray, (3, 3), float64
        The matrix, scaled to end in 1.

    Raises
    ------
    ValueError
        If three points of ``src`` or of ``dst`` lie on a line.

    Examples
    --------
    >>> import cvkit
    >>> square = [[0, 0], [1, 0], [1, 1], [0, 1]]
    >>> cvkit.perspective_matrix(square, [[2, 3], [4, 3], [4, 5], [2, 5]]).round(9) + 0
    array([[2., 0., 2.],
           [0., 2., 3.],
           [0., 0., 1.]])
    """
    source, target = _validate.matrix(src, (4, 2), "src"), _validate.matrix(dst, (4, 2), "dst")
    for points, name in ((source, "src"), (target, "dst")):
        if not in_general_position(points):
            raise _on_a_line_error(points, name)
    matrix = through_four(source, target)
    if not np.isfinite(matrix).all():
        raise ValueError(f"no matrix that ends in 1 maps src to dst: src is {src!r}")
    return matrix


def rotation_matrix(center: tuple[float, float], angle: float, scale: float = 1.0) -> np.ndarray:
    """Return the affine matrix of a rotation about a point, as ``cv2.getRotationMatrix2D``.

    Parameters
    ----------
    center : (float, float)
        The fixed point (x, y).
    angle : float
        Degrees, counter-clockwise as seen on the screen. Multiples of 90 are exact.
    scale : float
        Factor of all distances.

    Returns
    -------
    numpy.ndarray, (2, 3), float64

    Examples
    --------
    >>> import cvkit
    >>> cvkit.rotation_matrix((0, 0), 90)
    array([[ 0.,  1.,  0.],
           [-1.,  0.,  0.]])
    """
    x, y = _validate.matrix(center, (2,), "center")
    cosine, sine = _cosine_and_sine(_validate.number(angle, "angle"))
    scale = _validate.number(scale, "scale")
    a, b = scale * cosine, scale * sine
    return np.array([[a, b, (1 - a) * x - b * y], [-b, a, b * x + (1 - a) * y]]) + 0.0


def similarity_matrix(
    angle: float = 0.0, scale: float = 1.0, translation: tuple[float, float] = (0.0, 0.0)
) -> np.ndarray:
    """Return the affine matrix that rotates about the origin, scales and then translates.

    Parameters
    ----------
    angle : float
        Degrees, counter-clockwise as seen on the screen.
    scale : float
        Factor of all distances.
    translation : (float, float)
        Pixels along (x, y).

    Returns
    -------
    numpy.ndarray, (2, 3), float64

    Examples
    --------
    >>> import cvkit
    >>> cvkit.similarity_matrix(scale=2, translation=(3, 4))
    array([[2., 0., 3.],
           [0., 2., 4.]])
    """
    matrix = rotation_matrix((0, 0), angle, scale)
    matrix[:, 2] = _validate.matrix(translation, (2,), "translation")
    return matrix


def compose(*matrices: npt.ArrayLike) -> np.ndarray:
    """Return one matrix that does what the given ones do, the first one first.

    Parameters
    ----------
    *matrices : array_like, (2, 3) or (3, 3)
        One affine or perspective matrix or more.

    Returns
    -------
    numpy.ndarray, float64
        (2, 3) if all are affine, else (3, 3).

    Raises
    ------
    ValueError
        Without a matrix, or for other shapes.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.compose([[1, 0, 5], [0, 1, 0]], [[2, 0, 0], [0, 2, 0]])
    array([[ 2.,  0., 10.],
           [ 0.,  2.,  0.]])
    """
    if not matrices:
        raise ValueError("matrices must hold at least one matrix")
    product = np.eye(3)
    affine = True
    for matrix in matrices:
        product = _square(matrix) @ product
        affine = affine and np.shape(matrix) == (2, 3)
    return product[:2] if affine else product


def invert_affine(matrix: npt.ArrayLike) -> np.ndarray:
    """Return the inverse of an affine matrix, as ``cv2.invertAffineTransform``.

    Parameters
    ----------
    matrix : array_like, (2, 3)
        The matrix.

    Returns
    -------
    numpy.ndarray, (2, 3), float64

    Raises
    ------
    ValueError
        If the matrix has no inverse.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.invert_affine([[2, 0, 4], [0, 1, 3]])
    array([[ 0.5,  0. , -2. ],
           [ 0. ,  1. , -3. ]])
    """
    checked = _validate.matrix(matrix, (2, 3))
    x, y = checked[:, 2]
    unit = _binary_unit(checked[:, :2])
    (a, b), (c, d) = checked[:, :2] / unit
    determinant = a * d - b * c
    if _is_rounding(determinant, abs(a * d) + abs(b * c)):
        raise _no_inverse(matrix)
    factor = 1 / determinant / unit
    a, b, c, d = d * factor, -b * factor, -c * factor, a * factor
    # No negative zeros; otherwise OpenCV's formula, operation for operation.
    return np.array([[a, b, -a * x - b * y], [c, d, -c * x - d * y]]) + 0.0


def invert_perspective(matrix: npt.ArrayLike) -> np.ndarray:
    """Return the inverse of a perspective matrix, not rescaled.

    Parameters
    ----------
    matrix : array_like, (3, 3)
        The matrix.

    Returns
    -------
    numpy.ndarray, (3, 3), float64

    Raises
    ------
    ValueError
        If the matrix has no inverse.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.invert_perspective([[1, 0, 0], [0, 1, 0], [0.5, 0, 1]])
    array([[ 1. ,  0. ,  0. ],
           [ 0. ,  1. ,  0. ],
           [-0.5,  0. ,  1. ]])
    """
    m = _validate.matrix(matrix, (3, 3))
    unit = _binary_unit(m)
    m = m / unit
    # Cofactors rather than an LU decomposition: integer matrices of determinant 1 invert exactly.
    cofactors = np.array([np.cross(m[1], m[2]), np.cross(m[2], m[0]), np.cross(m[0], m[1])]).T
    determinant = m[0] @ cofactors[:, 0]
    products = [abs(m[0, i] * m[1, j] * m[2, k]) for i, j, k in itertools.permutations(range(3))]
    if _is_rounding(determinant, sum(products)):
        raise _no_inverse(matrix)
    return cofactors * (1 / determinant / unit) + 0.0


def transform_points(points: npt.ArrayLike, matrix: npt.ArrayLike) -> np.ndarray:
    """Map points by an affine or perspective matrix.

    Parameters
    ----------
    points : array_like, (N, 2)
        Points (x, y).
    matrix : array_like, (2, 3) or (3, 3)
        The matrix.

    Returns
    -------
    numpy.ndarray, (N, 2), float64
        The mapped points; infinite or NaN where a perspective matrix sends a point to infinity.

    Raises
    ------
    ValueError
        For other shapes.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.transform_points([[1, 2]], [[1, 0, 10], [0, 1, 20]])
    array([[11., 22.]])
    """
    return np.column_stack(map_points(_validate.matrix(points, (-1, 2), "points"), _square(matrix)))


def _square(matrix: npt.ArrayLike) -> np.ndarray:
    """View a (2, 3) or (3, 3) matrix as (3, 3)."""
    array = _validate.real_array(matrix, "matrix")
    if array.shape == (2, 3):
        array = np.vstack([array, [0, 0, 1]])
    return _validate.matrix(array, (3, 3))


def _binary_unit(matrix: np.ndarray) -> float:
    """Return the power of two next to the largest value: divided by it, no product leaves the exponents."""
    return 2.0 ** (math.frexp(np.abs(matrix).max())[1] - 1)


def _is_rounding(determinant: float, magnitude: float) -> bool:
    """Tell whether a determinant is no more than rounding leaves of products that sum to ``magnitude``."""
    return not abs(determinant) > 4 * np.finfo(np.float64).eps * magnitude


def _no_inverse(matrix: npt.ArrayLike) -> ValueError:
    return ValueError(f"matrix must have an inverse, got {matrix!r}")


def _cosine_and_sine(degrees: float) -> tuple[float, float]:
    """Cosine and sine that are exactly 0 or 1 at quarter turns."""
    quarters, rest = divmod(degrees, 90.0)
    cosine, sine = math.cos(math.radians(rest)), math.sin(math.radians(rest))
    turns = ((cosine, sine), (-sine, cosine), (-cosine, -sine), (sine, -cosine))
    return turns[int(quarters % 4)]


def _on_a_line_error(points: np.ndarray, name: str) -> ValueError:
    return ValueError(f"{name} must not hold three points on a line or a point twice, got {points.tolist()}")
