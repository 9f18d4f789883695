"""The benchmark: levels of processors."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

import pytest

import benchmark
from cvkit.compare.cases.case import Case
from cvkit.compare.cases.detectors import DetectorCase
from cvkit.compare.cases.images import noise
from cvkit.compare.measure import speed
from cvkit.compare.measure.machine import LEVELS
from page_tables import speed_summary

HALVED = Case("fake", "", lambda image: image // 2, lambda image: image // 2)


def test_rows_of_another_level_stand_beside_those_of_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    image = noise(20, 30)
    native = speed.time_case(HALVED, image, threads=1, seconds=0)
    for name, value in LEVELS["x86-64-v3"].items():
        monkeypatch.setenv(name, value)
    held = speed.time_case(HALVED, image, threads=1, seconds=0)
    assert (native["level"], held["level"]) == ("native", "x86-64-v3")
    table = speed_summary([held, native])
    assert table.header[-2:] == ["20x30, 1 thread", "20x30, 1 thread, x86-64-v3"]
    assert len(table.rows) == 1


def test_the_benchmark_begins_again_where_it_is_not_held_to_the_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = []
    monkeypatch.setenv("OPENCV_CPU_DISABLE", "AVX2")
    monkeypatch.setattr("sys.argv", ["benchmark.py", "--level", "x86-64-v3"])
    monkeypatch.setattr(
        "subprocess.run",
        lambda command, env: runs.append((command, env)) or subprocess.CompletedProcess(command, 3),
    )
    assert benchmark.main() == 3
    [(command, environment)] = runs
    assert command == [sys.executable, "benchmark.py", "--level", "x86-64-v3"]
    assert LEVELS["x86-64-v3"].items() <= environment.items()
    assert environment["NUMBA_CACHE_DIR"] != os.environ["NUMBA_CACHE_DIR"]


def test_a_row_of_images_does_not_change_what_the_next_detector_looks_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at = []
    monkeypatch.setattr(speed, "time_case", lambda *args, **options: {})
    monkeypatch.setattr(
        speed, "time_detector", lambda case, image, threads, seconds: looked_at.append(image) or {}
    )
    image = noise(20, 30, channels=3)
    arguments = argparse.Namespace(sizes=[(480, 640)], threads=[1], seconds=0)
    rows = benchmark.measure([HALVED, DetectorCase(480, 640, 3, None)], image, arguments)
    assert next(rows) == next(rows) == {}
    assert [seen is image for seen in looked_at] == [True]
