"""The perspective matrix of the least squared distances between mapped points and their partners.

Time and memory are linear in the number of pairs. The fit is done where points lie about the origin, at a
size of 1, so that no limit below knows the caller's units.
"""

from __future__ import annotations

import math

import numpy as np

from cvkit.geometry._cpu import homography as kernels

# Of the eigenvalues of the equations, the second smallest vanishes, in comparison with the largest, where
# more matrices than one solve them; of the singular values of a matrix, the smallest where it has no inverse.
_UNDETERMINED = 1e-13
_SINGULAR = 1e-13


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
    fitted = first / np.linalg.norm(first)
    kernels.lessen_distances(fitted, normal_source, normal_target, _scratch(normal_source))
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
    across, down = np.ascontiguousarray((apart / size).T)
    breadth = np.linalg.norm(across)
    slope = across @ down / breadth
    spread = np.array([[breadth, slope], [0, np.linalg.norm(down - slope / breadth * across)]])
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
    equations = np.empty((9, 9))
    kernels.add_up_algebraic(source, target, _scratch(source), equations)
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


def _scratch(points: np.ndarray) -> np.ndarray:
    """Return room for the sums of each block of points (2, N)."""
    return np.empty((-(-points.shape[1] // kernels.BLOCK), kernels.SUMS))
