"""Small images of what went into a batch and came out of it, as part of a page."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import cvkit
from cvkit.io import SUFFIXES, encode_image, read_image
from cvkit.video import is_video, read_frames

# The box that thumbnails fit into, in pixels, and how they are compressed: some 8 kB each.
_HEIGHT, _WIDTH, _QUALITY = 210, 280, 80


@dataclass(frozen=True)
class Thumbnail:
    """A small image, or why there is none.

    Attributes
    ----------
    height, width : int
        Of the small image, in pixels; 0 where there is none.
    data : str
        The image as a ``data:`` address.
    caption : str
        Size of the original and what was done to show it, or why it is not shown.
    """

    height: int = 0
    width: int = 0
    data: str = ""
    caption: str = ""


def thumbnail(path: Path) -> Thumbnail:
    """Make a small image of an image, or of a video's first frame.

    Parameters
    ----------
    path : Path
        Any file; it need not exist.

    Returns
    -------
    Thumbnail

    Examples
    --------
    >>> from pathlib import Path
    >>> thumbnail(Path("missing.png")).caption
    'not found'
    """
    if not is_video(path) and path.suffix.lower() not in SUFFIXES:
        return Thumbnail(caption=f"no image ({path.suffix[1:] or 'no ending'})")
    try:
        original = _first_frame(path) if is_video(path) else read_image(path, "keep")
    except FileNotFoundError:
        return Thumbnail(caption="not found")
    except OSError:
        return Thumbnail(caption="not readable")
    levels, note = _to_bytes(original)
    small = _shrunk(levels)
    data = base64.b64encode(encode_image(small, ".jpg", quality=_QUALITY)).decode()
    return Thumbnail(
        height=small.shape[0],
        width=small.shape[1],
        data=f"data:image/jpeg;base64,{data}",
        caption=f"{original.shape[1]} x {original.shape[0]}{note}",
    )


def _first_frame(path: Path) -> np.ndarray:
    with read_frames(path, stop=1) as frames:
        for _, image in frames:
            return image
    raise OSError(f"{path}: {frames.fault}")


def _shrunk(image: np.ndarray) -> np.ndarray:
    """Fit an image into the box; one that is smaller stays as it is."""
    height, width = image.shape[:2]
    scale = min(_HEIGHT / height, _WIDTH / width)
    if scale >= 1:
        return image
    shape = max(1, round(height * scale)), max(1, round(width * scale))
    return np.asarray(cvkit.resize(image, shape, interpolation="area"))


def _to_bytes(image: np.ndarray) -> tuple[np.ndarray, str]:
    """Bring an image into 8 bits, without alpha, and say how where values changed."""
    image = np.ascontiguousarray(image[..., :3]) if image.ndim == 3 else image
    if image.dtype == np.uint8:
        return image, ""
    if image.dtype == np.uint16:
        return (image >> 8).astype(np.uint8), ", 16 bits"
    values = image.astype(np.float64)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    levels = (values - low) * (255 / max(high - low, 1e-12))
    return levels.astype(np.uint8), f", shown from {low:.4g} to {high:.4g}"
