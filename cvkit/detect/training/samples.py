"""Vectors of features that grow in number while a detector is trained."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

# Rows to begin with; later the room grows by a quarter.
_FIRST_ROWS = 1024
# Bytes that memory moves at once: so many columns are written together.
_LINE = 64


class SampleStore:
    """Vectors of one length in one growing float32 array, which the classifier reads in place.

    Parameters
    ----------
    size : int
        Length of a vector.
    max_memory : int, optional
        Bytes that the array may take in memory; a larger one moves to a temporary file, mapped into memory,
        of which the system keeps as much as there is room for.
    path : Path, optional
        Keep the vectors in this file from the start, so that a later run can go on with them.
    count : int
        Vectors that ``path`` holds already.

    Examples
    --------
    >>> samples = SampleStore(2, max_memory=0)
    >>> samples.extend([np.array([1.0, 2.0])])
    >>> samples.rows
    array([[1., 2.]], dtype=float32)
    """

    count: int

    def __init__(
        self, size: int, *, max_memory: int | None = None, path: Path | None = None, count: int = 0
    ) -> None:
        self._size = size
        self._max_memory = max_memory
        self.count = count
        self._file: IO[bytes] | None = None
        if path is not None:
            self._file = open(path, "r+b" if count else "w+b")  # noqa: SIM115 - open as long as the array
        self._array: np.ndarray = np.empty((0, size), np.float32)
        self._grow(max(_FIRST_ROWS, count))

    @property
    def rows(self) -> np.ndarray:
        """The vectors so far, (count, size)."""
        return np.asarray(self._array[: self.count])

    def extend(self, vectors: Iterable[np.ndarray]) -> None:
        """Append vectors."""
        for vector in vectors:
            if self.count == len(self._array):
                self._grow(self.count * 5 // 4)
            self._array[self.count] = vector
            self.count += 1

    def flush(self) -> None:
        """Write what is only in memory to the file, if there is one."""
        if isinstance(self._array, np.memmap):
            self._array.flush()

    def _grow(self, capacity: int) -> None:
        fits = self._max_memory is None or capacity * self._size * 4 <= self._max_memory
        if self._file is None and fits:
            # In place where the allocator can remap pages; no second copy of gigabytes.
            self._array.resize((capacity, self._size), refcheck=False)
            return
        if self._file is None:
            in_memory = self.rows
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the array
            self._array = self._map(capacity)
            self._array[: len(in_memory)] = in_memory
        else:
            self._array = self._map(capacity)

    def _map(self, capacity: int) -> np.memmap:
        return np.memmap(self._file, np.float32, "r+", shape=(capacity, self._size))  # type: ignore[call-overload]


class SampleColumns:
    """Vectors of bytes as the columns of one array, whose rows the boosting reads in place.

    Parameters
    ----------
    size : int
        Length of a vector.
    capacity : int
        The largest number of vectors.

    Examples
    --------
    >>> samples = SampleColumns(2, 3)
    >>> samples.extend(np.array([[1, 2], [3, 4], [5, 6]], np.uint8))
    >>> samples.keep(np.array([0, 2]))
    >>> samples.array[:, : samples.count]
    array([[1, 5],
           [2, 6]], dtype=uint8)
    """

    def __init__(self, size: int, capacity: int) -> None:
        self.array: np.ndarray = np.empty((size, capacity), np.uint8)
        self.count: int = 0

    def extend(self, vectors: Iterable[np.ndarray]) -> None:
        """Append vectors."""
        remaining = iter(vectors)
        while block := list(islice(remaining, _LINE)):
            self.array[:, self.count : self.count + len(block)] = np.array(block).T
            self.count += len(block)

    def keep(self, indices: np.ndarray) -> None:
        """Leave only the vectors at these indices, in their order."""
        for row in self.array:
            row[: len(indices)] = row[indices]
        self.count = len(indices)
