"""How long a video file says it is, which tells a cut-off file from a short one."""

from __future__ import annotations

import os
from typing import IO

_MP4_FIRST_BOXES = frozenset([b"ftyp", b"free", b"mdat", b"moov", b"pnot", b"skip", b"wide"])
_MATROSKA_MAGIC = b"\x1aE\xdf\xa3"
_MATROSKA_SEGMENT = b"\x18S\x80g"


def declared_length(path: str | os.PathLike[str]) -> int | None:
    """Return the bytes that an MP4, AVI or Matroska file claims to have, None where it makes no claim."""
    with open(path, "rb") as file:
        start = file.read(12)
        if start[4:8] in _MP4_FIRST_BOXES:
            return _mp4_length(file)
        if start[:4] == b"RIFF" and start[8:] == b"AVI ":
            return _avi_length(file)
        if start[:4] == _MATROSKA_MAGIC:
            return _matroska_length(file)
    return None


def _mp4_length(file: IO[bytes]) -> int:
    """Walk the boxes: length, name, content. Length 1: it follows in 64 bits; 0: the box has the rest."""
    actual = os.fstat(file.fileno()).st_size
    position = 0
    while position < actual:
        file.seek(position)
        length = int.from_bytes(file.read(4), "big")
        if length == 1:
            length = int.from_bytes(file.read(12)[4:], "big")
        if length == 0:
            return actual
        position += max(length, 8)
    return position


def _avi_length(file: IO[bytes]) -> int:
    """Walk the RIFF chunks, of which a long clip has several: name, length, content, filled up to even."""
    actual = os.fstat(file.fileno()).st_size
    position = end = 0
    while position < actual:
        file.seek(position + 4)
        end = position + 8 + int.from_bytes(file.read(4), "little")
        position = end + end % 2
    return end


def _matroska_length(file: IO[bytes]) -> int | None:
    """Step over the header to the segment, which holds everything else; a live recording's has no length."""
    file.seek(len(_MATROSKA_MAGIC))
    header = _matroska_number(file)
    if header is None:
        return None
    file.seek(header, os.SEEK_CUR)
    if file.read(4) != _MATROSKA_SEGMENT:
        return None
    length = _matroska_number(file)
    return None if length is None else file.tell() + length


def _matroska_number(file: IO[bytes]) -> int | None:
    """Read a number whose leading zero bits say how many bytes it has; all ones means unknown."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    extra = 8 - first[0].bit_length()
    value = int.from_bytes(first + file.read(extra), "big")
    limit = 1 << 7 * (extra + 1)
    value %= limit
    return None if value == limit - 1 else value
