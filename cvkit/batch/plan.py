"""Which files a run works on, what their results are called, and which of them are done already."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from cvkit._paths import fitting, inside, lies_in
from cvkit._version import __version__
from cvkit._walk import LeftOut, fixed_part
from cvkit.batch.record.digests import Digests, digest, digest_of_state
from cvkit.batch.record.earlier import EarlierRuns, identify_file
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
            if seen.add(identify_file(path)) and not self._is_result(path):
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


class Names:
    """Names of results: those of the sources, with another ending where the format changes.

    Results of videos are videos, whatever the format of images.

    No name is given twice. Where ``a.jpg`` and ``a.png`` both become ``a.tiff``, the second one to come is
    ``a.png.tiff``. A file that an earlier run worked on keeps its
    name.
    """

    def __init__(self, format: str, earlier: EarlierRuns) -> None:
        self._format = format
        self._earlier = earlier
        self._taken = Digests(earlier.outputs())

    def name(self, found: Found) -> str:
        """Name the result of a file, relative to the output folder, with forward slashes."""
        earlier = self._earlier.find(identify_file(found.path))
        for name in self._candidates(found.relative):
            value = digest(name)
            if (earlier is not None and value == earlier.output) or self._taken.add(value):
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

    unchanged: int

    def __init__(
        self,
        sources: Sources,
        output: Path,
        operation: dict[str, Any],
        format: str,
        earlier: EarlierRuns,
    ) -> None:
        self._sources = sources
        self._output = output
        self._operation = operation
        self._names = Names(format, earlier)
        self._earlier = earlier
        self.unchanged = 0

    def tasks(self) -> Iterator[Task]:
        """Give the files that are not done."""
        for found in self._sources:
            output = self._names.name(found)
            if self._is_done(found.path) and os.path.exists(self._output / output):
                self.unchanged += 1
            else:
                yield Task(str(found.path), None if found.root is None else str(found.root), output)

    def _is_done(self, path: Path) -> bool:
        """Tell whether this operation was done on the file as it is now, by this version."""
        earlier = self._earlier.find(identify_file(path))
        if earlier is None:
            return False
        try:
            status = os.stat(path)
        except OSError:
            return False
        state = digest_of_state(status.st_size, status.st_mtime_ns, self._operation, __version__)
        return earlier.state == state
