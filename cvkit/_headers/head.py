"""What is known of an image before it is decoded, and the small steps that all formats share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Decode = Callable[[bytes], np.ndarray]
"""Decodes a file as it is: its dtype, its channels as gray, RGB or RGBA, not turned."""


@dataclass(frozen=True)
class Head:
    """What the head of a file tells.

    Attributes
    ----------
    kind : str
        The format, for messages, with what is unusual about it.
    height, width : int
        Of the image as it is stored.
    orientation : int
        The number from 1 to 8 by which EXIF names what turns the stored image upright.
    is_gray : bool
        Whether a JPEG has one channel.
    encoded : bytes or None
        What to decode instead of the file: the same image without what a decoder complains about.
    samples : callable or None
        Gives the stored image by means of a decoder, where decoding the file would give other pixels.
    """

    kind: str
    height: int
    width: int
    orientation: int = 1
    is_gray: bool = False
    encoded: bytes | None = None
    samples: Callable[[Decode], np.ndarray] | None = None


def big(data: bytes) -> int:
    """Read an unsigned number, most significant byte first."""
    return int.from_bytes(data, "big")


def little(data: bytes) -> int:
    """Read an unsigned number, least significant byte first."""
    return int.from_bytes(data, "little")


def with_alpha(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Give a gray or RGB image an alpha channel; gray becomes RGB, as OpenCV has no other channels."""
    colors = image[..., None].repeat(3, axis=-1) if image.ndim == 2 else image
    return np.concatenate([colors, alpha[..., None]], axis=-1)


def upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """Turn and mirror a stored image as its orientation asks."""
    if orientation >= 5:
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)
