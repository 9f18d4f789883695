"""Videos that are complete or not there."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from cvkit import _validate
from cvkit._containers import declared_length
from cvkit._opencv import opencv
from cvkit._paths import temporary_path
from cvkit.video.files import WRITTEN, name_for_ffmpeg, open_capture, silenced


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
        from cvkit._dispatch import to_host

        cv2 = opencv()
        pixels = to_host(image)
        _validate.image(pixels, dtypes=(np.uint8,), channels=(1, 3))
        height, width = pixels.shape[:2]
        if self._encoder is None:
            self._open(height, width)
        if (height, width) != self._shape:
            raise ValueError(f"image must have the size of the first, {self._shape}, got {(height, width)}")
        is_gray = pixels.ndim == 2 or pixels.shape[2] == 1
        pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR if is_gray else cv2.COLOR_RGB2BGR)
        below, beside = _encoded_length(height) - height, _encoded_length(width) - width
        if below or beside:
            pixels = cv2.copyMakeBorder(pixels, 0, below, 0, beside, cv2.BORDER_REPLICATE)
        self._encoder.write(pixels)

    def _open(self, height: int, width: int) -> None:
        cv2 = opencv()
        code = cv2.VideoWriter.fourcc(*WRITTEN[self._path.suffix.lower()])
        size = (_encoded_length(width), _encoded_length(height))
        with silenced():
            name = name_for_ffmpeg(self._temporary)
            encoder = cv2.VideoWriter(name, cv2.CAP_FFMPEG, code, self._rate, size)
        if not encoder.isOpened():
            raise OSError(f"{self._path}: cannot write a video of {height}x{width} at {self._rate:g}/s here")
        self._encoder = encoder
        self._shape = (height, width)

    def _check_written(self) -> None:
        """Look at the finished file again: the encoder does not tell of a full disk."""
        try:
            open_capture(str(self._temporary)).release()
            is_complete = declared_length(self._temporary) == self._temporary.stat().st_size
        except OSError:
            is_complete = False
        if not is_complete:
            raise OSError(f"{self._path}: the video could not be written to its end; is the disk full?")
