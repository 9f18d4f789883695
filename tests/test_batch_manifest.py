"""The record of a batch: nothing lost by a kill, last line wins, one run at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cvkit.batch import Entry, Manifest, read_manifest
from cvkit.batch.record.manifest import BusyFolderError, last_of_each

CANNY = {"name": "canny", "parameters": {"low": 50, "high": 150}}
ENTRY = Entry("photos/a.png", "photos", 4051, 17, CANNY, "0.1.0", "done", "a.png", None, 8.5)


def test_entries_come_back_and_the_last_of_a_path_wins(tmp_path: Path) -> None:
    failed = replace(ENTRY, status="failed", output=None, error="the file is empty")
    other = replace(ENTRY, path="photos/b \udce4ü.png")
    with Manifest(tmp_path) as manifest:
        for entry in (failed, other, ENTRY):
            manifest.add(entry)
    assert list(read_manifest(tmp_path)) == [other, ENTRY]


def test_lines_are_json_with_the_agreed_keys(tmp_path: Path) -> None:
    with Manifest(tmp_path) as manifest:
        manifest.add(ENTRY)
    (line,) = (tmp_path / "manifest.jsonl").read_text("ascii").splitlines()
    assert json.loads(line) == {
        "path": "photos/a.png",
        "source_root": "photos",
        "size": 4051,
        "mtime_ns": 17,
        "operation": CANNY,
        "version": "0.1.0",
        "status": "done",
        "output": "a.png",
        "error": None,
        "milliseconds": 8.5,
    }


def test_a_half_written_line_is_ignored_and_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    half = ENTRY.to_line()[:-20]
    path.write_bytes(ENTRY.to_line() + half)
    assert list(read_manifest(tmp_path)) == [ENTRY]
    later = replace(ENTRY, path="later.png")
    with Manifest(tmp_path) as manifest:
        manifest.add(later)
    assert path.read_bytes() == ENTRY.to_line() + later.to_line()
    path.write_bytes(b"x" * 200_000)  # no line at all, longer than what is searched at once
    with Manifest(tmp_path):
        assert path.read_bytes() == b""


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_bytes(ENTRY.to_line() + b'{"path": 1}\n' + ENTRY.to_line())
    with pytest.raises(ValueError, match=r"manifest\.jsonl: line 2 is no entry"):
        list(read_manifest(tmp_path))


def test_a_missing_manifest_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read_manifest(tmp_path))


def test_one_run_at_a_time_until_it_ends_or_is_killed(tmp_path: Path, root: Path) -> None:
    code = (
        "import sys, time; from cvkit.batch import Manifest\n"
        "with Manifest(sys.argv[1]): print('open', flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        with pytest.raises(BusyFolderError, match="another run is writing to"):
            Manifest(tmp_path)
        process.kill()
    with Manifest(tmp_path) as manifest:
        manifest.add(ENTRY)


def test_a_line_is_on_disk_when_add_returns(tmp_path: Path) -> None:
    with Manifest(tmp_path) as manifest:
        manifest.add(ENTRY)
        assert list(read_manifest(tmp_path)) == [ENTRY]


def test_last_of_each() -> None:
    assert last_of_each(np.array([3, 1, 3, 2, 1], np.uint64)).tolist() == [2, 3, 4]
    assert last_of_each(np.array([], np.uint64)).tolist() == []
