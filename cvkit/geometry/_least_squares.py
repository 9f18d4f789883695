"""The perspective matrix of the least squared distances between mapped points and their partners.

Time and memory are linear in the number of pairs. The fit is done where points lie about the origin, at a
size of 1, so that no limit below knows the caller's units.
"""

from __future__ import annotations

import math

import numpy as np

from cvkit.geometry._cpu import homography as kernels

_EPSILON = float(np.finfo(np.float64).eps)
# Of the eigenvalues of the equations, the second smallest vanishes, in comparison with the largest, where
# more matrices than one solve them; of the singular values of a matrix, the smallest where it has no inverse.
_UNDETERMINED = 1e-13
_SINGULAR = 1e-13
_MAX_STEPS = 30
_SETTLED = 1e-10
# Where the six different products of three coordinates stand in a matrix of all nine.
_SYMMETRIC = np.array([[0, 1, 2], [1, 3, 4], [2, 4, 5]])


def fit(source: np.ndarray, target: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
    """Fit a matrix, scaled to end in 1, to four pairs or more.

    ``source`` must hold four points of which no three are on a line. Without a matrix to ``start`` from, the
    normalized direct linear transform gives one. From there on the sum of squares never grows.
    """
    from_source, to_target = _spreading(source), _scaling(target)
    normal_source, normal_target = _apply(from_source, source), _apply(to_target, target)
    if start is None:
        first = _direct_linear_transform(normal_source, normal_target)
    else:
        first = to_target @ start @ np.linalg.inv(from_source)
    fitted = _levenberg_marquardt(first, normal_source, normal_target)
    _check_inverse(fitted)
    matrix = np.linalg.inv(to_target) @ fitted @ from_source
    with np.errstate(all="ignore"):
        matrix = matrix / matrix[2, 2]
    if not np.isfinite(matrix).all():
        raise ValueError("no matrix that ends in 1 maps src to dst: it would map the origin to infinity")
    return matrix


def _spreading(points: np.ndarray) -> np.ndarray:
    """Return the affine matrix that centers points and spreads them alike in all directions."""
    center, size, spread = _spread(points)
    return _centering(np.linalg.inv(spread).T / size, center)


def _scaling(points: np.ndarray) -> np.ndarray:
    """Return the similarity that centers points, at a root mean square distance of 1."""
    center, size, spread = _spread(points)
    return _centering(np.eye(2) / (size * np.linalg.norm(spread)), center)


def _spread(points: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Return the center of points, their size and a square root of their covariance in units of the size."""
    center = points.mean(axis=0)
    apart = points - center
    size = float(np.abs(apart).max())
    spread: np.ndarray = np.linalg.qr(apart / size, mode="r")  # type: ignore[assignment]
    return center, size, spread / math.sqrt(len(points))


def _centering(linear: np.ndarray, center: np.ndarray) -> np.ndarray:
    """Return the (3, 3) matrix that moves ``center`` to the origin and then maps by ``linear``."""
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = linear, -linear @ center
    return matrix


def _apply(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points (N, 2) to rows of coordinates (2, N)."""
    x, y = points.T
    return np.stack([row[0] * x + row[1] * y + row[2] for row in affine[:2]])


def _direct_linear_transform(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the matrix of norm 1 that comes closest to solving the equations of all pairs."""
    _, _, equations = _normal_equations(np.eye(3), source, target, algebraic=True)
    eigenvalues, eigenvectors = np.linalg.eigh(equations)
    if not eigenvalues[1] > _UNDETERMINED * eigenvalues[8]:
        raise ValueError("src and dst must determine a matrix; points are repeated or on a line")
    matrix = eigenvectors[:, 0].reshape(3, 3)
    _check_inverse(matrix)
    return matrix


def _check_inverse(matrix: np.ndarray) -> None:
    singular = np.linalg.svd(matrix, compute_uv=False)
    if not singular[2] > _SINGULAR * singular[0]:
        raise ValueError(
            "src and dst must determine a matrix with an inverse; points are repeated or on a line"
        )


def _levenberg_marquardt(matrix: np.ndarray, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Lessen the sum of squared distances between mapped points and their partners as far as it goes."""
    matrix = matrix / np.linalg.norm(matrix)
    total, gradient, curvature = _normal_equations(matrix, source, target)
    damping = 1e-4
    for _ in range(_MAX_STEPS):
        # Where all pairs agree, steps would follow nothing but rounding.
        if not total > source.shape[1] * (8 * _EPSILON) ** 2:
            break
        # The scale of a matrix means nothing: the last term keeps steps from changing it.
        values = matrix.ravel()
        damped = curvature + damping * np.diag(np.diag(curvature))
        damped += np.trace(curvature) * np.outer(values, values)
        trial = matrix - np.linalg.solve(damped, gradient).reshape(3, 3)
        trial /= np.linalg.norm(trial)
        found = _normal_equations(trial, source, target)
        if found[0] < total:
            settled = total - found[0] <= _SETTLED * total
            matrix, (total, gradient, curvature) = trial, found
            damping *= 0.1
        else:
            settled = damping > 1
            damping *= 100
        if settled:
            break
    return matrix


def _normal_equations(
    matrix: np.ndarray, source: np.ndarray, target: np.ndarray, algebraic: bool = False
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the sum of squares, half its gradient, and the Gauss-Newton matrix of its second derivatives.

    With a point p = (x, y, 1) divided by its depth, and mapped to (u, v), the derivatives of u are
    (p, 0, -u p) and those of v are (0, p, -v p). ``algebraic``, these are the equations that p be mapped to
    its partner.
    """
    blocks = np.empty((-(-source.shape[1] // kernels.BLOCK), kernels.SUMS))
    kernels.add_up(matrix, algebraic, source, target, blocks)
    sums = blocks.sum(axis=0)
    plain, by_u, by_v, by_square = sums[:24].reshape(4, 6)[:, _SYMMETRIC]
    curvature = np.zeros((9, 9))
    curvature[:3, :3] = curvature[3:6, 3:6] = plain
    curvature[:3, 6:] = curvature[6:, :3] = -by_u
    curvature[3:6, 6:] = curvature[6:, 3:6] = -by_v
    curvature[6:, 6:] = by_square
    along_u, along_v, along = sums[24:33].reshape(3, 3)
    return float(sums[33]), np.concatenate([along_u, along_v, -along]), curvature
