"""JPEGs that are decoded at a part of their size, because the caller says what is enough."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.batch.settings import Settings
from cvkit.cli import main
from cvkit.compare.cases.images import scene
from tests.test_io import encoded, with_exif

HEIGHT, WIDTH = 203, 322


def written(path: Path, channels: int = 3, orientation: int = 1) -> Path:
    # Smooth, because a reduced image covers the last pixels of a row or column that ends within a block.
    jpeg = encoded(cvkit.gaussian_blur(scene(HEIGHT, WIDTH, channels), 12), ".jpg")
    path.write_bytes(with_exif(jpeg, orientation) if orientation > 1 else jpeg)
    return path


@pytest.mark.parametrize(
    ("at_least", "factor"),
    [
        ((1, 1), 8),
        ((26, 41), 8),  # rounded up
        ((27, 41), 4),
        ((26, 42), 4),
        ((51, 81), 4),
        ((52, 1), 2),
        ((102, 161), 2),
        ((103, 1), 1),
        ((1, 162), 1),
        ((5000, 5000), 1),
    ],
)
def test_jpegs_get_as_small_as_is_enough(tmp_path: Path, at_least: tuple[int, int], factor: int) -> None:
    path = written(tmp_path / "a.jpg")
    found = cvkit.read_image(path, at_least=at_least)
    assert found.shape == (-(-HEIGHT // factor), -(-WIDTH // factor), 3)
    if factor == 1:
        np.testing.assert_array_equal(found, cvkit.read_image(path))
    else:
        whole = cvkit.resize(cvkit.read_image(path), found.shape[:2], interpolation="area")
        assert np.abs(whole.astype(int) - found).mean() < 4


@pytest.mark.parametrize("mode", ["rgb", "gray", "keep", "unchanged"])
@pytest.mark.parametrize("channels", [1, 3])
def test_modes_have_their_channels(tmp_path: Path, mode: str, channels: int) -> None:
    path = written(tmp_path / "a.jpg", channels)
    small, whole = cvkit.read_image(path, mode, at_least=(26, 41)), cvkit.read_image(path, mode)
    assert small.shape == (26, 41, *whole.shape[2:])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_is_enough_is_said_of_the_upright_image(tmp_path: Path, orientation: int) -> None:
    path = written(tmp_path / "a.jpg", orientation=orientation)
    upright = cvkit.read_image(path)
    height, width = upright.shape[:2]
    for at_least, factor in [((-(-height // 8), -(-width // 8)), 8), ((height // 4, width // 8), 4)]:
        found = cvkit.read_image(path, at_least=at_least)
        assert found.shape == (-(-height // factor), -(-width // factor), 3)
        whole = cvkit.resize(upright, found.shape[:2], interpolation="area")
        assert np.abs(whole.astype(int) - found).mean() < 4
    stored = cvkit.read_image(path, "unchanged", at_least=(-(-HEIGHT // 8), -(-WIDTH // 8)))
    assert stored.shape == (-(-HEIGHT // 8), -(-WIDTH // 8), 3)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tiff", ".bmp"])
def test_other_formats_are_decoded_whole(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    cvkit.write_image(path, scene(40, 50, 3))
    np.testing.assert_array_equal(cvkit.read_image(path, at_least=(5, 5)), cvkit.read_image(path))


@pytest.mark.parametrize("progressive", [0, 1])
def test_damaged_and_large_files_are_refused_as_ever(tmp_path: Path, progressive: int) -> None:
    path = tmp_path / "a.jpg"
    jpeg = encoded(scene(HEIGHT, WIDTH, 3), ".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, progressive)
    path.write_bytes(jpeg)
    assert cvkit.read_image(path, at_least=(26, 41)).shape == (26, 41, 3)
    with pytest.raises(cvkit.io.UnreadableImageError, match="are more than 1000 pixels"):
        cvkit.read_image(path, at_least=(1, 1), max_pixels=1000)
    path.write_bytes(jpeg[: len(jpeg) // 2])
    with pytest.raises(cvkit.io.UnreadableImageError, match="truncated JPEG"):
        cvkit.read_image(path, at_least=(1, 1))


@pytest.mark.parametrize("at_least", [(0, 5), 7, (5, 6, 7)])
def test_what_is_no_size_is_refused(tmp_path: Path, at_least: object) -> None:
    with pytest.raises(ValueError, match="at_least must be "):
        cvkit.read_image(written(tmp_path / "a.jpg"), at_least=at_least)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at_least must be "):
        Settings(at_least=at_least)  # type: ignore[arg-type]


def test_batches_reduce_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = written(tmp_path / "in" / "a.jpg", orientation=6)
    shape = 60, 50
    for name, options, mode in [("plain", {}, None), ("small", {"at_least": shape}, [60, 50])]:
        out = tmp_path / name
        summary = cvkit.batch.run(
            "resize", path.parent, out, parameters={"output_shape": shape}, format="png", **options
        )
        assert summary.done == 1
        expected = cvkit.resize(cvkit.read_image(path, "keep", **options), shape)
        np.testing.assert_array_equal(cvkit.read_image(out / "a.png"), expected)
        entry = json.loads((out / "manifest.jsonl").read_text().splitlines()[-1])
        assert entry["operation"]["settings"].get("at_least") == mode


def test_the_command_line_has_an_option(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = written(tmp_path / "in" / "a.jpg")
    arguments = ["batch", "resize", str(path.parent), str(tmp_path / "out"), "--output-shape", "20x30"]
    assert main([*arguments, "--at-least", "26x41", "--format", "png", "--quiet"]) == 0
    expected = cvkit.resize(cvkit.read_image(path, at_least=(26, 41)), (20, 30))
    np.testing.assert_array_equal(cvkit.read_image(tmp_path / "out" / "a.png"), expected)
