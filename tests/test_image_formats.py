"""Images of every format but TIFF against Pillow: the same pixels, turned alike."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

import cvkit
from cvkit.compare.cases.images import scene
from cvkit.io import UnreadableImageError
from tests.encoded_images import (
    bmp,
    by_pillow,
    exif,
    is_known_to_opencv,
    packed,
    tiff,
    windows_header,
    with_chunk,
    with_riff_chunk,
)

HEIGHT, WIDTH = 24, 34
COLORS = scene(HEIGHT, WIDTH, 3)
RGBA = np.dstack([COLORS, COLORS[..., 0]])
GRAY = COLORS[..., 1].copy()
DEEP = np.random.default_rng(0).integers(0, 65536, (HEIGHT, WIDTH), np.uint16)

# How much may differ: where decoders need not agree on the last bit, or round as they like.
TOLERANCE = {"JPEG": 3, "JPEG2000": 0, "AVIF": 2}


def skip_unknown(format: str) -> None:
    if not is_known_to_opencv(format):
        pytest.skip(f"this OpenCV has no {format}")


def read(folder: Path, data: bytes, mode: str = "keep") -> np.ndarray:
    path = folder / "image"
    path.write_bytes(data)
    return cvkit.read_image(path, mode)


def same_image(found: np.ndarray, image: Image.Image, tolerance: int = 0) -> None:
    """Compare with what Pillow holds, in the channels that were found."""
    if found.dtype == np.uint16:
        np.testing.assert_array_equal(found, np.array(image))
        return
    channels = 1 if found.ndim == 2 else found.shape[2]
    expected = np.array(image.convert("RGBA").convert({1: "L", 3: "RGB", 4: "RGBA"}[channels]))
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= tolerance
    if channels == 3:
        assert image.convert("RGBA").getextrema()[3] == (255, 255), "its alpha is lost"


def images(format: str) -> Iterator[Image.Image]:
    """Give an image in each of Pillow's modes that the format can hold."""
    color = Image.fromarray(RGBA)
    modes = {
        "PNG": ["RGB", "RGBA", "L", "LA", "1", "P"],
        "BMP": ["RGB", "L", "1", "P"],
        "GIF": ["L", "P", "1"],
        "JPEG": ["RGB", "L", "CMYK"],
        "JPEG2000": ["RGB", "RGBA", "L"],
        "WEBP": ["RGB", "RGBA"],
        "AVIF": ["RGB", "RGBA"],
        "PPM": ["RGB", "L", "1"],
    }[format]
    yield from (color.convert(mode) for mode in modes)
    if format in ("PNG", "JPEG2000", "PPM"):
        yield Image.fromarray(DEEP)


OPTIONS = {
    "JPEG": {"quality": 95},
    "WEBP": {"lossless": True, "exact": True},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
}


@pytest.mark.parametrize("format", ["PNG", "BMP", "GIF", "JPEG", "JPEG2000", "WEBP", "AVIF", "PPM"])
def test_what_pillow_writes_is_read_as_pillow_reads_it(tmp_path: Path, format: str) -> None:
    skip_unknown(format)
    tolerance = TOLERANCE.get(format, 0)
    for image in images(format):
        data = by_pillow(image, format, **OPTIONS.get(format, {}))
        stored = Image.open(io.BytesIO(data))
        if image.mode == "I;16":
            stored = image  # Pillow may have read it with 32 bits
        same_image(read(tmp_path, data), stored, tolerance)
        if image.mode != "I;16":
            colors = stored.convert("RGBA").convert("RGB")
            rgb = read(tmp_path, data, "rgb")
            assert np.abs(rgb.astype(int) - colors).max() <= tolerance
            gray = read(tmp_path, data, "gray")
            assert np.abs(gray.astype(int) - colors.convert("L")).max() <= 2 + tolerance


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_as_pillow_turns_them(tmp_path: Path, format: str, orientation: int) -> None:
    skip_unknown(format)
    for image in (Image.fromarray(COLORS), Image.fromarray(RGBA)):
        if format == "JPEG" and image.mode == "RGBA":
            continue
        data = by_pillow(image, format, exif=exif(orientation), **OPTIONS.get(format, {}))
        stored = Image.open(io.BytesIO(data))
        upright = ImageOps.exif_transpose(stored)
        same_image(read(tmp_path, data), upright, TOLERANCE.get(format, 0))
        same_image(read(tmp_path, data, "unchanged"), stored, TOLERANCE.get(format, 0))
        for mode in ("rgb", "gray"):
            assert read(tmp_path, data, mode).shape[:2] == upright.size[::-1]


@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_exif_counts_with_or_without_the_prefix_that_jpeg_needs(tmp_path: Path, prefix: bytes) -> None:
    block = prefix + exif(6).tobytes().removeprefix(b"Exif\0\0")
    turned = np.rot90(COLORS, -1)
    png = with_chunk(by_pillow(COLORS, "PNG"), b"eXIf", block)
    webp = by_pillow(COLORS, "WEBP", lossless=True, exif=exif(1))
    at = webp.index(b"EXIF")
    webp = with_riff_chunk(webp[:at], b"EXIF", block)
    for data in (png, webp):
        np.testing.assert_array_equal(read(tmp_path, data), turned)
        np.testing.assert_array_equal(read(tmp_path, data, "unchanged"), COLORS)


def test_broken_exif_turns_nothing(tmp_path: Path) -> None:
    huge = tiff(b"", 1, 1, orientation=9)
    for block in (b"", b"II*\0", b"II*\0\xff\xff\xff\x7f", b"Exif\0\0MM\0*" + bytes(9), huge):
        png = with_chunk(by_pillow(COLORS, "PNG"), b"eXIf", block)
        np.testing.assert_array_equal(read(tmp_path, png), COLORS)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_the_transparent_level_of_a_gray_png_becomes_alpha(tmp_path: Path, bits: int) -> None:
    import zlib

    levels = DEEP.astype(int) >> (16 - bits)
    samples = packed(levels, bits)
    length = len(samples) // HEIGHT
    rows = b"".join(b"\0" + samples[at : at + length] for at in range(0, len(samples), length))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, 0, 0, 0, 0)
    level = int(levels[3, 5])
    png = with_chunk(b"\x89PNG\r\n\x1a\n" + bytes(4) + b"IDAT", b"IHDR", header)[:-8]
    png += struct.pack(">I", 2) + b"tRNS" + struct.pack(">H", level)
    png += struct.pack(">I", zlib.crc32(b"tRNS" + struct.pack(">H", level)))
    content = zlib.compress(rows)
    png += struct.pack(">I", len(content)) + b"IDAT" + content
    png += struct.pack(">I", zlib.crc32(b"IDAT" + content)) + bytes(4) + b"IEND\xaeB`\x82"
    found = read(tmp_path, png)
    full = 65535 if bits == 16 else 255
    np.testing.assert_array_equal(found[..., 3], np.where(levels == level, 0, full))
    np.testing.assert_array_equal(found[..., 0], levels * (full // ((1 << bits) - 1)))
    np.testing.assert_array_equal(read(tmp_path, png, "rgb").shape, COLORS.shape)


@pytest.mark.parametrize("bits", [1, 4, 8, 24])
def test_bmps_of_os2_keep_their_colors(tmp_path: Path, bits: int) -> None:
    levels = DEEP.astype(int) >> (16 - min(bits, 8))
    palette = np.random.default_rng(bits).integers(0, 256, (1 << bits if bits < 24 else 0, 3), np.uint8)
    expected = COLORS if bits == 24 else palette[levels][..., ::-1]
    pixels = COLORS[..., ::-1].reshape(HEIGHT, -1) if bits == 24 else levels
    rows = [packed(row[None], min(bits, 8)) for row in pixels]
    data = bmp(struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, bits), palette.tobytes(), rows)
    same_image(read(tmp_path, data), Image.open(io.BytesIO(data)))
    for mode in ("keep", "rgb"):
        np.testing.assert_array_equal(read(tmp_path, data, mode), expected)


def test_bmps_of_16_and_32_bits_are_spread_or_refused(tmp_path: Path) -> None:
    rows = [row.astype("<u2").tobytes() for row in DEEP]
    masks = {0: b"", 3: struct.pack("<III", 0xF800, 0x7E0, 0x1F)}
    for compression, fields in masks.items():
        data = bmp(windows_header(HEIGHT, WIDTH, 16, compression), fields, rows)
        same_image(read(tmp_path, data), Image.open(io.BytesIO(data)))
    wide = [row.tobytes() for row in RGBA]
    plain = bmp(windows_header(HEIGHT, WIDTH, 32, 3), struct.pack("<III", 0xFF0000, 0xFF00, 0xFF), wide)
    np.testing.assert_array_equal(read(tmp_path, plain), RGBA[..., 2::-1])
    other = bmp(windows_header(HEIGHT, WIDTH, 32, 3), struct.pack("<III", 0xFF000000, 0xFF0000, 0xFF00), wide)
    with pytest.raises(UnreadableImageError, match="a BMP of the masks 0xff000000, 0xff0000, 0xff00"):
        read(tmp_path, other)


def test_netpbm_is_scaled_by_its_largest_value(tmp_path: Path) -> None:
    levels = np.array([[0, 5, 10], [15, 1, 0]], np.uint8)
    for data in (
        b"P5 3 2 15\n" + levels.tobytes(),
        b"P2\n# in letters\n3 2\n15\n0 5 10\n15 1 0",
        b"P7\nWIDTH 3\nHEIGHT 2\nDEPTH 1\nMAXVAL 15\nTUPLTYPE GRAYSCALE\nENDHDR\n" + levels.tobytes(),
    ):
        np.testing.assert_array_equal(read(tmp_path, data), levels * 17)
    deep = np.array([[0, 511, 1023]], ">u2")
    for data in (b"P5 3 1 1023\n" + deep.tobytes(), b"P2 3 1 1023 0 511 1023\n"):
        np.testing.assert_array_equal(read(tmp_path, data), [[0, 32735, 65535]])
        np.testing.assert_array_equal(read(tmp_path, data, "gray"), [[0, 127, 255]])
    colors = b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n\1\2\3\4"
    np.testing.assert_array_equal(read(tmp_path, colors), [[[1, 2, 3, 4]]])
    floats = b"PF 1 1 -1.0\n" + np.array([1, 2, 3], "<f4").tobytes()
    np.testing.assert_array_equal(read(tmp_path, floats), [[[1, 2, 3]]])
    with pytest.raises(UnreadableImageError, match="float32 values have no range"):
        read(tmp_path, floats, "gray")


def test_deep_avifs_keep_their_bits(tmp_path: Path) -> None:
    skip_unknown("AVIF")
    deep = (COLORS.astype(np.uint16) << 2) | 3
    options = [cv2.IMWRITE_AVIF_DEPTH, 10, cv2.IMWRITE_AVIF_QUALITY, 100]
    data = bytes(cv2.imencode(".avif", deep[..., ::-1], options)[1])
    np.testing.assert_array_equal(read(tmp_path, data), deep)
    assert np.abs(read(tmp_path, data, "rgb").astype(int) - COLORS).max() <= 1


def test_a_codestream_of_one_channel_becomes_color_too(tmp_path: Path) -> None:
    data = by_pillow(GRAY, "JPEG2000", no_jp2=True)
    np.testing.assert_array_equal(read(tmp_path, data, "rgb"), np.dstack([GRAY] * 3))
