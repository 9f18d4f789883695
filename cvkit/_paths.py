"""Output paths: files that are complete or absent, and names that never hit an earlier result."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath

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
    return path.with_name(f".{secrets.token_hex(6)}{path.suffix}")


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


def unused_path(path: Path, is_used: Callable[[Path], bool] = Path.exists) -> Path:
    """Return ``path`` or, where it is used, the first free one of name-2, name-3 and so on."""
    number = 2
    candidate = path
    while is_used(candidate):
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return candidate


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
