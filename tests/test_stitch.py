"""The sample that joins two images: the whole comes back, and what does not overlap is refused."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

import cvkit


def test_parts_of_an_image_are_joined_again(root: Path) -> None:
    sample = runpy.run_path(str(root / "samples" / "stitch.py"))
    image = cvkit.read_image(sample["SAMPLE"])
    first, second = sample["parts"](image)
    panorama, shift = sample["stitch"](first, second)
    left, top = round(shift[0, 2]), round(shift[1, 2])
    height, width = image.shape[:2]
    # The second part lies a little inside of the image.
    assert panorama.shape[0] >= height
    assert panorama.shape[1] - left == pytest.approx(width, abs=2)
    inner = panorama[top : top + height, left : left + round(0.96 * width)]
    assert cvkit.psnr(inner[30:-40], np.ascontiguousarray(image[30:-40, : inner.shape[1]])) > 28


def test_the_program_writes_a_panorama(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["stitch.py", "--output", str(tmp_path / "whole.png")])
    runpy.run_path(str(root / "samples" / "stitch.py"), run_name="__main__")
    assert cvkit.read_image(tmp_path / "whole.png").shape[1] > 740


def test_images_of_different_things_are_refused(root: Path) -> None:
    sample = runpy.run_path(str(root / "samples" / "stitch.py"))
    first, second = (cvkit.read_image(root / "samples" / name) for name in ("astronaut.jpg", "street1.jpg"))
    with pytest.raises(ValueError, match="do not show enough of the same"):
        sample["stitch"](first[:200, :200], second[:200, :200])
