"""``cvkit detect --resume`` and ``--overwrite``: whatever happened before, the folder is as after one run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cvkit
from cvkit._jit_cuda import cuda
from cvkit.batch import Entry, Manifest, read_manifest, write_report
from cvkit.cli import main
from cvkit.cli.detect import Format
from cvkit.detect import Detections
from cvkit.video import open_video
from tests.batch_images import make_many
from tests.test_cli_detect import OneBox, files, one_line, use_detector
from tests.test_video import truncate, use_fake_camera

# In the order of the results; of the two videos, each of six frames, one is the first source.
SOURCES = (
    "photos/0.mp4",
    *(f"photos/{number:05d}.png" for number in range(6)),
    "photos/cut.jpg",
    "photos/ü/00000.bmp",
    "photos/ü/00000.png",
    "photos/ü/clip.mp4",
)
FRAMES = 6
IMAGES = 2 * FRAMES + 8


class Counting(OneBox):
    """Counts the images it is given, in all runs; its boxes tell what is in them."""

    seen = 0

    def detect(self, image: np.ndarray) -> Detections:
        Counting.seen += 1
        height, width = image.shape[:2]
        mean = float(image.mean()) / 256
        return Detections([[mean, 0, width - mean, height], [0, 0, 3, mean]], [mean, -mean / 3])


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a folder with good and truncated images, some of one name but for the ending, and videos."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cuda, "is_available", lambda: False)
    monkeypatch.setattr(Counting, "seen", 0)
    use_detector(monkeypatch, Counting)
    make_many(Path("photos"), 6)
    make_many(Path("photos/ü"), 1)
    cvkit.write_image("photos/ü/00000.bmp", np.full((20, 30, 3), 99, np.uint8))
    cvkit.write_image("photos/cut.jpg", np.full((20, 30, 3), 99, np.uint8))
    truncate(Path("photos/cut.jpg"), 0.5)
    for path in ("photos/0.mp4", "photos/ü/clip.mp4"):
        write_video(path, FRAMES)
    return tmp_path


def write_video(path: str, frames: int) -> None:
    with open_video(path, 5) as video:
        for number in range(frames):
            video.write(np.full((32, 48), 30 * number, np.uint8))


def content(folder: str) -> dict[str, bytes]:
    """Return all that a run wrote but its record."""
    return {name: Path(folder, name).read_bytes() for name in files(folder)}


def hidden(folder: str) -> list[Path]:
    """Return what is not finished in a folder."""
    return list(Path(folder).rglob(".*"))


def looked_at(*arguments: str, code: int = 1) -> int:
    """Run a command and return the number of images and frames it looked at; the truncated one fails."""
    before = Counting.seen
    assert main(["detect", "photos", *arguments]) == code
    return Counting.seen - before


def kill_at(function: str, call: int, root: Path) -> None:
    """Run the command in a process that gets SIGKILL before a certain call of a function."""
    code = f"""
import os, signal, sys
import cvkit.detect.runs.record, cvkit.detect
from cvkit.batch import Manifest
from cvkit.cli import main
from cvkit.detect.runs.record import DetectionRecord
from tests.test_cli_detect_resume import Counting

cvkit.detect.pretrained = Counting
owner, name = {function.rpartition(".")[0]}, {function.rpartition(".")[2]!r}
before, calls = getattr(owner, name), []

def deadly(*arguments):
    calls.append(arguments)
    if len(calls) == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
    return before(*arguments)

setattr(owner, name, deadly)
main(["detect", "photos", "--device", "cpu", "--output", "out", "--resume"])
"""
    environment = {**os.environ, "PYTHONPATH": str(root)}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert run.returncode == -signal.SIGKILL, run.stderr


@pytest.mark.skipif(os.name != "posix", reason="kills processes")
def test_a_run_that_is_killed_again_and_again_ends_as_one_that_is_not(root: Path) -> None:
    kill_at("Counting.detect", 3, root)
    assert list(read_manifest("out")) == []
    kill_at("Counting.detect", FRAMES + 4, root)
    assert [entry.path for entry in read_manifest("out")] == [*SOURCES[:4]]
    kill_at("os.replace", 2, root)
    assert len(hidden("out")) == 1, "an image that is half written"
    kill_at("Manifest.add", 3, root)
    assert [entry.path for entry in read_manifest("out")] == [*SOURCES[:7]]
    assert not Path("out/detections.json").exists()
    assert looked_at("--output", "out", "--resume") == IMAGES - FRAMES - 6
    assert looked_at("--output", "whole") == IMAGES
    assert content("out") == content("whole")
    assert hidden("out") == []


@pytest.mark.skipif(os.name != "posix", reason="kills processes")
def test_a_kill_while_results_are_replaced_leaves_what_makes_them_again(root: Path) -> None:
    assert looked_at("--output", "whole", "--format", "yolo") == IMAGES
    assert looked_at("--output", "out", "--format", "csv") == IMAGES
    kill_at("cvkit.detect.runs.record._move", 3, root)
    assert len(hidden("out")) == 1, "results that are not yet where they belong"
    assert looked_at("--output", "out", "--resume", "--format", "yolo") == 0
    assert content("out") == content("whole")
    assert hidden("out") == []


@pytest.mark.parametrize("format", [format.value for format in Format])
def test_a_record_cut_off_anywhere_is_gone_on_with(format: str) -> None:
    assert looked_at("--output", "out", "--format", format) == IMAGES
    whole = content("out")
    manifest, boxes = Path("out/manifest.jsonl"), Path("out/boxes.jsonl")
    for share in (0.9, 0.4, 0.02):
        truncate(manifest, share)
        boxes.write_bytes(boxes.read_bytes() + b'{"name": "photos/00')
        kept = list(read_manifest("out"))
        done = sum(FRAMES if entry.path.endswith("mp4") else 1 for entry in kept if entry.status == "done")
        assert looked_at("--output", "out", "--resume", "--format", format) == IMAGES - done
        assert content("out") == whole
    assert [json.loads(line)["name"] for line in boxes.read_text().splitlines()][:2] == [
        "photos/0.mp4/000000",
        "photos/0.mp4/000001",
    ]


def test_what_is_done_is_not_done_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert looked_at("--resume") == IMAGES, "without a folder, it begins"
    capsys.readouterr()
    assert looked_at("--resume", "--json", "--max-pixels", "1") == 0
    said = capsys.readouterr()
    assert "10 sources done before, written to detections\n" in said.err
    assert "40 people in 12 frames and 8 images, 0.0/s" in said.err
    summary = json.loads(said.out)
    assert (summary["done"], summary["unchanged"], summary["failed"]) == (0, 10, 1)
    assert (summary["images"], summary["people"]) == (IMAGES, 2 * IMAGES)
    assert not Path("detections-2").exists()
    drawn = [name for name in files("detections") if "ü" in name]
    assert drawn == ["images/photos/ü/00000-2.jpg", "images/photos/ü/00000.jpg", "videos/photos/ü/clip.mp4"]


@pytest.mark.parametrize("format", ["coco", "yolo"])
def test_what_changed_is_done_again(format: str) -> None:
    looked_at("--format", format)
    make_many(Path("more"), 8)
    Path("photos/00001.png").write_bytes(Path("more/00007.png").read_bytes())  # of the same size
    Path("photos/00002.png").write_bytes(b"")
    Path("photos/00003.png").unlink()
    Path("more/00006.png").rename("photos/00000-new.png")
    cvkit.write_image("photos/cut.jpg", np.full((20, 30, 3), 99, np.uint8))
    write_video("photos/0.mp4", 3)
    assert looked_at("--resume", "--format", format) == 1 + 1 + 1 + 3
    assert looked_at("--output", "whole", "--format", format) == IMAGES - 3
    # What was drawn of an image that is gone does no harm.
    assert content("detections").keys() - content("whole").keys() == {"images/photos/00003.jpg"}
    assert {name: content("detections")[name] for name in content("whole")} == content("whole")
    errors = {entry.path: entry.error for entry in read_manifest("detections")}
    assert errors["photos/00002.png"] == "the file is empty"
    assert errors["photos/cut.jpg"] is None


@pytest.mark.parametrize(
    ("options", "images"),
    [
        (["--threshold", "0.5"], IMAGES),
        (["--model", "person-hog"], IMAGES),
        (["--upscale", "2"], IMAGES),
        (["--stop", "4"], 8),
        (["--every", "2"], 6),
        (["--format", "csv"], 0),
        (["--no-save-images"], 0),
        (["--max-pixels", "10000"], 0),
    ],
)
def test_what_other_options_decide_is_done_again(options: list[str], images: int) -> None:
    looked_at()
    assert looked_at("--resume", *options) == images
    assert looked_at("--output", "whole", *options) > 0
    results = [name for name in files("whole") if "/" not in name]
    assert [name for name in files("detections") if "/" not in name] == results
    for name in results:
        assert Path("detections", name).read_bytes() == Path("whole", name).read_bytes()


def test_another_version_does_everything_again(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at()
    monkeypatch.setattr("cvkit.detect.runs.record.__version__", "99")
    assert looked_at("--resume") == IMAGES
    assert looked_at("--resume") == 0


def test_a_model_trained_again_does_everything_again() -> None:
    arguments = ["detect", "photos/00000.png", "--model", "mine.npz", "--resume", "--quiet", "--json"]
    for bias, unchanged in ((0, 0), (0, 1), (-1, 0)):
        cvkit.detect.HOGDetector(np.full(3781, bias), threshold=1.0).save("mine.npz")
        assert main(arguments) == 0
        assert [entry.status for entry in read_manifest("detections")] == ["done"]
        done = len(Path("detections/manifest.jsonl").read_text().splitlines())
        assert done == {(0, 0): 1, (0, 1): 1, (-1, 0): 2}[bias, unchanged]


def test_images_are_drawn_where_they_were_not() -> None:
    assert looked_at("--no-save-images") == IMAGES
    assert looked_at("--resume") == IMAGES
    Path("detections/images/photos/00001.jpg").unlink()
    assert looked_at("--resume") == 1
    assert looked_at("--output", "whole") == IMAGES
    assert content("detections") == content("whole")


def test_an_interrupted_resumption_keeps_what_was_done_before(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(Counting):
        def detect(self, image: np.ndarray) -> Detections:
            if image.shape[:2] == (32, 48) and image.mean() > 80:
                raise KeyboardInterrupt
            return super().detect(image)

    looked_at()
    write_video("photos/0.mp4", 5)
    use_detector(monkeypatch, Interrupted)
    assert looked_at("--resume", code=130) == 3
    boxes = json.loads(Path("detections/detections.json").read_text())
    names = [image["file_name"] for image in boxes["images"]]
    assert names[:4] == [*(f"photos/0.mp4/{number:06d}" for number in range(3)), "photos/00000.png"]
    assert len(names) == IMAGES - 3
    entry = next(entry for entry in read_manifest("detections") if entry.path == "photos/0.mp4")
    assert (entry.status, entry.error) == ("failed", "interrupted")
    use_detector(monkeypatch, Counting)
    assert looked_at("--resume") == 5
    assert looked_at("--output", "whole") == IMAGES - 1
    assert content("detections") == content("whole")


def test_overwrite_leaves_nothing_of_an_earlier_run() -> None:
    looked_at("--format", "yolo")
    Path("detections/notes.txt").write_text("mine")
    Path("detections/images/orphan.jpg").write_bytes(b"left by a run that was killed")
    for path in ("photos/00001.png", "photos/0.mp4"):
        Path(path).unlink()
    assert looked_at("--overwrite") == IMAGES - 1 - FRAMES
    assert looked_at("--output", "whole") == IMAGES - 1 - FRAMES
    assert content("detections") == content("whole") | {"notes.txt": b"mine"}
    assert looked_at("--overwrite", "--output", "new") == IMAGES - 1 - FRAMES
    assert content("new") == content("whole")


@pytest.mark.parametrize("option", ["--resume", "--overwrite"])
def test_a_folder_that_is_not_of_a_detection_stays_as_it_is(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine/images").mkdir(parents=True)
    Path("mine/images/precious.jpg").write_bytes(b"precious")
    assert main(["detect", "photos", "--output", "mine", option]) == 2
    said = (
        "cvkit: cannot use the output folder: mine is not empty and holds no manifest.jsonl of cvkit detect"
    )
    assert one_line(capsys.readouterr().err) == said
    gray = {"name": "gray", "parameters": {}}
    with Manifest("mine") as manifest:
        manifest.add(Entry("a.png", None, 10, 0, gray, "0.1.0", "done", "images/precious.jpg", None, 0.2))
    assert main(["detect", "photos", "--output", "mine", option]) == 2
    assert "mine/manifest.jsonl: line 1 is no entry" in one_line(capsys.readouterr().err)
    assert Path("mine/images/precious.jpg").read_bytes() == b"precious"
    assert len(list(read_manifest("mine"))) == 1


@pytest.mark.parametrize("option", ["--resume", "--overwrite"])
def test_two_runs_never_share_a_folder(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    looked_at()
    before = content("detections")
    capsys.readouterr()
    with Manifest("detections"):
        assert main(["detect", "photos", option]) == 2
    said = one_line(capsys.readouterr().err)
    assert said == "cvkit: cannot use the output folder: another run is writing to detections"
    assert content("detections") == before
    assert len(list(read_manifest("detections"))) == len(SOURCES)


def test_lost_boxes_are_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    looked_at()
    truncate(Path("detections/boxes.jsonl"), 0.9)
    capsys.readouterr()
    assert main(["detect", "photos", "--resume"]) == 2
    assert "boxes.jsonl has lost boxes that manifest.jsonl refers to" in one_line(capsys.readouterr().err)
    Path("detections/boxes.jsonl").write_bytes(bytes(10**6))
    assert looked_at("--resume", "--format", "csv") == 0
    assert "cannot write the results: detections/boxes.jsonl is damaged; --over" in capsys.readouterr().err
    assert not Path("detections/detections.csv").exists()
    assert looked_at("--overwrite") == IMAGES


def test_a_camera_cannot_be_gone_on_with(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_fake_camera(monkeypatch)
    assert main(["detect", "0", "--stop", "2", "--resume"]) == 2
    assert one_line(capsys.readouterr().err) == "cvkit: --resume cannot go on with a camera"
    for _ in range(2):
        assert main(["detect", "0", "--stop", "2", "--overwrite"]) == 0
    assert files("detections") == ["detections.json", "videos/camera-0.mp4"]


def test_a_full_disk_while_results_are_written_keeps_those_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    looked_at()
    before = content("detections")
    monkeypatch.setattr("cvkit.detect.runs.record.open_results", fail)
    assert looked_at("--resume", "--quiet") == 0
    assert "cannot write the results: [Errno 28] No space left on device" in capsys.readouterr().err
    assert content("detections") == before


def test_a_source_given_twice_counts_once(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "photos/00000.png", "photos", str(workplace / "photos"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["total"] == len(SOURCES)


@pytest.mark.parametrize("option", ["--resume", "--overwrite"])
def test_what_a_run_wrote_is_no_source_of_the_next(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", ".", "--output", "photos/found"]) == 1
    whole = content("photos/found")
    capsys.readouterr()
    assert main(["detect", ".", "--output", "photos/found", option, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["total"] == len(SOURCES)
    assert main(["detect", "photos/found/images", "--output", "photos/found", option]) == 2
    assert "no images or videos in photos/found/images" in capsys.readouterr().err
    assert content("photos/found") == whole


def test_the_report_shows_what_was_done() -> None:
    looked_at()
    page = write_report("detections").read_text(encoding="utf-8")
    assert "truncated JPEG: the image does not end" in page
    assert "detect model=" in page
