"""``cvkit compile``: what it keeps, what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import cvkit
from cvkit.cli import main
from cvkit.cli.compile import _compile
from cvkit.cli.typical_calls import CALLS, call_twice


def run_command(root: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(root), "NUMBA_CACHE_DIR": str(folder)}
    command = [sys.executable, "-m", "cvkit", "compile", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def test_what_is_compiled_is_kept_and_found(root: Path, tmp_path: Path) -> None:
    run = run_command(root, tmp_path, "rgb_to_bgr", "--workers", "1")
    assert run.returncode == 0, run.stderr
    assert run.stderr.splitlines()[-1].startswith(f"1 operations compiled, kept in {tmp_path}")
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")}
    names = {path.name.partition("-")[0].rpartition(".")[2] for path in kept}
    assert {"reverse_channels", "reverse_channels_serial"} <= names
    again = run_command(root, tmp_path, "rgb_to_bgr", "--quiet")
    assert (again.returncode, again.stderr) == (0, "")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")} == kept


def test_nothing_is_compiled_that_cannot_be_kept(root: Path) -> None:
    run = run_command(root, Path(os.devnull, "cache"), "rgb_to_bgr")
    assert run.returncode == 2
    assert run.stderr.startswith("cvkit: compiled kernels cannot be kept: ")
    assert run.stderr.count("\n") == 1


def test_unknown_operations_are_named(root: Path, tmp_path: Path) -> None:
    run = run_command(root, tmp_path, "rgb_to_gray", "sharpness")
    assert run.returncode == 2
    assert "unknown operation 'sharpness'; there are: AdaBoostClassifier, " in run.stderr
    assert not list(tmp_path.iterdir())


def test_a_call_that_fails_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {})  # it sets how many threads Numba starts with
    with pytest.raises(SystemExit) as ending:
        _compile("no such operation")
    assert ending.value.code == 1
    assert capsys.readouterr().err == "cvkit: no such operation: 'no such operation'\n"


@pytest.mark.sweep
@pytest.mark.parametrize("operation", CALLS)
def test_typical_calls_run(operation: str) -> None:
    threads = cvkit.get_num_threads()
    call_twice(operation)
    cvkit.set_num_threads(threads)


def test_typical_calls_are_of_every_operation() -> None:
    with_kernels = {name for name, module in cvkit._FUNCTIONS.items() if ".matrices" not in module}
    assert with_kernels - CALLS.keys() == {
        "best_matches",  # has no kernels
        "bilinear_sample",  # called with remap
        "canny_from_gradients",
        "gabor_kernel",
        "get_num_threads",
        "laplacian_of_gaussian",
        "ldcf_features",
        "prewitt",
        "read_image",
        "roberts",
        "sep_filter2d",
        "set_num_threads",
        "structuring_element",
        "to_device",
        "to_host",
        "write_image",
    }


def test_help_says_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "--help"]) == 0
    assert "NUMBA_CACHE_DIR" in capsys.readouterr().out
