"""AVIF and JPEG 2000: files of nested boxes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from cvkit._headers.head import Decode, Head, big

JP2_MAGIC = b"\0\0\0\x0cjP  \r\n\x87\n"
CODESTREAM_MAGIC = b"\xff\x4f\xff\x51"

# EXIF's number by quarter turns against the clock, and by mirror: none, upside down, left for right.
_ORIENTATIONS = ((1, 4, 2), (8, 5, 7), (3, 2, 4), (6, 7, 5))


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give name and content of each box. Length 1: it follows in 64 bits; 0: the box has the rest."""
    position = 0
    while position + 8 <= len(data):
        length, start = big(data[position : position + 4]), position + 8
        if length == 1:
            length, start = big(data[start : start + 8]), start + 8
        end = position + length if length else len(data)
        if end > len(data):
            raise ValueError("truncated: a part of the file is not there")
        if end < start:
            raise ValueError("damaged: a part of the file has no length")
        yield data[position + 4 : position + 8], data[start:end]
        position = end


def read_jp2(data: bytes) -> Head:
    """Find the codestream of a JPEG 2000 file."""
    for name, content in _boxes(data):
        if name == b"jp2c":
            return _jpeg_2000(data, content)
    raise ValueError("truncated JPEG 2000: the image is not there")


def read_codestream(data: bytes) -> Head:
    """Read a JPEG 2000 image without a file around it."""
    return _jpeg_2000(data, data)


def _jpeg_2000(data: bytes, codestream: bytes) -> Head:
    """Read the marker segment SIZ: the grid's extent, the image's offset in it, the components."""
    if not codestream.startswith(CODESTREAM_MAGIC) or len(codestream) < 42:
        raise ValueError("damaged JPEG 2000: its header does not tell the size")
    right, bottom, left, top = (big(codestream[start : start + 4]) for start in range(8, 24, 4))
    components = big(codestream[40:42])
    # OpenCV makes no color of a codestream's only component, but keeps it.
    samples = partial(_kept, data) if components == 1 else None
    height, width = max(0, bottom - top), max(0, right - left)
    return Head(f"JPEG 2000 of {components} channels", height, width, samples=samples)


def _kept(data: bytes, decode: Decode) -> np.ndarray:
    return decode(data)


def read_avif(data: bytes) -> Head:
    """Read the properties of the primary item: turns are among them, and those in EXIF do not count."""
    brands = next((content for name, content in _boxes(data) if name == b"ftyp"), b"")
    names = {brands[at : at + 4] for at in range(0, len(brands), 4)}
    if not names & {b"avif", b"avis"}:
        is_heic = names & {b"heic", b"heix", b"heim", b"heis", b"mif1"}
        raise ValueError("HEIC is not read" if is_heic else "not an image")
    meta = next((content[4:] for name, content in _boxes(data) if name == b"meta"), b"")
    parts = dict(_boxes(meta))
    primary = _primary_item(parts.get(b"pitm", b""))
    properties = dict(_boxes(parts.get(b"iprp", b"")))
    values = list(_boxes(properties.get(b"ipco", b"")))
    numbers = _associated(properties.get(b"ipma", b""), primary)
    of_item = dict(values[number - 1] for number in numbers if 0 < number <= len(values))
    extent = of_item.get(b"ispe", b"")
    if len(extent) < 12:
        raise ValueError("damaged AVIF: its header does not tell the size")
    turns = big(of_item.get(b"irot", b"\0")[:1]) & 3
    mirror = 1 + (big(of_item[b"imir"][:1]) & 1) if b"imir" in of_item else 0
    return Head("AVIF", big(extent[8:12]), big(extent[4:8]), _ORIENTATIONS[turns][mirror])


def _primary_item(pitm: bytes) -> int:
    """Read version, flags and the number of the item."""
    return big(pitm[4:8] if pitm[:1] > b"\0" else pitm[4:6])


def _associated(ipma: bytes, item: int) -> list[int]:
    """List the numbers of an item's properties: 7 or 15 bits behind one that says whether it is essential."""
    item_bytes = 4 if ipma[:1] > b"\0" else 2
    number_bytes = 1 + (big(ipma[3:4]) & 1)
    position = 8
    for _ in range(big(ipma[4:8])):
        start = position + item_bytes + 1
        if start > len(ipma):
            break
        end = start + number_bytes * ipma[start - 1]
        if big(ipma[position : position + item_bytes]) == item:
            mask = (1 << 8 * number_bytes - 1) - 1
            return [big(ipma[at : at + number_bytes]) & mask for at in range(start, end, number_bytes)]
        position = end
    return []
