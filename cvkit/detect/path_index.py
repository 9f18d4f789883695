"""Bring names and paths together, of which either may lack folders or the ending."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from cvkit.io import SUFFIXES


class PathIndex:
    """Finds the path that a name stands for, where either may have more folders in front and no ending.

    Parameters
    ----------
    paths : iterable of path
        What can be found.

    Examples
    --------
    >>> index = PathIndex(["photos/a.png", "photos/more/b.jpg"])
    >>> index.find("more/b")
    'photos/more/b.jpg'
    >>> index.find("c.png") is None
    True
    """

    def __init__(self, paths: Iterable[Any]) -> None:
        self._by_name: dict[str, list[Any]] = defaultdict(list)
        for path in paths:
            self._by_name[_parts(path)[-1]].append(path)

    def find(
        self, name: str | os.PathLike[str], may_be: Callable[[Any, Any], bool] = lambda path, name: True
    ) -> Any:
        """Return the path that ``name`` stands for, or None; ValueError where several would do.

        Of several, those with its folders are nearer than others, and then those with its ending. ``may_be``
        tells of a path and a name whether the one can stand for the other.
        """
        wanted = _parts(name)
        same_name = self._by_name.get(wanted[-1], ())
        found = [path for path in same_name if _ends_alike(_parts(path), wanted) and may_be(path, name)]
        for is_nearer in (_has_same_folders, _has_same_ending):
            found = [path for path in found if is_nearer(path, name)] or found
        if len(found) > 1:
            raise ValueError(f"{os.fspath(name)} may be {found[0]} or {found[1]}: name the folders, too")
        return found[0] if found else None


def match_paths(names: Sequence[str], paths: Iterable[Any]) -> list[Any]:
    """Find the path that each name stands for, as :class:`PathIndex` does, but no path for two names.

    Parameters
    ----------
    names : sequence of str
        Those that agree with a path in folders and ending come first, then those that agree in the ending:
        the others stand for what is left.
    paths : iterable of path
        What can be found.

    Returns
    -------
    list
        For each name a path, or None.

    Raises
    ------
    ValueError
        Where a name may stand for several paths, or a path for several names.

    Examples
    --------
    >>> match_paths(["a", "a.png", "b"], ["a.png", "a.jpg"])
    ['a.jpg', 'a.png', None]
    """
    index = PathIndex(paths)
    found: list[Any] = [None] * len(names)
    taken: dict[Any, str] = {}
    for is_near in (_is_same, _has_same_ending, _is_any):
        earlier = frozenset(taken)
        for position, name in enumerate(names):
            if found[position] is not None:
                continue
            path = index.find(name, partial(_is_left, earlier, is_near))
            if path in taken:
                raise ValueError(f"{path} may be {taken[path]} or {name}: name the folders, too")
            if path is not None:
                found[position] = path
                taken[path] = name
    return found


def _is_left(taken: Collection[Any], is_near: Callable[[Any, Any], bool], path: Any, name: Any) -> bool:
    return path not in taken and is_near(path, name)


def _is_any(path: Any, name: Any) -> bool:
    return True


def _is_same(path: Any, name: Any) -> bool:
    return _has_same_folders(path, name) and _has_same_ending(path, name)


def _has_same_folders(path: Any, name: Any) -> bool:
    return _parts(path) == _parts(name)


def _has_same_ending(path: Any, name: Any) -> bool:
    return PurePath(path).suffix == PurePath(name).suffix


def _parts(path: str | os.PathLike[str]) -> tuple[str, ...]:
    pure = PurePosixPath(Path(path).as_posix())
    # Only endings of images are dropped: a name may hold dots.
    return (pure.with_suffix("") if pure.suffix.lower() in SUFFIXES else pure).parts


def _ends_alike(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    length = min(len(first), len(second))
    return first[-length:] == second[-length:]
