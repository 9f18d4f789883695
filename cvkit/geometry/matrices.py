"""Affine and perspective matrices: from points, from angles, inverted, composed, applied."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cvkit import _validate


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
    _not_on_a_line(source, "src")
    return np.linalg.solve(_homogeneous(source), target).T


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
        for left_out in range(4):
            _not_on_a_line(np.delete(points, left_out, axis=0), name)
    equations = np.zeros((8, 8))
    equations[:4, :3] = equations[4:, 3:6] = _homogeneous(source)
    equations[:4, 6:] = -target[:, :1] * source
    equations[4:, 6:] = -target[:, 1:] * source
    try:
        solution = np.linalg.solve(equations, target.T.ravel())
    except np.linalg.LinAlgError:
        raise ValueError(f"no matrix that ends in 1 maps src to dst: src is {src!r}") from None
    return np.append(solution, 1.0).reshape(3, 3)


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
        affine = affine and np.shape(matrix) == (2, 3)
        product = _square(matrix) @ product
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
    (a, b, x), (c, d, y) = _validate.matrix(matrix, (2, 3))
    determinant = a * d - b * c
    if determinant == 0 or not math.isfinite(1 / determinant):
        raise ValueError(f"matrix must have an inverse, got {matrix!r}")
    factor = 1 / determinant
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
    # Cofactors rather than an LU decomposition: whole matrices of determinant 1 invert exactly.
    cofactors = np.array([np.cross(m[1], m[2]), np.cross(m[2], m[0]), np.cross(m[0], m[1])]).T
    determinant = m[0] @ cofactors[:, 0]
    if determinant == 0 or not math.isfinite(1 / determinant):
        raise ValueError(f"matrix must have an inverse, got {matrix!r}")
    return cofactors * (1 / determinant) + 0.0


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
    source, square = _validate.matrix(points, (-1, 2), "points"), _square(matrix)
    mapped = _homogeneous(source) @ square.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return mapped[:, :2] / mapped[:, 2:]


def _homogeneous(points: np.ndarray) -> np.ndarray:
    return np.column_stack([points, np.ones(len(points))])


def _square(matrix: npt.ArrayLike) -> np.ndarray:
    """View a (2, 3) or (3, 3) matrix as (3, 3)."""
    if np.shape(matrix) == (2, 3):
        return np.vstack([_validate.matrix(matrix, (2, 3)), [0.0, 0.0, 1.0]])
    return _validate.matrix(matrix, (3, 3))


def _cosine_and_sine(degrees: float) -> tuple[float, float]:
    """Cosine and sine that are exactly 0 or 1 at quarter turns."""
    quarters, rest = divmod(degrees, 90.0)
    cosine, sine = math.cos(math.radians(rest)), math.sin(math.radians(rest))
    turns = ((cosine, sine), (-sine, cosine), (-cosine, -sine), (sine, -cosine))
    return turns[int(quarters % 4)]


def _not_on_a_line(points: np.ndarray, name: str) -> None:
    """Check that three points span a triangle, up to rounding."""
    first, second = points[1] - points[0], points[2] - points[0]
    area = abs(first[0] * second[1] - first[1] * second[0])
    if area <= 1e-10 * math.hypot(*first) * math.hypot(*second):
        raise ValueError(
            f"{name} must not hold three points on a line or a point twice, got {points.tolist()}"
        )
