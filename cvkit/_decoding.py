"""Decode images by OpenCV: rightly or not at all, of no more pixels than are wanted, and in silence."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np

from cvkit import _headers
from cvkit._opencv import opencv, set_log_level


class _Messages:
    """Counts who wants silence of OpenCV: its level of messages belongs to the process, threads share it."""

    lock = threading.Lock()
    silencers = 0
    level = 0


@contextmanager
def without_messages() -> Iterator[None]:
    """Keep OpenCV from writing to stderr what becomes an exception here."""
    with _Messages.lock:
        if _Messages.silencers == 0:
            _Messages.level = set_log_level(0)
        _Messages.silencers += 1
    try:
        yield
    finally:
        with _Messages.lock:
            _Messages.silencers -= 1
            if _Messages.silencers == 0:
                set_log_level(_Messages.level)


def decode(
    data: bytes, mode: str, max_pixels: int | None = None, at_least: tuple[int, int] | None = None
) -> np.ndarray:
    """Decode the content of a file to RGB, RGBA or gray, as :func:`cvkit.read_image` describes it.

    Whatever is wrong with the file may raise any exception, ``ValueError`` where the reason is known.
    """
    head = _headers.read(data)
    _check_size(head.height, head.width, max_pixels)
    with without_messages():
        return _decode(data, head, mode, at_least)


def reason_of(error: Exception) -> str:
    """Say why an image cannot be decoded."""
    if isinstance(error, ValueError):
        return str(error)
    if isinstance(error, MemoryError):
        return "not enough memory to decode it"
    return f"cannot be decoded ({type(error).__name__}: {' '.join(str(error).split())})"


def _check_size(height: int, width: int, max_pixels: int | None) -> None:
    """Refuse an image of no pixels, of more than the caller wants, or of more than OpenCV decodes."""
    if height == 0 or width == 0:
        raise ValueError(f"the header says {width} x {height} pixels")
    limit = _most_pixels() if max_pixels is None else min(max_pixels, _most_pixels())
    if height * width > limit:
        raise ValueError(f"{width} x {height} are more than {limit} pixels")


def _most_pixels() -> int:
    """Return OpenCV's own limit, which the environment may change."""
    given = os.environ.get("OPENCV_IO_MAX_IMAGE_PIXELS", "")
    return int(given) if given.isdecimal() else 1 << 30


def _decode(data: bytes, head: _headers.Head, mode: str, at_least: tuple[int, int] | None) -> np.ndarray:
    encoded = head.encoded or data
    if head.kind == "JPEG":
        return _decode_jpeg(encoded, head, mode, 1 if at_least is None else _reduction(head, mode, at_least))
    decode = partial(_imdecode, head=head)
    image = decode(encoded, mode=mode) if head.samples is None else _in_mode(head.samples(decode), mode)
    if image.shape[:2] != (head.height, head.width):
        told, found = f"{head.width} x {head.height}", f"{image.shape[1]} x {image.shape[0]}"
        raise ValueError(f"damaged: the header says {told} pixels, the image has {found}")
    return image if mode == "unchanged" else _headers.upright(image, head.orientation)


def _reduction(head: _headers.Head, mode: str, at_least: tuple[int, int]) -> int:
    """Choose by what to divide the sides of a JPEG, rounded up, so that none gets too short."""
    is_turned = mode != "unchanged" and head.orientation >= 5
    height, width = (head.width, head.height) if is_turned else (head.height, head.width)
    for factor in (8, 4, 2):
        if -(-height // factor) >= at_least[0] and -(-width // factor) >= at_least[1]:
            return factor
    return 1


def _decode_jpeg(data: bytes, head: _headers.Head, mode: str, reduction: int) -> np.ndarray:
    cv2 = opencv()
    is_gray = mode == "gray" or (head.is_gray and mode != "rgb")
    # OpenCV knows this flag for a few formats only, and swapping takes a tenth of the time of decoding.
    flags = cv2.IMREAD_GRAYSCALE if is_gray else cv2.IMREAD_COLOR_RGB
    if mode == "unchanged":
        flags |= cv2.IMREAD_IGNORE_ORIENTATION
    if reduction > 1:
        # Of the flags that name a reduction, those for gray are the reduction's alone.
        flags |= getattr(cv2, f"IMREAD_REDUCED_GRAYSCALE_{reduction}")
    return _found(cv2.imdecode(np.frombuffer(data, np.uint8), flags), head)


def _imdecode(data: bytes, head: _headers.Head, mode: str = "unchanged") -> np.ndarray:
    """Decode an image that is no JPEG, not turned."""
    cv2 = opencv()
    flags = {"rgb": cv2.IMREAD_COLOR, "gray": cv2.IMREAD_GRAYSCALE}.get(mode, cv2.IMREAD_UNCHANGED)
    if flags != cv2.IMREAD_UNCHANGED:  # which turns nothing, and knows no other flags beside it
        flags |= cv2.IMREAD_IGNORE_ORIENTATION
    return swap_red_and_blue(_found(cv2.imdecode(np.frombuffer(data, np.uint8), flags), head))


def _found(image: np.ndarray | None, head: _headers.Head) -> np.ndarray:
    if image is None:
        raise ValueError(f"damaged, or a kind of {head.kind} that OpenCV does not decode")
    return image


def _in_mode(image: np.ndarray, mode: str) -> np.ndarray:
    """Bring what a file holds into 8 bits of gray or RGB, as a mode asks."""
    cv2 = opencv()
    if mode not in ("rgb", "gray"):
        return image
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.dtype != np.uint8:
        raise ValueError(f"{image.dtype} values have no range to bring into 8 bits: mode keep reads them")
    if image.ndim == 2:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if mode == "rgb" else image
    colors = np.ascontiguousarray(image[..., :3])
    return colors if mode == "rgb" else cv2.cvtColor(colors, cv2.COLOR_RGB2GRAY)


def swap_red_and_blue(image: np.ndarray) -> np.ndarray:
    """RGB to OpenCV's BGR, or back; alpha stays where it is."""
    cv2 = opencv()
    channels = 1 if image.ndim == 2 else image.shape[2]
    codes = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}
    if channels not in codes:
        return image
    if image.dtype in (np.uint8, np.uint16, np.float32):
        return cv2.cvtColor(image, codes[channels])
    return np.ascontiguousarray(image[..., [2, 1, 0, 3][:channels]])
