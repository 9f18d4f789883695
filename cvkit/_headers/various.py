"""Formats of which only the size is looked for: GIF, Sun raster, Radiance, OpenEXR."""

from __future__ import annotations

import re
import struct

from cvkit._headers.head import Head, big, little

_RADIANCE_SIZE = re.compile(rb"\n-Y (\d{1,9}) \+X (\d{1,9})\n")


def read_gif(data: bytes) -> Head:
    """Read the canvas."""
    if len(data) < 13:
        raise ValueError("truncated GIF: its header does not tell the size")
    return Head("GIF", little(data[8:10]), little(data[6:8]))


def read_sun_raster(data: bytes) -> Head:
    """Read the header's second and third number."""
    if len(data) < 32:
        raise ValueError("truncated Sun raster: its header does not tell the size")
    return Head("Sun raster", big(data[8:12]), big(data[4:8]))


def read_radiance(data: bytes) -> Head:
    """Look for the line that ends the header."""
    found = _RADIANCE_SIZE.search(data)
    if found is None:
        raise ValueError("truncated Radiance image, or one whose rows are not stored from the top")
    return Head("Radiance", int(found[1]), int(found[2]))


def read_openexr(data: bytes) -> Head:
    """Step over the attributes (name, type, length, value) to the window of the data."""
    position = 8
    while position < len(data) and data[position]:
        name_end = data.find(b"\0", position)
        type_end = data.find(b"\0", name_end + 1)
        start = type_end + 5
        if name_end < 0 or type_end < 0 or start > len(data):
            break
        end = start + little(data[type_end + 1 : start])
        if data[position:name_end] == b"dataWindow" and end - start == 16 and end <= len(data):
            left, top, right, bottom = struct.unpack("<4i", data[start:end])
            return Head("OpenEXR", max(0, bottom - top + 1), max(0, right - left + 1))
        position = end
    raise ValueError("truncated OpenEXR: its header does not tell the size")
