"""What the head of an image's file tells before it is decoded, and how OpenCV decodes it rightly.

A module for each format. Whatever is wrong with a head raises ``ValueError`` with the reason.
"""

from __future__ import annotations

from cvkit._headers import bmp, boxes, jpeg, netpbm, png, tiff, various, webp
from cvkit._headers.head import Head, upright

__all__ = ["Head", "read", "upright"]

_READERS = (
    (jpeg.MAGIC, jpeg.read),
    (png.MAGIC, png.read),
    (b"II*\0", tiff.read),
    (b"MM\0*", tiff.read),
    (b"II+\0", tiff.read),
    (b"MM\0+", tiff.read),
    (b"BM", bmp.read),
    (b"GIF8", various.read_gif),
    (boxes.JP2_MAGIC, boxes.read_jp2),
    (boxes.CODESTREAM_MAGIC, boxes.read_codestream),
    (b"\x59\xa6\x6a\x95", various.read_sun_raster),
    (b"#?RGBE", various.read_radiance),
    (b"#?RADIANCE", various.read_radiance),
    (b"v/1\x01", various.read_openexr),
)

# What is often met and not read, by how the files start.
_NOT_READ = (
    (b"8BPS", "Photoshop"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"%PDF", "PDF"),
)


def read(data: bytes) -> Head:
    """Read the head of an image in any of the formats that are decoded; refuse all others."""
    if not data:
        raise ValueError("the file is empty")
    for magic, reader in _READERS:
        if data.startswith(magic):
            return reader(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return webp.read(data)
    if data[4:8] == b"ftyp":
        return boxes.read_avif(data)
    if netpbm.is_netpbm(data):
        return netpbm.read(data)
    for magic, name in _NOT_READ:
        if data.startswith(magic):
            raise ValueError(f"{name} is not read")
    raise ValueError("not an image, or a damaged one")
