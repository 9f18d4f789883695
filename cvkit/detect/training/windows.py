"""Cut the windows out of images that a HOG detector is trained on and judged by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import numpy as np

from cvkit import _validate
from cvkit._dispatch import ImageStack
from cvkit.detect.hog_detector import HOGDetector, ImageLevel, ScoredGrid
from cvkit.detect.training.examples import Example, ExampleReader, Progress, Scene, WrongSize, is_near

# Windows that an image without the object gives to the first round, before there is a detector to fool.
_RANDOM_WINDOWS = 10
# A negative counts as hard when it scores above this: on the object's side of the margin, or within it.
_HARD_SCORE = -1.0


class WindowCutter:
    """Cuts windows with and without the object, as vectors of features.

    Parameters
    ----------
    settings : dict
        Settings of the detector to train.
    progress : callable
        Is told, in a line, of each image that is left out.
    wrong_size : {"refuse", "resize"}
        What to do with crops smaller than the window or larger than twice the window: leave them out, or
        resize them to the window.
    """

    def __init__(
        self, settings: dict[str, Any], progress: Progress, wrong_size: WrongSize = "refuse"
    ) -> None:
        self.settings = settings
        self.progress = progress
        self.size: int = _feature_count(settings)
        # An untrained detector knows the geometry of windows, cells and levels.
        self.geometry: HOGDetector = self.detector(np.zeros(self.size + 1))
        self.reader: ExampleReader = ExampleReader(
            self.geometry.window, self.geometry.object_size[0], progress, wrong_size
        )

    def detector(self, weights: np.ndarray) -> HOGDetector:
        """Make the detector of these weights that looks at no window beyond the image."""
        return HOGDetector(weights, **{**self.settings, "padding": 0})

    def positive_windows(self, examples: Iterable[Example], shift: int) -> Iterator[np.ndarray]:
        """Features of each object and of its mirror image, in five positions (in one without a shift)."""
        height, width = self.geometry.window
        shifts = [(0, 0), *product((-shift, shift), repeat=2)] if shift else [(0, 0)]
        # Room for the shifts, and for the gradients around the window.
        margin = (shift + self.geometry.grid.cell[0], shift + self.geometry.grid.cell[1])
        for _, example, image in self.reader.read(examples):
            for crop in self.reader.crops(example, image, margin):
                top, left = (crop.shape[0] - height) // 2, (crop.shape[1] - width) // 2
                for view in (crop, crop[:, ::-1]):
                    for down, right in shifts:
                        y = min(max(top + down, 0), crop.shape[0] - height)
                        x = min(max(left + right, 0), crop.shape[1] - width)
                        yield self._window_at(view, y, x)

    def _window_at(self, image: np.ndarray, y: int, x: int) -> np.ndarray:
        """Features of the window at any pixel; gradients at its edge see the pixels around it."""
        cell_height, cell_width = self.geometry.grid.cell
        features = self.geometry.grid.features(
            ImageStack.of(image), origin=(y % cell_height, x % cell_width)
        )[0]
        return self.geometry.window_vector(features, y // cell_height, x // cell_width)

    def random_windows(
        self, examples: Iterable[Example], generator: np.random.Generator, seen: set[tuple[int, ...]]
    ) -> Iterator[np.ndarray]:
        """Features of random windows, each window of each level being as likely as any other."""
        for number, example, image in self.reader.read(examples):
            levels = list(self.geometry.pyramid(image))
            counts = np.array([self._window_count(level.image) for level in levels])
            if counts.sum() == 0:
                continue
            drawn = generator.multinomial(_RANDOM_WINDOWS, counts / counts.sum())
            for index in map(int, np.flatnonzero(drawn)):
                for _, grid, is_free in self._grids(self.geometry, example, levels, only=index):
                    free = np.flatnonzero(is_free)
                    for place in generator.integers(0, len(free), drawn[index] if len(free) else 0):
                        row, column = divmod(int(free[place]), is_free.shape[1])
                        seen.add(self._key(number, index, grid, row, column))
                        yield self.geometry.window_vector(grid.features, row, column)

    def _window_count(self, level: np.ndarray) -> int:
        """Count the windows of a level whose corners lie on its cells."""
        rows, columns = self.geometry.window_blocks
        down, across = self.geometry.grid.block_count(level.shape[:2])
        return max(0, down - rows + 1) * max(0, across - columns + 1)

    def hard_windows(
        self,
        weights: np.ndarray,
        examples: Iterable[Example],
        maximum: int,
        seen: set[tuple[int, ...]],
    ) -> Iterator[np.ndarray]:
        """Features of the highest windows of each image above _HARD_SCORE, which it names in ``seen``."""
        detector = self.detector(weights)
        for number, example, image in self.reader.read(examples):
            grids = list(self._grids(detector, example, detector.pyramid(image)))
            scores = np.concatenate([np.empty(0), *(grid.scores[is_free] for _, grid, is_free in grids)])
            least = _HARD_SCORE
            if len(scores) > maximum:
                least = max(least, np.partition(scores, -maximum - 1)[-maximum - 1])
            for level, grid, is_free in grids:
                for row, column in np.argwhere((grid.scores > least) & is_free):
                    seen.add(self._key(number, level, grid, row, column))
                    yield detector.window_vector(grid.features, row, column)

    def other_scores(self, weights: np.ndarray, examples: Iterable[Example]) -> np.ndarray:
        """Scores of all windows away from the objects."""
        detector = self.detector(weights)
        scores = [
            grid.scores[is_free]
            for _, example, image in self.reader.read(examples)
            for _, grid, is_free in self._grids(detector, example, detector.pyramid(image))
        ]
        return np.concatenate([np.empty(0, np.float32), *scores])

    def object_scores(self, weights: np.ndarray, examples: Iterable[Example]) -> np.ndarray:
        """Scores of the objects and of their mirror images, where the labels or crops have them."""
        vectors = [vector @ weights[:-1] + weights[-1] for vector in self.positive_windows(examples, 0)]
        return np.array(vectors, np.float32)

    def _grids(
        self, detector: HOGDetector, example: Example, levels: Iterable[ImageLevel], only: int | None = None
    ) -> Iterator[tuple[int, ScoredGrid, np.ndarray]]:
        """Give the number of each level, its windows, and which of them lie away from the objects."""
        for number, level in enumerate(levels):
            if only is not None and number != only:
                continue
            for grid in detector.scored_grids(level.image):
                is_free = np.ones(grid.scores.shape, bool)
                if isinstance(example, Scene) and example.boxes:
                    boxes = detector.object_boxes(self._windows(grid, level.scale))
                    is_free = ~is_near(boxes, example).reshape(grid.scores.shape)
                yield number, grid, is_free

    def _windows(self, grid: ScoredGrid, scale: float) -> np.ndarray:
        """Boxes of all windows of a grid, in the image, (N, 4)."""
        steps = np.indices(grid.scores.shape).reshape(2, -1).T
        corners = grid.origin + steps * self.geometry.grid.cell
        windows = np.concatenate([corners, corners + self.geometry.window], axis=1)
        return windows[:, [1, 0, 3, 2]] * (scale / self.geometry.upscale)

    def _key(self, number: int, level: int, grid: ScoredGrid, row: int, column: int) -> tuple[int, ...]:
        """Name a window: image, level, and its corner in the level."""
        (y, x), (cell_height, cell_width) = grid.origin, self.geometry.grid.cell
        return number, level, y + int(row) * cell_height, x + int(column) * cell_width


def _feature_count(settings: dict[str, Any]) -> int:
    """Length of a window's feature vector under ``settings``."""
    cell = _validate.kernel_size(settings.get("pixels_per_cell", 8), "pixels_per_cell", odd=False)
    side = _validate.kernel_size(settings.get("cells_per_block", 2), "cells_per_block", odd=False)
    window = _validate.output_shape(settings.get("window", (128, 64)), "window")
    blocks = np.array(window) // cell - side + 1
    return max(0, int(np.prod(blocks) * np.prod(side) * settings.get("orientations", 9)))
