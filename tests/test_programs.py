"""The programs of scripts/, tools/ and samples/ answer what they cannot work on in one line, as cvkit."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from cvkit.cli.programs import program

ROOT = Path(__file__).resolve().parents[1]

# What each of them cannot find or does not know, and what it says of that.
REFUSED = {
    "tools/aarch64_check.py": (["gone"], "gone"),
    "tools/batch_benchmark.py": (["--output", "gone/x.json"], "there is no folder gone"),
    "scripts/batch_process.py": (["gone", "out"], "no such file or folder: gone"),
    "tools/benchmark.py": (["--image", "gone.jpg"], "gone.jpg"),
    "tools/build_wheel.py": (["gone"], "unknown operation 'gone'"),
    "tools/build_person_models.py": (["person-acf", "gone", "--work", "w"], "gone/inria/train_pos"),
    "tools/evaluate_person_models.py": (["gone", "gone"], "no such file or folder: gone/inria/train_pos"),
    "scripts/compare_opencv.py": (["gone"], "gone"),
    "scripts/detect_pedestrians.py": (["gone"], "no such file or folder: gone"),
    "tools/gpu_references.py": (["gone"], "gone"),
    "tools/gpu_report.py": (["--operations", "gone"], "gone"),
    "tools/learner_scaling.py": (["--output", "here.txt/x"], "here.txt"),
    "tools/mutate.py": (["gone.py"], "gone.py"),
    "tools/measure_parity.py": (["gone"], "gone"),
    "tools/measure_tracks.py": (["gone"], "VIDEO=LABELS, got gone"),
    "tools/sklearn_tests.py": (["-n", "0"], "-n must be at least 1, got 0"),
    "tools/thumbnail_benchmark.py": (["--output", "gone/x.json"], "there is no folder gone"),
    "tools/page_tables.py": (["gone.md"], "gone.md"),
    "samples/count_coins.py": (["gone.jpg"], "gone.jpg"),
    "samples/digits_network.py": (["gone"], "epochs must be a whole number, got 'gone'"),
    "samples/features.py": (["gone.jpg"], "gone.jpg"),
    "samples/filters.py": (["gone.jpg"], "gone.jpg"),
    "samples/intensity.py": (["gone.jpg"], "gone.jpg"),
    "samples/quickstart.py": (["gone.jpg"], "gone.jpg"),
    "samples/rectify.py": (["gone.jpg", *"00100111"], "gone.jpg"),
    "samples/stitch.py": (["gone.jpg", "gone.jpg"], "gone.jpg"),
}


def test_every_program_is_listed() -> None:
    found = [path for folder in ("scripts", "tools", "samples") for path in (ROOT / folder).glob("*.py")]
    programs = [path for path in found if "__main__" in path.read_text(encoding="utf-8")]
    assert {path.relative_to(ROOT).as_posix() for path in programs} == REFUSED.keys()


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter an empty folder, and say that there is a GPU to measure on."""
    monkeypatch.chdir(tmp_path)
    Path("here.txt").touch()
    monkeypatch.setattr("cvkit._jit_cuda.cuda.is_available", lambda: True)


def refusal(name: str, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a program as Python does, and return the one line it says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [name, *arguments])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(ROOT / name), run_name="__main__")
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    return said


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_there_is_one_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, message = REFUSED[name]
    assert message in refusal(name, arguments, capsys)
    assert list(Path().iterdir()) == [Path("here.txt")], "nothing is begun"


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_arguments_are_one_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--wrong" in refusal(name, [*REFUSED[name][0], "--wrong"], capsys)


def test_the_name_of_the_program_begins_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    @program
    def main() -> None:
        raise ValueError("several\nlines")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["there/mine.py"])
        assert main() == 2
    assert capsys.readouterr().err == "mine: several lines\n"
