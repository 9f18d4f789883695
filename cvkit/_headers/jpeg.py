"""JPEG: its segments, and the markers in its scans, which tell truncated and many damaged files."""

from __future__ import annotations

import re

import numpy as np

from cvkit._headers import exif
from cvkit._headers.head import Head, big

MAGIC = b"\xff\xd8"

# A marker is 0xFF, perhaps repeated, and a code.
_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_SCAN, _END, _RESTART_INTERVAL, _APPLICATION_1 = 0xDA, 0xD9, 0xDD, 0xE1
# Starts of a frame, which hold the size; the codes between them are tables and restarts.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# What may follow a scan: tables, another scan, the number of lines, application data, comments.
_BETWEEN_SCANS = frozenset([0xC4, 0xCC, _SCAN, 0xDB, 0xDC, _RESTART_INTERVAL, 0xFE, *range(0xE0, 0xF0)])
_RESTARTS = range(0xD0, 0xD8)


def read(data: bytes) -> Head:
    """Read the frame's segment: its length, precision, height, width, components."""
    segments = _segments(data)
    if not segments or segments[-1][0] != _SCAN:
        raise ValueError("truncated JPEG: the image does not end")
    scan = segments[-1][2]
    _check_scans(data, scan, any(code == _RESTART_INTERVAL for code, _, _ in segments))
    encoded = data
    if sum(end - start for _, start, end in segments) + len(MAGIC) < scan:
        # Bytes between the segments, to which decoders pay no more attention than to complain.
        encoded = b"".join([MAGIC, *(data[start:end] for _, start, end in segments), data[scan:]])
    for code, start, end in segments:
        frame = data[start + 2 : end]
        if code in _FRAMES and len(frame) >= 8:
            return Head(
                "JPEG",
                big(frame[3:5]),
                big(frame[5:7]),
                orientation=_orientation(data, segments),
                is_gray=frame[7] == 1,
                encoded=encoded,
            )
    raise ValueError("damaged JPEG: its header does not tell the size")


def _orientation(data: bytes, segments: list[tuple[int, int, int]]) -> int:
    """Read the first EXIF block. OpenCV turns JPEGs itself, but their size is to be known before."""
    for code, start, end in segments:
        if code == _APPLICATION_1 and data.startswith(exif.PREFIX, start + 4):
            return exif.orientation(data[start + 4 : end])
    return 1


def _segments(data: bytes) -> list[tuple[int, int, int]]:
    """List the segments up to the first scan: code, where the marker and where the content ends.

    They are stepped over by their length, so that a thumbnail inside one does not count.
    """
    segments = []
    position = 2
    while (marker := _MARKER.search(data, position)) is not None:
        position = marker.end() + big(data[marker.end() : marker.end() + 2])
        segments.append((marker[1][0], marker.end() - 2, position))
        if marker[1][0] == _SCAN:
            break
    return segments


def _check_scans(data: bytes, start: int, has_restarts: bool) -> None:
    """Raise unless the scans from ``start`` on end, and hold no markers but restarts in their order.

    In a scan 0xFF is followed by 0 or by the code of a marker. What is behind the end does not count: some
    cameras append to it.
    """
    values = np.frombuffer(data, np.uint8, offset=min(start, len(data)))
    places = np.flatnonzero(values[:-1] == 0xFF)
    codes = values[places + 1]
    is_marker = (codes != 0) & (codes != 0xFF)
    restart = 0
    segment_end = 0  # of a segment between scans
    for place, code in zip(places[is_marker].tolist(), codes[is_marker].tolist(), strict=True):
        if place < segment_end:
            continue
        if code == _END:
            return
        if code in _RESTARTS and has_restarts:
            if code != _RESTARTS[restart]:
                raise ValueError("damaged JPEG: a part of the image is missing")
            restart = (restart + 1) % len(_RESTARTS)
        elif code in _BETWEEN_SCANS:
            restart = 0
            has_restarts |= code == _RESTART_INTERVAL
            segment_end = place + 2 + big(values[place + 2 : place + 4].tobytes())
            # Another segment or the end follows all but the header of a scan.
            if code != _SCAN and values[segment_end : segment_end + 1].tobytes() not in (b"\xff", b""):
                raise ValueError("damaged JPEG: a part of the image is something else")
        else:
            raise ValueError("damaged JPEG: a part of the image is something else")
    raise ValueError("truncated JPEG: the image does not end")
