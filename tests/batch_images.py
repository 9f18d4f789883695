"""Folders of small images, good and bad, for the tests of batches."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import cvkit
from cvkit.batch import Entry, read_manifest
from cvkit.batch.work import Item, Task, Work

GOOD = ("a.png", "more/b.jpg", "more/deep/c d.tiff", "more/ü道.bmp")


def image(seed: int, height: int = 40, width: int = 60) -> np.ndarray:
    """Return noise; every seed gives another image."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def make_good(folder: Path) -> None:
    """Write images of several formats into several folders."""
    for seed, name in enumerate(GOOD):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cvkit.write_image(folder / name, image(seed))


def make_many(folder: Path, count: int) -> None:
    """Write ``count`` tiny images of different content."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        cvkit.write_image(folder / f"{number:05d}.png", image(number, 8, 8))


def entries(folder: Path) -> dict[str, Entry]:
    """Return the manifest's entries by the name of their source, each of which must have one line only."""
    found = list(read_manifest(folder))
    lines = (folder / "manifest.jsonl").read_bytes().splitlines()
    assert len(lines) == len(found), "a file has more than one line"
    return {Path(entry.path).name: entry for entry in found}


def files(folder: Path) -> list[str]:
    """Return the names of all files below a folder but the manifest."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name != "manifest.jsonl")


@dataclass(frozen=True)
class DeadlyWork(Work):
    """Work that kills its process at a file called deadly.png, as often as the file ``deaths`` says."""

    def read(self, task: Task) -> Item:
        """Read a file, or die."""
        if task.path.endswith("deadly.png"):
            deaths = Path(self.folder, "deaths")
            left = int(deaths.read_text())
            if left > 0:
                deaths.write_text(str(left - 1))
                os.kill(os.getpid(), signal.SIGKILL)
        return super().read(task)
