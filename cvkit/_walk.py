"""Find files in folders, by patterns and in lists, and count what lies there but is left out."""

from __future__ import annotations

import codecs
import glob
import os
import stat
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import IO

from cvkit._paths import MANIFEST, is_output_folder

SUFFIXES = frozenset(
    {".avif", ".bmp", ".dib", ".gif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm"}
    | {".pgm", ".png", ".pnm", ".ppm", ".ras", ".sr", ".tif", ".tiff", ".webp"}
)
"""Endings of the files that count as images in a folder."""

LIST_SUFFIXES = frozenset([".lst", ".txt"])
"""Endings of files that list images."""

# What lies in folders; files that are left out are counted by their endings, the rest by what it is.
_FILE, _DANGLING, _FOLDER_LINK = "file", "dangling link", "link to a folder"
_SPECIAL, _NO_ENDING, _OUTPUT = "special file", "file without an ending", "folder that cvkit wrote"
_PLURALS = {
    _NO_ENDING: "files without an ending",
    _DANGLING: "dangling links",
    _FOLDER_LINK: "links to folders",
    _SPECIAL: "special files",
    _OUTPUT: "folders that cvkit wrote",
}

# Endings that are named in a message, the most frequent first.
_ENDINGS_NAMED = 10

# Bytes that tell how a list is written, and which part of them may be NUL: more is UTF-16 or no text at all.
_HEAD, _NUL_SHARE = 1 << 16, 1 / 3


class UnreadableListError(OSError):
    """A file that should list images and does not."""


class LeftOut(Counter[str]):
    """Counts what lies in folders but is no image, as :func:`walk` finds it; text says it in a line."""

    def __str__(self) -> str:
        endings = [(kind, count) for kind, count in self.most_common() if kind not in _PLURALS]
        parts = [f"{count} {kind}" for kind, count in endings[:_ENDINGS_NAMED]]
        if len(endings) > _ENDINGS_NAMED:
            rest = sum(count for _, count in endings[_ENDINGS_NAMED:])
            parts.append(f"{rest} with {len(endings) - _ENDINGS_NAMED} other endings")
        for kind, several in _PLURALS.items():
            if self[kind]:
                parts.append(f"{self[kind]} {kind if self[kind] == 1 else several}")
        return ", ".join(parts)


def walk(
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    suffixes: Collection[str] = SUFFIXES,
    left_out: LeftOut | None = None,
) -> Iterator[Path]:
    """Find the images that sources stand for, one after another.

    Parameters
    ----------
    sources : path or iterable of paths
        Each is an image; a folder, searched with its subfolders in sorted order, hidden entries left out; a
        glob pattern (``**`` for any depth); or a list: a text file (.txt, .lst) with one path a line,
        relative to that file, where empty lines and lines that start with ``#`` do not count, in UTF-8 or in
        UTF-16 with a byte order mark; or with paths that end with NUL, as ``find -print0`` writes them.
    suffixes : collection of str
        Endings, in lower case, of the files that count in folders and patterns; by default those of images.
    left_out : LeftOut, optional
        Counts what is passed by in folders and patterns: files with other endings, links that lead nowhere
        or to folders, which may loop, and folders that ``cvkit batch`` or ``cvkit detect`` wrote, unless they
        are named as a source.

    Returns
    -------
    iterator of pathlib.Path
        Only one folder's names are in memory at a time. A file that is named itself is given whatever its
        ending and, in a list, whether it exists or not: reading it will tell. So it is with what cannot be
        looked at, such as a subfolder without permission or a link to itself.

    Raises
    ------
    FileNotFoundError
        At once, if a source does not exist or a pattern matches nothing.
    OSError
        At once, if a folder that is named may not be read; on the way, if a list cannot be read.

    Examples
    --------
    >>> import cvkit, numpy as np, pathlib, tempfile
    >>> from cvkit.io import walk
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("b.png", "a.png"):
    ...     cvkit.write_image(folder / name, np.zeros((2, 2), np.uint8))
    >>> [path.name for path in walk(folder)]
    ['a.png', 'b.png']
    """
    if isinstance(sources, str | os.PathLike):
        sources = [sources]
    names = [os.fspath(source) for source in sources]
    for name in names:
        if os.path.isdir(name):
            os.scandir(name).close()
        elif not os.path.exists(name) and not _matches(name):
            raise FileNotFoundError(f"no such file or folder: {name}")
    return _walk_all(names, suffixes, LeftOut() if left_out is None else left_out)


def fixed_part(pattern: str) -> Path:
    """Return the folder of a glob pattern that all its matches lie in: the part without wildcards."""
    fixed = Path()
    for part in Path(pattern).parts[:-1]:
        if glob.has_magic(part):
            break
        fixed /= part
    return fixed


def _walk_all(names: list[str], suffixes: Collection[str], left_out: LeftOut) -> Iterator[Path]:
    for name in names:
        path = Path(name)
        if path.is_dir():
            yield from _walk_folder(path, suffixes, left_out)
        elif not path.exists():
            yield from _walk_matches(name, suffixes, left_out)
        elif path.suffix.lower() in LIST_SUFFIXES:
            yield from _read_list(path)
        else:
            yield path


def _matches(pattern: str) -> list[str]:
    return sorted(glob.glob(pattern, recursive=True)) if glob.has_magic(pattern) else []


def _walk_matches(pattern: str, suffixes: Collection[str], left_out: LeftOut) -> Iterator[Path]:
    """Files that a pattern matches, but for those in folders that cvkit wrote."""
    outputs = {fixed_part(pattern): False}

    def is_in_output(folder: Path) -> bool:
        """Look at a folder and those above that wildcards stand for."""
        if folder not in outputs:
            outputs[folder] = is_in_output(folder.parent) or is_output_folder(folder)
            left_out[_OUTPUT] += outputs[folder] and not outputs[folder.parent]
        return outputs[folder]

    for path in map(Path, _matches(pattern)):
        if path.is_dir() or is_in_output(path.parent):
            continue
        if _is_wanted(path, suffixes, left_out):
            yield path


def _walk_folder(top: Path, suffixes: Collection[str], left_out: LeftOut) -> Iterator[Path]:
    """Files of a folder, then those of its subfolders."""
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                visible = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError:
            yield folder
            continue
        if folder != top and any(entry.name == MANIFEST for entry in visible) and is_output_folder(folder):
            left_out[_OUTPUT] += 1
            continue
        visible.sort(key=lambda entry: entry.name)
        subfolders = []
        for entry in visible:
            if _is_folder(entry):
                subfolders.append(Path(entry.path))
            elif _is_wanted(entry, suffixes, left_out):
                yield Path(entry.path)
        waiting += reversed(subfolders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_wanted(entry: Path | os.DirEntry[str], suffixes: Collection[str], left_out: LeftOut) -> bool:
    """Tell whether an entry is a file that counts, or may be one; else count it as left out."""
    suffix = Path(entry.name).suffix.lower()
    may_count = suffix in suffixes
    try:
        kind = _kind(entry)
    except OSError:  # such as a link to itself, which may stand for anything: reading it will tell
        kind = _FILE
        may_count = may_count or not suffix
    if kind == _FILE and may_count:
        return True
    left_out[suffix or _NO_ENDING if kind == _FILE else kind] += 1
    return False


def _kind(entry: Path | os.DirEntry[str]) -> str:
    """Say what an entry is that is no folder; raise ``OSError`` where that cannot be told."""
    if entry.is_file():
        return _FILE
    try:
        mode = os.stat(entry).st_mode
    except FileNotFoundError:
        return _DANGLING
    return _FOLDER_LINK if stat.S_ISDIR(mode) else _SPECIAL


def _read_list(path: Path) -> Iterator[Path]:
    """Give the paths that a list holds."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    is_wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    has_nul = b"\0" in head and not is_wide
    try:
        if has_nul and head.count(b"\0") > _NUL_SHARE * len(head):
            raise ValueError
        names = _names_between_nul(path) if has_nul else _names_in_lines(path, is_wide)
        for name in names:
            found = path.parent / name
            # Names that are no text come from systems with another encoding; what is no name is not there.
            if "\0" in name or (not _is_text(name) and not os.path.lexists(found)):
                raise ValueError
            yield found
    except ValueError:
        raise UnreadableListError(
            f"{path}: no list of paths in UTF-8, in UTF-16 with a byte order mark, or separated by NUL"
        ) from None


def _names_in_lines(path: Path, is_wide: bool) -> Iterator[str]:
    encoding, errors = ("utf-16", "strict") if is_wide else ("utf-8-sig", "surrogateescape")
    with path.open(encoding=encoding, errors=errors) as lines:
        for line in lines:
            name = line.strip()
            if name and not name.startswith("#"):
                yield name


def _names_between_nul(path: Path) -> Iterator[str]:
    """Give names as they stand: between NULs, spaces and ``#`` are parts of them."""
    with path.open("rb") as file:
        yield from (os.fsdecode(name) for name in _split_at_nul(file) if name)


def _split_at_nul(file: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while block := file.read(_HEAD):
        *complete, rest = (rest + block).split(b"\0")
        yield from complete
    yield rest


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
