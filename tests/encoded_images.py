"""Files of images, written byte by byte or by Pillow and tifffile, for the tests of reading."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import tifffile
from PIL import Image

TAGS = {
    "width": 256,
    "height": 257,
    "bits": 258,
    "compression": 259,
    "photometric": 262,
    "offsets": 273,
    "orientation": 274,
    "channels": 277,
    "rows": 278,
    "lengths": 279,
    "planar": 284,
    "predictor": 317,
    "colors": 320,
    "extra": 338,
    "format": 339,
}


def by_pillow(image: np.ndarray | Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    pillow_image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    pillow_image.save(file, format, **options)
    return file.getvalue()


def by_tifffile(image: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, image, **options)
    return file.getvalue()


def exif(orientation: int) -> Image.Exif:
    block = Image.Exif()
    block[TAGS["orientation"]] = orientation
    return block


def packed(image: np.ndarray, bits: int) -> bytes:
    """Pack whole numbers, (H, ...), most significant bit first; every row starts at a byte."""
    rows = image.reshape(len(image), -1, 1) >> np.arange(bits)[::-1] & 1
    return np.packbits(rows.reshape(len(image), -1).astype(np.uint8), axis=1).tobytes()


def tiff(samples: bytes, height: int, width: int, order: str = "<", **tags: list[int] | int) -> bytes:
    """Write a TIFF of one strip."""
    values = {"width": width, "height": height, "bits": 8, "compression": 1, "photometric": 1, "channels": 1}
    values |= {"offsets": 8, "rows": height, "lengths": len(samples), **tags}  # type: ignore[dict-item]
    content = samples + bytes(len(samples) % 2)
    entries = b""
    for name, value in sorted(values.items(), key=lambda item: TAGS[item[0]]):
        numbers = value if isinstance(value, list) else [value]
        code, letter = (3, "H") if name in ("bits", "colors", "extra", "format") else (4, "I")
        field = struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
        if len(field) > 4:
            content, field = content + field, struct.pack(f"{order}I", 8 + len(content))
        entries += struct.pack(f"{order}HHI", TAGS[name], code, len(numbers)) + field.ljust(4, b"\0")
    start = struct.pack(f"{order}HI", 42, 8 + len(content))
    count = struct.pack(f"{order}H", len(values))
    return (b"II" if order == "<" else b"MM") + start + content + count + entries + bytes(4)


def bmp(header: bytes, palette: bytes, rows: list[bytes]) -> bytes:
    """Write a BMP; its rows run upwards and are filled up to four bytes."""
    pixels = b"".join(row + bytes(-len(row) % 4) for row in reversed(rows))
    start = 14 + len(header) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + header + palette + pixels


def windows_header(height: int, width: int, bits: int, compression: int = 0) -> bytes:
    return struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 0, 0, 0, 0)


def with_chunk(png: bytes, name: bytes, content: bytes) -> bytes:
    """Put a chunk in front of a PNG's pixels."""
    at = png.index(b"IDAT") - 4
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return png[:at] + struct.pack(">I", len(content)) + name + content + checksum + png[at:]


def with_riff_chunk(webp: bytes, name: bytes, content: bytes) -> bytes:
    """Append a chunk to a WebP."""
    content += bytes(len(content) % 2)
    body = webp[8:] + name + struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", len(body)) + body


def of_every_format(image: np.ndarray) -> dict[str, bytes]:
    """Write an RGB image in every format that is read, several ways where they are read differently."""
    import cv2

    def by_opencv(suffix: str, *options: int) -> bytes:
        return bytes(cv2.imencode(suffix, image[..., ::-1], list(options))[1])

    rgba = np.dstack([image, image[..., 0]])
    deep = image.astype(np.uint16) * 257
    palette = Image.fromarray(image).quantize(16)
    files = {
        "jpeg": by_opencv(".jpg"),
        "jpeg progressive": by_opencv(
            ".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_RST_INTERVAL, 2
        ),
        "png": by_opencv(".png"),
        "png palette": by_pillow(palette, "PNG", exif=exif(1)),
        "bmp": by_opencv(".bmp"),
        "bmp palette": by_pillow(palette, "BMP"),
        "gif": by_pillow(palette, "GIF"),
        "avif": by_pillow(image, "AVIF"),
        "webp": by_opencv(".webp"),
        "webp lossless": by_pillow(rgba, "WEBP", lossless=True, exif=exif(1)),
        "tiff": by_opencv(".tif"),
        "tiff alpha": by_pillow(rgba, "TIFF"),
        "tiff planar": by_tifffile(
            np.moveaxis(deep, -1, 0), photometric="rgb", planarconfig="separate", compression="zlib"
        ),
        "tiff big float": by_tifffile(image.astype(np.float32), photometric="rgb", bigtiff=True),
        "tiff signed": by_tifffile(image.astype(np.int32), photometric="rgb", byteorder=">"),
        "jpeg 2000": by_pillow(image, "JPEG2000"),
        "codestream": by_pillow(image, "JPEG2000", no_jp2=True),
        "ppm": by_opencv(".ppm"),
        "ppm in letters": b"P3\n# comment\n2 1\n255\n1 2 3 4 5 6\n",
        "pbm": by_pillow(Image.fromarray(image).convert("1"), "PPM"),
        "pfm": by_opencv(".pfm"),
        "pam": b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n" + bytes(range(6)),
        "sun raster": by_opencv(".ras"),
        "radiance": by_opencv(".hdr"),
    }
    return {name: content for name, content in files.items() if is_known_to_opencv(name)}


def is_known_to_opencv(format: str) -> bool:
    """Tell whether OpenCV's wheel reads a format: the oldest has neither GIF nor AVIF."""
    import cv2

    return format.lower() not in ("gif", "avif") or cv2.haveImageWriter(f"a.{format.lower()}")
