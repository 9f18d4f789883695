"""One operation over the frames of a video, as a stream."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import PurePath
from typing import Any, NamedTuple

import numpy as np

from cvkit import _validate
from cvkit._dispatch import to_host
from cvkit.video import WRITTEN, UnreadableVideoError, VideoWriter, open_video, read_frames

# How many results may wait to be encoded; memory is bounded by them.
_WAITING = 4


class Frames(NamedTuple):
    """Which frames of videos to take, as for :func:`cvkit.video.read_frames`.

    Attributes
    ----------
    every : int
        One frame in this many.
    start, stop : int
        The first frame and the one to end before, counted from 0.

    Examples
    --------
    >>> from cvkit.batch import Frames
    >>> Frames(every=5)
    Frames(every=5, start=0, stop=None)
    """

    every: int = 1
    start: int = 0
    stop: int | None = None

    def check(self) -> None:
        """Raise ``ValueError`` or ``TypeError`` where they cannot be taken."""
        _validate.integer(self.every, "every", minimum=1)
        start = _validate.integer(self.start, "start", minimum=0)
        if self.stop is not None:
            _validate.integer(self.stop, "stop", minimum=start + 1)


ALL_FRAMES = Frames()


def video_suffix(path: PurePath) -> str:
    """Return the ending of the video that is made of another one: its own, where it can be written."""
    return path.suffix if path.suffix.lower() in WRITTEN else ".mp4"


def transform_video(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    function: Callable[[np.ndarray], Any],
    *,
    every: int = 1,
    start: int = 0,
    stop: int | None = None,
) -> str | None:
    """Write a video whose frames are a function of those of another one, while threads decode and encode.

    Parameters
    ----------
    source : path
        A video.
    target : path
        The video to write, as :func:`cvkit.video.open_video` can; it is complete or not there. It lasts as
        long as the frames that were taken.
    function : callable
        Takes an RGB image, (H, W, 3) uint8, and returns one, or a gray image.
    every, start, stop : int
        Which frames to take, as for :func:`cvkit.video.read_frames`; by default all.

    Returns
    -------
    str or None
        Why the source ended before its time, such as because it is cut off; the frames before are written.

    Raises
    ------
    OSError
        If the source gives no frame, or the target cannot be written.
    TypeError
        If the function gives something else than images of 8 bits.

    Examples
    --------
    >>> import cvkit, numpy as np, pathlib, tempfile
    >>> from cvkit.batch import transform_video
    >>> from cvkit.video import open_video, read_frames
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with open_video(folder / "clip.mp4", rate=10) as video:
    ...     for _ in range(5):
    ...         video.write(np.zeros((48, 64, 3), np.uint8))
    >>> transform_video(folder / "clip.mp4", folder / "gray.mp4", cvkit.rgb_to_gray, every=2)
    >>> with read_frames(folder / "gray.mp4") as frames:
    ...     print(frames.count, frames.rate)
    3 5.0
    """
    with (
        read_frames(source, every=every, start=start, stop=stop) as frames,
        open_video(target, frames.rate) as video,
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="cvkit-encode") as encoder,
    ):
        waiting: deque[Future[None]] = deque()
        count = 0
        for _, image in frames:
            count += 1
            waiting.append(encoder.submit(_write, video, function(image)))
            if len(waiting) > _WAITING:
                waiting.popleft().result()
        for future in waiting:
            future.result()
    if count == 0:
        raise UnreadableVideoError(frames.fault or "no frame was asked for")
    return frames.fault


def _write(video: VideoWriter, result: Any) -> None:
    image = None if isinstance(result, tuple) else to_host(result)
    if image is None or image.dtype != np.uint8 or image.ndim not in (2, 3):
        kind = "several arrays" if image is None else f"{image.dtype} of shape {image.shape}"
        raise TypeError(f"the frames of a video must be images of 8 bits, the results are {kind}")
    video.write(image)
