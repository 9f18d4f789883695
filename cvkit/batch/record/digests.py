"""Sets of 64-bit digests that hold millions of names in eight bytes each."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

import numpy as np

# Digests that wait in a Python set, which takes ten times the memory, before they are sorted into the array.
_WAITING = 1 << 16


def digest(*values: Any) -> int:
    """Condense values into 64 bits; of a billion different ones, two may meet by a chance of 3 in 100."""
    text = "\0".join(map(str, values)).encode("utf-8", "surrogateescape")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


def digest_of_state(size: int, mtime_ns: int, operation: dict[str, Any], version: str) -> int:
    """Condense all that decides a file's results: the file, what is done with it, and by which version."""
    return digest(size, mtime_ns, json.dumps(operation, sort_keys=True), version)


class Digests:
    """A set of digests that only grows."""

    def __init__(self, digests: np.ndarray | None = None) -> None:
        self._sorted = np.unique(digests) if digests is not None else np.empty(0, np.uint64)
        self._waiting: set[int] = set()

    def __contains__(self, value: int) -> bool:
        return value in self._waiting or position_in(self._sorted, value) is not None

    def add(self, value: int) -> bool:
        """Add a digest; False where it was there."""
        if value in self:
            return False
        self._waiting.add(value)
        if len(self._waiting) >= _WAITING:
            waiting = np.fromiter(self._waiting, np.uint64, len(self._waiting))
            self._sorted = np.union1d(self._sorted, waiting)
            self._waiting.clear()
        return True


def position_in(ascending: np.ndarray, value: int) -> int | None:
    """Return where ``value`` is in a sorted array; None where it is not."""
    position = int(np.searchsorted(ascending, np.uint64(value)))
    return position if position < len(ascending) and ascending[position] == value else None
