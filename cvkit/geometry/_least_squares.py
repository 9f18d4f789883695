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
    normal_source, from_source = _spread(source)
    normal_target, to_target = _scale(target)
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


def _spread(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Center points and spread them alike in all directions; return them, (2, N), and the affine matrix."""
    (x, y), center, size = _center(points)
    # Made orthogonal by Gram and Schmidt: a covariance would lose half the digits of narrow points.
    slope = (x * y).mean() / (x * x).mean()
    upright = y - slope * x
    scales = 1 / math.sqrt((x * x).mean()), 1 / math.sqrt((upright * upright).mean())
    linear = np.array([[scales[0], 0], [-slope * scales[1], scales[1]]])
    return np.stack([x * scales[0], upright * scales[1]]), _centering(linear / size, center)


def _scale(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Center points at a root mean square distance of 1; return them, (2, N), and the similarity."""
    apart, center, size = _center(points)
    scale = 1 / math.sqrt(2 * (apart * apart).mean())
    return apart * scale, _centering(np.diag([scale, scale]) / size, center)


def _center(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return points as seen from their center, (2, N) at a size of 1, the center and the size."""
    center = points.mean(axis=0)
    apart = np.ascontiguousarray((points - center).T)
    size = float(np.abs(apart).max())
    return apart / size, center, size


def _centering(linear: np.ndarray, center: np.ndarray) -> np.ndarray:
    """Return the (3, 3) matrix that moves ``center`` to the origin and then maps by ``linear``."""
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = linear, -linear @ center
    return matrix


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
