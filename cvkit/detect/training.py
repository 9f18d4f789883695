"""Train a HOG detector from crops of the object and pictures without it (Dalal and Triggs 2005)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Batch
from cvkit.detect.hog_detector import HOGDetector
from cvkit.io import UnreadableImageError, read_image
from cvkit.ml import LinearSVC

# Windows that a picture without the object gives to the first round, before there is a detector to fool.
_RANDOM_WINDOWS = 10
# A negative counts as hard when it scores above this: on the object's side of the margin, or within it.
_HARD_SCORE = -1.0

Progress = Callable[[str], None]


def train_hog(
    positives: Iterable[Path],
    negatives: Iterable[Path],
    *,
    rounds: int = 2,
    C: float = 0.03,
    shift: int = 2,
    hard_per_picture: int = 50,
    seed: int = 0,
    progress: Progress = lambda message: None,
    **settings: Any,
) -> HOGDetector:
    """Train a detector: HOG features, a linear support vector machine, and rounds of hard negatives.

    Parameters
    ----------
    positives : iterable of Path
        Pictures of one object each, centred and as large in the middle window as it is to be detected. What
        lies around the window is used too: features reach beyond it, and the crop is shifted.
    negatives : iterable of Path
        Pictures without the object.
    rounds : int
        How often all negatives are searched for windows that the detector takes for objects or nearly so,
        which are added before it is trained again.
    C : float
        Cost of a misclassified window.
    shift : int
        Each crop and its mirror image are also used shifted by this many pixels along both diagonals.
    hard_per_picture : int
        Windows that one negative adds in one round at most, those with the highest scores; bounds the memory.
    seed : int
        The same seed gives the same model, at any number of threads.
    progress : callable
        Called with a line of text after each step.
    **settings
        Settings of :class:`HOGDetector`, for the training and the result.

    Returns
    -------
    HOGDetector

    Raises
    ------
    ValueError
        If no positive or no negative can be read.

    Examples
    --------
    >>> train_hog([], [])
    Traceback (most recent call last):
    ...
    ValueError: positives must hold at least one picture that can be read, got none
    """
    _validate.integer(rounds, "rounds", minimum=0)
    _validate.number(C, "C", above=0.0)
    _validate.integer(shift, "shift", minimum=0)
    trainer = _Trainer(settings, np.random.default_rng(seed), progress)
    negatives = list(negatives)
    samples = _Samples(trainer.size)
    samples.extend(trainer.positive_windows(positives, shift))
    object_count = samples.count
    if not object_count:
        raise ValueError("positives must hold at least one picture that can be read, got none")
    samples.extend(trainer.random_windows(negatives))
    if samples.count == object_count:
        raise ValueError("negatives must hold at least one picture as large as the window, got none")
    progress(f"{object_count} windows of the object, {samples.count - object_count} others")
    weights = trainer.fit(samples.rows, object_count, C, seed)
    for number in range(1, rounds + 1):
        before = samples.count
        samples.extend(trainer.hard_windows(weights, negatives, hard_per_picture))
        progress(f"round {number}: {samples.count - before} hard negatives")
        if samples.count == before:
            break
        weights = trainer.fit(samples.rows, object_count, C, seed)
    return HOGDetector(weights, **settings)


class _Samples:
    """Rows of features in one growing array, so that the classifier reads them in place."""

    def __init__(self, size: int) -> None:
        self._memory = np.empty((1024, size), np.float32)
        self.count = 0

    @property
    def rows(self) -> np.ndarray:
        """The rows so far."""
        return self._memory[: self.count]

    def extend(self, vectors: Iterable[np.ndarray]) -> None:
        """Append vectors."""
        for vector in vectors:
            if self.count == len(self._memory):
                # In place where the allocator can remap pages; no second copy of gigabytes.
                self._memory.resize((self.count * 5 // 4, self._memory.shape[1]), refcheck=False)
            self._memory[self.count] = vector
            self.count += 1


class _Trainer:
    """What the steps of a training share."""

    def __init__(self, settings: dict[str, Any], generator: np.random.Generator, progress: Progress) -> None:
        self.settings = settings
        self.generator = generator
        self.progress = progress
        # An untrained detector knows the geometry of windows, cells and levels.
        window = settings.get("window", (128, 64))
        self.size = _feature_count(settings)
        self.geometry = HOGDetector(np.zeros(self.size + 1), **{**settings, "window": window, "padding": 0})

    def read(self, paths: Iterable[Path], least: tuple[int, int] = (1, 1)) -> Iterator[np.ndarray]:
        """Read RGB pictures of at least ``least`` pixels; name the others and leave them out."""
        for path in paths:
            try:
                picture = read_image(path)
            except UnreadableImageError as error:
                self.progress(f"left out: {error}")
                continue
            if picture.shape[0] < least[0] or picture.shape[1] < least[1]:
                self.progress(f"left out: {path} has {picture.shape[:2]} pixels, a window has {least}")
                continue
            yield picture

    def positive_windows(self, paths: Iterable[Path], shift: int) -> Iterator[np.ndarray]:
        """Features of the middle window of each crop and of its mirror image, in five positions."""
        height, width = self.geometry.window
        shifts = [(0, 0), *product((-shift, shift), repeat=2)] if shift else [(0, 0)]
        for crop in self.read(paths, self.geometry.window):
            top, left = (crop.shape[0] - height) // 2, (crop.shape[1] - width) // 2
            for picture in (crop, crop[:, ::-1]):
                for down, right in shifts:
                    y = min(max(top + down, 0), crop.shape[0] - height)
                    x = min(max(left + right, 0), crop.shape[1] - width)
                    yield self.window_at(picture, y, x)

    def window_at(self, picture: np.ndarray, y: int, x: int) -> np.ndarray:
        """Features of the window at any pixel; gradients at its edge see the pixels around it."""
        cell_height, cell_width = self.geometry.grid.cell
        features = self.geometry.grid.features(Batch.of(picture), origin=(y % cell_height, x % cell_width))[0]
        return self.geometry.window_vector(features, y // cell_height, x // cell_width)

    def random_windows(self, paths: Iterable[Path]) -> Iterator[np.ndarray]:
        """Features of random windows, each window of each level being as likely as any other."""
        for picture in self.read(paths):
            levels = [level.image for level in self.geometry.pyramid(picture)]
            grids = [self.geometry.grid.block_count(level.shape[:2]) for level in levels]
            rows, columns = self.geometry.window_blocks
            places = np.array([max(0, y - rows + 1) * max(0, x - columns + 1) for y, x in grids])
            if places.sum() == 0:
                continue
            drawn = self.generator.multinomial(_RANDOM_WINDOWS, places / places.sum())
            for level, (_, across), count, available in zip(levels, grids, drawn, places, strict=True):
                if count == 0:
                    continue
                features = self.geometry.grid.features(Batch.of(level))[0]
                for place in self.generator.integers(0, available, count):
                    row, column = divmod(int(place), across - columns + 1)
                    yield self.geometry.window_vector(features, row, column)

    def hard_windows(self, weights: np.ndarray, paths: list[Path], maximum: int) -> Iterator[np.ndarray]:
        """Features of the highest windows of each negative, of those above _HARD_SCORE."""
        detector = HOGDetector(weights, **{**self.settings, "padding": 0})
        for picture in self.read(paths):
            grids = [
                grid for level in detector.pyramid(picture) for grid in detector.scored_grids(level.image)
            ]
            if not grids:
                continue
            scores = np.concatenate([grid.scores.ravel() for grid in grids])
            least = max(
                _HARD_SCORE, np.partition(scores, -maximum)[-maximum] if len(scores) > maximum else -np.inf
            )
            for grid in grids:
                for row, column in np.argwhere(grid.scores > least):
                    yield detector.window_vector(grid.features, row, column)

    def fit(self, samples: np.ndarray, object_count: int, C: float, seed: int) -> np.ndarray:
        """Train the classifier, the first samples being the objects, and return its weights and bias."""
        is_object = np.arange(len(samples)) < object_count
        machine = LinearSVC(C=C, random_state=seed, dual=True, tol=1e-3).fit(samples, is_object)
        return np.append(machine.coef_[0], machine.intercept_)


def _feature_count(settings: dict[str, Any]) -> int:
    """Length of a window's feature vector under ``settings``."""
    cell, side = np.broadcast_to(settings.get("cell", 8), 2), np.broadcast_to(settings.get("side", 2), 2)
    blocks = np.array(settings.get("window", (128, 64))) // cell - side + 1
    return int(np.prod(blocks) * np.prod(side) * settings.get("bins", 9))
