"""Which files a run works on, what their results are called, and which of them are done already."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator
from itertools import chain, count
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import numpy as np

from cvkit._paths import fitting, inside, lies_in
from cvkit._version import __version__
from cvkit._walk import LeftOut, fixed_part
from cvkit.batch.digests import Digests, digest, digest_of_state, position_in
from cvkit.batch.manifest import Entry, read_manifest
from cvkit.batch.video import video_suffix
from cvkit.batch.work import Task, to_posix
from cvkit.io import SUFFIXES, walk
from cvkit.video import SUFFIXES as VIDEO_SUFFIXES
from cvkit.video import is_video

Source = str | os.PathLike[str]

# Formats that results may keep from their source; those from others become PNG, which loses nothing.
_KEPT = frozenset([".bmp", ".dib", ".jpe", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"])


class Found(NamedTuple):
    """A source file, the folder its result keeps the relative path to, and that path."""

    path: Path
    root: Path | None
    relative: PurePath


class Sources:
    """The files that sources stand for; each walk finds them anew.

    Parameters
    ----------
    given : list of paths
        As for :func:`cvkit.io.walk`. Results keep the path relative to the folder that the source is or lies
        in, or the deepest one that all of them are or lie in.
    output : Path
        The output folder; what lies in it is no source.
    with_videos : bool
        Whether videos in folders count.
    """

    def __init__(self, given: list[Source], output: Path, *, with_videos: bool) -> None:
        self._given = given
        self._suffixes = SUFFIXES | VIDEO_SUFFIXES if with_videos else SUFFIXES
        self._root = _common_root(self._given)
        self._is_result = lies_in(output)
        roots = {os.path.realpath(_root_of(source)) for source in given}
        if roots == {os.path.realpath(output)}:
            raise ValueError(f"the output folder must not be the source, got {os.fspath(output)} for both")
        walk(self._given)  # raises where there is nothing

    def count(self) -> tuple[int, LeftOut]:
        """Count the files, and what is left out."""
        left_out = LeftOut()
        return sum(1 for _ in self._walk(left_out)), left_out

    def __iter__(self) -> Iterator[Found]:
        """Give each file once."""
        return self._walk(LeftOut())

    def _walk(self, left_out: LeftOut) -> Iterator[Found]:
        seen = Digests()
        for path in walk(self._given, suffixes=self._suffixes, left_out=left_out):
            if seen.add(_identity(path)) and not self._is_result(path):
                yield self._place(path)

    def _place(self, path: Path) -> Found:
        if self._root is not None and path.is_relative_to(self._root):
            return Found(path, self._root, inside(path.relative_to(self._root)))
        return Found(path, None, inside(path))


def _root_of(source: Source) -> str:
    """Return the folder that a source is or lies in; of a pattern, the part without wildcards."""
    path = Path(source)
    if path.is_dir():
        return str(path)
    return str(path.parent if path.exists() else fixed_part(str(path)))


def _common_root(sources: list[Source]) -> Path | None:
    """Return the deepest folder that all sources are or lie in, as far as their paths tell."""
    try:
        return Path(os.path.commonpath([_root_of(source) for source in sources]))
    except ValueError:  # none, or relative to different places
        return None


class Record:
    """What an earlier run did, in 24 bytes a file.

    Parameters
    ----------
    entries : iterable of Entry
        One for each path.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        columns = array("Q"), array("Q"), array("Q")
        for entry in entries:
            state = digest_of_state(entry.size, entry.mtime_ns, entry.operation, entry.version)
            columns[0].append(_identity(entry.path))
            columns[1].append(state if entry.status == "done" else 0)
            columns[2].append(digest(entry.output) if entry.output is not None else 0)
        paths, states, outputs = (np.array(column, np.uint64) for column in columns)
        order = np.argsort(paths)
        self._paths, self._states, self._outputs = paths[order], states[order], outputs[order]

    @classmethod
    def of(cls, folder: Path) -> Record:
        """Read the manifest of an output folder."""
        return cls(read_manifest(folder))

    def outputs(self) -> np.ndarray:
        """Return the digests of all results."""
        return self._outputs[self._outputs != 0]

    def output_of(self, path: Path) -> int | None:
        """Return the digest of a file's result."""
        position = position_in(self._paths, _identity(path))
        return None if position is None else int(self._outputs[position])

    def is_done(self, path: Path, operation: dict[str, Any]) -> bool:
        """Tell whether this operation was done on the file as it is now, by this version."""
        position = position_in(self._paths, _identity(path))
        if position is None:
            return False
        try:
            status = os.stat(path)
        except OSError:
            return False
        state = digest_of_state(status.st_size, status.st_mtime_ns, operation, __version__)
        return int(self._states[position]) == state


def _identity(path: str | Path) -> int:
    """Identify a file, however the path to it is written."""
    return digest(os.path.abspath(path))


class Names:
    """Names of results: those of the sources, with another ending where the format changes.

    Results of videos are videos, whatever the format of pictures.

    No name is given twice. Where ``a.jpg`` and ``a.png`` both become ``a.tiff``, the second one to come is
    ``a.png.tiff``. A file that the record knows keeps its name.
    """

    def __init__(self, format: str, record: Record) -> None:
        self._format = format
        self._record = record
        self._taken = Digests(record.outputs())

    def name(self, found: Found) -> str:
        """Name the result of a file, relative to the output folder, with forward slashes."""
        earlier = self._record.output_of(found.path)
        for name in self._candidates(found.relative):
            value = digest(name)
            if value == earlier or self._taken.add(value):
                return name
        raise AssertionError("candidates never end")

    def _candidates(self, relative: PurePath) -> Iterator[str]:
        suffix = f".{self._format}"
        if is_video(relative):
            suffix = video_suffix(relative)
        elif self._format == "keep":
            suffix = relative.suffix if relative.suffix.lower() in _KEPT else ".png"
        longer = relative if relative.suffix == suffix else relative.with_name(relative.name + suffix)
        numbered = (longer.with_name(f"{longer.stem}-{number}{suffix}") for number in count(2))
        for path in chain([relative.with_suffix(suffix), longer], numbered):
            yield to_posix(str(fitting(path)))


class Plan:
    """What is left to do, file by file.

    Attributes
    ----------
    unchanged : int
        How many files were found to be done already, so far.
    """

    def __init__(
        self, sources: Sources, output: Path, operation: dict[str, Any], format: str, record: Record
    ) -> None:
        self._sources = sources
        self._output = output
        self._operation = operation
        self._names = Names(format, record)
        self._record = record
        self.unchanged = 0

    def tasks(self) -> Iterator[Task]:
        """Give the files that are not done."""
        for found in self._sources:
            output = self._names.name(found)
            if self._record.is_done(found.path, self._operation) and os.path.exists(self._output / output):
                self.unchanged += 1
            else:
                yield Task(str(found.path), None if found.root is None else str(found.root), output)
