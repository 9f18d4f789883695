"""The sample that counts coins finds all of them, and draws them."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

import cvkit


def test_the_program_counts_all_coins(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = root / "samples" / "count_coins.py"
    drawing = tmp_path / "drawing.png"
    monkeypatch.setattr(sys, "argv", [program.name, str(root / "samples" / "coins.png"), str(drawing)])
    runpy.run_path(str(program), run_name="__main__")
    *coins, count = capsys.readouterr().out.splitlines()
    assert count == "24 coins"
    assert len(coins) == 24
    drawn = cvkit.read_image(drawing)
    assert 2000 < (drawn == (255, 140, 0)).all(axis=2).sum() < 5000
    # No coin is outlined within another.
    assert np.ptp([int(coin.split()[3]) for coin in coins]) < 40
