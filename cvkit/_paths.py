"""Output paths: files that are complete or absent, and names that never hit an earlier result."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path, PurePath

MANIFEST = "manifest.jsonl"
"""Name of the file in an output folder that says what became of each source."""

# What the first line of a manifest holds, beside other things.
_KEYS_OF_ENTRIES = tuple(f'"{key}": '.encode() for key in ("path", "source_root", "operation", "version"))

_LONGEST_LINE = 1 << 20

# Bytes that a name may have on the file systems in use, and an ending that shall survive shortening.
_LONGEST_NAME, _LONGEST_SUFFIX = 255, 16

# What temporary_path gives.
_TEMPORARY = re.compile(r"\.[0-9a-f]{12}\.\w+")


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary name beside ``path``; it becomes ``path`` when the block ends without an exception.

    Parameters
    ----------
    path : path
        The file to write. Until the block ends, an existing one stays as it is.

    Yields
    ------
    pathlib.Path
        Where the block writes.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "note.txt"
    >>> with atomic_path(path) as temporary:
    ...     _ = temporary.write_text("complete")
    ...     path.exists()
    False
    >>> path.read_text()
    'complete'
    """
    temporary = temporary_path(path)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def temporary_path(path: str | os.PathLike[str]) -> Path:
    """Name a file that will become ``path``: hidden from walks, in its folder so that renaming is atomic."""
    path = Path(path)
    suffix = path.suffix if len(path.suffix) <= _LONGEST_SUFFIX else ""
    return path.with_name(f".{secrets.token_hex(6)}{suffix}")


def remove_temporary(folder: Path) -> None:
    """Remove from a folder and those below what a killed process left half written."""
    for place, _, names in os.walk(folder):
        for name in names:
            if _TEMPORARY.fullmatch(name):
                Path(place, name).unlink(missing_ok=True)


def inside(path: str | os.PathLike[str]) -> Path:
    """Make a path that stays inside the folder it is joined to: no drive, root or way up."""
    path = PurePath(path)
    return Path(*(part for part in path.parts if part not in (path.anchor, "..")))


def fitting(path: str | os.PathLike[str]) -> Path:
    """Shorten the names in a path that no file system takes to their beginning and a digest of the whole.

    Examples
    --------
    >>> len(fitting("x" * 300 + ".jpg").name), fitting("x" * 300 + ".jpg").suffix
    (255, '.jpg')
    >>> fitting("short.jpg").name
    'short.jpg'
    """
    return Path(*map(_fitting_name, PurePath(path).parts))


def _fitting_name(name: str) -> str:
    encoded = os.fsencode(name)
    if len(encoded) <= _LONGEST_NAME:
        return name
    suffix = PurePath(name).suffix
    end = f"~{blake2b(encoded, digest_size=6).hexdigest()}{suffix if len(suffix) <= _LONGEST_SUFFIX else ''}"
    begin = encoded[: _LONGEST_NAME - len(os.fsencode(end))]
    return begin.decode("utf-8", "ignore") + end  # a character that is cut is left out


def unused_path(path: Path, is_used: Callable[[Path], bool] = Path.exists) -> Path:
    """Return ``path``, fitting, or where it is used the first free one of name-2, name-3 and so on."""
    number = 2
    candidate = fitting(path)
    while is_used(candidate):
        candidate = fitting(path.with_name(f"{path.stem}-{number}{path.suffix}"))
        number += 1
    return candidate


def lies_in(folder: str | os.PathLike[str]) -> Callable[[str | os.PathLike[str]], bool]:
    """Return what tells whether a path lies below ``folder``, whatever links either is written with."""
    start = os.path.join(os.path.realpath(folder), "")
    resolve = lru_cache(maxsize=1)(os.path.realpath)  # as a rule, the next file is in the same folder

    def is_below(path: str | os.PathLike[str]) -> bool:
        place, name = os.path.split(path)
        real = os.path.realpath(path) if os.path.islink(path) else os.path.join(resolve(place), name)
        return str(real).startswith(start)

    return is_below


def is_output_folder(folder: str | os.PathLike[str]) -> bool:
    """Tell whether ``cvkit batch``, ``pipeline`` or ``detect`` wrote a folder, or is beginning to."""
    try:
        with Path(folder, MANIFEST).open("rb") as file:
            line = file.readline(_LONGEST_LINE)
    except OSError:
        return False
    return not line or all(key in line for key in _KEYS_OF_ENTRIES)


def check_writable(folder: str | os.PathLike[str]) -> None:
    """Raise ``OSError`` where a folder, or the one in which it must be made, cannot be written to."""
    place = Path(folder)
    while not place.exists():
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise type(error)(error.errno, error.strerror, os.fspath(folder)) from None


def claim_folder(wanted: str | os.PathLike[str]) -> Path:
    """Create a folder, or, where the name is taken, the first free one of name-2, name-3 and so on.

    The folder is made by the call that finds the name free, so that two runs at once never share one.
    """
    wanted = Path(wanted)
    if wanted.name in ("", ".."):
        wanted = wanted.resolve()
    number = 2
    folder = wanted
    while True:
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            folder = wanted.with_name(f"{wanted.name}-{number}")
            number += 1
        else:
            return folder
