"""Bytes of rows into samples: unpacked, typed, spread over the range of their type."""

from __future__ import annotations

import numpy as np


def unpacked(rows: np.ndarray, shape: tuple[int, int], bits: int, order: str) -> np.ndarray:
    """Read rows of bytes, (H, B), as unsigned samples, (H, W, C), of whole bytes or of fewer bits."""
    width, channels = shape
    rows = np.ascontiguousarray(rows)
    if bits in (8, 16, 32, 64):
        image = rows.view(f"{order}u{bits // 8}")
        image = image.astype(image.dtype.newbyteorder("="), copy=False)
    elif bits < 16:
        digits = np.unpackbits(rows, axis=1)[:, : width * channels * bits].reshape(-1, width * channels, bits)
        image = np.zeros(digits.shape[:2], np.uint8 if bits < 8 else np.uint16)
        for place in range(bits):  # most significant bit first
            image = image << 1 | digits[..., place]
    else:
        raise ValueError(f"samples of {bits} bits, which are not read")
    return image.reshape(-1, width, channels)


def typed(image: np.ndarray, bits: int, format: str) -> np.ndarray:
    """Read unsigned samples as the signed numbers or floats that they are."""
    if format == "unsigned":
        return image
    smallest = 16 if format == "float" else 8
    if bits < smallest or bits not in (8, 16, 32, 64):
        raise ValueError(f"{format} samples of {bits} bits, which are not read")
    return image.view(f"{'f' if format == 'float' else 'i'}{bits // 8}")


def spread(image: np.ndarray, bits: int) -> np.ndarray:
    """Spread unsigned samples of fewer bits than their type has over its range, as OpenCV does."""
    if bits >= 8:
        return image << (8 * image.itemsize - bits)
    return (image.astype(np.uint16) * 255 // ((1 << bits) - 1)).astype(np.uint8)


def float_predicted(rows: np.ndarray, size: int, channels: int) -> np.ndarray:
    """Undo the predictor of floats: differences of bytes, which are grouped by their significance."""
    height, length = rows.shape
    differences = rows.reshape(height, length // channels, channels)
    summed = np.cumsum(differences, axis=1, dtype=np.uint8).reshape(height, size, length // size)
    return np.ascontiguousarray(summed.swapaxes(1, 2)).reshape(height, length)


def divided_by_alpha(image: np.ndarray) -> np.ndarray:
    """Take alpha out of the colors of an RGBA image in which they are multiplied by it."""
    colors, alpha = image[..., :3], image[..., 3:]
    if image.dtype.kind == "f":
        straight = np.where(alpha == 0, colors, colors / np.where(alpha == 0, 1, alpha)).astype(image.dtype)
        return np.concatenate([straight, alpha], axis=-1)
    full = np.iinfo(image.dtype).max
    straight = colors.astype(np.uint64) * full // np.maximum(alpha, 1)
    straight = np.where(alpha == 0, colors, straight.clip(0, full)).astype(image.dtype)
    return np.concatenate([straight, alpha], axis=-1)
