"""OpenCV's tables for L*a*b* and L*u*v* of bytes, made by its steps: each rounds as float32 unless said."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

_TO_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
_FROM_XYZ = np.array(
    [[3.240479, -1.53715, -0.498535], [-0.969256, 1.875991, 0.041556], [0.055648, -0.204043, 1.057311]]
)
_WHITE = np.array([0.950456, 1.0, 1.088754])
_float = np.float32
# The dark end of the cube root is a line.
_DARK = _float(216) / _float(24389)
_SLOPE, _BIAS = _float(841) / _float(108), _float(16) / _float(116)
_ROOT_ABOVE = (
    45.2548339756803022511987494,
    192.2798368355061050458134625,
    119.1654824285581628956914143,
    13.43250139086239872172837314,
    0.1636161226585754240958355063,
)
_ROOT_BELOW = (
    14.80884093219134573786480845,
    151.9714051044435648658557668,
    168.5254414101568283957668343,
    33.9905941350215598754191872,
    1.0,
)
# What the values of L, u and v count from, and how far; bytes and tables of 14 bits are spread over it.
_LOW = np.array([0, -134, -140], np.float32)
_RANGE = np.array([100, 354, 262], np.float32)
_BASE = 1 << 14

LATTICE_SIDE = 33
"""Nodes along each side of the cube of RGB, eight levels apart."""


def _linear(value: np.ndarray) -> np.ndarray:
    """Undo sRGB's gamma, in float64 but for the result."""
    wide = value.astype(np.float64)
    return np.where(wide <= 0.04045, wide / 12.92, ((wide + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _with_gamma(value: np.ndarray) -> np.ndarray:
    """Apply sRGB's gamma, in float64 but for the result."""
    wide = value.astype(np.float64)
    return np.where(wide <= 0.0031308, wide * 12.92, wide ** (1 / 2.4) * 1.055 - 0.055).astype(np.float32)


def _root(value: np.ndarray) -> np.ndarray:
    """Take the cube root, or follow the line where it is dark."""
    wide = value.astype(np.float64)
    line = (wide * np.float64(_SLOPE) + np.float64(_BIAS)).astype(np.float32)
    return np.where(value < _DARK, line, _cube_root(value))


def _cube_root(value: np.ndarray) -> np.ndarray:
    """Take the cube root by Turkowski's quotient of polynomials (1998), whose last bits OpenCV's tables have.

    It is within 2**-24 of the root of a fraction from 1 / 8 to 1, and cut off, not rounded, to float32.
    """
    fraction, exponent = np.frexp(value.astype(np.float64))
    thirds = -(-exponent // 3)
    fraction = np.ldexp(fraction, exponent - 3 * thirds)
    above = np.polyval(_ROOT_ABOVE, fraction)
    root = np.ldexp(above / np.polyval(_ROOT_BELOW, fraction), thirds)
    nearest = root.astype(np.float32)
    return np.where(nearest > root, np.nextafter(nearest, _float(0)), nearest)


def _whole(value: np.ndarray, dtype: type = np.int32) -> np.ndarray:
    return np.rint(value).astype(dtype)


class LabTables(NamedTuple):
    """From RGB: what each byte of each channel adds to X and Y, and to Z, and the roots of the sums."""

    sums: np.ndarray
    roots: np.ndarray


@cache
def lab_tables() -> LabTables:
    """Make the tables from RGB to Lab: light of 11 bits times weights of 12, roots of 15."""
    scale = _float(255 * 8)
    byte = np.arange(256, dtype=np.float32) / _float(255)
    light = _whole(scale * _linear(byte), np.uint64)
    weights = _whole(4096 * _TO_XYZ / _WHITE[:, np.newaxis], np.uint64)
    parts = weights[:, :, np.newaxis] * light
    parts[:, 0] += np.uint64(1 << 11)  # rounds the sum
    sums = np.arange(256 * 3 // 2 * 8, dtype=np.float32) * (_float(1) / scale)
    roots = _whole(_float(1 << 15) * _root(sums), np.uint16)
    return LabTables(np.stack([parts[0] | (parts[1] << np.uint64(32)), parts[2]], axis=-1), roots)


class LightTables(NamedTuple):
    """To RGB: Y of each L and its root, with 14 bits, weights with 12, and the byte of light with 12 bits."""

    brightness: np.ndarray
    weights: np.ndarray
    gamma: np.ndarray


@cache
def light_tables(is_lab: bool) -> LightTables:
    """Make the tables from Lab or Luv to RGB."""
    level = np.arange(256)
    root = (level * (100 * _BASE)).astype(np.float32) / _float(255 * 116) + _float(16 * _BASE) / _float(116)
    y = _whole(root * root * root / _float(_BASE * _BASE))
    dark_y = _whole((level * (_BASE * 20 * 9)).astype(np.float32) / _float(17 * 29**3))
    dark_root = _whole(_float(_BASE) * (_BIAS + (level * 5).astype(np.float32) / _float(3 * 17 * 29)))
    is_dark = level <= 20
    brightness = np.stack([np.where(is_dark, dark_y, y), np.where(is_dark, dark_root, _whole(root))])
    light = np.arange(1 << 12, dtype=np.float32) / _float(1 << 12)
    return LightTables(
        brightness.astype(np.uint16),
        _whole(4096 * _FROM_XYZ * (_WHITE if is_lab else 1)),
        _whole(_float(255) * _with_gamma(light), np.uint8),
    )


def _white_chromaticity() -> tuple[np.float32, np.float32]:
    """Return 13 times u' and v' of white."""
    inverse = _float(1) / _float(_WHITE[0] + 15 * _WHITE[1] + 3 * _WHITE[2])
    return inverse * _float(52) * _float(_WHITE[0]), inverse * _float(117) * _float(_WHITE[1])


@cache
def luv_lattice() -> np.ndarray:
    """Tabulate L, u, v and 0 with 14 bits for each node, red outermost, as a flat float32 array."""
    light = _linear(np.arange(LATTICE_SIDE, dtype=np.float32) / _float(LATTICE_SIDE - 1))
    red, green, blue = np.meshgrid(light, light, light, indexing="ij")
    weights = _TO_XYZ.astype(np.float32)
    x, y, z = (blue * row[2] + green * row[1] + red * row[0] for row in weights)
    white_u, white_v = _white_chromaticity()
    lightness = _root(y) * _float(116) - _float(16)
    scale = _float(52) / np.maximum(x + _float(15) * y + _float(3) * z, np.finfo(np.float32).eps)
    u = lightness * (x * scale - white_u)
    v = lightness * (_float(2.25) * y * scale - white_v)
    nodes = np.zeros((*red.shape, 4), np.float32)
    for channel, values in enumerate((lightness, u, v)):
        nodes[..., channel] = np.rint(_float(_BASE) * (values - _LOW[channel]) / _RANGE[channel])
    return nodes.ravel()
