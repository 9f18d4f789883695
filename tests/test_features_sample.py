"""The sample that draws features finds what is there to be found."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

import cvkit


@pytest.mark.sweep
def test_the_program_draws_what_it_found(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, drawing = root / "samples" / "features.py", tmp_path / "drawing.png"
    monkeypatch.setattr(sys, "argv", [program.name, str(root / "samples" / "street2.jpg"), str(drawing)])
    sample = runpy.run_path(str(program), run_name="__main__")
    drawn = cvkit.read_image(drawing)
    height, width = sample["HEIGHT"], sample["WIDTH"]
    assert drawn.shape == (4 * (height + 26), 2 * width, 3)
    # Each tile has marks in a color of its own, but not everywhere.
    tiles = drawn.reshape(4, height + 26, 2, width, 3)[:, :height].swapaxes(1, 2).astype(int)
    for index, names in np.ndenumerate(
        np.array([["ORANGE", "GREEN"], ["GREEN", "GREEN"], ["ORANGE", "GREEN"], ["ORANGE", "ORANGE"]])
    ):
        share = (np.abs(tiles[index] - sample[names]).max(axis=2) < 60).mean()
        assert 0.0005 < share < 0.2, (index, share)
