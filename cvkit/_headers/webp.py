"""WebP: a RIFF file whose first chunk tells the size."""

from __future__ import annotations

from collections.abc import Iterator

from cvkit._headers import exif
from cvkit._headers.head import Head, little


def read(data: bytes) -> Head:
    """Walk the chunks, which tells truncated files."""
    if little(data[4:8]) + 8 > len(data):
        raise ValueError("truncated WebP: the image does not end")
    size: tuple[int, int] | None = None
    block = b""
    for name, content in _chunks(data):
        size = size or _size(name, content)
        if name == b"EXIF":
            block = content
    if size is None:
        raise ValueError("damaged WebP: its header does not tell the size")
    return Head("WebP", *size, exif.orientation(block))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give name and content of each chunk, which is filled up to an even length."""
    position = 12
    while position + 8 <= len(data):
        length = little(data[position + 4 : position + 8])
        yield data[position : position + 4], data[position + 8 : position + 8 + length]
        position += 8 + length + length % 2


def _size(name: bytes, content: bytes) -> tuple[int, int] | None:
    """Return height and width as a chunk tells them: the canvas, or an image with or without loss."""
    if name == b"VP8X" and len(content) >= 10:
        return little(content[7:10]) + 1, little(content[4:7]) + 1
    if name == b"VP8 " and content[3:6] == b"\x9d\x01\x2a" and len(content) >= 10:
        return little(content[8:10]) & 0x3FFF, little(content[6:8]) & 0x3FFF
    if name == b"VP8L" and content[:1] == b"\x2f" and len(content) >= 5:
        bits = little(content[1:5])
        return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
    return None
