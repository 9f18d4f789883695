"""PNG: its chunks and their checksums, EXIF, and the gray level that counts as transparent."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import partial

import numpy as np

from cvkit._headers import exif
from cvkit._headers.head import Decode, Head, big, with_alpha

MAGIC = b"\x89PNG\r\n\x1a\n"
_GRAY = 0
# All others are left out: the decoder prints what it has against them, and takes no pixels from them.
_DECODED = frozenset([b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"])


def read(data: bytes) -> Head:
    """Walk the chunks up to the end, which tells truncated and damaged files."""
    chunks = list(_chunks(data))
    content = {name: data[start + 8 : end - 4] for name, start, end in chunks if name != b"IDAT"}
    head = content.get(b"IHDR", b"")
    if len(head) != 13:
        raise ValueError("damaged PNG: it has no header")
    width, height, depth, color = big(head[:4]), big(head[4:8]), head[8], head[9]
    decoded = [(start, end) for name, start, end in chunks if name in _DECODED]
    encoded = data
    if sum(end - start for start, end in decoded) + len(MAGIC) < len(data):
        encoded = b"".join([MAGIC, *(data[start:end] for start, end in decoded)])
    samples = None
    if color == _GRAY and len(content.get(b"tRNS", b"")) == 2:
        level = big(content[b"tRNS"]) % (1 << depth)
        # OpenCV spreads fewer than 8 bits over the range of 8.
        level *= 255 // ((1 << depth) - 1) if depth < 8 else 1
        samples = partial(_with_transparent_level, encoded, level)
    orientation = exif.orientation(content.get(b"eXIf", b""))
    return Head("PNG", height, width, orientation, encoded=encoded, samples=samples)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Give name, start and end of each sound chunk: length, name, content, checksum."""
    position = 8
    while position + 12 <= len(data):
        end = position + 12 + big(data[position : position + 4])
        name = data[position + 4 : position + 8]
        is_sound = zlib.crc32(data[position + 4 : end - 4]) == big(data[end - 4 : end])
        if not name.isalpha():
            raise ValueError("damaged PNG: a chunk has no name")
        is_critical = name[:1].isupper()
        if is_critical and not is_sound:
            raise ValueError("damaged PNG: a checksum is wrong" if end <= len(data) else "truncated PNG")
        if is_critical and name not in _DECODED:
            raise ValueError("a PNG that holds more than the standard has, which is not read")
        if is_sound:
            yield name, position, end
        if name == b"IEND":
            return
        position = end
    raise ValueError("truncated PNG: the image does not end")


def _with_transparent_level(encoded: bytes, level: int, decode: Decode) -> np.ndarray:
    """Add the alpha that OpenCV leaves out where the image is gray."""
    image = decode(encoded)
    if image.ndim == 3:
        return image
    opaque = np.iinfo(image.dtype).max
    return with_alpha(image, np.where(image == level, 0, opaque).astype(image.dtype))
