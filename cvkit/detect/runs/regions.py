"""Parts of images to look at: the same ones of all sources, or others of each."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cvkit.detect.path_index import PathIndex

Part = tuple[float, float, float, float]
"""Left, top, width and height of a part of an image, in pixels."""


class Regions(NamedTuple):
    """Where to look.

    Attributes
    ----------
    everywhere : tuple of Part
        Parts of each image and frame that has none of its own.
    named : dict
        Parts of the images, or of the frames of the videos, of these names.
    """

    everywhere: tuple[Part, ...] = ()
    named: Mapping[str, tuple[Part, ...]] = {}

    def of(self, name: str) -> tuple[Part, ...]:
        """Return the parts of a source, none where it is looked at as a whole.

        Parameters
        ----------
        name : str
            Its path, which may have more folders in front than a name among the regions, or fewer.

        Examples
        --------
        >>> regions = Regions(((0.0, 0.0, 9.0, 9.0),), {"b.jpg": ((1.0, 2.0, 3.0, 4.0),)})
        >>> regions.of("photos/a.jpg"), regions.of("photos/b.jpg")
        (((0.0, 0.0, 9.0, 9.0),), ((1.0, 2.0, 3.0, 4.0),))
        """
        own = PathIndex(self.named).find(name) if self.named else None
        return self.everywhere if own is None else self.named[own]

    def to_json(self) -> dict[str, Any]:
        """Return what tells these regions from others."""
        return {"everywhere": self.everywhere, "named": dict(self.named)}


EVERYWHERE = Regions()
"""All of each image."""


def as_regions(given: Any) -> Regions:
    """Read regions in any of their forms.

    Parameters
    ----------
    given : str, path, mapping or sequence
        One region as four numbers or as ``"x,y,width,height"``; the name of a JSON file with a list of
        regions, or with an object that has such a list for each image or video; such an object; or several
        of all these.

    Returns
    -------
    Regions

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        For what is no region; the message shows it.

    Examples
    --------
    >>> as_regions(["10,20,300,200", (0, 0, 50, 60)]).everywhere
    ((10.0, 20.0, 300.0, 200.0), (0.0, 0.0, 50.0, 60.0))
    >>> as_regions({"left.mp4": [[0, 0, 320, 480]]}).of("videos/left.mp4")
    ((0.0, 0.0, 320.0, 480.0),)
    """
    if isinstance(given, Path) or (isinstance(given, str) and given.lower().endswith(".json")):
        return _read(given)
    if isinstance(given, Mapping):
        return Regions((), {str(name): _parts(parts) for name, parts in given.items()})
    if isinstance(given, str) or _is_part(given):
        return Regions((_part(given),))
    several = [as_regions(one) for one in _sequence(given)]
    return Regions(
        tuple(part for one in several for part in one.everywhere),
        {name: parts for one in several for name, parts in one.named.items()},
    )


def _read(path: str | os.PathLike[str]) -> Regions:
    text = Path(path).read_text(encoding="utf-8", errors="surrogateescape")
    try:
        return as_regions(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{os.fspath(path)} holds no regions: {error}") from error


def _parts(given: Any) -> tuple[Part, ...]:
    return (_part(given),) if _is_part(given) else tuple(map(_part, _sequence(given)))


def _is_part(given: Any) -> bool:
    return (
        isinstance(given, Sequence)
        and len(given) == 4
        and not any(isinstance(one, Sequence) for one in given)
    )


def _sequence(given: Any) -> Sequence[Any]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise _refused(given)
    return given


def _part(given: Any) -> Part:
    try:
        left, top, width, height = map(float, given.split(",") if isinstance(given, str) else given)
    except (TypeError, ValueError):
        raise _refused(given) from None
    if not all(map(math.isfinite, (left, top, width, height))) or width <= 0 or height <= 0:
        raise _refused(given)
    return left, top, width, height


def _refused(given: Any) -> ValueError:
    return ValueError(
        f"regions must be x,y,width,height, width and height above 0, or a .json file, got {given!r}"
    )
