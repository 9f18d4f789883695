"""``cvkit batch`` and ``cvkit pipeline``: arguments, exit codes, what is printed, Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import cvkit
from cvkit.batch import image_operations, read_manifest
from cvkit.cli import main
from tests.batch_images import GOOD, entries, files, image, make_good, make_many


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    make_good(tmp_path / "photos")
    return tmp_path


def one_line(text: str) -> str:
    """Return the only line of ``text``."""
    assert text.count("\n") == 1, text
    return text.strip()


def test_an_operation_with_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "warp-affine", "photos", "out", "--matrix", "[[1, 0, 5], [0, 1, 0]]"]) == 2
    assert "--output-shape" in one_line(capsys.readouterr().err)
    arguments = ["--matrix", "[[1, 0, 5], [0, 1, 0]]", "--output-shape", "30x50", "--border", "replicate"]
    assert main(["batch", "warp-affine", "photos", "out", *arguments, "--no-inverse"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "4 images, device: " in said.err
    assert "4 images done, " in said.err
    assert files(Path("out")) == sorted(GOOD)
    expected = cvkit.warp_affine(image(0), [[1, 0, 5], [0, 1, 0]], (30, 50), border="replicate")
    np.testing.assert_array_equal(cvkit.read_image("out/a.png"), expected)
    assert entries(Path("out"))["a.png"].operation["parameters"] == {
        "matrix": [[1, 0, 5], [0, 1, 0]],
        "output_shape": [30, 50],
        "border": "replicate",
        "inverse": False,
    }


def test_thresholds_that_were_found_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "threshold", "photos/a.png", "out", "--value", "triangle", "--mode", "gray"]) == 0
    assert re.search(r"photos/a.png: threshold found value \d+\n", capsys.readouterr().err)


def test_a_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    Path("recipe.toml").write_text('steps = ["gray", "median_blur ksize=3"]')
    assert main(["pipeline", "recipe.toml", "photos", "out", "--format", "png", "--mode", "rgb"]) == 0
    expected = cvkit.median_blur(cvkit.rgb_to_gray(image(0)), 3)
    np.testing.assert_array_equal(cvkit.read_image("out/a.png", "keep"), expected)
    Path("recipe.toml").write_text('steps = ["gray", "median_blurr ksize=3"]')
    capsys.readouterr()
    assert main(["pipeline", "recipe.toml", "photos", "out2"]) == 2
    assert one_line(capsys.readouterr().err).startswith("cvkit: recipe.toml: step 2, median_blurr: operation")
    Path("recipe.toml").write_text('steps = ["gray", "median_blur ksize=4"]')
    assert main(["pipeline", "recipe.toml", "photos", "out2"]) == 2
    said = one_line(capsys.readouterr().err)
    assert said == "cvkit: step 2, median_blur: ksize must be odd, got 4"
    assert not Path("out2").exists()


def test_failures_are_named_counted_and_told_by_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(30):
        Path(f"photos/{number:02d}.png").write_bytes(b"")
    assert main(["batch", "gray", "photos", "out"]) == 1
    said = capsys.readouterr().err
    assert "failed: photos/00.png: the file is empty" in said
    assert said.count("the file is empty") == 20
    assert "30 images failed; the reasons are in out/manifest.jsonl" in said
    assert main(["batch", "gray", "photos", "out", "--resume", "--quiet"]) == 1
    said = capsys.readouterr()
    assert one_line(said.err) == "cvkit: 30 images failed; the reasons are in out/manifest.jsonl"


def test_json_and_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "gray", "photos", "out", "--json", "--quiet"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    summary = json.loads(said.out)
    assert summary.pop("seconds") > 0
    assert summary == {
        "total": 4,
        "done": 4,
        "failed": 0,
        "unchanged": 0,
        "stopped": False,
        "manifest": "out/manifest.jsonl",
    }


def test_resume_and_overwrite(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "gray", "photos", "out"]) == 0
    capsys.readouterr()
    assert main(["batch", "gray", "photos", "out"]) == 2
    assert one_line(capsys.readouterr().err) == (
        "cvkit: out is not empty: use --resume to go on, --overwrite to begin anew"
    )
    assert main(["batch", "gray", "photos", "out", "--resume"]) == 0
    assert "0 images done, 0.0/s, 4 were done before; written to out" in capsys.readouterr().err
    assert main(["batch", "gray", "photos", "out", "--overwrite"]) == 0
    assert "4 images done" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gausian-blur", "photos", "out"], "no operation 'gausian-blur'; did you mean gaussian-blur?"),
        (["fly", "photos", "out"], "no operation 'fly'; cvkit batch --help lists them"),
        (["canny", "photos", "out", "--low", "1"], "Missing option '--high'."),
        (["canny", "photos", "out", "--low", "1", "--high", "x"], "high must be a number, got 'x'"),
        (["gray", "photos"], "Missing argument 'OUTPUT'."),
        (["gray", "photos", "out", "--mode", "bgr"], "Invalid value for '--mode'"),
        (["gray", "photos", "out", "--format", "docx"], "format must be one of"),
        (["gray", "photos", "out", "--workers", "0"], "workers must be at least 1, got 0"),
        (["gray", "photos", "out", "--device", "cuda"], "--device cuda: no CUDA device found"),
        (["gray", "gone", "out"], "no such file or folder: gone"),
        (["gray", "photos", "photos"], "the output folder must not be the source"),
        (["gray", "photos", "photos/a.png/x"], "[Errno 20] Not a directory"),
        (["gray", "photos", "out", "--resume", "--overwrite"], "--resume and --overwrite exclude each other"),
        (["gray", "photos", "out", "--dask", "127.0.0.1:1"], "no Dask scheduler at 127.0.0.1:1"),
    ],
)
def test_wrong_usage_is_one_clear_line(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cvkit._jit_cuda.cuda.is_available", lambda: False)
    monkeypatch.setattr("cvkit.batch.executors.cluster._CONNECTING", "500ms")
    assert main(["batch", *arguments]) == 2
    assert one_line(capsys.readouterr().err).startswith(f"cvkit: {message}")
    assert not Path("out").exists()


@pytest.mark.parametrize("words", [["--dask"], ["--dask", "--quiet"], ["--dask", "photos", "out"]])
def test_the_address_of_a_cluster_may_be_missing(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def cluster(address: str | None, workers: int | None) -> None:
        asked.append((address, workers))
        raise ValueError("enough")

    monkeypatch.setitem(vars(cvkit.batch), "Cluster", cluster)
    words = words if "photos" in words else ["photos", "out", *words]
    assert main(["batch", "gray", *words]) == 2
    assert main(["batch", "gray", "photos", "out", "--dask", "tcp://host:8786", "--workers", "3"]) == 2
    assert asked == [(None, None), ("tcp://host:8786", 3)]


@pytest.mark.parametrize("operation", [name.replace("_", "-") for name in image_operations()])
def test_every_operation_has_a_command(operation: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", operation, "--help"]) == 0
    said = capsys.readouterr().out
    for name in image_operations()[operation.replace("-", "_")].parameters:
        assert f"--{name.replace('_', '-')}" in said
    assert "--resume" in said


def test_help_lists_the_operations(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "--help"]) == 0
    assert "gaussian-blur" in capsys.readouterr().out
    assert main(["batch"]) == 2
    assert one_line(capsys.readouterr().err) == "cvkit: Missing command."


def test_underscores_and_processes_work_as_well() -> None:
    assert main(["batch", "median_blur", "photos", "out", "--ksize", "3", "--workers", "1"]) == 0
    assert files(Path("out")) == sorted(GOOD)


def test_a_full_disk_is_one_line_and_keeps_what_was_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cvkit.batch import Manifest

    add = Manifest.add
    added = []

    def fail_on_third(self: Manifest, entry: object) -> None:
        added.append(entry)
        if len(added) == 3:
            raise OSError(28, "No space left on device")
        add(self, entry)  # type: ignore[arg-type]

    monkeypatch.setattr(Manifest, "add", fail_on_third)
    assert main(["batch", "gray", "photos", "out"]) == 1
    assert "stopped: [Errno 28] No space left on device" in capsys.readouterr().err
    assert len(list(read_manifest("out"))) == 2


def test_workers_that_cannot_start_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "nonsense")
    assert main(["batch", "gray", "photos", "out", "--workers", "1"]) == 1
    assert "stopped: a worker process ended with code 1 before it began" in capsys.readouterr().err


def test_progress_in_a_log_counts_failures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cvkit.cli.progress._LINE_INTERVAL", 0.0)
    Path("photos/0.png").write_bytes(b"")
    assert main(["batch", "gray", "photos", "out"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert any(line.startswith("5/5 images, ") and "/s, 1 failed, 0:00:00 left" in line for line in lines)


def test_progress_on_a_terminal_is_a_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    Path("photos/0.png").write_bytes(b"")
    assert main(["batch", "gray", "photos", "out"]) == 1
    said = capsys.readouterr().err
    assert "5/5" in said
    assert "1 failed" in said


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.parametrize("workers", [[], ["--workers", "2"]])
def test_ctrl_c_keeps_what_was_done(workers: list[str], workplace: Path, root: Path) -> None:
    make_many(workplace / "many", 2000)
    # A shell starts background jobs, such as a whole test run, with Ctrl-C ignored.
    code = (
        "import signal, sys\nfrom cvkit.cli import main\nif __name__ == '__main__':\n"
        "    signal.signal(signal.SIGINT, signal.default_int_handler)\n    sys.exit(main(sys.argv[1:]))\n"
    )
    Path("command.py").write_text(code)
    command = [sys.executable, "command.py", "batch", "gray", "many", "out", *workers]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    manifest = Path("out/manifest.jsonl")
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, env=environment, text=True, start_new_session=True
    ) as process:
        try:
            deadline = time.monotonic() + 60
            while not manifest.exists() or manifest.stat().st_size < 5000:
                assert time.monotonic() < deadline
                time.sleep(0.005)
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "the same command with --resume goes on" in said
    done = len(entries(Path("out")))
    assert 0 < done < 2000
    assert len(files(Path("out"))) == done
