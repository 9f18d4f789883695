"""``cvkit detect`` from the outside: what it writes, what it says, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import cvkit
import cvkit.detect
from cvkit._jit_cuda import cuda
from cvkit.batch import read_manifest
from cvkit.cli import main
from cvkit.cli.detect import Format
from cvkit.compare.cases.images import scene
from cvkit.detect import Detections
from cvkit.detect.results import FORMATS
from tests.batch_images import make_many


class OneBox:
    """A detector that finds one person in every image, at a place that tells the image's size."""

    class_name = "person"
    smallest_object = 40.0
    min_height = 0.0
    calibration = None

    def __init__(self, name: str, **options: object) -> None:
        assert name in ("person-acf", "person-hog")
        if options.get("stride") == 5:
            raise ValueError("stride must be a multiple of 8, got 5")
        self.options = options

    def detect(self, image: np.ndarray) -> Detections:
        assert image.dtype == np.uint8
        assert image.shape[2] == 3
        height, width = image.shape[:2]
        return Detections([[1, 2, width - 1, height - 2]], [1.25])


def use_detector(monkeypatch: pytest.MonkeyPatch, make: Callable[..., OneBox]) -> None:
    """Put ``make`` in the place of ``pretrained``, without loading the real one."""
    monkeypatch.setitem(vars(cvkit.detect), "pretrained", make)


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter an empty folder with images in photos/, and use a detector that costs nothing."""
    monkeypatch.chdir(tmp_path)
    use_detector(monkeypatch, OneBox)
    monkeypatch.setattr(cuda, "is_available", lambda: False)
    Path("photos/more").mkdir(parents=True)
    cvkit.write_image("photos/a.png", scene(30, 40, 3))
    cvkit.write_image("photos/more/ü.jpg", scene(50, 20))
    return tmp_path


@pytest.fixture
def truncated() -> Path:
    path = Path("photos/cut.jpg")
    data = Path("photos/more/ü.jpg").read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def one_line(text: str) -> str:
    """Return the only line of ``text``."""
    assert text.count("\n") == 1, text
    return text.strip()


def files(folder: str) -> list[str]:
    """Return the names of all files below a folder but the record of its run."""
    found = {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()}
    return sorted(found - {"manifest.jsonl", "boxes.jsonl"})


def test_writes_results_and_annotated_images(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "photos"]) == 0
    assert files("detections") == ["detections.json", "images/photos/a.jpg", "images/photos/more/ü.jpg"]
    found = json.loads(Path("detections/detections.json").read_text())
    assert [image["file_name"] for image in found["images"]] == ["photos/a.png", "photos/more/ü.jpg"]
    assert [image["width"] for image in found["images"]] == [40, 20]
    assert [result["bbox"] for result in found["annotations"]] == [[1, 2, 38, 26], [1, 2, 18, 46]]
    assert [result["image_id"] for result in found["annotations"]] == [1, 2]
    drawn = cvkit.read_image("detections/images/photos/a.jpg").astype(int)
    photo = scene(30, 40, 3)
    expected = cvkit.detect.draw_detections(photo, Detections([[1, 2, 39, 28]], [1.25]))
    assert np.abs(drawn - expected).mean() < 20 < np.abs(drawn - photo).mean()
    said = capsys.readouterr()
    assert said.out == ""
    assert "2 images, device: cpu, " in said.err
    assert "2 people in 2 images, " in said.err


def test_never_overwrites_an_earlier_run() -> None:
    for _ in range(3):
        assert main(["detect", "photos/a.png", "--no-save-images"]) == 0
    assert main(["detect", "photos/a.png", "--output", "mine/run", "--no-save-images"]) == 0
    assert main(["detect", "photos/a.png", "--output", "mine/run", "--no-save-images"]) == 0
    for folder in ("detections", "detections-2", "detections-3", "mine/run", "mine/run-2"):
        assert files(folder) == ["detections.json"]


def test_an_output_folder_inside_the_source_is_no_source() -> None:
    for number in range(20):  # more than are read ahead, so that results exist when the walk comes to them
        cvkit.write_image(f"photos/{number}.png", scene(30, 40, 3))
    assert main(["detect", ".", "--output", "the last folder"]) == 0
    assert len(files("the last folder")) == 1 + 22


def test_formats() -> None:
    assert tuple(Format) == FORMATS
    assert main(["detect", "photos", "--format", "yolo", "--output", "yolo", "--no-save-images"]) == 0
    assert files("yolo") == ["classes.txt", "labels/photos/a.txt", "labels/photos/more/ü.txt"]
    assert main(["detect", "photos", "--format", "csv", "--output", "csv", "--no-save-images"]) == 0
    assert Path("csv/detections.csv").read_text(encoding="utf-8").splitlines()[2] == (
        "photos/more/ü.jpg,1.00,2.00,19.00,48.00,1.250000,person"
    )


def test_options_reach_the_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def pretrained(name: str, **options: object) -> OneBox:
        assert name == "person-acf"
        made.append(options)
        return OneBox(name, **options)

    use_detector(monkeypatch, pretrained)
    assert main(["detect", "photos/a.png"]) == 0
    assert main(["detect", "photos/a.png", "--threshold", "-0.5", "--scale", "1.1", "--stride", "16"]) == 0
    assert main(["detect", "photos/a.png", "--fast", "--upscale", "2", "--minimum-height", "80"]) == 0
    assert made == [
        {},
        {"stride": 16, "scale": 1.1, "threshold": -0.5},
        {"fast_pyramid": True, "upscale": 2.0, "min_height": 80.0},
    ]


def test_confidence_is_raw_or_a_probability_and_it_says_which(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Calibrated(OneBox):
        threshold = 0.0

        def probability(self, scores: object) -> np.ndarray:
            return np.asarray(scores) / 10

        def confidence_of(self, probability: float) -> float:
            return probability * 10

        def detect(self, image: np.ndarray) -> Detections:
            assert self.threshold == 3
            return super().detect(image)

    use_detector(monkeypatch, Calibrated)
    as_probabilities = ["--confidence", "probability", "--threshold", "0.3", "--no-save-images"]
    assert main(["detect", "photos/a.png", *as_probabilities]) == 0
    assert "confidence: probability" in capsys.readouterr().err
    found = json.loads(Path("detections/detections.json").read_text())
    assert found["annotations"][0]["score"] == 0.125
    assert main(["detect", "photos/a.png", "--threshold", "3", "--model", "other.npz"]) == 2
    assert "other.npz" in one_line(capsys.readouterr().err)


def test_a_trained_model_and_one_without_calibration(capsys: pytest.CaptureFixture[str]) -> None:
    cvkit.detect.HOGDetector(np.zeros(3781), threshold=1.0).save("mine.npz")
    assert main(["detect", "photos/a.png", "--model", "mine.npz"]) == 0
    assert "0 people in 1 image" in capsys.readouterr().err
    assert main(["detect", "photos/a.png", "--model", "mine.npz", "--confidence", "probability"]) == 2
    assert "the model has no calibration" in one_line(capsys.readouterr().err)
    assert main(["detect", "photos/a.png", "--model", "mine.npz", "--fast"]) == 2
    assert "a model of kind 'hog' has no setting 'fast_pyramid'" in one_line(capsys.readouterr().err)


def test_failed_images_are_named_and_the_rest_is_done(
    truncated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("photos/text.png").write_text("no image")
    Path("list.txt").write_text("photos/gone.jpg\nphotos/a.png\n")
    assert main(["detect", "photos", "list.txt"]) == 1
    said = capsys.readouterr().err
    assert "failed: photos/cut.jpg: truncated JPEG" in said
    assert "failed: photos/text.png: not an image" in said
    assert "failed: photos/gone.jpg: No such file" in said
    assert "2 people in 2 images" in said
    assert said.endswith("3 sources failed; the reasons are in detections/manifest.jsonl\n")
    found = json.loads(Path("detections/detections.json").read_text())
    assert [image["file_name"] for image in found["images"]] == ["photos/a.png", "photos/more/ü.jpg"]
    errors = {entry.path: entry.error for entry in read_manifest("detections")}
    assert errors == {
        "photos/a.png": None,
        "photos/more/ü.jpg": None,
        "photos/cut.jpg": "truncated JPEG: the image does not end",
        "photos/text.png": "not an image, or a damaged one",
        "photos/gone.jpg": "No such file or directory",
    }


def test_many_failures_are_named_up_to_a_bound(capsys: pytest.CaptureFixture[str]) -> None:
    Path("list.txt").write_text("".join(f"gone-{number}.jpg\n" for number in range(25)))
    assert main(["detect", "list.txt"]) == 1
    said = capsys.readouterr().err
    assert said.count("failed: gone-") == 20
    assert "25 sources failed; " in said
    assert len(list(read_manifest("detections"))) == 25


def test_whatever_a_image_does_to_the_detector_is_its_failure_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Delicate(OneBox):
        def detect(self, image: np.ndarray) -> Detections:
            if image.shape[0] == 30:
                raise MemoryError
            return super().detect(image)

    use_detector(monkeypatch, Delicate)
    assert main(["detect", "photos"]) == 1
    assert files("detections") == ["detections.json", "images/photos/more/ü.jpg"]
    assert {entry.path: entry.error for entry in read_manifest("detections")} == {
        "photos/a.png": "MemoryError",
        "photos/more/ü.jpg": None,
    }


def test_images_that_are_too_large_are_refused() -> None:
    assert main(["detect", "photos", "--max-pixels", "1000"]) == 1
    assert [entry.error for entry in read_manifest("detections")] == [
        "40 x 30 are more than 1000 pixels",
        None,
    ]


def test_quiet_and_json(truncated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "photos", "--quiet", "--json"]) == 1
    said = capsys.readouterr()
    assert said.err == "cvkit: 1 source failed; the reasons are in detections/manifest.jsonl\n"
    summary = json.loads(said.out)
    assert summary.pop("seconds") > 0
    assert summary == {
        "total": 3,
        "done": 2,
        "failed": 1,
        "unchanged": 0,
        "images": 2,
        "people": 2,
        "stopped": False,
        "manifest": "detections/manifest.jsonl",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone"], "cvkit: no such file or folder: gone"),
        (["empty"], "cvkit: no images or videos in empty"),
        ([], "cvkit: Missing argument 'SOURCE'."),
        (["photos", "--stride", "many"], "cvkit: Invalid value for '--stride'"),
        (["photos", "--stride", "5"], "cvkit: stride must be a multiple of 8, got 5"),
        (["photos", "--format", "xml"], "cvkit: Invalid value for '--format'"),
        (["photos", "--device", "cuda"], "cvkit: --device cuda: no CUDA device found"),
        (["photos", "--wrong"], "cvkit: No such option: --wrong"),
        (["photos", "--output", "photos/a.png/x"], "cvkit: cannot use the output folder: "),
        (["photos", "--max-pixels", "0"], "cvkit: Invalid value for '--max-pixels'"),
        (
            ["photos", "--model", "nothing"],
            "cvkit: --model must be one of person-acf, person-hog, person-ldcf",
        ),
        (["photos", "--resume", "--overwrite"], "cvkit: --resume and --overwrite exclude each other"),
    ],
)
def test_wrong_usage_is_one_clear_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    assert main(["detect", *arguments]) == 2
    assert one_line(capsys.readouterr().err).startswith(message)
    assert not Path("detections").exists()


def test_cuda_gets_device_arrays(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    seen = []

    class OnDevice(np.ndarray):
        pass

    class Detector(OneBox):
        def detect(self, image: np.ndarray) -> Detections:
            seen.append(type(image))
            return super().detect(image)

    class Gpu:
        name = b"Test GPU"

    class Context:
        device = Gpu

    use_detector(monkeypatch, Detector)
    monkeypatch.setattr(cuda, "is_available", lambda: True)
    monkeypatch.setattr(cuda, "current_context", Context)
    monkeypatch.setattr(cvkit, "to_device", lambda image: image.view(OnDevice))
    for device in ("auto", "cuda", "cpu"):
        assert main(["detect", "photos/a.png", "--device", device]) == 0
    assert seen == [OnDevice, OnDevice, np.ndarray]
    said = capsys.readouterr().err
    assert said.count("device: cuda, Test GPU") == 2
    assert said.count("device: cpu, ") == 1


def test_a_full_disk_is_one_line_and_keeps_what_was_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_image = cvkit.io.write_image

    def fail_on_second(path: Path, image: np.ndarray) -> None:
        if path.name.startswith("ü"):
            raise OSError(28, "No space left on device")
        write_image(path, image)

    monkeypatch.setattr(cvkit.io, "write_image", fail_on_second)
    assert main(["detect", "photos"]) == 1
    assert "stopped: [Errno 28] No space left on device" in capsys.readouterr().err
    assert len(json.loads(Path("detections/detections.json").read_text())["images"]) >= 1


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt])
def test_an_interrupt_keeps_what_was_done(
    interrupt: type[BaseException], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(OneBox):
        def detect(self, image: np.ndarray) -> Detections:
            if image.shape[0] == 50:
                raise interrupt
            return super().detect(image)

    use_detector(monkeypatch, Interrupted)
    assert main(["detect", "photos"]) == 130
    assert "interrupted; what was done is kept" in capsys.readouterr().err
    found = json.loads(Path("detections/detections.json").read_text())
    assert [image["file_name"] for image in found["images"]] == ["photos/a.png"]
    assert files("detections") == ["detections.json", "images/photos/a.jpg"]


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_ends_a_running_process_cleanly(workplace: Path) -> None:
    slow = workplace / "slow.py"
    slow.write_text(
        textwrap.dedent("""
        import signal, sys, time
        import cvkit.detect
        from cvkit.cli import main

        # A shell starts background jobs, such as a whole test run, with Ctrl-C ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)

        class Slow:
            class_name, smallest_object, min_height = "person", 40.0, 0.0

            def detect(self, image):
                print("detecting", flush=True)
                time.sleep(60)

        cvkit.detect.pretrained = lambda name, **options: Slow()
        sys.exit(main(["detect", "photos", "--device", "cpu"]))
        """)
    )
    command = [sys.executable, str(slow)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "detecting\n"
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert json.loads(Path("detections/detections.json").read_text())["images"] == []


def test_memory_stays_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty times the images, about the same peak: nothing keeps images or results."""
    import gc
    import tracemalloc

    class ManyBoxes(OneBox):
        def detect(self, image: np.ndarray) -> Detections:
            return Detections([[1, 2, 3, 4]] * 20, range(20))

    use_detector(monkeypatch, ManyBoxes)
    make_many(Path("many"), 1000)
    # pathlib interns names; Python's table of them, of some MB, may not grow just while it is measured.
    names = [sys.intern(path.name) for path in Path("many").iterdir()]
    monkeypatch.setattr("cvkit.batch.record.digests._WAITING", 16)  # beyond which a source takes 8 bytes

    def peak(count: int) -> int:
        Path("list.txt").write_text("".join(f"many/{number:05d}.png\n" for number in range(count)))
        gc.collect()
        gc.freeze()  # what other tests left would delay the collections that a process of its own has
        gc.collect()  # counts anew what lives long
        tracemalloc.start()
        assert main(["detect", "list.txt", "--no-save-images"]) == 0
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        gc.unfreeze()
        return highest

    peak(5)
    # The boxes of 950 images are more than 1 MB; what Python keeps for its next objects, up to 400 kB.
    assert peak(len(names)) < peak(50) + 600_000


def test_progress_in_a_log_is_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cvkit.cli.progress._LINE_INTERVAL", 0.0)
    assert main(["detect", "photos"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[1].startswith("1/2 images, ")
    assert "/s, 0:00:" in lines[1]
    assert lines[1].endswith(" left")


def test_progress_on_a_terminal_is_a_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert main(["detect", "photos"]) == 0
    assert "2/2" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["detect", "--help"], ["--version"], []])
def test_help_and_version(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr().out


def test_module_runs_and_help_loads_nothing_heavy(root: Path) -> None:
    code = (
        "import sys; from cvkit.cli import main; main(['--help'])\n"
        "print([name for name in ('numpy', 'numba', 'cv2', 'sklearn') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(root)}
    heavy = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert heavy.stdout.splitlines()[-1] == "[]"
    module = subprocess.run(
        [sys.executable, "-m", "cvkit", "detect", "gone"], env=environment, capture_output=True, text=True
    )
    assert (module.returncode, one_line(module.stderr)) == (2, "cvkit: no such file or folder: gone")


@pytest.fixture
def runner(root: Path) -> Callable[..., None]:
    """Run a script of the scripts folder in this process."""
    import runpy

    def run(script: str, *arguments: str) -> None:
        before, sys.argv = sys.argv, [script, *arguments]
        try:
            runpy.run_path(str(root / "scripts" / script), run_name="__main__")
        finally:
            sys.argv = before

    return run


def test_short_script_does_the_same(
    runner: Callable[..., None], truncated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runner("detect_pedestrians.py", "photos", "-o", "found")
    said = capsys.readouterr().out
    assert "photos/a.png: 1 people" in said
    assert "skipped: photos/cut.jpg: truncated JPEG" in said
    assert files("found") == ["00000-a.jpg", "00002-ü.jpg", "detections.json"]
