"""OpenCV is what the user has of it: without it, arrays are worked on, and files say what to install."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import cvkit
from cvkit._opencv import opencv
from cvkit.cli import main
from cvkit.io import read_ahead
from cvkit.video import open_video, read_frames

WHAT_TO_DO = r"OpenCV 4\.11 or newer, which is not installed: pip install opencv-python-headless \(or "


@pytest.fixture
def without_opencv(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "cv2", None)  # type: ignore[arg-type]
    opencv.cache_clear()
    yield
    opencv.cache_clear()


@pytest.mark.usefixtures("without_opencv")
def test_reading_says_what_to_install(root: Path) -> None:
    image, video = root / "samples" / "street1.jpg", root / "samples" / "street.mp4"
    with pytest.raises(ImportError, match=WHAT_TO_DO):
        cvkit.read_image(image)
    with pytest.raises(ImportError, match=WHAT_TO_DO):
        list(read_ahead([image]))
    with pytest.raises(ImportError, match=WHAT_TO_DO):
        read_frames(video)


@pytest.mark.usefixtures("without_opencv")
def test_writing_says_what_to_install_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ImportError, match=WHAT_TO_DO):
        cvkit.write_image(tmp_path / "image.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(ImportError, match=WHAT_TO_DO), open_video(tmp_path / "video.mp4", 25) as video:
        video.write(np.zeros((4, 4), np.uint8))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("without_opencv")
@pytest.mark.parametrize(
    "command",
    ["detect {image} --output {output}", "batch gray {image} {output}", "compare --output {output}"],
)
def test_commands_say_it_in_one_line(
    command: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"image": root / "samples" / "street1.jpg", "output": tmp_path / "output"}
    assert main([word.format(**names) for word in command.split()]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "pip install opencv-python-headless" in line
    assert not (tmp_path / "output").exists()


def test_an_old_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    old = ModuleType("cv2")
    old.__version__ = "4.5.5"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cv2", old)
    opencv.cache_clear()
    with pytest.raises(ImportError, match=r"OpenCV 4\.11 or newer, got 4\.5\.5: pip install"):
        opencv()
    opencv.cache_clear()


def test_arrays_need_no_opencv(root: Path) -> None:
    code = """
import sys
sys.modules["cv2"] = None
import numpy as np, cvkit
from cvkit.detect import draw_detections, pretrained
from cvkit.ml import KMeans
image = np.arange(200 * 96 * 3, dtype=np.uint8).reshape(200, 96, 3)
assert cvkit.rgb_to_gray(image).shape == (200, 96)
assert draw_detections(image, pretrained("person-acf").detect(image)).shape == image.shape
for name in cvkit.__all__:
    getattr(cvkit, name)
"""
    environment = {**os.environ, "PYTHONPATH": str(root)}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
