"""Find the perspective matrix between two sets of points, some of which are wrong."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cvkit import _validate
from cvkit.geometry._cpu import homography as kernels
from cvkit.geometry._least_squares import fit
from cvkit.geometry._points import hold_four_in_general_position, map_points, through_four
from cvkit.typing import HomographyMethod

# Samples that RANSAC tries at once: few where there are many pairs, because the first may do.
_PAIRS_IN_BATCH, _BATCH_BOUNDS = 1 << 17, (8, 64)
# Points that tell well enough where most lie.
_ENOUGH_FOR_MIDDLE = 4096
# Fits to pairs that agree with the fit before; the sixth rarely changes any.
_MAX_FITS = 10


def find_homography(
    src: npt.ArrayLike,
    dst: npt.ArrayLike,
    *,
    method: HomographyMethod = "ransac",
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
        ``"ransac"`` finds a matrix that most pairs agree with and fits it to those; ``"least_squares"``
        fits it to all. Both fits minimize the squared distances in ``dst``.
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
        Which pairs agree with this matrix; all of them for ``"least_squares"``.

    Raises
    ------
    ValueError
        For fewer than four pairs, or if the points are repeated or on a line, or if no four pairs agree.

    References
    ----------
    Hartley and Zisserman, *Multiple View Geometry*, algorithms 4.2 (normalized DLT), 4.3 (reprojection error
    in one image) and 4.6 (RANSAC).

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
    seed = _validate.integer(seed, "seed", minimum=0)
    for points, name in ((source, "src"), (target, "dst")):
        _check_position(points, name, method)
    if method == "least_squares":
        return fit(source, target), np.ones(len(source), bool)
    generator = np.random.default_rng(seed)
    matrix = _consensus(source, target, threshold, confidence, iterations, generator)
    inliers = _agreeing(matrix, source, target, threshold)
    # The squares of the distances, each capped at the threshold's, never sum to more than before: the fit
    # lessens those of the inliers, and the choice of the next inliers all others.
    for _ in range(_MAX_FITS):
        if inliers.sum() < 4:
            raise _no_consensus(threshold)
        before = inliers
        matrix = fit(source[before], target[before], matrix)
        inliers = _agreeing(matrix, source, target, threshold)
        if np.array_equal(inliers, before):
            break
    return matrix, inliers


def _check_position(points: np.ndarray, name: str, method: str) -> None:
    """Check that points are not one, nor all on a line but one; RANSAC's samples see to the latter."""
    if (points == points[0]).all():
        raise ValueError(
            f"{name} must not hold one point only, repeated or on a line, got {points[0].tolist()} for all"
            " pairs"
        )
    if method == "least_squares" and not hold_four_in_general_position(points):
        raise ValueError(
            f"{name} must hold four points of which no three are on a line, got {len(points)} points that are"
            " repeated or on a line"
        )


def _agreeing(matrix: np.ndarray, source: np.ndarray, target: np.ndarray, threshold: float) -> np.ndarray:
    """Return which pairs the matrix maps to within ``threshold`` of each other."""
    x, y = map_points(source, matrix)
    return np.hypot(x - target[:, 0], y - target[:, 1]) <= threshold


def _no_consensus(threshold: float) -> ValueError:
    return ValueError(
        f"no four pairs of src and dst agree on a matrix to within a threshold of {threshold}: are points"
        " repeated or on a line?"
    )


def _consensus(
    source: np.ndarray,
    target: np.ndarray,
    threshold: float,
    confidence: float,
    iterations: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """Return the matrix through four pairs that most pairs agree with."""
    source_middle, source_size = _middle(source)
    target_middle, target_size = _middle(target)
    near_source = np.ascontiguousarray(((source - source_middle) / source_size).T)
    near_target = np.ascontiguousarray(((target - target_middle) / target_size).T)
    best, most, tried = None, 0, 0
    while tried < min(iterations, _samples_needed(most / len(source), confidence)):
        size = np.clip(_PAIRS_IN_BATCH // len(source), *_BATCH_BOUNDS)
        samples = _draw_fours(generator, len(source), min(size, iterations - tried))
        tried += len(samples)
        counts = np.empty(len(samples), np.int64)
        kernels.count_agreeing(
            samples, source, target, near_source, near_target, threshold / target_size, counts
        )
        if counts.max() > most:
            best, most = samples[counts.argmax()], int(counts.max())
    if best is None or most < 4:
        raise _no_consensus(threshold)
    matrix = through_four(source[best], target[best])
    if not np.isfinite(matrix).all():
        raise ValueError("no matrix that ends in 1 maps src to dst: it would map the origin to infinity")
    return matrix


def _middle(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Return a point amid most points and a distance at which many lie, however far some are."""
    some = points[:: 1 + len(points) // _ENOUGH_FOR_MIDDLE]
    middle = _median(some)
    apart = np.abs(points - middle)
    apart = apart[apart > 0]
    return middle, float(_median(apart[:: 1 + len(apart) // _ENOUGH_FOR_MIDDLE]))


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median along the first axis; the larger of the middle two where there are two."""
    half = len(values) // 2
    return np.partition(values, half, axis=0)[half]


def _draw_fours(generator: np.random.Generator, size: int, count: int) -> np.ndarray:
    """Draw ``count`` samples of four numbers below ``size``, which Floyd's algorithm makes different."""
    columns = [generator.integers(0, last, count, endpoint=True) for last in range(size - 4, size)]
    return np.column_stack(columns)


def _samples_needed(share: float, confidence: float) -> float:
    """How many samples of four hold one without a wrong pair, at the given confidence."""
    wrong = 1 - share**4
    if wrong <= 0:
        return 0
    if wrong >= 1 or confidence >= 1:
        return math.inf
    return math.log(1 - confidence) / math.log(wrong)
