"""The sample that trains a network learns to read."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from tests.layer_checks import one_thread

__all__ = ["one_thread"]


@pytest.mark.parametrize(
    ("epochs", "least"), [(4, 80), pytest.param(25, 97, marks=pytest.mark.sweep, id="until it reads well")]
)
def test_the_network_learns(
    epochs: int,
    least: float,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program = root / "samples" / "digits_network.py"
    monkeypatch.setattr(sys, "argv", [program.name, str(epochs)])
    runpy.run_path(str(program), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == epochs
    assert float(lines[-1].split()[2].removesuffix("%")) > least
