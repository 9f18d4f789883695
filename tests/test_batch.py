"""Folders in, folders out: names, formats, failures, resuming, and kills at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.batch import Local, Manifest, Pipeline, read_manifest, run
from cvkit.batch.executors.stages import run_stages
from cvkit.batch.record.digests import Digests, digest
from cvkit.batch.runner import Run
from cvkit.batch.work import Task, Work
from tests.batch_images import GOOD, entries, files, image, make_good, make_many


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def photos() -> Path:
    make_good(Path("photos"))
    return Path("photos")


def test_results_are_those_of_the_function_and_keep_folders_names_and_formats(photos: Path) -> None:
    summary = run("median_blur", photos, "out", parameters={"ksize": 3})
    assert (summary.total, summary.done, summary.failed, summary.unchanged) == (4, 4, 0, 0)
    assert files(Path("out")) == sorted(GOOD)
    for name in ("a.png", "more/deep/c d.tiff", "more/ü道.bmp"):
        expected = cvkit.median_blur(cvkit.read_image(photos / name), 3)
        np.testing.assert_array_equal(cvkit.read_image(Path("out", name)), expected)
    entry = entries(Path("out"))["a.png"]
    status = (photos / "a.png").stat()
    assert (entry.path, entry.source_root, entry.output) == ("photos/a.png", "photos", "a.png")
    assert (entry.size, entry.mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert (entry.version, entry.status, entry.error) == (cvkit.__version__, "done", None)
    assert entry.operation["name"] == "median_blur"
    assert entry.operation["parameters"] == {"ksize": 3}
    assert entry.milliseconds > 0


def test_thresholds_that_were_found_are_noted(photos: Path) -> None:
    pipeline = Pipeline.of("gray").then("threshold", value="otsu").then("threshold", value=9)
    run(pipeline, photos / "a.png", "out")
    expected = cvkit.otsu_threshold(cvkit.rgb_to_gray(cvkit.read_image(photos / "a.png")))
    (entry,) = read_manifest("out")
    assert entry.found == [{"name": "threshold", "parameters": {"value": expected}}]
    assert entry.operation["steps"][1]["parameters"] == {"value": "otsu"}
    run("threshold", photos / "a.png", "given", parameters={"value": 9})
    assert "found" not in json.loads(Path("given", "manifest.jsonl").read_text())


def test_16_bits_alpha_and_orientation_are_kept(photos: Path) -> None:
    deep = image(7).astype(np.uint16) * 257
    cvkit.write_image(photos / "deep.png", deep)
    cvkit.write_image(photos / "deep.tiff", deep[..., 0])
    cvkit.write_image(photos / "alpha.png", np.dstack([image(8), image(9)[..., 0]]))
    tagged = bytearray(cv2.imencode(".jpg", np.zeros((40, 80, 3), np.uint8))[1].tobytes())
    exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    tagged[2:2] = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    (photos / "turned.jpg").write_bytes(tagged)
    assert run("median_blur", photos, "out", parameters={"ksize": 3}).failed == 0
    for name in ("deep.png", "deep.tiff", "alpha.png"):
        before = cvkit.read_image(photos / name, "unchanged")
        after = cvkit.read_image(Path("out", name), "unchanged")
        assert after.dtype == before.dtype
        np.testing.assert_array_equal(after, cvkit.median_blur(before, 3))
    assert cvkit.read_image("out/turned.jpg", "unchanged").shape == (80, 40, 3)


def test_modes_and_formats(photos: Path) -> None:
    assert run("gray", photos, "gray", mode="gray", format="jpg", quality=20).failed == 0
    assert files(Path("gray")) == ["a.jpg", "more/b.jpg", "more/deep/c d.jpg", "more/ü道.jpg"]
    run("gray", photos, "better", mode="gray", format=".JPG", quality=95)
    assert Path("gray/a.jpg").stat().st_size < Path("better/a.jpg").stat().st_size / 2
    run("gray", photos / "a.png", "npy", format="npy")
    np.testing.assert_array_equal(np.load("npy/a.npy"), cvkit.rgb_to_gray(image(0)))


def test_derivatives_are_floats_in_tiff_unless_converted(photos: Path) -> None:
    derivative = {"dx": 1, "dy": 0}
    expected = cvkit.sobel(image(0), 1, 0).astype(int)
    run("sobel", photos / "a.png", "exact", parameters=derivative)
    found = cvkit.read_image("exact/a.tiff", "unchanged")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)
    run("sobel", photos / "a.png", "shown", parameters=derivative, convert="absolute")
    np.testing.assert_array_equal(cvkit.read_image("shown/a.png"), np.abs(expected).clip(0, 255))
    run("sobel", photos / "a.png", "cut", parameters=derivative, convert="saturate", format="png")
    np.testing.assert_array_equal(cvkit.read_image("cut/a.png"), expected.clip(0, 255))
    with pytest.raises(
        ValueError, match="format png cannot hold the results: image must have dtype uint8, uint"
    ):
        run("sobel", photos / "a.png", "no", parameters=derivative, format="png")
    kernel = {"kernel": [[1.0]], "out_dtype": np.float32}
    with pytest.raises(ValueError, match=r"format keep cannot hold the results: .*; use format tiff or npz"):
        run("filter2d", photos / "a.png", "no", parameters=kernel)
    assert not Path("no").exists()


def test_hog_goes_to_npz_and_npy(photos: Path) -> None:
    gray = {"mode": "gray", "parameters": {"cells_per_block": 1}}
    expected = cvkit.hog(cvkit.read_image(photos / "a.png", "gray"), cells_per_block=1)
    run("hog", photos / "a.png", "npz", **gray)  # type: ignore[arg-type]
    with np.load("npz/a.npz") as saved:
        assert list(saved) == ["features"]
        np.testing.assert_array_equal(saved["features"], expected)
    run("hog", photos / "a.png", "npy", format="npy", **gray)  # type: ignore[arg-type]
    np.testing.assert_array_equal(np.load("npy/a.npy"), expected)
    drawn = {"cells_per_block": 1, "visualize": True}
    run("hog", photos / "a.png", "drawn", mode="gray", parameters=drawn)
    with np.load("drawn/a.npz") as saved:
        assert saved["image"].shape == (40, 60)


def test_names_that_would_meet_are_told_apart_and_stay_so(photos: Path) -> None:
    for name in ("same.bmp", "same.jpg", "same.png", "same.png.png"):
        cvkit.write_image(photos / name, image(3))
    run("gray", photos, "out", format="png")
    names = {name: entry.output for name, entry in entries(Path("out")).items() if name.startswith("same")}
    assert names == {
        "same.bmp": "same.png",
        "same.jpg": "same.jpg.png",
        "same.png": "same-2.png",
        "same.png.png": "same.png.png",
    }
    assert len(files(Path("out"))) == 8
    cvkit.write_image(photos / "same.dib", image(4))  # sorts between them
    (photos / "same.jpg").unlink()
    os.utime(photos / "same.png", ns=(1, 1))
    assert run("gray", photos, "out", format="png", resume=True).done == 2
    assert {Path(entry.path).name: entry.output for entry in read_manifest("out")} == {
        **{name: entry for name, entry in names.items() if name != "same.jpg"},
        **{Path(name).name: Path(name).with_suffix(".png").as_posix() for name in GOOD},
        "same.jpg": "same.jpg.png",
        "same.dib": "same.dib.png",
    }


@pytest.mark.parametrize(
    ("source", "outputs"),
    [
        ("photos/more", ["b.jpg", "deep/c d.tiff", "ü道.bmp"]),
        ("photos/more/b.jpg", ["b.jpg"]),
        ("photos/m*/*.jpg", ["more/b.jpg"]),
        ("photos/**/*.jpg", ["more/b.jpg"]),
        ("list.txt", ["photos/a.png", "photos/more/b.jpg"]),
        (["photos/a.png", "photos/more"], list(GOOD)),
    ],
)
def test_sources(photos: Path, source: Any, outputs: list[str]) -> None:
    Path("list.txt").write_text("# images\nphotos/a.png\nphotos/more/b.jpg\nphotos/a.png\n")
    assert run("gray", source, "out").total == len(outputs)
    assert files(Path("out")) == sorted(outputs)


def test_absolute_paths_in_a_list_stay_inside_the_output(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    Path("lists/list.txt").write_text(f"{photos.absolute() / 'a.png'}\n")
    run("gray", "lists/list.txt", "out")
    (name,) = files(Path("out"))
    assert name == Path(*photos.absolute().parts[1:], "a.png").as_posix()


def test_results_inside_the_source_are_no_source(photos: Path) -> None:
    assert run("gray", ".", "photos/out").total == 4
    assert run("gray", ".", "photos/out", resume=True).unchanged == 4
    with pytest.raises(ValueError, match="the output folder must not be the source, got photos"):
        run("gray", "photos", "photos", overwrite=True)


@pytest.fixture
def broken(photos: Path) -> dict[str, str]:
    """Add files that fail, and return what is said of them."""
    whole = (photos / "more/b.jpg").read_bytes()
    (photos / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (photos / "empty.png").write_bytes(b"")
    (photos / "text.jpg").write_text("no image")
    (photos / "more/cut.png").write_bytes((photos / "a.png").read_bytes()[:-30])
    cvkit.write_image(photos / "large.png", image(1, 100, 100))
    (photos / "gone.png").symlink_to("nowhere.png")
    (photos / "gone.png").unlink()
    return {
        "cut.jpg": "truncated JPEG: the image does not end",
        "empty.png": "the file is empty",
        "text.jpg": "not an image, or a damaged one",
        "cut.png": "truncated PNG",
        "large.png": "100 x 100 are more than 5000 pixels",
    }


def test_bad_files_are_recorded_with_the_reason_and_the_rest_is_done(broken: dict[str, str]) -> None:
    summary = run("gray", "photos", "out", max_pixels=5000)
    assert (summary.done, summary.failed) == (4, 5)
    failed = {name: entry for name, entry in entries(Path("out")).items() if entry.status == "failed"}
    assert {name: entry.error for name, entry in failed.items()} == broken
    assert all(entry.output is None for entry in failed.values())
    assert failed["cut.jpg"].size == Path("photos/cut.jpg").stat().st_size
    assert files(Path("out")) == sorted(GOOD)


def test_a_file_in_a_list_that_is_gone_fails(photos: Path) -> None:
    Path("list.txt").write_text("photos/gone.png\nphotos/a.png\n")
    assert run("gray", "list.txt", "out").failed == 1
    assert entries(Path("out"))["gone.png"].error == "No such file or directory"
    assert entries(Path("out"))["gone.png"].size == 0


def test_a_image_that_the_operation_refuses_fails_alone(photos: Path) -> None:
    cvkit.write_image(photos / "gray.png", image(7)[..., 0])
    summary = run("rgb_to_gray", photos, "out")
    assert (summary.done, summary.failed) == (4, 1)
    assert entries(Path("out"))["gray.png"].error == "image must have 3 channels, got shape (40, 60)"


def test_whatever_an_operation_raises_is_recorded(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def compute(self: Pipeline, image: np.ndarray) -> tuple[np.ndarray, list[Any]]:
        if image.shape == (40, 60, 3):
            raise RuntimeError("unheard of")
        return image, []

    monkeypatch.setattr(Pipeline, "run", compute)
    assert run("gray", photos / "a.png", "out").failed == 1
    assert entries(Path("out"))["a.png"].error == "RuntimeError: unheard of"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"operation": "blur"}, ValueError, "operation must be one of 'adaptive_threshold', "),
        ({"operation": "canny"}, TypeError, "canny needs the parameter 'low'"),
        ({"parameters": {"size": 3}}, TypeError, "gray has no parameter 'size'; it has: none"),
        (
            {"operation": "median_blur", "parameters": {"ksize": 4}},
            ValueError,
            "ksize must be odd, got 4",
        ),
        ({"source": "gone"}, FileNotFoundError, "no such file or folder: gone"),
        ({"source": "empty"}, FileNotFoundError, "no images or videos in empty"),
        ({"mode": "bgr"}, ValueError, "mode must be one of 'keep', 'rgb'"),
        ({"format": "docx"}, ValueError, "format must be one of 'keep', 'npy', 'npz', 'avif'"),
        ({"quality": 0}, ValueError, "quality must be from 1 to 100, got 0"),
        ({"convert": "scale"}, ValueError, "convert must be one of 'none', 'saturate', 'absolute'"),
        ({"max_pixels": 0}, ValueError, "max_pixels must be at least 1, got 0"),
        ({"resume": True, "overwrite": True}, ValueError, "resume and overwrite exclude each other"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(
    photos: Path, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    Path("empty").mkdir()
    arguments = {"operation": "gray", "source": "photos", "output": "out", **options}
    with pytest.raises(error, match=message):
        run(**arguments)
    assert not Path("out").exists()


def test_nothing_is_overwritten_unless_told(photos: Path) -> None:
    Path("out").mkdir()
    Path("out/a.png").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="out is not empty: use overwrite to write into it"):
        run("gray", photos, "out")
    with pytest.raises(
        FileExistsError, match=r"out is not empty and holds no manifest.jsonl: nothing to resume"
    ):
        run("gray", photos, "out", resume=True)
    assert files(Path("out")) == ["a.png"]
    assert run("gray", photos, "out", overwrite=True).done == 4
    with pytest.raises(FileExistsError, match="use resume to go on, overwrite to begin anew"):
        run("gray", photos, "out")
    assert run("gray", photos, "out", overwrite=True).done == 4
    assert len(entries(Path("out"))) == 4


def test_resume_skips_what_is_done_and_does_again_what_changed(photos: Path) -> None:
    blur = {"parameters": {"ksize": 3}, "resume": True}

    def again(**options: Any) -> tuple[int, int]:
        summary = run("median_blur", photos, "out", **{**blur, **options})
        return summary.done, summary.unchanged

    assert again() == (4, 0)
    assert again() == (0, 4)
    lines = Path("out/manifest.jsonl").read_bytes().count(b"\n")
    assert lines == 4
    cvkit.write_image(photos / "a.png", image(99))
    os.utime(photos / "more/b.jpg", ns=(5, 5))
    cvkit.write_image(photos / "new.png", image(98))
    assert again() == (3, 2)
    np.testing.assert_array_equal(cvkit.read_image("out/a.png"), cvkit.median_blur(image(99), 3))
    Path("out/new.png").unlink()
    assert again() == (1, 4)
    assert again(parameters={"ksize": 5}) == (5, 0)
    assert again(parameters={"ksize": 5}, mode="gray") == (5, 0)
    assert again(parameters={"ksize": 5}, mode="gray") == (0, 5)
    assert again(parameters={"ksize": 5}, mode="gray", quality=50) == (5, 0)


def test_resume_knows_a_file_however_its_path_is_written(photos: Path) -> None:
    run("gray", "photos", "out")
    assert run("gray", photos.absolute(), "out", resume=True).unchanged == 4
    assert run("gray", "./photos/", "out", resume=True).unchanged == 4


def test_another_version_does_everything_again(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("gray", photos, "out")
    monkeypatch.setattr("cvkit.batch.plan.__version__", "9.9.9")
    monkeypatch.setattr("cvkit.batch.work.__version__", "9.9.9")
    assert run("gray", photos, "out", resume=True).done == 4
    assert run("gray", photos, "out", resume=True).unchanged == 4


def test_failures_are_tried_again(broken: dict[str, str]) -> None:
    run("gray", "photos", "out")
    cvkit.write_image("photos/cut.jpg", image(5))
    summary = run("gray", "photos", "out", resume=True)
    assert (summary.done, summary.failed, summary.unchanged) == (1, 3, 5)


def test_a_manifest_that_is_none_is_named_and_left_alone(photos: Path) -> None:
    Path("out").mkdir()
    Path("out/manifest.jsonl").write_text("a diary\n")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"out/manifest.jsonl: line 1 is no entry of a manifest"):
            run("gray", photos, "out", resume=True)
    assert Path("out/manifest.jsonl").read_text() == "a diary\n"


def test_two_runs_do_not_share_a_folder(photos: Path) -> None:
    Path("out").mkdir()
    with Manifest("out"), pytest.raises(OSError, match="another run is writing to out"):
        run("gray", photos, "out", resume=True)
    assert run("gray", photos, "out", resume=True).done == 4


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to(photos: Path) -> None:
    Path("locked").mkdir(mode=0o500)
    with pytest.raises(PermissionError):
        run("gray", photos, "locked/out")
    Path("out/more").mkdir(parents=True)
    Path("out/more").chmod(0o500)
    try:
        summary = run("gray", photos, "out", overwrite=True)
    finally:
        Path("out/more").chmod(0o700)
    assert (summary.done, summary.failed) == (1, 3)
    assert entries(Path("out"))["b.jpg"].error == "cannot write more/b.jpg: Permission denied"


def test_a_file_in_the_way_of_a_folder_is_that_images_failure(photos: Path) -> None:
    Path("out").mkdir()
    Path("out/more").write_text("a file")
    summary = run("gray", photos, "out", overwrite=True)
    assert (summary.done, summary.failed) == (1, 3)
    assert entries(Path("out"))["b.jpg"].error == "cannot write more/b.jpg: File exists"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_not_utf8(photos: Path) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    cvkit.write_image(photos / name, image(3))
    run("gray", photos, "out")
    assert Path("out", name).exists()
    assert entries(Path("out"))[name].output == name
    assert run("gray", photos, "out", resume=True).unchanged == 5


def test_half_written_results_of_a_killed_run_are_removed(photos: Path) -> None:
    run("gray", photos, "out")
    left = Path("out/more/.0123456789ab.png")
    left.write_bytes(b"half")
    hidden = Path("out/.mine.png")
    hidden.write_bytes(b"mine")
    run("gray", photos, "out", resume=True)
    assert not left.exists()
    assert hidden.exists()


@pytest.mark.skipif(os.name != "posix", reason="kills processes")
def test_a_kill_at_any_moment_loses_nothing(workplace: Path, root: Path) -> None:
    make_many(workplace / "photos", 400)
    code = "from cvkit.batch import run; print('go', flush=True); run('gray', 'photos', 'out', resume=True)"
    environment = {**os.environ, "PYTHONPATH": str(root)}
    kills = 0
    for wait in (0.0, 0.05, 0.1):
        command = [sys.executable, "-c", code]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
            assert process.stdout is not None
            process.stdout.readline()
            deadline = time.monotonic() + 60
            before = lines_in("out/manifest.jsonl")
            while lines_in("out/manifest.jsonl") <= before + 5 and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.002)
            time.sleep(wait)
            process.kill()
        kills += process.returncode == -signal.SIGKILL
        for entry in read_manifest("out"):
            assert entry.status == "done"
            assert cvkit.read_image(Path("out", str(entry.output)), "keep").shape == (8, 8)
    assert kills >= 1
    done = lines_in("out/manifest.jsonl")
    summary = run("gray", "photos", "out", resume=True)
    assert (summary.done + summary.unchanged, summary.failed) == (400, 0)
    assert summary.unchanged == done
    assert len(entries(Path("out"))) == len(files(Path("out"))) == 400
    for number in (0, 57, 399):
        expected = cvkit.rgb_to_gray(image(number, 8, 8))
        np.testing.assert_array_equal(cvkit.read_image(f"out/{number:05d}.png", "keep"), expected)


def lines_in(path: str) -> int:
    return Path(path).read_bytes().count(b"\n") if Path(path).exists() else 0


def test_stop_ends_what_is_begun_and_keeps_it(workplace: Path) -> None:
    make_many(workplace / "photos", 100)
    with Run("gray", "photos", "out", executor=Local(2)) as batch:
        seen = []
        for entry in batch.entries():
            seen.append(entry)
            if len(seen) == 10:
                batch.stop.set()
    assert batch.summary.stopped
    assert 10 <= len(seen) < 60
    assert len(entries(Path("out"))) == len(files(Path("out"))) == len(seen) == batch.summary.done
    assert run("gray", "photos", "out", resume=True).unchanged == len(seen)


def test_a_caller_that_has_enough_leaves_no_threads_behind(workplace: Path) -> None:
    make_many(workplace / "photos", 50)
    before = threading.active_count()
    with Run("gray", "photos", "out") as batch:
        steps = batch.entries()
        next(steps)
        steps.close()
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before


def work(folder: Path, name: str = "gray") -> Work:
    return Work(Pipeline.of(name), str(folder / "out"), str(folder))


def test_a_fault_in_the_list_of_tasks_ends_the_run(workplace: Path) -> None:
    def tasks() -> Iterator[Task]:
        yield Task("gone.png", None, "gone.png")
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(run_stages(tasks(), work(workplace), 2, threading.Event()))


def test_images_in_flight_are_few(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing runs ahead of a slow stage: what is in memory is bounded."""
    begun = []
    ended = []
    most = 0

    def read(self: Work, task: Task) -> Any:
        nonlocal most
        begun.append(task)
        most = max(most, len(begun) - len(ended))
        return task

    def write(self: Work, task: Task) -> Any:
        time.sleep(0.005)
        ended.append(task)
        return task

    monkeypatch.setattr(Work, "read", read)
    monkeypatch.setattr(Work, "compute", lambda self, task, is_stopped: task)
    monkeypatch.setattr(Work, "write", write)
    tasks = [Task(str(number), None, "") for number in range(100)]
    assert sorted(run_stages(tasks, work(workplace), 2, threading.Event())) == sorted(tasks)
    assert most <= 3 * 2 + 2 * 2 + 2


def test_the_manifest_is_one_json_object_a_line(photos: Path) -> None:
    run(Pipeline.of("gray").then("median_blur", ksize=3), photos, "out")
    for line in Path("out/manifest.jsonl").read_text("ascii").splitlines():
        entry = json.loads(line)
        assert entry["operation"]["name"] == "pipeline"
        assert entry["operation"]["steps"][1] == {"name": "median_blur", "parameters": {"ksize": 3}}


def test_the_short_script_runs(photos: Path, root: Path) -> None:
    script = root / "scripts" / "batch_process.py"
    command = [sys.executable, str(script), "photos", "edges"]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "4 done, 0 failed" in done.stdout
    assert files(Path("edges")) == sorted(GOOD)


def test_digests_hold_what_was_added() -> None:
    values = [digest(number) for number in range(200_000)]
    digests = Digests(np.array(values[:10], np.uint64))
    assert [digests.add(value) for value in values[:12]] == [False] * 10 + [True] * 2
    for value in values:
        digests.add(value)
    assert all(value in digests for value in values[::997])
    assert digest("other") not in digests
    assert not digests.add(values[150_000])


@pytest.mark.sweep
def test_100_000_files_take_little_memory(workplace: Path, root: Path) -> None:
    """One small image a folder, under 1,000 names, in 100 folders."""
    for folder in range(100):
        place = Path("photos", f"{folder:03d}")
        make_many(place, 1)
        for number in range(1, 1000):
            os.link(place / "00000.png", place / f"{number:05d}.png")
    code = textwrap.dedent("""
        import resource
        from cvkit.batch import run
        for options in ({}, {"resume": True}):
            summary = run("gray", "photos", "out", **options)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(summary.done, summary.unchanged, round(peak), round(summary.seconds, 1), flush=True)
    """)
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    first, second = (list(map(float, line.split())) for line in done.stdout.splitlines())
    print(done.stdout)
    assert first[:2] == [100_000, 0]
    assert second[:2] == [0, 100_000]
    assert max(first[2], second[2]) < 600
