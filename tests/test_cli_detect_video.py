"""``cvkit detect`` on videos, cameras, and folders that hold both videos and images."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import cvkit
from cvkit._jit_cuda import cuda
from cvkit.batch import read_manifest
from cvkit.cli import main
from cvkit.compare.cases.images import scene
from cvkit.detect import Detections
from cvkit.video import open_video, read_frames
from tests.test_cli_detect import OneBox, files, one_line, use_detector
from tests.test_video import FakeCamera, truncate, use_fake_camera


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a folder with an image and two videos of twelve frames of 48x64 pixels at 6 a second."""
    monkeypatch.chdir(tmp_path)
    use_detector(monkeypatch, OneBox)
    monkeypatch.setattr(cuda, "is_available", lambda: False)
    Path("mixed/more").mkdir(parents=True)
    cvkit.write_image("mixed/b.png", scene(30, 40, 3))
    for path in ("mixed/a.mp4", "mixed/more/b.avi"):
        with open_video(path, 6) as video:
            for number in range(12):
                video.write(np.full((48, 64), 10 * number, np.uint8))
    return tmp_path


def found(folder: str = "detections") -> list[str]:
    content = json.loads(Path(folder, "detections.json").read_text())
    return [image["file_name"] for image in content["images"]]


def test_images_and_videos_of_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "mixed"]) == 0
    names = [f"mixed/a.mp4/{number:06d}" for number in range(12)]
    assert found() == [*names, "mixed/b.png", *(f"mixed/more/b.avi/{number:06d}" for number in range(12))]
    assert files("detections") == [
        "detections.json",
        "images/mixed/b.jpg",
        "videos/mixed/a.mp4",
        "videos/mixed/more/b.mp4",
    ]
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("2 videos and 1 image, device: cpu, ")
    assert said[-1].startswith("25 people in 24 frames and 1 image, ")


def test_the_annotated_video_keeps_rate_count_and_content() -> None:
    assert main(["detect", "mixed/a.mp4"]) == 0
    with read_frames("detections/videos/mixed/a.mp4") as frames:
        assert (frames.rate, frames.count) == (6, 12)
        images = dict(frames)
    plain = np.full((48, 64), 110, np.uint8)
    expected = cvkit.detect.draw_detections(plain, Detections([[1, 2, 63, 46]], [1.25])).astype(int)
    assert np.abs(images[11] - expected).mean() < 12
    assert np.abs(images[11].astype(int) - plain[..., None]).mean() > 12


@pytest.mark.parametrize(
    ("options", "wanted", "rate"),
    [(["--every", "5"], [0, 5, 10], 1.2), (["--start", "3", "--stop", "6"], [3, 4, 5], 6)],
)
def test_some_frames(options: list[str], wanted: list[int], rate: float) -> None:
    assert main(["detect", "mixed/a.mp4", *options]) == 0
    assert found() == [f"mixed/a.mp4/{number:06d}" for number in wanted]
    with read_frames("detections/videos/mixed/a.mp4") as frames:
        assert (frames.rate, frames.count) == (rate, len(wanted))


def test_frames_that_are_too_large_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "mixed", "--max-pixels", "2000"]) == 1
    assert found() == ["mixed/b.png"]
    assert "failed: mixed/a.mp4: 64 x 48 are more than 2000 pixels" in capsys.readouterr().err
    assert files("detections") == ["detections.json", "images/mixed/b.jpg"]


def test_labels_of_frames() -> None:
    assert main(["detect", "mixed/a.mp4", "--format", "yolo", "--stop", "1", "--no-save-images"]) == 0
    assert "labels/mixed/a.mp4/000000.txt" in files("detections")
    assert not Path("detections/videos").exists()


def test_broken_videos_are_named_and_keep_what_they_have(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mixed/bad.mkv").write_text("no video")
    truncate(Path("mixed/more/b.avi"), 0.8)
    assert main(["detect", "mixed", "--start", "2"]) == 1
    names = [name for name in found() if name.startswith("mixed/more")]
    assert 0 < len(names) < 10
    said = capsys.readouterr().err
    assert "failed: mixed/bad.mkv: not a video, or a damaged one" in said
    cut_off = f"the file is cut off: {len(names) + 2} of 12 frames are there"
    assert f"failed: mixed/more/b.avi: {cut_off}" in said
    assert "2 sources failed; the reasons are in detections/manifest.jsonl" in said
    assert [(entry.error, entry.output) for entry in read_manifest("detections")][2:] == [
        ("not a video, or a damaged one", None),
        (cut_off, "videos/mixed/more/b.mp4"),
    ]
    with read_frames("detections/videos/mixed/more/b.mp4") as frames:
        assert frames.count == len(names)
    assert main(["detect", "mixed/a.mp4", "--start", "12"]) == 1
    assert "mixed/a.mp4: it has 12 frames, none from 12 on" in capsys.readouterr().err
    assert files("detections-2") == ["detections.json"]


def test_an_interrupt_keeps_the_frames_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(OneBox):
        def detect(self, image: np.ndarray) -> Detections:
            if image.mean() > 75:
                raise KeyboardInterrupt
            return super().detect(image)

    use_detector(monkeypatch, Interrupted)
    assert main(["detect", "mixed/a.mp4"]) == 130
    assert len(found()) == 8
    with read_frames("detections/videos/mixed/a.mp4") as frames:
        assert frames.count == 8


def test_a_camera_comes_last_and_has_a_stop(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_fake_camera(monkeypatch)
    assert main(["detect", "0", "mixed/b.png", "--stop", "2"]) == 0
    assert found() == ["mixed/b.png", "camera-0/000000", "camera-0/000001"]
    assert "videos/camera-0.mp4" in files("detections")
    assert "1 image and 1 camera, " in capsys.readouterr().err
    monkeypatch.setattr("cvkit.cli.progress._LINE_INTERVAL", 0.0)
    assert main(["detect", "0"]) == 1, "unplugged after five images"
    said = capsys.readouterr().err
    assert "\n3 frames, " in said
    assert "camera-0: the camera gives no more frames after 5" in said
    assert len(found("detections-2")) == 5


def test_a_stream_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cv2.VideoCapture", lambda source, *api: FakeCamera(0))
    address = "rtsp://me:secret@192.168.0.7/live"
    assert main(["detect", address, "mixed/b.png", "--stop", "2"]) == 0
    assert found() == ["mixed/b.png", "rtsp-192-168-0-7-live/000000", "rtsp-192-168-0-7-live/000001"]
    assert "videos/rtsp-192-168-0-7-live.mp4" in files("detections")
    assert main(["detect", address, "--output", "detections", "--resume"]) == 2
    said = capsys.readouterr().err
    assert "1 image and 1 stream, " in said
    assert "--resume cannot go on with a stream" in said
    assert not any(b"secret" in path.read_bytes() for path in Path("detections").rglob("*.json*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["3"], "cvkit: camera 3: there is none of this number, or it is in use"),
        (["mixed", "--every", "0"], "cvkit: Invalid value for '--every'"),
        (["mixed", "--start", "4", "--stop", "4"], "cvkit: --stop must be after --start 4, got 4"),
    ],
)
def test_wrong_usage(
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if arguments == ["3"]:
        use_fake_camera(monkeypatch)
    assert main(["detect", *arguments]) == 2
    assert one_line(capsys.readouterr().err).startswith(message)
    assert not Path("detections").exists()


def test_memory_does_not_grow_with_the_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    def peak(count: int) -> int:
        with open_video(f"{count}.avi", 25) as video:
            for _ in range(count):
                video.write(np.zeros((200, 200), np.uint8))
        tracemalloc.start()
        assert main(["detect", f"{count}.avi"]) == 0
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(5)
    # 360 frames more are 43 MB; how many of the few that are read ahead meet at the peak is chance, and so is
    # what another thread of the process allocates meanwhile.
    assert min(peak(400), peak(400)) < peak(40) + 2_000_000
