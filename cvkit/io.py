"""Read and write pictures, and find them on the disk."""

from __future__ import annotations

import os
import zlib
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from cvkit import _headers, _validate
from cvkit._paths import atomic_path
from cvkit._walk import LIST_SUFFIXES, SUFFIXES, LeftOut, UnreadableListError, walk

__all__ = [
    "LIST_SUFFIXES",
    "SUFFIXES",
    "LeftOut",
    "UnreadableImageError",
    "UnreadableListError",
    "encode_image",
    "read_ahead",
    "read_image",
    "walk",
    "write_image",
]

_DEEP_SUFFIXES = frozenset([".pgm", ".png", ".ppm", ".tif", ".tiff"])
_MODES = ("rgb", "gray", "keep", "unchanged")


class UnreadableImageError(OSError):
    """A file that exists but holds no complete picture."""


def read_image(
    path: str | os.PathLike[str], mode: str = "rgb", *, max_pixels: int | None = None
) -> np.ndarray:
    """Read a picture.

    Parameters
    ----------
    path : path
        A file in a format that OpenCV decodes.
    mode : {"rgb", "gray", "keep", "unchanged"}
        ``"rgb"`` and ``"gray"`` give uint8, (H, W, 3) and (H, W), turned upright as the camera noted in EXIF.
        ``"keep"`` gives what the file holds, its dtype and its channels (RGB, RGBA or gray), turned upright;
        ``"unchanged"`` the same, not turned.
    max_pixels : int, optional
        Refuse larger pictures: before they are decoded where the head of the file tells their size, as those
        of JPEG, PNG, GIF and BMP do.

    Returns
    -------
    numpy.ndarray
        The picture, channels in the order RGB.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableImageError
        If the file is no picture, is truncated, damaged or too large; an ``OSError``, as the former.

    Examples
    --------
    >>> import cvkit, numpy as np, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "red.png"
    >>> cvkit.write_image(path, np.full((2, 3, 3), (255, 0, 0), np.uint8))
    >>> cvkit.read_image(path)[0, 0]
    array([255,   0,   0], dtype=uint8)
    """
    _validate.one_of(mode, _MODES, "mode")
    data = Path(path).read_bytes()
    fault = _fault(data) or _excess(_headers.picture_size(data), max_pixels)
    if fault is not None:
        raise UnreadableImageError(f"{os.fspath(path)}: {fault}")
    image = _decode(data, mode)
    if image is None:
        raise UnreadableImageError(f"{os.fspath(path)}: not a picture, or a damaged one")
    fault = _excess(image.shape[:2], max_pixels)
    if fault is not None:
        raise UnreadableImageError(f"{os.fspath(path)}: {fault}")
    return image


def _excess(size: tuple[int, ...] | None, max_pixels: int | None) -> str | None:
    """Say by how much a picture of ``size`` (height, width) is too large."""
    if size is None or max_pixels is None or size[0] * size[1] <= max_pixels:
        return None
    return f"{size[1]} x {size[0]} are more than {max_pixels} pixels"


def _decode(data: bytes, mode: str) -> np.ndarray | None:
    """Decode a picture to RGB; None where there is none."""
    import cv2

    encoded = np.frombuffer(data, np.uint8)
    try:
        if data.startswith(_headers.JPEG):
            return _decode_jpeg(encoded, mode, is_gray=_headers.jpeg_components(data) == 1)
        image = _decode_other(encoded, mode, may_be_turned=_may_be_turned(data))
    except cv2.error:  # such as more pixels than OpenCV decodes
        return None
    return None if image is None else _swap_red_and_blue(image)


def _decode_jpeg(encoded: np.ndarray, mode: str, is_gray: bool) -> np.ndarray | None:
    import cv2

    is_gray = mode == "gray" or (is_gray and mode != "rgb")
    # OpenCV knows this flag for a few formats only, and swapping takes a tenth of the time of decoding.
    flags = cv2.IMREAD_GRAYSCALE if is_gray else cv2.IMREAD_COLOR_RGB
    if mode == "unchanged":
        flags |= cv2.IMREAD_IGNORE_ORIENTATION
    image: np.ndarray | None = cv2.imdecode(encoded, flags)
    return image


def _decode_other(encoded: np.ndarray, mode: str, may_be_turned: bool) -> np.ndarray | None:
    """Decode a picture that is no JPEG, in OpenCV's order of channels."""
    import cv2

    flags = {"rgb": cv2.IMREAD_COLOR, "gray": cv2.IMREAD_GRAYSCALE}
    image: np.ndarray | None = cv2.imdecode(encoded, flags.get(mode, cv2.IMREAD_UNCHANGED))
    has_alpha = image is not None and image.ndim == 3 and image.shape[2] == 4
    if mode == "keep" and may_be_turned and not has_alpha:  # OpenCV turns no picture whose alpha it keeps
        image = cv2.imdecode(encoded, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR)
    return image


def _may_be_turned(data: bytes) -> bool:
    """Tell whether a PNG, WebP or AVIF holds EXIF."""
    return any(name in data for name in (b"eXIf", b"EXIF", b"Exif"))


def _swap_red_and_blue(image: np.ndarray) -> np.ndarray:
    """RGB to OpenCV's BGR, or back; alpha stays where it is."""
    import cv2

    channels = 1 if image.ndim == 2 else image.shape[2]
    codes = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}
    return cv2.cvtColor(image, codes[channels]) if channels in codes else image


def _fault(data: bytes) -> str | None:
    """Say what is wrong with a file whose decoder might fill the missing part of the picture with gray."""
    if not data:
        return "the file is empty"
    if data.startswith(_headers.JPEG):
        return None if _jpeg_is_complete(data) else "truncated JPEG: the picture does not end"
    if data.startswith(_headers.PNG):
        return _png_fault(data)
    return None


def _jpeg_is_complete(data: bytes) -> bool:
    """Tell whether the end-of-image marker follows the start of the first scan.

    In a scan 0xFF is followed by 0 or by a restart: 0xFF 0xD9 is nothing but the end. It is looked for from
    the end of the file, where it is as a rule.
    """
    segments = _headers.jpeg_segments(data)
    if not segments or segments[-1][0] != _headers.JPEG_SCAN:
        return False
    return data.rfind(b"\xff\xd9") >= segments[-1][2]


def _png_fault(data: bytes) -> str | None:
    """Walk the chunks (length, name, content, checksum) up to IEND."""
    position = 8
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        name = data[position + 4 : position + 8]
        end = position + 8 + length
        is_critical = name[:1].isupper()
        if is_critical and zlib.crc32(data[position + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            return "damaged PNG: a checksum is wrong" if end + 4 <= len(data) else "truncated PNG"
        if name == b"IEND":
            return None
        position = end + 4
    return "truncated PNG: the picture does not end"


def write_image(path: str | os.PathLike[str], image: Any, *, quality: int = 95) -> None:
    """Write a picture so that the file is either complete or not there.

    Parameters
    ----------
    path : path
        Its ending names the format. An existing file is replaced once the new one is complete.
    image : array, (H, W), (H, W, 3) or (H, W, 4)
        Gray, RGB or RGBA; uint8, uint16 for PNG, TIFF, PPM and PGM, float32 for TIFF. A device array is
        copied to the host.
    quality : int
        JPEG and WebP quality, from 1 to 100.

    Raises
    ------
    TypeError
        For a dtype that the format cannot hold.
    ValueError
        For an unknown format or an image of the wrong shape.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import cvkit, numpy as np, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "gray.png"
    >>> cvkit.write_image(path, np.zeros((2, 3), np.uint8))
    >>> cvkit.read_image(path, "gray").shape
    (2, 3)
    """
    path = Path(path)
    data = encode_image(image, path.suffix, quality=quality)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def encode_image(image: Any, suffix: str, *, quality: int = 95) -> bytes:
    """Return what :func:`write_image` writes: the content of a file with a picture.

    Parameters
    ----------
    image : array, (H, W), (H, W, 3) or (H, W, 4)
        As for :func:`write_image`.
    suffix : str
        The ending that names the format, such as ``.jpg``.
    quality : int
        JPEG and WebP quality, from 1 to 100.

    Returns
    -------
    bytes

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.io import encode_image
    >>> encode_image(np.zeros((2, 3), np.uint8), ".png")[1:4]
    b'PNG'
    """
    from cvkit._dispatch import to_host

    quality = _validate.integer(quality, "quality", minimum=1, maximum=100)
    return _encode(suffix.lower(), to_host(image), quality)


def _encode(suffix: str, image: np.ndarray, quality: int) -> bytes:
    import cv2

    dtypes: tuple[type, ...] = (np.uint8,)
    if suffix in _DEEP_SUFFIXES:
        dtypes += (np.uint16,)
    if suffix.startswith(".tif"):
        dtypes += (np.float32,)
    _validate.image(image, dtypes=dtypes, channels=(1, 3, 4))
    if image.ndim == 4:
        raise ValueError(f"image must be one picture, got a stack of shape {image.shape}")
    if not suffix or not cv2.haveImageWriter(f"picture{suffix}"):
        raise ValueError(f"path must end in a picture format that OpenCV writes, got {suffix!r}")
    options = []
    if suffix in (".jpg", ".jpeg", ".jpe"):
        options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    elif suffix == ".webp":
        options = [cv2.IMWRITE_WEBP_QUALITY, quality]
    encoded, buffer = cv2.imencode(suffix, _swap_red_and_blue(np.ascontiguousarray(image)), options)
    if not encoded:
        raise ValueError(f"{suffix} cannot hold an image of shape {image.shape} and dtype {image.dtype}")
    return bytes(buffer)


def read_ahead(
    paths: Iterable[Path], mode: str = "rgb", *, depth: int = 4, max_pixels: int | None = None
) -> Generator[tuple[Path, np.ndarray | OSError], None, None]:
    """Read pictures in a thread while the caller works on the one before.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        Such as :func:`walk` gives.
    mode : {"rgb", "gray", "keep", "unchanged"}
        As for :func:`read_image`.
    depth : int
        How many pictures may wait; memory is bounded by it.
    max_pixels : int, optional
        Larger pictures are not read, as for :func:`read_image`.

    Yields
    ------
    path : pathlib.Path
        In the order of ``paths``.
    image : numpy.ndarray or OSError
        The picture, or why it could not be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from cvkit.io import read_ahead
    >>> [(path.name, type(image).__name__) for path, image in read_ahead([Path("missing.png")])]
    [('missing.png', 'FileNotFoundError')]
    """
    waiting: deque[tuple[Path, Future[np.ndarray | OSError]]] = deque()
    reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cvkit-read")
    try:
        for path in paths:
            waiting.append((path, reader.submit(_try_to_read, path, mode, max_pixels)))
            if len(waiting) > depth:
                path, image = waiting.popleft()
                yield path, image.result()
        while waiting:
            path, image = waiting.popleft()
            yield path, image.result()
    finally:
        reader.shutdown(wait=True, cancel_futures=True)


def _try_to_read(path: Path, mode: str, max_pixels: int | None) -> np.ndarray | OSError:
    try:
        return read_image(path, mode, max_pixels=max_pixels)
    except OSError as error:
        return error
    except Exception as error:  # whatever a file does to its decoder is that file's failure only
        return UnreadableImageError(f"{os.fspath(path)}: {type(error).__name__}: {error}")
