"""Frames of videos and cameras, one after another, and videos that are complete or not there."""

from __future__ import annotations

import math
import os
import sys
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from cvkit import _validate
from cvkit._containers import declared_length
from cvkit._decoding import without_messages
from cvkit._paths import temporary_path

SUFFIXES = frozenset(
    {".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"}
    | {".mts", ".ogv", ".webm", ".wmv"}
)
"""Endings of the files that count as videos in a folder."""

WRITTEN = {".avi": "MJPG", ".m4v": "mp4v", ".mkv": "mp4v", ".mov": "mp4v", ".mp4": "mp4v"}
"""Endings of the videos that can be written, and the codes of their compression."""

# Of a source that does not say how many frames a second it has, such as some cameras.
_USUAL_RATE = 25.0

# An edit list, which telephones write when a clip is trimmed, hides frames that the header counts: those from
# the last frame that was stored whole, which is at most this many seconds ago. Fewer are no sign of damage.
_HIDDEN_SECONDS = 2.0

Frame = tuple[int, np.ndarray]


class UnreadableVideoError(OSError):
    """A file or camera that exists but gives no frames."""


def is_video(path: str | os.PathLike[str]) -> bool:
    """Tell videos from pictures by the ending of their name.

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


def read_frames(
    source: str | int | os.PathLike[str],
    *,
    every: int = 1,
    start: int = 0,
    stop: int | None = None,
    depth: int = 4,
) -> FrameReader:
    """Read the frames of a video or a camera, in a thread that works ahead of the caller.

    Parameters
    ----------
    source : path or int
        A video in a format that OpenCV decodes, or the number of a camera, also as a string of digits.
    every : int
        Give one frame in this many, the first one included.
    start, stop : int
        The first frame and the one to end before, counted from 0; by default all are read. Frames before
        ``start`` are decoded and dropped, since jumping to a frame is not exact in all formats.
    depth : int
        How many frames may wait; memory is bounded by it.

    Returns
    -------
    FrameReader
        An iterator of (number, RGB image) and a context manager.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableVideoError
        If the file is no video or has lost what is needed to decode it; an ``OSError``, as the former.
    ValueError
        For ``every`` below 1, or a ``stop`` that is not after ``start``.

    Examples
    --------
    >>> import cvkit, numpy as np, pathlib, tempfile
    >>> from cvkit.video import open_video, read_frames
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "clip.avi"
    >>> with open_video(path, 10) as video:
    ...     for level in range(0, 200, 20):
    ...         video.write(np.full((32, 48), level, np.uint8))
    >>> with read_frames(path, every=4, start=1) as frames:
    ...     print(frames.rate, [(number, image.shape) for number, image in frames])
    2.5 [(1, (32, 48, 3)), (5, (32, 48, 3)), (9, (32, 48, 3))]
    """
    every = _validate.integer(every, "every", minimum=1)
    start = _validate.integer(start, "start", minimum=0)
    end = sys.maxsize if stop is None else _validate.integer(stop, "stop", minimum=start + 1)
    camera = camera_index(source)
    return FrameReader(str(source) if camera is None else camera, range(start, end, every), depth)


class FrameReader:
    """The frames of one video; made by :func:`read_frames`.

    Attributes
    ----------
    rate : float
        Frames a second among those that are given, so that a video written at this rate lasts as long.
    count : int or None
        How many frames will be given, as far as the file's header tells; None for a camera without a stop.
    fault : str or None
        Set when the iteration has ended before its time: why, and after how many frames of the file.
    """

    def __init__(self, source: str | int, wanted: range, depth: int) -> None:
        import cv2

        self._source = source
        self._wanted = wanted
        self._capture = _open_camera(source) if isinstance(source, int) else _open_file(source)

        self._is_cut_off = isinstance(source, str) and _is_cut_off(source)
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self._source_rate = rate if math.isfinite(rate) and rate > 0 else _USUAL_RATE
        self.rate = self._source_rate / wanted.step
        total = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self._total = int(total) if total > 0 else None
        end = min(wanted.stop, self._total or sys.maxsize)
        self.count = None if end == sys.maxsize else len(range(wanted.start, end, wanted.step))
        self.fault: str | None = None
        self._frames = self._ahead(depth)

    def __enter__(self) -> FrameReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        return self._frames

    def close(self) -> None:
        """End the thread and let go of the file or camera."""
        self._frames.close()
        self._capture.release()

    def _ahead(self, depth: int) -> Generator[Frame, None, None]:
        decoded = self._decode()
        waiting: deque[Future[Frame | None]] = deque()
        reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cvkit-read")
        try:
            while True:
                while len(waiting) <= depth:
                    waiting.append(reader.submit(next, decoded, None))
                frame = waiting.popleft().result()
                if frame is None:
                    return
                yield frame
        finally:
            reader.shutdown(wait=True, cancel_futures=True)

    def _decode(self) -> Iterator[Frame]:
        import cv2

        shape = None
        doubtful: Frame | None = None
        for number in range(self._wanted.stop):
            if not self._capture.grab():
                self.fault = self._fault_after(number)
                break
            if doubtful is not None:
                yield doubtful
                doubtful = None
            if number not in self._wanted:
                continue
            has_image, image = self._capture.retrieve()
            if not has_image or image.shape != (shape or image.shape):
                what = "changes its size" if has_image else "cannot be decoded"
                self.fault = f"it ends at frame {number}, which {what}"
                break
            shape = image.shape
            frame = number, cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
            if self._is_cut_off:
                doubtful = frame  # the last one may be there in part: wait for the next
            else:
                yield frame
        if doubtful is not None and self.fault is None:
            yield doubtful

    def _fault_after(self, number: int) -> str | None:
        """Say what is wrong with a source that has no more frames after the first ``number``."""
        if isinstance(self._source, int):
            return f"the camera gives no more frames after {number}"
        if number == 0:
            return "no frame can be decoded"
        if number != self._total and self._is_cut_off:
            promised = "" if self._total is None else f" of {self._total}"
            return f"the file is cut off: {number - 1}{promised} frames are there"
        if self._total is not None and self._total - number > _HIDDEN_SECONDS * self._source_rate:
            return f"only {number} of {self._total} frames can be decoded"
        if number <= self._wanted.start:
            return f"it has {number} frames, none from {self._wanted.start} on"
        return None


def _open_camera(index: int) -> Any:
    import cv2

    with _without_messages():
        capture = cv2.VideoCapture(index)
    if not capture.isOpened():
        raise UnreadableVideoError(f"camera {index}: there is none of this number, or it is in use")
    return capture


def _open_file(path: str) -> Any:
    import cv2

    if os.stat(path).st_size == 0:
        raise UnreadableVideoError(f"{path}: the file is empty")
    with _without_messages():
        capture = cv2.VideoCapture(_name_for_ffmpeg(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        reason = "cut off, without its index" if _is_cut_off(path) else "not a video, or a damaged one"
        raise UnreadableVideoError(f"{path}: {reason}")
    return capture


def _is_cut_off(path: str | os.PathLike[str]) -> bool:
    length = declared_length(path)
    return length is not None and length > os.stat(path).st_size


def _name_for_ffmpeg(path: str | os.PathLike[str]) -> str:
    """Make a name that FFmpeg takes for a file: in a relative one, what is before a colon is a protocol."""
    name = os.path.abspath(path)
    try:
        name.encode()
    except UnicodeEncodeError:  # on which OpenCV crashes
        raise UnreadableVideoError(f"{os.fspath(path)}: a video's name must be valid Unicode") from None
    return name


@contextmanager
def _without_messages() -> Iterator[None]:
    """Keep OpenCV and FFmpeg from writing to stderr what becomes an exception here."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # read once, when FFmpeg is first used
    with without_messages():
        yield


def open_video(path: str | os.PathLike[str], rate: float, *, keep_partial: bool = False) -> VideoWriter:
    """Write a video, without sound, so that the file is either complete or not there.

    Parameters
    ----------
    path : path
        Its ending names the format: MPEG-4 as ``.mp4``, ``.m4v``, ``.mov`` or ``.mkv``, Motion JPEG as
        ``.avi``. An existing file is replaced once the new one is complete.
    rate : float
        Frames a second; kept to three decimals.
    keep_partial : bool
        Whether what was written before an exception becomes the file, a shorter video, or is thrown away.

    Returns
    -------
    VideoWriter
        A context manager with ``write(image)``. The first image decides the size. Sizes of videos are even
        and at least 16; others are filled up by repeating the last row or column. Without any image no file
        appears.

    Raises
    ------
    ValueError
        For another ending or a rate that is not positive.
    OSError
        If the file cannot be written, at the first image or at the end.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "clip.mp4"
    >>> with open_video(path, rate=25) as video:
    ...     video.write(np.zeros((48, 64, 3), np.uint8))
    >>> path.exists()
    True
    """
    path = Path(path)
    rate = _validate.number(rate, "rate", above=0)
    suffix = path.suffix.lower()
    if suffix not in WRITTEN:
        raise ValueError(f"path must end in one of {', '.join(WRITTEN)}, got {suffix!r}")
    return VideoWriter(path, rate, keep_partial)


def _encoded_length(length: int) -> int:
    """Return the next length that encoders take: even, and at least 16, below which some corrupt memory."""
    return max(16, length + length % 2)


class VideoWriter:
    """Takes one image after another; made by :func:`open_video`."""

    def __init__(self, path: Path, rate: float, keep_partial: bool) -> None:
        self._path = path
        self._temporary = temporary_path(path)
        self._rate = rate
        self._keep_partial = keep_partial
        self._shape: tuple[int, ...] = ()
        self._encoder: Any = None

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._encoder is None:
            return
        self._encoder.release()
        try:
            if kind is None or self._keep_partial:
                self._check_written()
                os.replace(self._temporary, self._path)
        finally:
            self._temporary.unlink(missing_ok=True)

    def write(self, image: Any) -> None:
        """Add one image.

        Parameters
        ----------
        image : array, (H, W) or (H, W, 3), uint8
            Gray or RGB, of the size of the first. A device array is copied to the host.
        """
        import cv2

        from cvkit._dispatch import to_host

        picture = to_host(image)
        _validate.image(picture, dtypes=(np.uint8,), channels=(1, 3))
        height, width = picture.shape[:2]
        if self._encoder is None:
            self._open(height, width)
        if (height, width) != self._shape:
            raise ValueError(f"image must have the size of the first, {self._shape}, got {(height, width)}")
        is_gray = picture.ndim == 2 or picture.shape[2] == 1
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR if is_gray else cv2.COLOR_RGB2BGR)
        below, beside = _encoded_length(height) - height, _encoded_length(width) - width
        if below or beside:
            picture = cv2.copyMakeBorder(picture, 0, below, 0, beside, cv2.BORDER_REPLICATE)
        self._encoder.write(picture)

    def _open(self, height: int, width: int) -> None:
        import cv2

        code = cv2.VideoWriter.fourcc(*WRITTEN[self._path.suffix.lower()])
        size = (_encoded_length(width), _encoded_length(height))
        with _without_messages():
            name = _name_for_ffmpeg(self._temporary)
            encoder = cv2.VideoWriter(name, cv2.CAP_FFMPEG, code, self._rate, size)
        if not encoder.isOpened():
            raise OSError(f"{self._path}: cannot write a video of {height}x{width} at {self._rate:g}/s here")
        self._encoder = encoder
        self._shape = (height, width)

    def _check_written(self) -> None:
        """Look at the finished file again: the encoder does not tell of a full disk."""
        try:
            _open_file(str(self._temporary)).release()
            is_complete = declared_length(self._temporary) == self._temporary.stat().st_size
        except OSError:
            is_complete = False
        if not is_complete:
            raise OSError(f"{self._path}: the video could not be written to its end; is the disk full?")
