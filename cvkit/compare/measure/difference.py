"""How far two results of one operation are apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvkit.compare.cases.case import Tolerance


@dataclass(frozen=True)
class Difference:
    """How two results differ.

    Parameters
    ----------
    largest, mean : float
        Largest and mean absolute difference.
    equal : float
        Share of equal values.
    exceeding : float
        Share of values that differ by more than the tolerance accepts.
    """

    largest: float
    mean: float
    equal: float
    exceeding: float


def difference(ours: np.ndarray, reference: np.ndarray, tolerance: Tolerance) -> Difference:
    """Compare two results of one operation.

    Parameters
    ----------
    ours, reference : numpy.ndarray
        Arrays of the same shape and dtype.
    tolerance : Tolerance
        Decides which values count as exceeding.

    Returns
    -------
    Difference

    Raises
    ------
    ValueError
        If shapes or dtypes differ.

    Examples
    --------
    >>> difference(np.array([1, 2]), np.array([1, 4]), Tolerance(absolute=1)).exceeding
    0.5
    """
    if ours.shape != reference.shape or ours.dtype != reference.dtype:
        raise ValueError(
            f"ours is {ours.dtype} {ours.shape}, the reference {reference.dtype} {reference.shape}"
        )
    if ours.size == 0:
        return Difference(0.0, 0.0, 1.0, 0.0)
    ours, reference = ours.astype(np.float64), reference.astype(np.float64)
    same = (ours == reference) | (np.isnan(ours) & np.isnan(reference))
    with np.errstate(invalid="ignore"):  # infinity minus infinity, where they are the same
        gap = np.where(same, 0.0, np.abs(ours - reference))
    gap = np.where(np.isnan(gap), np.inf, gap)
    finite = reference[np.isfinite(reference)]
    value_range = float(np.ptp(finite)) if finite.size else 0.0
    accepted = tolerance.absolute + tolerance.relative * value_range
    return Difference(float(gap.max()), float(gap.mean()), float(same.mean()), float((gap > accepted).mean()))
