"""The orientation in an EXIF block, which is a small TIFF file."""

from __future__ import annotations

from cvkit._headers.ifd import Directory

PREFIX = b"Exif\0\0"
_ORIENTATION = 274


def orientation(block: bytes) -> int:
    """Return the number from 1 to 8; 1, upright, where the block does not tell.

    JPEG has a prefix in front of the block; other formats have none, but some programs write it there, too.
    """
    try:
        value = Directory.of(block.removeprefix(PREFIX)).number(_ORIENTATION, 1)
    except ValueError:
        return 1
    return value if 1 <= value <= 8 else 1
