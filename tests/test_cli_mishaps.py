"""``cvkit detect`` and ``cvkit batch`` over folders as they are found: one bad entry never ends the rest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cvkit
import cvkit.detect
from cvkit._jit_cuda import cuda
from cvkit.batch import read_manifest
from cvkit.cli import main
from cvkit.video import open_video
from tests.batch_images import files, make_many
from tests.test_cli_detect import OneBox, one_line, use_detector

DETECT = ["detect", "photos", "--output", "out"]
BATCH = ["batch", "rgb-to-bgr", "photos", "out"]


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter a folder with three good images, and use a detector that costs nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cuda, "is_available", lambda: False)
    use_detector(monkeypatch, OneBox)
    make_many(Path("photos"), 3)


def failures(folder: str = "out") -> dict[str, str | None]:
    """Return the names of the sources that failed, and why."""
    return {Path(entry.path).name: entry.error for entry in read_manifest(folder) if entry.status == "failed"}


def done(folder: str = "out") -> int:
    return sum(entry.status == "done" for entry in read_manifest(folder))


@pytest.mark.parametrize("command", [DETECT, BATCH])
def test_entries_that_cannot_be_read_are_failures_of_their_own(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("photos/0-loop.png").symlink_to("0-loop.png")
    Path("photos/0-locked").mkdir()
    scandir = os.scandir

    def refuse(path: Any = ".") -> Any:
        if not isinstance(path, int) and Path(path).name == "0-locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    for options in ([], ["--resume"]):
        assert main([*command, *options]) == 1
        assert failures().keys() == {"0-loop.png", "0-locked"}
        assert failures()["0-loop.png"] == "Too many levels of symbolic links"
        assert done() == 3


@pytest.mark.parametrize("command", [DETECT, BATCH])
@pytest.mark.parametrize("stage", ["read", "write"])
def test_whatever_a_file_does_to_a_decoder_or_encoder_is_its_failure(
    command: list[str], stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> Any:
        raise RuntimeError("a fault of the library")

    name = "cvkit.io.decode" if stage == "read" else "cv2.imencode"
    monkeypatch.setattr("cvkit.batch.work.Work.try_out", lambda *arguments: None)
    monkeypatch.setattr(name, fail)
    assert main(command) == 1
    reasons = list(failures().values())
    assert len(reasons) == 3
    assert all("RuntimeError: a fault of the library" in str(reason) for reason in reasons)


def test_a_detection_that_cannot_be_drawn_is_one_failure() -> None:
    Path("photos/x.jpg").mkdir()  # its annotated images would lie in what is the annotated x.png
    for name in ("x.jpg/a.png", "x.png"):
        cvkit.write_image(f"photos/{name}", np.zeros((8, 8, 3), np.uint8))
    for options in ([], ["--resume"]):
        assert main([*DETECT, *options]) == 1
        assert len(failures()) == 1
        assert done() == 4


def test_a_video_that_fails_in_its_middle_is_one_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_video("photos/a.mp4", 5) as video:
        for _ in range(3):
            video.write(np.zeros((32, 48), np.uint8))
    monkeypatch.setattr("cvkit.video.VideoWriter.write", lambda *arguments: 1 / 0)
    assert main(DETECT) == 1
    assert failures() == {"a.mp4": "ZeroDivisionError: division by zero"}
    assert done() == 3


# 255 bytes are the most that a name may have. These become longer by an ending, by a number, or not at all.
LONG = ["x" * 252, "y" * 251 + ".jpg", "y" * 251 + ".png", "ü" * 125 + ".sr", "z" * 251 + ".bmp"]


@pytest.mark.parametrize("command", [DETECT[2:], BATCH[3:]])
@pytest.mark.parametrize("extra", [["--format", "yolo"], ["--format", "png"]])
def test_names_at_the_limit_are_shortened_and_stay_apart(command: list[str], extra: list[str]) -> None:
    is_detection = len(command) > 1
    if is_detection != ("yolo" in extra):
        return
    image = Path("photos/00000.png").read_bytes()
    for name in LONG:
        Path("photos", name).write_bytes(image)
    Path("list.txt").write_text("".join(f"photos/{name}\n" for name in LONG))
    arguments = ["detect", "list.txt", *command] if is_detection else [*BATCH[:2], "list.txt", *command]
    for _ in range(2):
        assert main([*arguments, *extra, "--resume"]) == 0
        entries = list(read_manifest("out"))
        assert len({entry.output for entry in entries}) == len(LONG)
        assert all(Path("out", str(entry.output)).exists() for entry in entries)
    if is_detection:
        assert len(list(Path("out/labels/photos").iterdir())) == len(LONG)


def test_a_list_that_is_none_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("list.txt").write_bytes("photos/00000.png\n".encode("utf-16-le"))
    for command in (["detect", "list.txt"], ["batch", "rgb-to-bgr", "list.txt", "out"]):
        assert main(command) == 2
        assert one_line(capsys.readouterr().err).startswith("cvkit: list.txt: no list of paths in UTF-8")
    Path("list.txt").write_bytes("photos/00000.png\n".encode("utf-16"))
    assert main(["detect", "list.txt", "--quiet"]) == 0


@pytest.mark.parametrize("command", [["detect", "--output"], ["batch", "rgb-to-bgr"]])
@pytest.mark.parametrize("output", ["photos/out", "link/out"])
@pytest.mark.parametrize("source", ["photos", "link", "link/**/*.[pj][np]g"])
def test_a_run_never_takes_in_what_it_wrote(command: list[str], output: str, source: str) -> None:
    Path("link").symlink_to("photos")
    arguments = [*command, output, source] if command[0] == "detect" else [*command, source, output]
    for _ in range(3):
        assert main([*arguments, "--resume"]) == 0
        assert done(output) == 3


def test_no_run_takes_in_what_others_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    for earlier in range(3):
        assert main(["detect", "."]) == 0
        said = capsys.readouterr().err
        assert "3 images, device: " in said
        assert ("folder that cvkit wrote" in said, "folders that cvkit wrote" in said) == (
            earlier == 1,
            earlier == 2,
        )
    # Who names such a folder means it.
    assert main(["detect", "detections", "--output", "again"]) == 0
    assert done("again") == 3


@pytest.mark.parametrize("command", [DETECT, BATCH])
def test_what_is_left_out_is_said_once(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.heic", "b.HEIC", "c.psd"):
        Path("photos", name).touch()
    Path("photos/d.jpg").symlink_to("gone.jpg")
    assert main(command) == 0
    assert capsys.readouterr().err.count("left out: 2 .heic, 1 .psd, 1 dangling link\n") == 1
    Path("others").mkdir()
    Path("others/a.heic").touch()
    assert main([word.replace("photos", "others") for word in command]) == 2
    assert one_line(capsys.readouterr().err) == ("cvkit: no images or videos in others; left out: 1 .heic")


def test_batch_takes_several_sources(capsys: pytest.CaptureFixture[str]) -> None:
    make_many(Path("more/deep"), 2)
    names = [f"0000{number}.png" for number in range(3)]
    batch = ["batch", "rgb-to-bgr", "--quiet"]
    assert main([*batch, *(f"photos/{name}" for name in names), "out"]) == 0
    assert files(Path("out")) == names
    # Where they differ, they keep their folders: no result is another one's.
    assert main([*batch, "photos", "more/deep/*.png", os.path.abspath("photos/00000.png"), "out2"]) == 0
    assert {Path(name).parts[0] for name in files(Path("out2"))} >= {"photos", "more"}
    assert len(files(Path("out2"))) == 5
    assert main([*batch, "photos", "more", "out3"]) == 0
    assert files(Path("out3")) == [f"more/deep/{name}" for name in names[:2]] + [
        f"photos/{name}" for name in names
    ]
    # As a shell writes *: the output is among the sources.
    assert main([*batch, "photos", "more", "out3", "out3", "--resume"]) == 0
    assert len(files(Path("out3"))) == 5
    capsys.readouterr()
    assert main([*batch, "photos", "gone", "out4"]) == 2
    assert one_line(capsys.readouterr().err) == "cvkit: no such file or folder: gone"
