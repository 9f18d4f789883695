"""The report on the GPU without one: with compiled kernels on the CPU, and a driver that takes notes."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

import gpu_measurements
import gpu_references
import gpu_report
from cvkit.compare.cases.case import Case, Tolerance
from cvkit.compare.cases.table import CASES
from tests import cuda_driver
from tests.ptx_device import needs_ptx_device, ptx_device

QUICK = [
    case
    for case in CASES
    if case.label in ("rgb_to_gray[]-uint8x3", "rgb_to_gray[]-float32x3", "resize[bilinear 1.5]-uint8x3")
]


def test_references_are_what_the_cpu_computes() -> None:
    references = gpu_references.read_references()
    for case in QUICK:
        for kind in gpu_references.kinds_of(case):
            known = references[gpu_references.place(case, kind)]
            result = np.asarray(case.ours(gpu_references.images(case, *gpu_references.KINDS[kind])))
            assert gpu_measurements._compared(result, known, case.device_tolerance)["agrees"]


@needs_ptx_device
@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.label)
def test_compiled_kernels_agree(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    references = gpu_references.read_references()
    with ptx_device(monkeypatch):
        for kind in gpu_references.kinds_of(case):
            assert gpu_measurements.check_case(case, kind, references)["agrees"], kind
    assert not gpu_measurements.check_case(case, "1x1", {})["agrees"]


def test_what_is_wrong_or_broken_disagrees(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.arange(12, dtype=np.float32).reshape(3, 4)
    known = gpu_references.Reference(gpu_references.digest(image), gpu_references.some_values(image))
    exact = gpu_references.Reference(known.digest, None)
    near = Tolerance(absolute=0.5)
    for change, is_near in ((0.0, True), (0.25, True), (1.0, False)):
        assert gpu_measurements._compared(image + np.float32(change), known, near)["agrees"] == is_near
        assert gpu_measurements._compared(image + np.float32(change), exact, Tolerance())["agrees"] == (
            change == 0
        )
    monkeypatch.setattr(gpu_measurements.cvkit, "to_device", lambda array: 1 / 0)
    case = QUICK[0]
    row = gpu_measurements.check_case(case, "1x1", {gpu_references.place(case, "1x1"): known})
    assert row["error"] == "ZeroDivisionError: division by zero"
    assert gpu_measurements.exactness_table([row]).rows[0][2] == row["error"]


def test_without_a_gpu_the_report_exits_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gpu_report.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["gpu_report"])
    assert gpu_report.main() == 3
    assert "no CUDA device" in capsys.readouterr().err


def report(folder: Path, *options: str) -> int:
    """Run the report in a process whose driver launches nothing."""
    sys.argv = [
        "gpu_report",
        *options,
        "--size",
        "30x40",
        "--stack",
        "2",
        "--output",
        str(folder / "gpu.json"),
    ]
    return gpu_report.main()


def report_on_the_stub() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assert report(folder, "--operations", "rgb_to_gray[]-uint8") == 1  # nothing was launched
        written = json.loads((folder / "gpu.json").read_text())
        checked = [row for row in written["rows"] if row["section"] == "gpu"]
        assert [row["image"] for row in checked] == list(gpu_references.KINDS)
        assert not any(row["agrees"] or "error" in row for row in checked)
        assert report(folder, "--operations", "sobel", "--seconds", "0") == 0
        assert json.loads((folder / "gpu.json").read_text())["machine"]["skipped"] > 2
        bandwidth = gpu_measurements.copy_bandwidth(1 << 20)
        for count in (1, 2):
            row = gpu_measurements.time_case(gpu_measurements.TIMINGS[0], count, (30, 40), bandwidth)
            assert row["least_bytes"] == 30 * 40 * 4
            assert row["kernels"] > 0 < row["host"]
        assert gpu_measurements.registers()


def test_with_the_stub_of_a_driver(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cuda_driver.build(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(root / "tools"))
    cuda_driver.run(f"{__name__}:report_on_the_stub", tmp_path, root)
