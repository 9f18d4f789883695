"""What videos are: their names, and their files as OpenCV opens them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cvkit._containers import declared_length
from cvkit._decoding import without_messages
from cvkit._opencv import opencv

SUFFIXES = frozenset(
    {".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"}
    | {".mts", ".ogv", ".webm", ".wmv"}
)
"""Endings of the files that count as videos in a folder."""

WRITTEN = {".avi": "MJPG", ".m4v": "mp4v", ".mkv": "mp4v", ".mov": "mp4v", ".mp4": "mp4v"}
"""Endings of the videos that can be written, and the codes of their compression."""


_PROTOCOLS = ("http://", "https://", "rtmp://", "rtsp://", "rtsps://")


class UnreadableVideoError(OSError):
    """A file or camera that exists but gives no frames."""


def is_video(path: str | os.PathLike[str]) -> bool:
    """Tell videos from images by the ending of their name.

    Parameters
    ----------
    path : path
        It need not exist.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_video("street.MP4"), is_video("street.jpg")
    (True, False)
    """
    return Path(path).suffix.lower() in SUFFIXES


def camera_index(source: str | int | os.PathLike[str]) -> int | None:
    """Return the number of the camera that a source stands for, None where it is a file.

    Parameters
    ----------
    source : int, str or path
        A number, or one written in digits that is not the name of a file.

    Returns
    -------
    int or None

    Examples
    --------
    >>> camera_index("0"), camera_index("street.mp4")
    (0, None)
    """
    if isinstance(source, int):
        return source
    name = os.fspath(source)
    return int(name) if name.isdecimal() and not os.path.exists(name) else None


def is_stream(source: object) -> bool:
    """Tell streams of the network from files and cameras.

    Parameters
    ----------
    source : str, path or int
        What may be the address of one.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_stream("rtsp://192.168.0.7/live"), is_stream("street.mp4")
    (True, False)
    """
    return isinstance(source, str) and source.lower().startswith(_PROTOCOLS)


def stream_name(address: str) -> str:
    """Name a stream without what is secret, in letters, digits and dashes.

    Parameters
    ----------
    address : str
        It may hold a user's name and password, and keys after a question mark.

    Returns
    -------
    str

    Examples
    --------
    >>> stream_name("rtsp://me:secret@192.168.0.7:554/live/1?key=7")
    'rtsp-192-168-0-7-554-live-1'
    """
    protocol, _, rest = address.partition("://")
    place = re.split(r"[?#]", rest, maxsplit=1)[0]
    host, slash, path = place.partition("/")
    name = host.rpartition("@")[2] + slash + path
    return re.sub(r"\W+", "-", f"{protocol.lower()}-{name}").strip("-")


def open_stream(address: str) -> Any:
    """Open a stream as OpenCV reads it; UnreadableVideoError where that is not possible."""
    cv2 = opencv()
    with silenced():
        capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise UnreadableVideoError(f"{stream_name(address)}: nothing is sent from there, or no video")
    return capture


def open_camera(index: int) -> Any:
    """Open a camera; UnreadableVideoError where that is not possible."""
    cv2 = opencv()
    with silenced():
        capture = cv2.VideoCapture(index)
    if not capture.isOpened():
        raise UnreadableVideoError(f"camera {index}: there is none of this number, or it is in use")
    return capture


def open_capture(path: str) -> Any:
    """Open a video as OpenCV reads it; UnreadableVideoError where that is not possible."""
    cv2 = opencv()
    if os.stat(path).st_size == 0:
        raise UnreadableVideoError(f"{path}: the file is empty")
    with silenced():
        capture = cv2.VideoCapture(name_for_ffmpeg(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        reason = "cut off, without its index" if is_cut_off(path) else "not a video, or a damaged one"
        raise UnreadableVideoError(f"{path}: {reason}")
    return capture


def is_cut_off(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file is shorter than it says."""
    length = declared_length(path)
    return length is not None and length > os.stat(path).st_size


def name_for_ffmpeg(path: str | os.PathLike[str]) -> str:
    """Make a name that FFmpeg takes for a file: in a relative one, what is before a colon is a protocol."""
    name = os.path.abspath(path)
    try:
        name.encode()
    except UnicodeEncodeError:  # on which OpenCV crashes
        raise UnreadableVideoError(f"{os.fspath(path)}: a video's name must be valid Unicode") from None
    return name


@contextmanager
def silenced() -> Iterator[None]:
    """Keep OpenCV and FFmpeg from writing to stderr what becomes an exception here."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # read once, when FFmpeg is first used
    with without_messages():
        yield
