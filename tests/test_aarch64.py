"""The comparison with aarch64, but for the emulator and what is downloaded; .ci/run does all of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import aarch64_root
from aarch64_kernels import cache_settings
from aarch64_table import differences

ELF = b"\x7fELF"
MACHINE = slice(18, 20)
AARCH64 = (183).to_bytes(2, "little")


def test_kernels_are_compiled_for_aarch64_here(tmp_path: Path, root: Path) -> None:
    def call(code: str, **settings: str) -> None:
        environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'tools'}", **settings}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=300)

    for function in ("compute_here", "record_kernels"):
        call(f"import aarch64_table; aarch64_table.{function}({str(tmp_path)!r}, 'rgb_to_bgr[]-uint8x3')")
    compiled = cache_settings(tmp_path / "compiled")
    call(f"import aarch64_kernels; aarch64_kernels.compile_recording({str(tmp_path)!r})", **compiled)
    kept = [path.read_bytes() for path in (tmp_path / "compiled").rglob("*.nbc")]
    assert kept
    for content in kept:
        _, *files = content.split(ELF)
        assert files
        assert all((ELF + file)[MACHINE] == AARCH64 for file in files)


def test_results_that_differ_are_named(tmp_path: Path) -> None:
    values = np.array([0.0, 1, 2])
    nan = np.array([np.nan, 1])
    here = {"same": values, "zero": values, "off": values, "other": values, "gone": values, "nan": nan}
    there = {"same": values, "zero": -values * [1, -1, -1], "off": [0, 1.5, 4.0], "other": values[:2]}
    np.savez(tmp_path / "x86_64.npz", **here)
    np.savez(tmp_path / "aarch64.npz", nan=np.copysign(nan, [-1, 1]), **there)
    assert list(differences(tmp_path)) == [
        "gone: on one of them only",
        "off: 2 of 3 values, by up to 2",
        "other: float64 (3,) and float64 (2,)",
        "zero: 0 of 3 values, by up to 0",
    ]


def test_other_libraries_may_round_otherwise(tmp_path: Path) -> None:
    """But not by more than the row's tolerance, nor may any other operation."""
    values = np.array([1000.0, 1.0], np.float32)
    label = "gabor_filter[4 kernels]-uint8x1 of"
    near = np.nextafter(values, np.float32(np.inf))
    results = {f"{label} near": near, f"{label} far": values + 1, "gabor of": near}
    np.savez(tmp_path / "x86_64.npz", **dict.fromkeys(results, values))
    np.savez(tmp_path / "aarch64.npz", **results)
    assert [name.partition(":")[0] for name in differences(tmp_path)] == ["gabor of", f"{label} far"]


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OSError, match="this needs dpkg, which is not on this machine"):
        aarch64_root.prepare(tmp_path / "system")
    (tmp_path / "dpkg").write_text("#!/bin/sh\necho amd64\n")
    (tmp_path / "apt-get").write_text("#!/bin/sh\necho 'E: no such thing' >&2; exit 100\n")
    for name in ("dpkg", "apt-get"):
        (tmp_path / name).chmod(0o755)
    with pytest.raises(OSError, match="apt-get indextargets: E: no such thing"):
        aarch64_root.prepare(tmp_path / "system")
