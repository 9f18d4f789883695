"""What a detector found in one image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from cvkit import _validate


def _stored(value: npt.ArrayLike, name: str) -> np.ndarray:
    """Check that numbers are finite as float32, too, and return them as such."""
    given = _validate.real_array(value, name)
    with np.errstate(over="ignore"):
        stored = np.ascontiguousarray(given, dtype=np.float32)
    if not np.isfinite(stored).all():
        raise ValueError(f"{name} must be finite, got {given[~np.isfinite(stored)][0]} as float32")
    return stored


Index = slice | npt.NDArray[Any] | list[int] | list[bool]


class Detection(NamedTuple):
    """One detected object.

    Parameters
    ----------
    xyxy : numpy.ndarray, (4,), float32
        Left, top, right and bottom of its box, in pixels.
    confidence : float
        The detector's score; larger is surer. Its scale is the detector's own.
    class_id : int
        Index of the object's class.
    """

    xyxy: np.ndarray
    confidence: float
    class_id: int


@dataclass(frozen=True, eq=False)
class Detections:
    """The objects found in one image, as arrays with one row for each object.

    ``len``, iteration (which yields :class:`Detection`), indexing by a number, a slice, a boolean mask or an
    array of indices, and ``==`` work as on a sequence.

    Parameters
    ----------
    xyxy : array_like, (N, 4)
        Left, top, right and bottom of each box, in pixels; stored as float32.
    confidence : array_like, (N,)
        Score of each box; stored as float32.
    class_id : array_like, (N,), optional
        Class of each box, an integer; stored as int64, 0 where not given.
    track_id : array_like, (N,), optional
        Number of each object, the same in all frames of a video; stored as int64, None where not given.

    Raises
    ------
    TypeError
        For classes or numbers that are no integers, masked arrays, and what is no array of numbers.
    ValueError
        If the lengths differ, a box is not four numbers, or a number is not finite or too large for float32.

    Examples
    --------
    >>> from cvkit.detect import Detections
    >>> found = Detections([[10, 20, 50, 120], [60, 20, 90, 95]], [1.5, 0.25])
    >>> len(found)
    2
    >>> found[found.confidence > 1].xyxy
    array([[ 10.,  20.,  50., 120.]], dtype=float32)
    >>> for box, confidence, class_id in found:
    ...     print(box, confidence, class_id)
    [ 10.  20.  50. 120.] 1.5 0
    [60. 20. 90. 95.] 0.25 0
    """

    xyxy: npt.NDArray[np.float32]
    confidence: npt.NDArray[np.float32]
    class_id: npt.NDArray[np.int64] = None  # type: ignore[assignment]
    track_id: npt.NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        xyxy = _stored(self.xyxy, "xyxy")
        if xyxy.size == 0:
            xyxy = xyxy.reshape(0, 4)
        if xyxy.ndim != 2 or xyxy.shape[1] != 4:
            raise ValueError(f"xyxy must have shape (N, 4), got {xyxy.shape}")
        classes = np.zeros(len(xyxy), np.int64) if self.class_id is None else self.class_id
        columns: dict[str, np.ndarray] = {
            "confidence": _stored(self.confidence, "confidence"),
            "class_id": _validate.whole_numbers(classes, "class_id"),
        }
        if self.track_id is not None:
            columns["track_id"] = _validate.whole_numbers(self.track_id, "track_id")
        for name, column in columns.items():
            if column.shape != (len(xyxy),):
                raise ValueError(
                    f"{name} must have one value for each of the {len(xyxy)} boxes, got shape {column.shape}"
                )
        for name, column in {"xyxy": xyxy, **columns}.items():
            object.__setattr__(self, name, column)

    @classmethod
    def empty(cls) -> Detections:
        """Return detections of no object.

        Returns
        -------
        Detections

        Examples
        --------
        >>> len(Detections.empty())
        0
        """
        return cls(np.empty((0, 4), np.float32), np.empty(0, np.float32))

    @classmethod
    def concatenate(cls, parts: Iterable[Detections]) -> Detections:
        """Join detections, in the order given.

        Parameters
        ----------
        parts : iterable of Detections
            May be empty. The numbers of objects are kept where all parts that are not empty have them.

        Returns
        -------
        Detections

        Examples
        --------
        >>> one = Detections([[0, 0, 4, 8]], [0.5])
        >>> len(Detections.concatenate([one, Detections.empty(), one]))
        2
        """
        parts = [cls.empty(), *parts]
        tracks = [part.track_id for part in parts if len(part)]
        numbers = [numbers for numbers in tracks if numbers is not None]
        return cls(
            np.concatenate([part.xyxy for part in parts]),
            np.concatenate([part.confidence for part in parts]),
            np.concatenate([part.class_id for part in parts]),
            np.concatenate(numbers) if numbers and len(numbers) == len(tracks) else None,
        )

    def __len__(self) -> int:
        return len(self.xyxy)

    def __iter__(self) -> Iterator[Detection]:
        return map(self.__getitem__, range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Detection: ...
    @overload
    def __getitem__(self, index: Index) -> Detections: ...
    def __getitem__(self, index: int | Index) -> Detection | Detections:
        if isinstance(index, int | np.integer):
            return Detection(self.xyxy[index], float(self.confidence[index]), int(self.class_id[index]))
        if isinstance(index, list) and not index:
            index = np.empty(0, np.intp)  # NumPy reads an empty list as floats, which are no indices
        numbers = None if self.track_id is None else self.track_id[index]
        return Detections(self.xyxy[index], self.confidence[index], self.class_id[index], numbers)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Detections):
            return NotImplemented
        return (
            np.array_equal(self.xyxy, other.xyxy)
            and np.array_equal(self.confidence, other.confidence)
            and np.array_equal(self.class_id, other.class_id)
            and (self.track_id is None) == (other.track_id is None)
            and (self.track_id is None or np.array_equal(self.track_id, other.track_id))  # type: ignore[arg-type]
        )

    __hash__: ClassVar[None] = None  # type: ignore[assignment]
