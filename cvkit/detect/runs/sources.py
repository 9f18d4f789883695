"""What ``cvkit detect`` works on: images, videos, cameras and streams."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cvkit import io, video
from cvkit._paths import lies_in
from cvkit.batch.record.digests import Digests
from cvkit.batch.record.earlier import identify_file
from cvkit.io import LeftOut
from cvkit.video import FrameReader
from cvkit.video.files import stream_name

Source = Path | int | str
"""An image, a video, the number of a camera, or the address of a stream."""


def find_sources(
    names: Sequence[str | int | os.PathLike[str]], left_out: LeftOut | None = None
) -> Iterator[Source]:
    """Find the images, videos, cameras and streams that names stand for, once each.

    Streams and cameras, which may never end, come last.

    ``left_out`` counts what folders and patterns hold beside them.
    """
    streams = [name for name in names if isinstance(name, str) and video.is_stream(name)]
    others = [name for name in names if not video.is_stream(name)]
    cameras = [video.camera_index(name) for name in others]
    files = [str(name) for name, camera in zip(others, cameras, strict=True) if camera is None]
    found = Digests()
    for path in io.walk(files, suffixes=io.SUFFIXES | video.SUFFIXES, left_out=left_out):
        if found.add(identify_file(path)):
            yield path
    yield from dict.fromkeys(streams)
    yield from dict.fromkeys(camera for camera in cameras if camera is not None)


def outside(folder: Path, sources: Iterable[Source]) -> Iterator[Source]:
    """Leave out what this run itself writes, where its folder lies inside a source."""
    is_own = lies_in(folder)
    return (source for source in sources if not isinstance(source, Path) or not is_own(source))


def name_of(source: Source) -> str:
    """Name a source in results and messages."""
    if isinstance(source, str):
        return stream_name(source)
    return f"camera-{source}" if isinstance(source, int) else str(source)


def kind_of(source: Source) -> str:
    """Tell images, videos, cameras and streams apart."""
    if not isinstance(source, Path):
        return "camera" if isinstance(source, int) else "stream"
    return "video" if video.is_video(source) else "image"


@dataclass
class Extent:
    """How much there is to do: sources of each kind; images and frames, None where a source has no end."""

    kinds: Counter[str]
    images: int | None

    def __str__(self) -> str:
        return counts(self.kinds)

    @property
    def unit(self) -> str:
        """What the images are."""
        if self.kinds.keys() == {"image"}:
            return "images"
        return "images and frames" if "image" in self.kinds else "frames"


def counts(kinds: dict[str, int]) -> str:
    """Write how many there are of each kind, such as "1 image and 2 videos"."""
    parts = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in kinds.items() if count]
    return " and ".join(parts) or "0 images"


def measure(sources: Iterable[Source], read: Callable[[Source], FrameReader]) -> Extent:
    """Count sources and their images, as far as headers tell; OSError without such a camera or stream."""
    extent = Extent(Counter(), 0)
    for source in sources:
        kind = kind_of(source)
        extent.kinds[kind] += 1
        count = 1 if kind == "image" else _count_frames(source, read)
        extent.images = None if extent.images is None or count is None else extent.images + count
    return extent


def _count_frames(source: Source, read: Callable[[Source], FrameReader]) -> int | None:
    try:
        with read(source) as frames:
            return frames.count
    except Exception:
        if not isinstance(source, Path):
            raise
        return 1  # a video that cannot be opened is one that fails
