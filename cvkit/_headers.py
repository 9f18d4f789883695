"""What the head of a picture's file tells, without decoding it."""

from __future__ import annotations

import re

JPEG = b"\xff\xd8"
PNG = b"\x89PNG\r\n\x1a\n"

# A marker is 0xFF, perhaps repeated, and a code.
_JPEG_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
JPEG_SCAN = 0xDA
# Starts of a frame, which hold the size; the codes between them are tables and restarts.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def jpeg_segments(data: bytes) -> list[tuple[int, int, int]]:
    """List the segments up to the first scan: code, where its content starts (at its length), where it ends.

    They are stepped over by their length, so that a thumbnail inside one does not count.
    """
    segments = []
    position = 2
    while (marker := _JPEG_MARKER.search(data, position)) is not None:
        start = marker.end()
        position = start + int.from_bytes(data[start : start + 2], "big")
        segments.append((marker[1][0], start, position))
        if marker[1][0] == JPEG_SCAN:
            break
    return segments


def _jpeg_frame(data: bytes) -> bytes | None:
    """Return the content of the frame's segment: its length, precision, height, width, components."""
    for code, start, end in jpeg_segments(data):
        if code in _JPEG_FRAMES:
            return data[start:end]
    return None


def jpeg_components(data: bytes) -> int | None:
    """Return the number of channels of a JPEG, 1 where it is gray; None where its head does not tell."""
    frame = _jpeg_frame(data)
    return None if frame is None else _big(frame[7:8])


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Return height and width as the head of a JPEG, PNG, GIF or BMP says; None where it does not tell."""
    if data.startswith(JPEG):
        frame = _jpeg_frame(data)
        return None if frame is None else (_big(frame[3:5]), _big(frame[5:7]))
    if data.startswith(PNG):
        return _big(data[20:24]), _big(data[16:20])
    if data[:4] == b"GIF8":
        return _little(data[8:10]), _little(data[6:8])
    if data[:2] == b"BM" and _little(data[14:18]) >= 40:
        # The height is negative where the rows run downwards.
        return abs(int.from_bytes(data[22:26], "little", signed=True)), _little(data[18:22])
    return None


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
