"""What earlier runs wrote down, in little memory: which sources they were done with."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from cvkit.batch.record.digests import digest, digest_of_state, position_in
from cvkit.batch.record.manifest import Entry

_Entry = TypeVar("_Entry", bound=Entry)


class Earlier(NamedTuple):
    """What an earlier run did with one source.

    Attributes
    ----------
    state : int
        Digest of all that decided the result, as :func:`digest_of_state` gives it; 0 unless it was done.
    output : int
        Digest of the result's name; 0 where there is none.
    numbers : tuple of int
        What else is kept of the entry.
    """

    state: int
    output: int
    numbers: tuple[int, ...]


def identify_file(path: str | Path) -> int:
    """Identify a file, however the path to it is written."""
    return digest(os.path.abspath(path))


def no_numbers(entry: Any) -> tuple[int, ...]:
    """Keep nothing further of an entry."""
    return ()


class EarlierRuns:
    """What earlier runs did, in 24 bytes a source, and 8 for each further number.

    Parameters
    ----------
    entries : iterable of Entry
        One for each path.
    identify : callable
        Condenses an entry's path into what it is found by.
    numbers : callable
        Gives further numbers to keep of an entry, of each as many.
    """

    def __init__(
        self,
        entries: Iterable[_Entry] = (),
        identify: Callable[[str], int] = identify_file,
        numbers: Callable[[_Entry], tuple[int, ...]] = no_numbers,
    ) -> None:
        rows = array("Q")
        width = 3
        for entry in entries:
            state = 0
            if entry.status == "done":
                state = digest_of_state(entry.size, entry.mtime_ns, entry.operation, entry.version)
            output = 0 if entry.output is None else digest(entry.output)
            row = (identify(entry.path), state, output, *numbers(entry))
            width = len(row)
            rows.extend(row)
        table = np.array(rows, np.uint64).reshape(-1, width)
        self._columns = np.ascontiguousarray(table[np.argsort(table[:, 0], kind="stable")].T)

    def __len__(self) -> int:
        return self._columns.shape[1]

    def find(self, identity: int) -> Earlier | None:
        """Return what was done with the source of this identity; None where nothing is known of it."""
        position = position_in(self._columns[0], identity)
        if position is None:
            return None
        _, state, output, *numbers = map(int, self._columns[:, position])
        return Earlier(state, output, tuple(numbers))

    def outputs(self) -> np.ndarray:
        """Return the digests of all results' names."""
        outputs = self._columns[2]
        return outputs[outputs != 0]

    def numbers(self, index: int) -> np.ndarray:
        """Return one of the further numbers of all sources."""
        return self._columns[3 + index]
