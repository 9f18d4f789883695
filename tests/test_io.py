"""Images on the disk: what is read, what is refused, what is found, and that no half file is ever left."""

from __future__ import annotations

import os
import struct
import threading
import zlib
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

import cvkit
from cvkit import _headers
from cvkit._paths import atomic_path, claim_folder, inside, unused_path
from cvkit.compare.cases.images import scene
from cvkit.io import UnreadableImageError, read_ahead, walk


@pytest.fixture
def image() -> np.ndarray:
    return scene(60, 80, 3)


def encoded(image: np.ndarray, suffix: str, *options: int) -> bytes:
    return bytes(cv2.imencode(suffix, np.ascontiguousarray(image[..., ::-1]), list(options))[1])


def with_exif(jpeg: bytes, orientation: int, thumbnail: bytes = b"") -> bytes:
    """Put an EXIF segment with an orientation and a thumbnail behind the start-of-image marker."""
    tiff = b"MM\x00\x2a" + struct.pack(">I", 8) + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)
    content = b"Exif\x00\x00" + tiff + thumbnail
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + jpeg[2:]


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".ppm"])
def test_lossless_round_trip(tmp_path: Path, image: np.ndarray, suffix: str) -> None:
    path = tmp_path / f"Straße 道{suffix}"
    cvkit.write_image(path, image)
    found = cvkit.read_image(path)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, image)
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_quality(tmp_path: Path, image: np.ndarray, suffix: str) -> None:
    errors = []
    for quality in (10, 95):
        cvkit.write_image(tmp_path / f"a{suffix}", image, quality=quality)
        found = cvkit.read_image(tmp_path / f"a{suffix}")
        errors.append(np.abs(found.astype(int) - image).mean())
    assert errors[1] < 8 < errors[0]
    with pytest.raises(ValueError, match="quality must be from 1 to 100, got 0"):
        cvkit.write_image(tmp_path / "a.jpg", image, quality=0)


def test_modes_give_what_opencv_gives_in_rgb_order(tmp_path: Path, image: np.ndarray) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(encoded(image, ".png"))
    np.testing.assert_array_equal(cvkit.read_image(path), cv2.imread(str(path))[..., ::-1])
    np.testing.assert_array_equal(cvkit.read_image(path, "gray"), cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))
    rgba = np.dstack([image, image[..., 0]]).astype(np.uint16) * 257
    cvkit.write_image(path, rgba)
    for mode in ("unchanged", "keep"):
        np.testing.assert_array_equal(cvkit.read_image(path, mode), rgba)
    np.testing.assert_array_equal(cvkit.read_image(path), image)
    with pytest.raises(ValueError, match="mode must be one of 'rgb', 'gray', 'keep', 'unchanged', got 'bgr'"):
        cvkit.read_image(path, "bgr")


@pytest.mark.parametrize("channels", [1, 3])
def test_modes_give_of_jpegs_what_opencv_gives(tmp_path: Path, image: np.ndarray, channels: int) -> None:
    path = tmp_path / "image.jpg"
    stored = image if channels == 3 else image[..., 0]
    path.write_bytes(with_exif(encoded(stored, ".jpg"), 6))
    color = {"rgb": cv2.IMREAD_COLOR}
    if channels == 3:
        color |= {"keep": cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR, "unchanged": cv2.IMREAD_UNCHANGED}
    for mode, flags in color.items():
        expected = cv2.cvtColor(cv2.imread(str(path), flags), cv2.COLOR_BGR2RGB)
        np.testing.assert_array_equal(cvkit.read_image(path, mode), expected)
    gray = {"gray": cv2.IMREAD_GRAYSCALE}
    if channels == 1:
        gray |= {"keep": cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR, "unchanged": cv2.IMREAD_UNCHANGED}
    for mode, flags in gray.items():
        np.testing.assert_array_equal(cvkit.read_image(path, mode), cv2.imread(str(path), flags))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_upright(tmp_path: Path, orientation: int) -> None:
    stored = np.zeros((16, 32, 3), np.uint8)
    stored[:8, :8] = 255  # the corner that tells the turns apart
    path = tmp_path / "turned.jpg"
    path.write_bytes(with_exif(encoded(stored, ".jpg"), orientation))
    upright = {
        1: stored,
        2: stored[:, ::-1],
        3: stored[::-1, ::-1],
        4: stored[::-1],
        5: stored.transpose(1, 0, 2),
        6: np.rot90(stored, -1),
        7: stored[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(stored),
    }[orientation]
    found = cvkit.read_image(path)
    assert found.shape == upright.shape
    assert np.abs(found.astype(int) - upright).max() < 40
    assert cvkit.read_image(path, "gray").shape == upright.shape[:2]
    np.testing.assert_array_equal(cvkit.read_image(path, "keep"), found)
    assert cvkit.read_image(path, "unchanged").shape == stored.shape


def test_keep_turns_images_without_alpha_in_other_formats(tmp_path: Path) -> None:
    stored = np.zeros((16, 32, 3), np.uint8)
    stored[:8, :8] = 255
    path = tmp_path / "turned.png"
    png = encoded(stored, ".png")
    content = with_exif(b"\xff\xd8", 6)[12:]
    chunk = b"eXIf" + content
    ends = png.index(b"IDAT") - 4
    length, checksum = struct.pack(">I", len(content)), struct.pack(">I", zlib.crc32(chunk))
    path.write_bytes(png[:ends] + length + chunk + checksum + png[ends:])
    np.testing.assert_array_equal(cvkit.read_image(path, "keep"), np.rot90(stored, -1))
    np.testing.assert_array_equal(cvkit.read_image(path, "unchanged"), stored)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tiff", ".webp"])
def test_images_above_a_size_are_refused(tmp_path: Path, image: np.ndarray, suffix: str) -> None:
    path = tmp_path / f"large{suffix}"
    cvkit.write_image(path, image)
    assert cvkit.read_image(path, max_pixels=4800).shape == image.shape
    with pytest.raises(UnreadableImageError, match=f"large{suffix}: 80 x 60 are more than 4799 pixels"):
        cvkit.read_image(path, max_pixels=4799)


def test_the_head_tells_the_size_before_anything_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gif = bytes.fromhex(
        "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b"
    )
    head = _headers.read(gif)
    assert (head.height, head.width) == (1, 1)
    images = {name: encoded(np.zeros((3, 5, 3), np.uint8), name) for name in (".png", ".jpg", ".bmp")}
    monkeypatch.setattr(cv2, "imdecode", None)
    for name, data in images.items():
        head = _headers.read(data)
        assert (head.height, head.width) == (3, 5)
        path = tmp_path / f"a{name}"
        path.write_bytes(data)
        with pytest.raises(UnreadableImageError, match="5 x 3 are more than 14 pixels"):
            cvkit.read_image(path, max_pixels=14)


@pytest.mark.parametrize("progressive", [0, 1])
def test_every_cut_of_a_jpeg_is_refused(tmp_path: Path, image: np.ndarray, progressive: int) -> None:
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive, cv2.IMWRITE_JPEG_RST_INTERVAL, 2]
    thumbnail = encoded(image[::8, ::8], ".jpg")
    whole = with_exif(encoded(image, ".jpg", *options), 1, thumbnail)
    path = tmp_path / "cut.jpg"
    path.write_bytes(whole)
    assert cvkit.read_image(path).shape == image.shape
    path.write_bytes(whole + b"what some cameras append")
    assert cvkit.read_image(path).shape == image.shape
    for length in [*range(2, len(whole) - 2, 37), len(whole) - 2, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(UnreadableImageError, match=r"cut\.jpg: truncated JPEG"):
            cvkit.read_image(path)


def test_every_cut_of_a_png_is_refused(tmp_path: Path, image: np.ndarray) -> None:
    whole = encoded(image, ".png")
    path = tmp_path / "cut.png"
    for length in [*range(8, len(whole) - 4, len(whole) // 40), len(whole) - 12, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(UnreadableImageError, match=r"cut\.png: truncated PNG"):
            cvkit.read_image(path)


@pytest.mark.parametrize("suffix", [".bmp", ".webp", ".tiff"])
def test_every_cut_of_other_formats_is_refused(tmp_path: Path, image: np.ndarray, suffix: str) -> None:
    whole = encoded(image, suffix)
    path = tmp_path / f"cut{suffix}"
    for length in [*range(1, len(whole) - 4, len(whole) // 40), len(whole) - 4]:
        path.write_bytes(whole[:length])
        with pytest.raises(UnreadableImageError, match=rf"cut\{suffix}: (truncated|not an image)"):
            cvkit.read_image(path)


def test_a_damaged_png_is_refused(tmp_path: Path, image: np.ndarray) -> None:
    data = bytearray(encoded(image, ".png"))
    data[len(data) // 2] ^= 1
    path = tmp_path / "damaged.png"
    path.write_bytes(data)
    with pytest.raises(UnreadableImageError, match="checksum"):
        cvkit.read_image(path)


def test_no_image_is_named(tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.png", tmp_path / "text.jpg"
    empty.touch()
    text.write_text("not an image")
    with pytest.raises(UnreadableImageError, match=r"empty\.png: the file is empty"):
        cvkit.read_image(empty)
    with pytest.raises(UnreadableImageError, match=r"text\.jpg: not an image"):
        cvkit.read_image(text)
    with pytest.raises(FileNotFoundError, match=r"missing\.png"):
        cvkit.read_image(tmp_path / "missing.png")


@pytest.mark.parametrize(
    ("name", "image", "error", "message"),
    [
        ("a.jpg", np.zeros((4, 4), np.uint16), TypeError, "image must have dtype uint8, got uint16"),
        ("a.png", np.zeros((4, 4), np.float64), TypeError, "image must have dtype uint8, uint16, got"),
        ("a.png", np.zeros((4, 0), np.uint8), ValueError, "image must not be empty"),
        ("a.png", np.zeros((2, 4, 4, 3), np.uint8), ValueError, "image must be one image"),
        ("a.docx", np.zeros((4, 4), np.uint8), ValueError, "path must end in an image format"),
        ("a", np.zeros((4, 4), np.uint8), ValueError, "path must end in an image format"),
    ],
)
def test_what_cannot_be_written_is_named(
    tmp_path: Path, name: str, image: np.ndarray, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        cvkit.write_image(tmp_path / name, image)
    assert not os.listdir(tmp_path)


def test_a_failed_write_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "result.txt"
    path.write_text("earlier")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half of the ne")
        raise RuntimeError
    assert path.read_text() == "earlier"
    assert os.listdir(tmp_path) == ["result.txt"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in [
        "b.jpg",
        "a.PNG",
        "notes.txt",
        ".hidden.jpg",
        "sub/c.webp",
        "sub/deeper/d.jpg",
        ".git/e.jpg",
    ]:
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "tree" / "sub" / "loop").symlink_to(tmp_path / "tree")
    return tmp_path / "tree"


def relative(paths: object, root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in paths]  # type: ignore[attr-defined]


def test_walk_folder_and_file(tree: Path) -> None:
    everything = ["a.PNG", "b.jpg", "sub/c.webp", "sub/deeper/d.jpg"]
    assert relative(walk(tree), tree) == everything
    assert relative(walk([str(tree / "b.jpg"), tree / "sub"]), tree) == ["b.jpg", *everything[2:]]


def test_walk_pattern(tree: Path) -> None:
    assert relative(walk(f"{tree}/*"), tree) == ["a.PNG", "b.jpg"]
    assert relative(walk(f"{tree}/**/*.jpg"), tree)[:1] == ["b.jpg"]
    (tree / "x[1].jpg").touch()
    assert relative(walk(tree / "x[1].jpg"), tree) == ["x[1].jpg"], "an existing name is no pattern"


def test_walk_list_is_relative_to_itself_and_keeps_missing_entries(tree: Path) -> None:
    (tree / "images.lst").write_bytes(
        b"\xef\xbb\xbf# mine\nsub/c.webp\r\n\n  gone.jpg\n" + bytes(tree) + b"/b.jpg"
    )
    assert relative(walk(tree / "images.lst"), tree) == ["sub/c.webp", "gone.jpg", "b.jpg"]


@pytest.mark.parametrize("name", ["gone.jpg", "gone/*.jpg", "gone"])
def test_walk_refuses_at_once_what_does_not_exist(tree: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError, match="no such file or folder: "):
        walk([tree, tree / name])


def test_read_ahead_keeps_order_and_survives_bad_files(tmp_path: Path, image: np.ndarray) -> None:
    for number in range(9):
        cvkit.write_image(tmp_path / f"{number}.png", image + np.uint8(number))
    (tmp_path / "4.png").write_bytes(b"broken")
    found = list(read_ahead(walk(tmp_path)))
    assert [path.name for path, _ in found] == [f"{number}.png" for number in range(9)]
    for number, (_, found_image) in enumerate(found):
        if number == 4:
            assert isinstance(found_image, UnreadableImageError)
        else:
            np.testing.assert_array_equal(found_image, image + np.uint8(number))


def test_read_ahead_reads_no_further_than_its_depth_and_ends_its_thread(
    tmp_path: Path, image: np.ndarray
) -> None:
    path = tmp_path / "one.png"
    cvkit.write_image(path, image)
    asked = []

    def paths() -> object:
        for number in range(100):
            asked.append(number)
            yield path

    images = read_ahead(paths(), depth=3)  # type: ignore[arg-type]
    assert len(list(islice(images, 2))) == 2
    assert len(asked) <= 2 + 3
    images.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cvkit-read")]


def test_output_names(tmp_path: Path) -> None:
    assert inside("/data/../a/./b.jpg") == Path("data/a/b.jpg")
    assert unused_path(tmp_path / "a.jpg") == tmp_path / "a.jpg"
    (tmp_path / "a.jpg").touch()
    (tmp_path / "a-2.jpg").touch()
    assert unused_path(tmp_path / "a.jpg") == tmp_path / "a-3.jpg"
    assert [claim_folder(tmp_path / "run").name for _ in range(3)] == ["run", "run-2", "run-3"]
