"""TIFFs of all kinds of samples: what was written is what is read, or the reason is true."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cvkit
from cvkit.io import UnreadableImageError
from tests.encoded_images import by_pillow, by_tifffile, exif, packed, tiff

HEIGHT, WIDTH = 13, 18
KINDS = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]


def random_samples(kind: str, channels: int, seed: int = 0) -> np.ndarray:
    shape = (HEIGHT, WIDTH) if channels == 1 else (HEIGHT, WIDTH, channels)
    rng = np.random.default_rng(seed)
    if kind[0] == "f":
        return rng.normal(size=shape).astype(kind)
    limits = np.iinfo(kind)
    return rng.integers(limits.min, limits.max, shape, dtype=kind, endpoint=True)


def read(folder: Path, data: bytes, mode: str = "keep") -> np.ndarray:
    path = folder / "a.tif"
    path.write_bytes(data)
    return cvkit.read_image(path, mode)


@pytest.mark.parametrize("kind", KINDS)
def test_samples_of_every_type_are_read_as_they_are(tmp_path: Path, kind: str) -> None:
    for channels in (1, 3, 4):
        image = random_samples(kind, channels)
        options: dict[str, object] = {"photometric": "minisblack" if channels == 1 else "rgb"}
        if channels == 4:
            options["extrasamples"] = ["unassalpha"]
        ways: list[dict[str, object]] = [{}, {"byteorder": ">"}, {"bigtiff": True}, {"compression": "zlib"}]
        ways += [{"compression": "zlib", "predictor": 2, "rowsperstrip": 5}] if kind[0] != "f" else []
        ways += [{"byteorder": ">", **way} for way in ways[3:]]
        ways += [{"tile": (32, 32)}] if kind != "u1" or channels > 1 else []
        for way in ways:
            found = read(tmp_path, by_tifffile(image, **options, **way))
            assert found.dtype == image.dtype
            np.testing.assert_array_equal(found, image, str(way))
            if channels > 1:
                planes = np.ascontiguousarray(np.moveaxis(image, -1, 0))
                planar = by_tifffile(planes, planarconfig="separate", **options, **way)
                np.testing.assert_array_equal(read(tmp_path, planar), image, f"planar, {way}")


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_the_predictor_of_floats_is_undone(tmp_path: Path, kind: str) -> None:
    for channels in (1, 3, 4):  # OpenCV undoes it for f4, and for f8 but with four channels
        image = random_samples(kind, channels)
        grouped = image.astype(f">{kind}").view(np.uint8).reshape(HEIGHT, -1, image.itemsize).swapaxes(1, 2)
        groups = grouped.reshape(HEIGHT, -1, channels)
        differences = np.diff(groups, axis=1, prepend=np.zeros((HEIGHT, 1, channels), np.uint8))
        kinds = {"bits": [8 * image.itemsize] * channels, "format": [3] * channels, "channels": channels}
        content = zlib.compress(differences.tobytes())
        photometric = 1 if channels == 1 else 2
        data = tiff(content, HEIGHT, WIDTH, compression=8, predictor=3, photometric=photometric, **kinds)
        np.testing.assert_array_equal(read(tmp_path, data), image)


def test_modes_of_8_bits_take_the_upper_8_of_16_and_refuse_what_has_no_range(tmp_path: Path) -> None:
    deep = random_samples("u2", 3)
    data = by_tifffile(deep, photometric="rgb")
    np.testing.assert_array_equal(read(tmp_path, data, "rgb"), deep >> 8)
    eight = by_tifffile((deep >> 8).astype(np.uint8), photometric="rgb")
    np.testing.assert_array_equal(read(tmp_path, data, "gray"), read(tmp_path, eight, "gray"))
    for kind in ("i2", "f4"):
        with pytest.raises(UnreadableImageError, match=r"a\.tif: (int16|float32) values have no range"):
            read(tmp_path, by_tifffile(random_samples(kind, 3), photometric="rgb"), "rgb")


@pytest.mark.parametrize("bits", [1, 2, 4, 6, 9, 10, 12, 14, 15])
def test_few_bits_are_spread_over_the_range_of_their_type(tmp_path: Path, bits: int) -> None:
    for order in "<>":
        for channels in (1, 3):
            levels = np.random.default_rng(bits).integers(0, 1 << bits, (HEIGHT, WIDTH, channels))
            data = tiff(
                packed(levels, bits), HEIGHT, WIDTH, order,
                bits=[bits] * channels, channels=channels, photometric=2 if channels == 3 else 1,
            )  # fmt: skip
            found = read(tmp_path, data)
            largest = 255 if bits < 8 else 65535
            expected = (levels[..., 0] if channels == 1 else levels) * largest / ((1 << bits) - 1)
            assert found.dtype == (np.uint8 if bits < 8 else np.uint16)
            assert np.abs(found - expected).max() <= largest >> min(bits, 8)
            eight = read(tmp_path, data, "rgb")
            assert np.abs(eight - np.atleast_3d(expected) * 255 / largest).max() <= 4
            np.testing.assert_array_equal(read(tmp_path, data, "gray").shape, (HEIGHT, WIDTH))


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_palettes_become_colors_and_negatives_become_images(tmp_path: Path, bits: int) -> None:
    rng = np.random.default_rng(bits)
    levels = rng.integers(0, 1 << bits, (HEIGHT, WIDTH))
    samples = packed(levels, bits) if bits < 16 else levels.astype("<u2").tobytes()
    colors = rng.integers(0, 65536, (3, 1 << bits))
    data = tiff(samples, HEIGHT, WIDTH, bits=[bits], photometric=3, colors=colors.ravel().tolist())
    expected = np.moveaxis(colors[:, levels] >> 8, 0, -1)
    for mode in ("keep", "rgb"):
        np.testing.assert_array_equal(read(tmp_path, data, mode), expected)
    negative = read(tmp_path, tiff(samples, HEIGHT, WIDTH, bits=[bits], photometric=0))
    positive = read(tmp_path, tiff(samples, HEIGHT, WIDTH, bits=[bits], photometric=1))
    np.testing.assert_array_equal(negative, np.iinfo(positive.dtype).max - positive)


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
def test_alpha_is_straight_however_it_is_stored(tmp_path: Path, kind: str) -> None:
    image = np.abs(random_samples(kind, 4))
    full = 1 if kind == "f4" else np.iinfo(kind).max
    alpha = image[..., 3:]
    straight = by_tifffile(image, photometric="rgb", extrasamples=["unassalpha"])
    np.testing.assert_array_equal(read(tmp_path, straight), image)
    if kind == "u1":
        np.testing.assert_array_equal(read(tmp_path, straight, "rgb"), image[..., :3])
    colors = (image[..., :3] * (alpha / full)).astype(kind)
    stored = np.concatenate([colors, alpha], axis=-1)
    found = read(tmp_path, by_tifffile(stored, photometric="rgb", extrasamples=["assocalpha"]))
    np.testing.assert_array_equal(found[..., 3:], alpha)
    error = np.abs(found[..., :3].astype(float) - image[..., :3]) * (alpha / full)
    assert error.max() <= (1e-6 if kind == "f4" else 2)


def test_gray_with_alpha_becomes_rgba(tmp_path: Path) -> None:
    for kind in ("u1", "u2"):
        both = random_samples(kind, 2)
        data = by_tifffile(
            both, photometric="minisblack", planarconfig="contig", extrasamples=["unassalpha"],
            compression="zlib", predictor=True,
        )  # fmt: skip
        np.testing.assert_array_equal(read(tmp_path, data), both[..., [0, 0, 0, 1]])


TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "1", "P", "CMYK", "YCbCr", "I;16"])
@pytest.mark.parametrize("compression", ["raw", "packbits", "tiff_lzw", "tiff_adobe_deflate"])
def test_what_pillow_writes_is_read_and_turned(tmp_path: Path, mode: str, compression: str) -> None:
    image = Image.fromarray(random_samples("u1", 4))
    converted = Image.fromarray(random_samples("u2", 1)) if mode == "I;16" else image.convert(mode)
    expected = np.array(converted if mode == "I;16" else converted.convert("RGBA"))
    for orientation, turn in TURNS.items() if compression == "raw" else [(6, Image.Transpose.ROTATE_270)]:
        data = by_pillow(converted, "TIFF", compression=compression, exif=exif(orientation))
        found = read(tmp_path, data, "unchanged")
        if mode in ("RGBA", "LA"):
            assert found.shape[2] == 4
        colors = np.dstack([found] * 3) if found.ndim == 2 and mode != "I;16" else found
        difference = colors.astype(int) - (expected if mode == "I;16" else expected[..., : colors.shape[2]])
        assert np.abs(difference).max() <= (mode == "YCbCr")
        upright = found if turn is None else np.array(Image.fromarray(found).transpose(turn))
        np.testing.assert_array_equal(read(tmp_path, data), upright)


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    five = by_tifffile(random_samples("u1", 5), photometric="minisblack", planarconfig="contig")
    mixed = tiff(bytes(HEIGHT * WIDTH * 3), HEIGHT, WIDTH, bits=[8, 8, 16], channels=3, photometric=2)
    zstandard = by_pillow(random_samples("u1", 3), "TIFF", compression="zstd")
    cmyk = by_tifffile(random_samples("u2", 4), photometric="separated")
    few = tiff(bytes(HEIGHT * WIDTH), HEIGHT, WIDTH, bits=[8], photometric=3, colors=[1, 2, 3])
    for data, reason in [
        (five, "a TIFF of 5 channels"),
        (mixed, "a TIFF whose channels differ"),
        (zstandard, "compression Zstandard.* that OpenCV does not decode"),
        (cmyk, "4 x 16 bits.* of color space 5, which is not read"),
        (few, "its palette has not as many colors"),
    ]:
        with pytest.raises(UnreadableImageError, match=reason):
            read(tmp_path, data)
