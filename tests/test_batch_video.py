"""``cvkit batch`` over videos: frames as a stream, damaged ones, interruptions, mixed folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cvkit
from cvkit.batch import Frames, Processes, read_manifest, run, transform_video
from cvkit.batch.runner import Run
from cvkit.batch.settings import Settings
from cvkit.batch.work import Work
from cvkit.cli import main
from cvkit.video import UnreadableVideoError, open_video, read_frames
from tests.test_video import numbers_by_level, truncate, write_clip


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter a folder with an image and a video of twenty gray frames in clips/."""
    monkeypatch.chdir(tmp_path)
    Path("clips/more").mkdir(parents=True)
    cvkit.write_image("clips/a.png", np.full((48, 64, 3), 90, np.uint8))
    write_clip(Path("clips/more/ü b.avi"))


def entries(folder: str = "out") -> dict[str, tuple[str, str | None, str | None]]:
    return {entry.path: (entry.status, entry.output, entry.error) for entry in read_manifest(folder)}


def test_each_frame_is_the_function_of_its_source() -> None:
    seen = []

    def invert(image: np.ndarray) -> np.ndarray:
        seen.append(image.shape)
        return 255 - image

    assert transform_video("clips/more/ü b.avi", "out.mp4", invert, every=2, start=1) is None
    assert seen == [(48, 64, 3)] * 10
    with read_frames("out.mp4") as frames:
        assert (frames.rate, frames.count) == (5, 10)
        images = [255 - image for _, image in frames]
    assert [level for _, level in numbers_by_level(enumerate(images))] == list(range(1, 20, 2))


def test_nothing_is_left_of_a_video_that_fails() -> None:
    for result, kind in [(np.zeros((48, 64), np.float32), "float32"), ((np.zeros(3), None), "several")]:
        with pytest.raises(TypeError, match=f"must be images of 8 bits, the results are {kind}"):
            transform_video("clips/more/ü b.avi", "out.mp4", lambda image, result=result: result)
    with pytest.raises(UnreadableVideoError, match="it has 20 frames, none from 30 on"):
        transform_video("clips/more/ü b.avi", "out.mp4", lambda image: image, start=30)
    assert not Path("out.mp4").exists()


def test_folders_of_images_and_videos(capsys: pytest.CaptureFixture[str]) -> None:
    write_clip(Path("clips/c.mkv"))
    assert main(["batch", "gray", "clips", "out"]) == 0
    assert entries() == {
        "clips/a.png": ("done", "a.png", None),
        "clips/c.mkv": ("done", "c.mkv", None),
        "clips/more/ü b.avi": ("done", "more/ü b.avi", None),
    }
    with read_frames("out/more/ü b.avi") as frames:
        found = list(frames)
    assert numbers_by_level(found) == [(number, number) for number in range(20)]
    assert np.ptp(found[0][1].astype(int), axis=2).max() <= 4, "no color left"
    assert main(["batch", "gray", "clips", "out", "--resume"]) == 0
    assert "3 were done before" in capsys.readouterr().err


def test_videos_that_cannot_be_written_become_mp4_and_frames_are_chosen() -> None:
    Path("clips/more/ü b.avi").rename("clips/more/b.mpg")
    options = ["--every", "3", "--stop", "10", "--format", "png"]
    assert main(["batch", "gray", "clips", "out", *options]) == 0
    assert entries()["clips/more/b.mpg"] == ("done", "more/b.mp4", None)
    with read_frames("out/more/b.mp4") as frames:
        assert [level for _, level in numbers_by_level(frames)] == [0, 3, 6, 9]
    *_, entry = read_manifest("out")
    assert entry.operation["settings"]["frames"] == {"every": 3, "start": 0, "stop": 10}


def test_a_cut_off_video_fails_and_keeps_what_it_has() -> None:
    truncate(Path("clips/more/ü b.avi"), 0.8)
    Path("clips/bad.mp4").write_text("no video")
    assert main(["batch", "gray", "clips", "out", "--quiet"]) == 1
    status, output, error = entries()["clips/more/ü b.avi"]
    assert (status, output) == ("failed", "more/ü b.avi")
    with read_frames("out/more/ü b.avi") as frames:
        count = len(list(frames))
    assert error == f"the file is cut off: {count} of 20 frames are there"
    assert entries()["clips/bad.mp4"] == ("failed", None, "not a video, or a damaged one")


def test_results_that_no_video_holds_are_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    with Run("gray", "clips/more", "out") as batch:
        monkeypatch.setattr(type(batch._work), "_result", lambda self, image: (image.astype(np.int16), []))
        list(batch.entries())
    status, output, error = entries()["clips/more/ü b.avi"]
    assert (status, output) == ("failed", None)
    assert (
        error == "the frames of a video must be images of 8 bits, the results are int16 of shape (48, 64, 3)"
    )


def test_large_frames_are_refused_and_gray_is_read_gray(monkeypatch: pytest.MonkeyPatch) -> None:
    summary = run("gray", "clips", "out", max_pixels=3071)
    assert (summary.done, summary.failed) == (0, 2)
    assert entries()["clips/more/ü b.avi"][2] == "64 x 48 are more than 3071 pixels"
    shapes = []
    with Run("gray", "clips", "out2", settings=Settings(mode="gray")) as batch:
        monkeypatch.setattr(
            type(batch._work), "_result", lambda self, image: shapes.append(image.shape) or image
        )
        list(batch.entries())
    assert set(shapes) == {(48, 64)}


def test_processes_take_videos_too() -> None:
    summary = run("gray", "clips", "out", frames=Frames(stop=3), executor=Processes(1))
    assert (summary.done, summary.failed) == (2, 0)
    with read_frames("out/more/ü b.avi") as frames:
        assert frames.count == 3


def test_a_run_that_is_stopped_does_not_wait_for_a_long_video() -> None:
    with open_video("clips/long.avi", 25) as video:
        for _ in range(2000):
            video.write(np.zeros((48, 64), np.uint8))
    with Run("gray", "clips/long.avi", "out") as batch:
        result = type(batch._work)._result
        calls = []

        def slow(self: object, image: np.ndarray) -> np.ndarray:
            calls.append(1)
            if len(calls) == 5:
                batch.stop.set()
            return result(self, image)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(batch._work), "_result", slow)
            (entry,) = batch.entries()
    assert len(calls) == 5
    assert (entry.status, entry.output, entry.error) == ("failed", None, "interrupted")
    assert not Path("out/long.avi").exists()


def test_the_report_shows_the_first_frames() -> None:
    assert main(["batch", "gray", "clips", "out"]) == 0
    assert main(["report", "out"]) == 0
    page = Path("out/report.html").read_text(encoding="utf-8")
    assert page.count('class="overlay"') == 2


def test_wrong_frames(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "gray", "clips", "out", "--start", "5", "--stop", "5"]) == 2
    assert capsys.readouterr().err == "cvkit: stop must be at least 6, got 5\n"
    assert not Path("out").exists()


def test_videos_in_folders_count_only_where_results_are_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Work, "try_out", lambda self, format: None)  # which would compile

    def total(operation: str, **options: str) -> int:
        settings = Settings(**options)  # type: ignore[arg-type]
        with Run(operation, "clips", f"out-{operation}-{len(options)}", settings=settings) as batch:
            return batch.summary.total

    assert total("gray") == 2
    assert total("hog") == 1
    assert total("gray", format="npy") == 1
