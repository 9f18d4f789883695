"""Find the perspective matrix between two sets of points, some of which are wrong."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cvkit import _validate
from cvkit.geometry.matrices import transform_points

# Samples that RANSAC tries at once, vectorised.
_BATCH = 256


def find_homography(
    src: npt.ArrayLike,
    dst: npt.ArrayLike,
    *,
    method: str = "ransac",
    threshold: float = 3.0,
    confidence: float = 0.995,
    max_iterations: int = 2000,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Find the perspective matrix that maps points to points.

    Parameters
    ----------
    src, dst : array_like, (N, 2)
        At least four pairs of points (x, y).
    method : {"ransac", "least_squares"}
        ``"ransac"`` finds the matrix that most pairs agree with and fits it to those; ``"least_squares"``
        fits it to all.
    threshold : float
        Distance in pixels of ``dst`` up to which a pair agrees with a matrix.
    confidence : float
        RANSAC stops when it has met a sample of correct pairs with this probability.
    max_iterations : int
        RANSAC stops after so many samples in any case.
    seed : int
        The same seed gives the same result.

    Returns
    -------
    matrix : numpy.ndarray, (3, 3), float64
        The matrix, scaled to end in 1.
    inliers : numpy.ndarray, (N,), bool
        Which pairs agree with it; all of them for ``"least_squares"``.

    Raises
    ------
    ValueError
        For fewer than four pairs, or if the points are too few, repeated or on a line.

    References
    ----------
    Hartley and Zisserman, *Multiple View Geometry*, algorithms 4.2 (normalised DLT) and 4.6 (RANSAC).

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> src = np.array([[0, 0], [9, 0], [9, 9], [0, 9], [5, 2], [3, 7]])
    >>> dst = 2.0 * src
    >>> dst[5] = 90, 90
    >>> matrix, inliers = cvkit.find_homography(src, dst)
    >>> matrix.round(6) + 0.0
    array([[2., 0., 0.],
           [0., 2., 0.],
           [0., 0., 1.]])
    >>> inliers
    array([ True,  True,  True,  True,  True, False])
    """
    source, target = _validate.matrix(src, (-1, 2), "src"), _validate.matrix(dst, (-1, 2), "dst")
    if len(source) != len(target) or len(source) < 4:
        raise ValueError(f"src and dst must hold 4 pairs or more, got {len(source)} and {len(target)} points")
    _validate.one_of(method, ("ransac", "least_squares"), "method")
    threshold = _validate.number(threshold, "threshold", above=0)
    confidence = _validate.number(confidence, "confidence", minimum=0, maximum=1)
    iterations = _validate.integer(max_iterations, "max_iterations", minimum=1)
    generator = np.random.default_rng(_validate.integer(seed, "seed", minimum=0))
    if method == "least_squares" or len(source) == 4:
        return _fit(source, target), np.ones(len(source), bool)
    inliers = _consensus(source, target, threshold, confidence, iterations, generator)
    matrix = _fit(source[inliers], target[inliers])
    # Once more with the pairs that agree with the fit to many, which is better than the fit to four.
    refined = _distances(matrix[np.newaxis], source, target)[0] <= threshold
    if refined.sum() >= inliers.sum():
        inliers = refined
        matrix = _fit(source[inliers], target[inliers])
    return matrix, inliers


def _consensus(
    source: np.ndarray,
    target: np.ndarray,
    threshold: float,
    confidence: float,
    iterations: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """Return which pairs agree with the best matrix through four pairs."""
    best = np.zeros(len(source), bool)
    tried = 0
    while tried < iterations:
        keys = generator.random((min(_BATCH, iterations - tried), len(source)))
        samples = np.argpartition(keys, 4, axis=1)[:, :4]
        tried += len(samples)
        candidates = _through_four(source[samples], target[samples])
        agreeing = _distances(candidates, source, target) <= threshold
        leader = agreeing[agreeing.sum(axis=1).argmax()]
        if leader.sum() > best.sum():
            best = leader
        if tried >= _samples_needed(best.mean(), confidence):
            break
    if best.sum() < 4:
        raise ValueError("no four pairs of src and dst agree on a matrix: are points repeated or on a line?")
    return best


def _samples_needed(share: float, confidence: float) -> float:
    """How many samples of four hold one without a wrong pair, at the given confidence."""
    wrong = 1 - share**4
    if wrong <= 0:
        return 0
    if wrong >= 1 or confidence >= 1:
        return math.inf
    return math.log(1 - confidence) / math.log(wrong)


def _through_four(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Matrices through many samples of four pairs, (S, 4, 2) each; NaN where a sample determines none.

    A matrix maps the unit vectors and (1, 1, 1) to four points: one such map backwards, one forwards.
    """
    with np.errstate(all="ignore"):
        to_target, from_source = _from_basis(target), np.linalg.inv(_filled(_from_basis(source)))
        matrices = to_target @ from_source
        matrices = matrices / matrices[:, 2:, 2:]
    usable = np.isfinite(matrices).all(axis=(1, 2)) & _in_general_position(source)
    return np.where(usable[:, np.newaxis, np.newaxis], matrices, np.nan)


def _from_basis(points: np.ndarray) -> np.ndarray:
    """Return the matrices that map the unit vectors to the first three points and (1, 1, 1) to the fourth."""
    columns = np.concatenate([points, np.ones_like(points[..., :1])], axis=2).transpose(0, 2, 1)
    factors = np.linalg.solve(_filled(columns[:, :, :3]), columns[:, :, 3:])
    return columns[:, :, :3] * factors.transpose(0, 2, 1)


def _filled(matrices: np.ndarray) -> np.ndarray:
    """Replace singular matrices, which would stop the whole batch, by ones that give NaN."""
    singular = ~(np.abs(np.linalg.det(matrices)) > 1e-12)
    filled = matrices.copy()
    filled[singular] = np.eye(3) * np.nan
    return filled


def _in_general_position(points: np.ndarray) -> np.ndarray:
    """Whether no three of four points lie on a line, for samples (S, 4, 2)."""
    usable = np.ones(len(points), bool)
    for left_out in range(4):
        a, b, c = np.delete(points, left_out, axis=1).transpose(1, 0, 2)
        first, second = b - a, c - a
        area = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
        usable &= area > 1e-8 * np.hypot(*first.T) * np.hypot(*second.T)
    return usable


def _distances(matrices: np.ndarray, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Distance of each mapped point to its partner, for each matrix; infinite where a matrix is NaN."""
    homogeneous = np.column_stack([source, np.ones(len(source))])
    mapped = homogeneous @ matrices.transpose(0, 2, 1)
    with np.errstate(all="ignore"):
        apart = np.linalg.norm(mapped[..., :2] / mapped[..., 2:] - target, axis=2)
    return np.where(np.isfinite(apart), apart, np.inf)


def _fit(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Fit by the normalised direct linear transform: algebraic least squares of four pairs or more."""
    normalise_source, normalise_target = _normaliser(source, "src"), _normaliser(target, "dst")
    x, y = transform_points(source, normalise_source).T
    u, v = transform_points(target, normalise_target).T
    one, zero = np.ones_like(x), np.zeros_like(x)
    equations = np.vstack(
        [
            np.column_stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u]),
            np.column_stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v]),
        ]
    )
    _, singular, right = np.linalg.svd(equations)
    if singular[7] < 1e-9 * singular[0]:
        raise ValueError("src and dst must determine a matrix; points are repeated or on a line")
    matrix = np.linalg.inv(normalise_target) @ right[8].reshape(3, 3) @ normalise_source
    if not np.isfinite(matrix / matrix[2, 2]).all() or abs(np.linalg.det(matrix / matrix[2, 2])) < 1e-12:
        raise ValueError("src and dst must determine an invertible matrix; points of dst are on a line")
    return matrix / matrix[2, 2]


def _normaliser(points: np.ndarray, name: str) -> np.ndarray:
    """Return the similarity that moves points to the origin, at a mean distance of the square root of 2."""
    centre = points.mean(axis=0)
    distance = np.hypot(*(points - centre).T).mean()
    if distance == 0:
        raise ValueError(f"{name} must not hold one point only, got {points[0].tolist()} for all pairs")
    scale = math.sqrt(2) / distance
    return np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])
