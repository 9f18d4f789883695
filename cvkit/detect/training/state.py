"""Keep the state of a training in a folder, so that it goes on after an interruption."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from cvkit.detect.model_files import read_model, write_model
from cvkit.detect.training.examples import Example, path_of

_SAMPLES, _STATE = "samples.float32", "state.npz"


class Checkpoint:
    """Keeps the state of a training in a folder, or nowhere.

    Parameters
    ----------
    folder : Path, optional
        Made where it does not exist.
    fingerprint : str
        Names the training; a folder with another one is refused.
    """

    def __init__(self, folder: Path | None, fingerprint: str) -> None:
        self._folder = folder
        self._fingerprint = fingerprint
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def samples_path(self) -> Path | None:
        """Where the samples are kept."""
        return None if self._folder is None else self._folder / _SAMPLES

    def load(self) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """Return the numbers and arrays that were saved last, if any."""
        if self._folder is None or not (self._folder / _STATE).exists():
            return None
        _, numbers, arrays = read_model(self._folder / _STATE)
        if numbers.pop("fingerprint") != self._fingerprint:
            raise ValueError(
                f"{self._folder} holds another training (other images or options); choose another"
            )
        return numbers, arrays

    def save(self, numbers: dict[str, Any], **arrays: np.ndarray) -> None:
        """Save numbers and arrays in place of those before."""
        if self._folder is not None:
            settings = {**numbers, "fingerprint": self._fingerprint}
            write_model(self._folder / _STATE, "training", settings, **arrays)


def fingerprint(examples: Iterable[Example], options: dict[str, Any]) -> str:
    """Hash what the result depends on: options and, of the images, names, boxes, sizes and times."""
    text = json.dumps([[_described(example) for example in examples], options], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _described(example: Example) -> Any:
    if not path_of(example).exists():
        return str(example)
    status = path_of(example).stat()
    return str(example), status.st_size, status.st_mtime_ns


def remove_state(work: Path) -> None:
    """Delete what trainings keep in their folder ``work``, and nothing else."""
    for name in (_SAMPLES, _STATE):
        for path in work.glob(f"*/{name}"):
            path.unlink()
    for folder in (*filter(Path.is_dir, work.iterdir()), work):
        if not any(folder.iterdir()):
            folder.rmdir()
