"""Match binary descriptors by the number of bits in which they differ."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, Operand, as_device_array, contiguous, flat, reshaped, to_host
from cvkit._jit_cuda import as_words, on_device
from cvkit.features._cpu import descriptors as descriptor_kernels
from cvkit.features._descriptor_math import NOTHING

# A distance, and the number of a descriptor in a key.
_SHIFT, _NUMBERS = np.uint64(32), np.uint64(0xFFFFFFFF)
# Distances are counted in 32 bits.
_LONGEST, _MOST = 1 << 20, (1 << 31) - 1


class Matches(NamedTuple):
    """Pairs of descriptors, in the order of the first of a pair.

    Attributes
    ----------
    first, second : numpy.ndarray, (M,), int64
        Rows of the two arrays of descriptors.
    distance : numpy.ndarray, (M,), int32
        In how many bits the two differ.
    """

    first: np.ndarray
    second: np.ndarray
    distance: np.ndarray


def match_descriptors(
    a: Array, b: Array, *, ratio: float | None = None, cross_check: bool = False
) -> Matches:
    """Find for each binary descriptor the one that differs in the fewest bits, as ``cv2.BFMatcher``.

    Parameters
    ----------
    a, b : array, (N, bytes) and (M, bytes), uint8
        Descriptors, such as those of :func:`cvkit.orb`. On a GPU they have a multiple of four bytes.
    ratio : float, optional
        Keep a match only if its distance is below this share of that to the second nearest (Lowe's test),
        0 to 1. One descriptor in ``b`` has no second, and is kept.
    cross_check : bool
        Keep a match only if its first is the nearest of its second, too.

    Returns
    -------
    Matches
        ``first``, ``second`` and ``distance`` of each match, in NumPy arrays wherever the descriptors live:
        how many there are is known on the host. Of equally near descriptors it is the first.

    Raises
    ------
    TypeError, ValueError
        For other dtypes and shapes, or an unsuitable ratio.

    References
    ----------
    D. Lowe, "Distinctive image features from scale-invariant keypoints", 2004, for the ratio of distances.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> a = np.array([[0b0000_0000], [0b1111_0000]], np.uint8)
    >>> b = np.array([[0b1111_0001], [0b0000_0011]], np.uint8)
    >>> cvkit.match_descriptors(a, b)
    Matches(first=array([0, 1]), second=array([1, 0]), distance=array([2, 1], dtype=int32))
    """
    if ratio is not None:
        ratio = _validate.number(ratio, "ratio", minimum=0, maximum=1)
    (first, size), (second, size_of_b) = _words(a, "a"), _words(b, "b")
    if first.is_on_device != second.is_on_device:
        raise ValueError("b must live where a lives, got one NumPy and one device array")
    if size != size_of_b:
        raise ValueError(f"b must have {size} bytes in a row, as a has, got {size_of_b}")
    keys = _nearest(first, second)
    is_kept = keys[:, 0] != NOTHING
    nearest, distances = keys & _NUMBERS, keys >> _SHIFT
    if ratio is not None:
        is_kept &= (distances[:, 0] < ratio * distances[:, 1]) | (keys[:, 1] == NOTHING)
    if cross_check and is_kept.any():
        back = _nearest(second, first)[:, 0] & _NUMBERS
        is_kept &= back[nearest[:, 0].astype(np.int64)] == np.arange(len(nearest))
    rows = np.flatnonzero(is_kept)
    return Matches(rows, nearest[rows, 0].astype(np.int64), distances[rows, 0].astype(np.int32))


def _words(descriptors: Array, name: str) -> tuple[Operand, int]:
    """Check descriptors; return them as rows of words, on the CPU filled up with zeros, and their bytes."""
    is_on_device = on_device(descriptors)
    array = as_device_array(descriptors) if is_on_device else _validate.host_array(descriptors, name)
    if array.dtype != np.uint8:
        raise TypeError(f"{name} must have dtype uint8, got {array.dtype}")
    if len(array.shape) != 2 or not 1 <= array.shape[1] <= _LONGEST or array.shape[0] > _MOST:
        raise ValueError(
            f"{name} must have shape (N, bytes) of 1 to {_LONGEST} bytes, got {tuple(array.shape)}"
        )
    count, size = array.shape
    if not is_on_device:
        filled = np.pad(array, ((0, 0), (0, -size % 4))) if size % 4 else contiguous(array)
        return Operand(contiguous(filled).view(np.uint32), descriptors), size
    words = as_words(flat(array)) if size % 4 == 0 else None
    if words is None:
        raise ValueError(f"{name} on a GPU must have whole words of 4 bytes, got {size} bytes in a row")
    return Operand(reshaped(words, (count, size // 4)), descriptors), size


def _nearest(queries: Operand, others: Operand) -> np.ndarray:
    """Return the keys of the two nearest of ``others`` for each query, on the host."""
    keys = queries.empty((queries.array.shape[0], 2), np.uint64)
    queries.kernels(descriptor_kernels).nearest(queries.array, others.array, keys)
    return to_host(keys)
