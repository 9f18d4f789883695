"""Damaged images of every format: an image or the documented error, in silence and in little memory."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

import cvkit
from cvkit import _headers
from cvkit._decoding import without_messages
from cvkit._opencv import set_log_level
from cvkit.batch import read_manifest, run
from cvkit.batch.report.thumbnails import thumbnail
from cvkit.compare.cases.images import scene
from cvkit.io import UnreadableImageError, read_ahead
from tests.encoded_images import by_pillow, by_tifffile, of_every_format, tiff, windows_header

IMAGE = scene(40, 48, 3)
FILES = of_every_format(IMAGE)
MODES = ("rgb", "gray", "keep", "unchanged")


def damaged(data: bytes, seed: int) -> Iterator[bytes]:
    """Give a file cut off at many places, and with bytes changed, most of them in its header."""
    rng = np.random.default_rng(seed)
    for length in range(0, len(data), max(1, len(data) // 12)):
        yield data[:length]
    for number in range(40):
        changed = np.frombuffer(data, np.uint8).copy()
        among = min(len(data), (64, 200, len(data))[number % 3])
        changed[rng.integers(0, among, (1, 3)[number % 2])] = rng.choice([0, 255, rng.integers(256)])
        yield changed.tobytes()


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_an_image_or_the_documented_error(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "damaged"
    outcomes = []
    for number, data in enumerate(damaged(FILES[name], len(name))):
        path.write_bytes(data)
        try:
            outcomes.append(cvkit.read_image(path, MODES[number % 4]).ndim)
        except UnreadableImageError as error:
            assert str(error).startswith(f"{path}: ")
            outcomes.append(0)
    assert outcomes.count(0) >= 5
    written = capfd.readouterr().err.splitlines()
    # The JPEG library writes at most one line a file by itself, past OpenCV's settings.
    assert [line for line in written if not line.startswith(("Corrupt JPEG", "Warning: unknown JFIF"))] == []


@pytest.mark.parametrize("name", FILES)
def test_the_size_is_known_and_limited_before_anything_is_decoded(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large"
    path.write_bytes(FILES[name])
    height, width = cvkit.read_image(path, "unchanged").shape[:2]
    assert cvkit.read_image(path, "keep", max_pixels=height * width).shape[:2] == (height, width)
    monkeypatch.setattr(cv2, "imdecode", None)
    message = f"{width} x {height} are more than {height * width - 1} pixels"
    with pytest.raises(UnreadableImageError, match=message):
        cvkit.read_image(path, max_pixels=height * width - 1)
    head = _headers.read(FILES[name])
    assert (head.height, head.width) == (height, width)


def test_a_header_alone_takes_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", None)
    largest = 16383
    side = struct.pack("<I", (largest - 1) << 14 | (largest - 1))
    webp = b"RIFF" + struct.pack("<I", 26) + b"WEBPVP8L" + struct.pack("<I", 14) + b"\x2f" + side + bytes(9)
    assert len(webp) == 34
    others = [
        b"BM" + bytes(8) + struct.pack("<I", 54) + windows_header(9999, 9999, 24),
        b"P6 9999 9999 255\n",
        b"PF 9999 9999 -1\n",
        tiff(bytes(300), 9999, 9999),
    ]
    path = tmp_path / "bomb"
    path.write_bytes(webp)
    with pytest.raises(UnreadableImageError, match="16383 x 16383 are more than 100000000 pixels"):
        cvkit.read_image(path, max_pixels=100_000_000)
    for data in others:
        path.write_bytes(data)
        with pytest.raises(UnreadableImageError, match="truncated"):
            cvkit.read_image(path)
    path.write_bytes(b"P4 100000 100000\n")
    with pytest.raises(UnreadableImageError, match="100000 x 100000 are more than 1073741824 pixels"):
        cvkit.read_image(path)


@pytest.mark.parametrize("raised", [cv2.error("broken"), MemoryError(), OverflowError("no"), TypeError("no")])
def test_whatever_decoding_raises_is_the_file_s_failure(
    tmp_path: Path, raised: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(*_: object) -> None:
        raise raised

    path = tmp_path / "a.png"
    path.write_bytes(FILES["png"])
    monkeypatch.setattr(cv2, "imdecode", decode)
    with pytest.raises(UnreadableImageError, match=r"a\.png: (cannot be decoded|not enough memory)"):
        cvkit.read_image(path)
    found = dict(read_ahead([path, Path("name with \0"), tmp_path / "missing.png"]))
    assert [type(image) for image in found.values()] == [
        UnreadableImageError,
        UnreadableImageError,
        FileNotFoundError,
    ]
    assert thumbnail(path).caption == "not readable"


def test_images_of_unusual_samples_do_not_end_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("in/a.png").write_bytes(FILES["png"])
    for kind in ("int8", "int16", "int32", "float64"):
        data = by_tifffile(np.zeros((9, 9, 3), kind), photometric="rgb")
        Path(f"in/{kind}.tif").write_bytes(data)
    for resume, done in ((False, 2), (True, 0)):
        summary = run("gray", "in", "out", resume=resume)
        assert (summary.done, summary.failed, summary.unchanged) == (done, 3, 2 - done)
    entries = {Path(entry.path).name: entry for entry in read_manifest("out")}
    assert entries["a.png"].status == "done"
    assert "int32" in str(entries["int32.tif"].error)


def test_formats_that_are_not_read_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    for data, reason in {
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic": "HEIC is not read",
        b"\0\0\0\x0cJXL \r\n\x87\n": "JPEG XL is not read",
        b"8BPS\0\1": "Photoshop is not read",
        b"GIF": "not an image, or a damaged one",
    }.items():
        path.write_bytes(data)
        with pytest.raises(UnreadableImageError, match=rf"a\.jpg: {reason}"):
            cvkit.read_image(path)


def test_thumbnails_show_values_of_every_type(tmp_path: Path) -> None:
    for kind in ("i1", "i4", "u4", "f2", "f8"):
        values = np.arange(81 * 3).reshape(9, 9, 3).astype(kind)
        if kind[0] == "f":
            values[0, 0] = np.nan, np.inf, -np.inf
        path = tmp_path / f"{kind}.tif"
        path.write_bytes(by_tifffile(values, photometric="rgb"))
        assert thumbnail(path).caption.startswith("9 x 9, shown from ")


def test_an_overwritten_part_of_a_jpeg_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    image = scene(400, 480, 3)
    for name, options in {"plain": {}, "progressive": {"progressive": True}}.items():
        whole = by_pillow(image, "JPEG", quality=90, **options)
        for seed in range(5):
            noise = np.random.default_rng(seed).bytes(4096)
            middle = len(whole) // 2
            path.write_bytes(whole[:middle] + noise + whole[middle + len(noise) :])
            with pytest.raises(UnreadableImageError, match=r"(damaged|truncated) JPEG"):
                cvkit.read_image(path)
        path.write_bytes(whole + whole)  # such as the second image of a stereo camera
        assert cvkit.read_image(path).shape == image.shape, name
    restarts = bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_RST_INTERVAL, 3])[1])
    first, third = restarts.index(b"\xff\xd0"), restarts.index(b"\xff\xd2")
    path.write_bytes(restarts[:first] + restarts[third:])
    with pytest.raises(UnreadableImageError, match="damaged JPEG: a part of the image is missing"):
        cvkit.read_image(path)


def test_what_png_readers_only_warn_of_is_left_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = FILES["png palette"]
    path = tmp_path / "a.png"
    at = whole.index(b"eXIf")
    path.write_bytes(whole[: at + 5] + b"?" + whole[at + 6 :])
    assert cvkit.read_image(path).shape == IMAGE.shape
    assert capfd.readouterr().err == ""


def test_the_level_of_opencv_s_messages_comes_back(tmp_path: Path) -> None:
    warnings, errors = 3, 2
    before = set_log_level(warnings)
    with without_messages(), without_messages():
        assert set_log_level(0) == 0
    assert set_log_level(errors) == warnings
    for _ in read_ahead([tmp_path / "missing"] * 9):
        pass
    assert set_log_level(before) == errors
    assert os.environ.get("OPENCV_LOG_LEVEL") is None or before >= 0
