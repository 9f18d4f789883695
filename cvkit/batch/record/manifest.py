"""The record of a batch: ``manifest.jsonl`` in the output folder, a line of JSON for each file that ended."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

import numpy as np

from cvkit._paths import MANIFEST
from cvkit.batch.record.digests import digest
from cvkit.batch.record.lock import lock_file

NAME = MANIFEST
"""The file's name in the output folder."""

STATUSES = ("done", "failed", "skipped")
"""What can become of a file."""


_Entry = TypeVar("_Entry", bound="Entry")


class BusyFolderError(OSError):
    """Another run is writing to the folder."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one source file.

    Attributes
    ----------
    path : str
        The file as the run was given it, with forward slashes.
    source_root : str or None
        The folder that the output keeps the relative path to.
    size, mtime_ns : int
        Bytes and modification time before the file was read; 0 where there was no such file.
    operation : dict
        ``{"name": ..., "parameters": {...}}``, or ``{"name": "pipeline", "steps": [...]}`` with such steps;
        and, under further keys, what else decides the result.
    version : str
        The version of cvkit.
    status : {"done", "failed", "skipped"}
        What became of it.
    output : str or None
        The result, relative to the output folder, with forward slashes; of a video that failed, as far as it
        was read.
    error : str or None
        Why there is none, or not all of it.
    milliseconds : float
        Time for reading, computing and writing.
    found : list of dict
        Steps with the parameters that were found in the image, such as the threshold where a method to find
        it was given. Of a video nothing is noted: it is another in each frame.

    Examples
    --------
    >>> from cvkit.batch import Entry
    >>> canny = {"name": "canny", "parameters": {"low": 50, "high": 150}}
    >>> Entry("photos/a.png", "photos", 4051, 0, canny, "0.1.0", "done", "a.png", None, 8.5).status
    'done'
    """

    path: str
    source_root: str | None
    size: int
    mtime_ns: int
    operation: dict[str, Any]
    version: str
    status: str
    output: str | None
    error: str | None
    milliseconds: float
    found: list[dict[str, Any]] = field(default_factory=list, kw_only=True)

    def to_line(self) -> bytes:
        """Write the entry as a line of ASCII; names that are not valid UTF-8 survive as surrogates."""
        values = asdict(self)
        if not self.found:
            del values["found"]
        return json.dumps(values).encode("ascii") + b"\n"

    @classmethod
    def from_line(cls: type[_Entry], line: bytes) -> _Entry:
        """Read a line; keys that a later version may add do not count."""
        values = json.loads(line)
        return cls(**{known.name: values[known.name] for known in fields(cls) if known.name in values})


class Manifest:
    """The manifest of an output folder, open for adding; only one run at a time can hold it.

    A context manager. The operating system gives the folder free when the run ends, also when it is killed.

    Parameters
    ----------
    folder : path
        The output folder, which exists.

    Raises
    ------
    BusyFolderError
        If another run holds it.
    OSError
        If the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> from cvkit.batch import Entry, Manifest, read_manifest
    >>> folder = tempfile.mkdtemp()
    >>> with Manifest(folder) as manifest:
    ...     manifest.add(Entry("a.png", None, 10, 0, {}, "0.1.0", "failed", None, "the file is empty", 0.2))
    >>> [entry.error for entry in read_manifest(folder)]
    ['the file is empty']
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        # Unbuffered: a line is with the operating system when add() returns, and outlives the process.
        self._file = Path(folder, NAME).open("ab", buffering=0)  # noqa: SIM115
        try:
            if not lock_file(self._file):
                raise BusyFolderError(f"another run is writing to {os.fspath(folder)}")
            self._drop_incomplete_line()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Manifest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let other runs have the folder."""
        self._file.close()

    def clear(self) -> None:
        """Remove all entries."""
        self._file.truncate(0)

    def add(self, entry: Entry) -> None:
        """Append an entry; when this returns, a kill does not lose it."""
        line = entry.to_line()
        if self._file.write(line) != len(line):
            raise OSError(f"{self._file.name}: the disk is full")

    def _drop_incomplete_line(self) -> None:
        """Cut off what a killed run left of its last line, so that the next one starts afresh."""
        path = Path(self._file.name)
        end = size = path.stat().st_size
        with path.open("rb") as file:
            while end > 0:
                start = max(0, end - 65536)
                file.seek(start)
                newline = file.read(end - start).rfind(b"\n")
                if newline >= 0:
                    end = start + newline + 1
                    break
                end = start
        if end < size:
            self._file.truncate(end)


def read_manifest(folder: str | os.PathLike[str]) -> Iterator[Entry]:
    """Read the manifest of an output folder.

    Parameters
    ----------
    folder : path
        The output folder of a run, which may still be going on.

    Yields
    ------
    Entry
        The last entry of each path, in the order they were written. The memory needed is 16 bytes a line.

    Raises
    ------
    FileNotFoundError
        If the folder holds no manifest.
    ValueError
        If a complete line is no entry.

    Examples
    --------
    >>> import tempfile
    >>> from cvkit.batch import Manifest, read_manifest
    >>> folder = tempfile.mkdtemp()
    >>> with Manifest(folder):
    ...     list(read_manifest(folder))
    []
    """
    yield from read_entries(folder, Entry)


def read_entries(folder: str | os.PathLike[str], kind: type[_Entry]) -> Iterator[_Entry]:
    """Read a manifest as :func:`read_manifest` does, whose entries are of a kind of their own."""
    path = Path(folder, NAME)
    digests, positions = array("Q"), array("Q")
    position = 0
    with path.open("rb") as file:
        for line, entry in _every_entry(file, path, kind):
            digests.append(digest(entry.path))
            positions.append(position)
            position += len(line)
        for position in np.array(positions, np.uint64)[last_of_each(np.array(digests, np.uint64))]:
            file.seek(int(position))
            yield kind.from_line(file.readline())


def _every_entry(file: IO[bytes], path: Path, kind: type[_Entry]) -> Iterator[tuple[bytes, _Entry]]:
    """Read every line; one without an end is being written, or was left by a kill."""
    for number, line in enumerate(file, start=1):
        if not line.endswith(b"\n"):
            return
        try:
            yield line, kind.from_line(line)
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"{path}: line {number} is no entry of a manifest") from None


def last_of_each(values: np.ndarray) -> np.ndarray:
    """Return, in ascending order, the index of the last occurrence of each value."""
    _, from_the_end = np.unique(values[::-1], return_index=True)
    return np.sort(len(values) - 1 - from_the_end)
