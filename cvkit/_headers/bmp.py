"""BMP: its headers, of which that of OS/2 is written anew, and its masks."""

from __future__ import annotations

import struct
from functools import partial

import numpy as np

from cvkit._headers.head import Decode, Head, little

_OS2_HEADER, _WINDOWS_HEADER = 12, 40
_UNCOMPRESSED, _BITFIELDS = 0, 3
# Masks of red, green and blue that OpenCV knows: 5 bits each, 6 of green, and bytes in either order.
_MASKS = {
    16: {(0x7C00, 0x3E0, 0x1F): (5, 5, 5), (0xF800, 0x7E0, 0x1F): (5, 6, 5)},
    32: {(0xFF0000, 0xFF00, 0xFF): (8, 8, 8), (0xFF, 0xFF00, 0xFF0000): (8, 8, 8)},
}


def read(data: bytes) -> Head:
    """Read the header; its length tells which one it is."""
    length = little(data[14:18])
    if len(data) < 14 + max(length, _OS2_HEADER):
        raise ValueError("truncated BMP: its header does not tell the size")
    if length == _OS2_HEADER:
        width, height = little(data[18:20]), little(data[20:22])
        return Head("BMP", height, width, samples=partial(_decode_os2, data))
    if length < _WINDOWS_HEADER:
        raise ValueError(f"a BMP whose header has {length} bytes, which OpenCV does not decode")
    # The height is negative where the rows run downwards.
    width, height = struct.unpack("<ii", data[18:26])
    bits, compression = little(data[28:30]), little(data[30:34])
    if width <= 0 or height == 0:
        raise ValueError(f"damaged BMP: its header says {width} x {height} pixels")
    row_bytes = (width * bits + 31) // 32 * 4
    end = little(data[10:14]) + row_bytes * abs(height)
    if compression in (_UNCOMPRESSED, _BITFIELDS) and end > len(data):
        raise ValueError("truncated BMP: the image does not end")
    return Head("BMP", abs(height), width, samples=_samples(data, length, bits, compression))


def _samples(data: bytes, length: int, bits: int, compression: int) -> partial[np.ndarray] | None:
    if bits not in _MASKS or (bits == 32 and compression != _BITFIELDS):
        return None
    red, green, blue = 0x7C00, 0x3E0, 0x1F
    if compression == _BITFIELDS:
        red, green, blue = struct.unpack("<3I", data[54:66].ljust(12, b"\0"))
    depths = _MASKS[bits].get((red, green, blue))
    if depths is None:
        raise ValueError(f"a BMP of the masks {red:#x}, {green:#x}, {blue:#x}, which OpenCV misreads")
    has_alpha = bits == 32 and length >= 56 and little(data[66:70]) != 0
    return partial(_decode_masked, data, depths, has_alpha)


def _decode_masked(data: bytes, depths: tuple[int, ...], has_alpha: bool, decode: Decode) -> np.ndarray:
    """Spread 5 and 6 bits over the range of 8, and drop an alpha that the file does not have."""
    image = decode(data)
    if depths != (8, 8, 8):
        levels = np.arange(256)
        tables = [(levels >> 8 - depth) * 255 // ((1 << depth) - 1) for depth in depths]
        image = np.dstack([table.astype(np.uint8)[image[..., at]] for at, table in enumerate(tables)])
    return image if has_alpha or image.ndim == 2 else np.ascontiguousarray(image[..., :3])


def _decode_os2(data: bytes, decode: Decode) -> np.ndarray:
    """Give the image the header of Windows, whose colors have four bytes: OpenCV keeps them as colors."""
    width, height, planes, bits = struct.unpack("<4H", data[18:26])
    start = little(data[10:14])
    palette = b""
    if bits <= 8:
        colors = np.frombuffer(data[26 : 26 + 3 * (1 << bits)].ljust(3 << bits, b"\0"), np.uint8)
        palette = np.pad(colors.reshape(-1, 3), ((0, 0), (0, 1))).tobytes()
    header = struct.pack("<IiiHHIIiiII", _WINDOWS_HEADER, width, height, planes, bits, 0, 0, 0, 0, 0, 0)
    begin = 14 + len(header) + len(palette)
    pixels = data[start:]
    return decode(struct.pack("<2sIII", b"BM", begin + len(pixels), 0, begin) + header + palette + pixels)
