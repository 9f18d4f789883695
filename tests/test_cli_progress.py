"""Progress never ends the work, whatever becomes of stderr."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import TextIO

import numpy as np
import pytest

import cvkit
from cvkit.cli import main, progress


class Broken(TextIO):
    """A stream that fails in one way whenever it is written to."""

    encoding = "utf-8"

    def __init__(self, error: type[Exception], is_terminal: bool) -> None:
        self._error = error
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def fileno(self) -> int:
        raise OSError("no number")

    def write(self, text: str) -> int:
        raise self._error("broken")

    def flush(self) -> None:
        raise self._error("broken")


@pytest.mark.parametrize("error", [BrokenPipeError, OSError, ValueError, ZeroDivisionError])
@pytest.mark.parametrize("is_terminal", [False, True])
@pytest.mark.parametrize("total", [0, 3, None])
def test_a_display_that_fails_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception], is_terminal: bool, total: int | None
) -> None:
    monkeypatch.setattr(progress, "_LINE_INTERVAL", 0.0)
    monkeypatch.setattr(sys, "stderr", Broken(error, is_terminal))
    shown = progress.open_progress(total)
    with shown:
        for count in (0, 1, 1000):
            shown.advance(count, failed=1)
        shown.say("said")


def test_lines_before_anything_is_done_and_beyond_the_total(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_LINE_INTERVAL", 0.0)
    with progress.open_progress(2) as shown:
        shown.advance(0, failed=1)
        shown.advance(3)
    first, last = capsys.readouterr().err.splitlines()
    assert first == "0/2 images, 0.0/s, 1 failed"
    assert last.startswith("3/2 images, ")
    assert last.endswith("/s, 1 failed, 0:00:00 left")


def interrupted(*arguments: object) -> None:
    raise KeyboardInterrupt


def test_an_interrupt_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = progress.open_progress(3)
    monkeypatch.setattr("rich.console.Console.print", interrupted)
    with pytest.raises(KeyboardInterrupt):
        shown.say("said")


def test_wrong_usage_is_told_by_the_exit_code_where_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Broken(BrokenPipeError, False))
    assert main(["detect", "gone"]) == 2


@pytest.mark.skipif(os.name != "posix", reason="closes streams by a shell")
@pytest.mark.parametrize("streams", ["<&- >&- 2>&-", "2> >(exec true)", "2>/dev/full"])
def test_a_run_without_stderr_does_its_work(tmp_path: Path, streams: str) -> None:
    cvkit.write_image(tmp_path / "a.png", np.zeros((20, 30, 3), np.uint8))
    (tmp_path / "broken.png").write_bytes(b"")
    script = "from cvkit.cli import main; import sys; sys.exit(main(sys.argv[1:]))"
    command = f'"$0" -c "$1" batch rgb-to-bgr . out --json {streams}; echo $? > code'
    environment = os.environ | {"PYTHONPATH": str(Path(cvkit.__file__).parents[1])}
    subprocess.run(
        ["bash", "-c", command, sys.executable, script], cwd=tmp_path, env=environment, check=True, timeout=60
    )
    assert (tmp_path / "code").read_text().strip() == "1"
    assert (tmp_path / "out" / "a.png").exists()
    assert (tmp_path / "out" / "manifest.jsonl").read_bytes().count(b"\n") == 2


def test_commands_tell_of_long_compilations(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("cvkit._jit_cache")
    with progress.told_compilation():
        logger.info("cvkit: compiling")
    logger.info("cvkit: compiling for the library says nothing")
    assert capsys.readouterr().err == "cvkit: compiling\n"
