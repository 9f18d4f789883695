"""Frames of videos and cameras, one after another."""

from __future__ import annotations

import math
import os
import sys
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

import numpy as np

from cvkit import _validate
from cvkit._opencv import opencv
from cvkit.video.files import (
    camera_index,
    is_cut_off,
    is_stream,
    open_camera,
    open_capture,
    open_stream,
)

# Of a source that does not say how many frames a second it has, such as some cameras.
_USUAL_RATE = 25.0

# An edit list, which telephones write when a clip is trimmed, hides frames that the header counts: those from
# the last frame that was stored whole, which is at most this many seconds ago. Fewer are no sign of damage.
_HIDDEN_SECONDS = 2.0

Frame = tuple[int, np.ndarray]


def read_frames(
    source: str | int | os.PathLike[str],
    *,
    every: int = 1,
    start: int = 0,
    stop: int | None = None,
    depth: int = 4,
) -> FrameReader:
    """Read the frames of a video, a camera or a stream, in a thread that works ahead of the caller.

    Parameters
    ----------
    source : path or int
        A video in a format that OpenCV decodes; the number of a camera, also as a string of digits; or the
        address of a stream, such as ``rtsp://192.168.0.7/live`` or ``http://...``.
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
        How many frames will be given, as far as the file's header tells; None for a camera or stream without
        a stop.
    fault : str or None
        Set when the iteration has ended before its time: why, and after how many frames of the file.
    """

    def __init__(self, source: str | int, wanted: range, depth: int) -> None:
        cv2 = opencv()
        self._source = source
        self._wanted = wanted
        self._is_live = isinstance(source, int) or is_stream(source)
        if isinstance(source, int):
            self._capture = open_camera(source)
        else:
            self._capture = open_stream(source) if self._is_live else open_capture(source)
        self._is_cut_off = isinstance(source, str) and not self._is_live and is_cut_off(source)
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self._source_rate = rate if math.isfinite(rate) and rate > 0 else _USUAL_RATE
        self.rate: float = self._source_rate / wanted.step
        total = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self._total = int(total) if total > 0 else None
        end = min(wanted.stop, self._total or sys.maxsize)
        self.count: int | None = None if end == sys.maxsize else len(range(wanted.start, end, wanted.step))
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
        cv2 = opencv()
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
        if self._is_live and self._total is None:
            return f"the stream gives no more frames after {number}"
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
