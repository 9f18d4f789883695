"""Read and write images, and find them on the disk."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from cvkit import _validate
from cvkit._decoding import decode, reason_of, swap_red_and_blue, without_messages
from cvkit._opencv import opencv
from cvkit._paths import atomic_path
from cvkit._walk import LIST_SUFFIXES, SUFFIXES, LeftOut, UnreadableListError, walk
from cvkit.typing import ReadMode

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
    """A file that exists but holds no complete image, or one that is not read."""


def read_image(
    path: str | os.PathLike[str],
    mode: ReadMode = "rgb",
    *,
    max_pixels: int | None = None,
    at_least: tuple[int, int] | None = None,
) -> np.ndarray:
    """Read an image.

    Parameters
    ----------
    path : path
        A file in a format that OpenCV decodes.
    mode : {"rgb", "gray", "keep", "unchanged"}
        ``"rgb"`` and ``"gray"`` give uint8, (H, W, 3) and (H, W), turned upright as the camera noted. Of 16
        bits they take the upper 8; floats and signed numbers have no range to bring into 8 bits and are
        refused. ``"keep"`` gives what the file holds, its dtype and its channels (RGB, RGBA or gray), turned
        upright; ``"unchanged"`` the same, not turned. In both, fewer than 8 bits are spread over the range
        of uint8 and 9 to 15 bits over that of uint16, palettes become colors, gray with alpha becomes RGBA,
        and colors that are stored multiplied by alpha are divided by it.
    max_pixels : int, optional
        Refuse larger images, before they are decoded: the head of the file tells their size. By default
        the limit is OpenCV's, 2**30.
    at_least : (int, int), optional
        Height and width that are enough, of the image as it is returned. A JPEG is then decoded at a half, a
        quarter or an eighth of its size, as long as it is no smaller than that; this takes a fraction of the
        time, and its pixels differ from those of the whole image made smaller. All else, and by default every
        image, has its full size.

    Returns
    -------
    numpy.ndarray
        The image, channels in the order RGB.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableImageError
        If the file is no image, is truncated, damaged or too large; an ``OSError``, as the former.
    ImportError
        If OpenCV is not installed, or too old.

    Examples
    --------
    >>> import cvkit, numpy as np, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "red.png"
    >>> cvkit.write_image(path, np.full((2, 3, 3), (255, 0, 0), np.uint8))
    >>> cvkit.read_image(path)[0, 0]
    array([255,   0,   0], dtype=uint8)
    """
    _validate.one_of(mode, _MODES, "mode")
    if at_least is not None:
        at_least = _validate.output_shape(at_least, "at_least")
    opencv()  # its absence is no fault of the file
    data = Path(path).read_bytes()
    try:
        return decode(data, mode, max_pixels, at_least)
    except Exception as error:  # whatever decoding raises is the file's failure
        raise UnreadableImageError(f"{os.fspath(path)}: {reason_of(error)}") from error


def write_image(path: str | os.PathLike[str], image: Any, *, quality: int = 95) -> None:
    """Write an image so that the file is either complete or not there.

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
    ImportError
        If OpenCV is not installed, or too old.

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
    """Return what :func:`write_image` writes: the content of a file with an image.

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
    cv2 = opencv()
    dtypes: tuple[type, ...] = (np.uint8,)
    if suffix in _DEEP_SUFFIXES:
        dtypes += (np.uint16,)
    if suffix.startswith(".tif"):
        dtypes += (np.float32,)
    _validate.image(image, dtypes=dtypes, channels=(1, 3, 4))
    if image.ndim == 4:
        raise ValueError(f"image must be one image, got a stack of shape {image.shape}")
    if not suffix or not cv2.haveImageWriter(f"image{suffix}"):
        raise ValueError(f"path must end in an image format that OpenCV writes, got {suffix!r}")
    options = []
    if suffix in (".jpg", ".jpeg", ".jpe"):
        options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    elif suffix == ".webp":
        options = [cv2.IMWRITE_WEBP_QUALITY, quality]
    elif image.dtype == np.float32:
        # Before 4.13, OpenCV takes a lossy compression for three channels if it is not told another.
        options = [cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_NONE]
    try:
        with without_messages():
            encoded, buffer = cv2.imencode(suffix, swap_red_and_blue(np.ascontiguousarray(image)), options)
    except cv2.error:  # such as a side that is longer than the format knows
        encoded = False
    if not encoded:
        raise ValueError(f"{suffix} cannot hold an image of shape {image.shape} and dtype {image.dtype}")
    return bytes(buffer)


def read_ahead(
    paths: Iterable[Path], mode: ReadMode = "rgb", *, depth: int = 4, max_pixels: int | None = None
) -> Generator[tuple[Path, np.ndarray | OSError], None, None]:
    """Read images in a thread while the caller works on the one before.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        Such as :func:`walk` gives.
    mode : {"rgb", "gray", "keep", "unchanged"}
        As for :func:`read_image`.
    depth : int
        How many images may wait; memory is bounded by it.
    max_pixels : int, optional
        Larger images are not read, as for :func:`read_image`.

    Yields
    ------
    path : pathlib.Path
        In the order of ``paths``.
    image : numpy.ndarray or OSError
        The image, or why it could not be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from cvkit.io import read_ahead
    >>> [(path.name, type(image).__name__) for path, image in read_ahead([Path("missing.png")])]
    [('missing.png', 'FileNotFoundError')]
    """
    opencv()
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


def _try_to_read(path: Path, mode: ReadMode, max_pixels: int | None) -> np.ndarray | OSError:
    try:
        return read_image(path, mode, max_pixels=max_pixels)
    except OSError as error:
        return error
    except Exception as error:  # such as a name that no file can have
        return UnreadableImageError(f"{os.fspath(path)}: {reason_of(error)}")
