"""Cut the windows out of images that a channel detector is trained on and judged by."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import cvkit
from cvkit.detect.channel_detector import ChannelDetector, Trees
from cvkit.detect.channel_pyramid import CELL, ChannelLevel, Decorrelation
from cvkit.detect.training.examples import Example, ExampleReader, Scene, is_near, path_of
from cvkit.features.channels import ldcf_features
from cvkit.io import read_ahead

# Images to search are enlarged until their shorter side has so many window heights, but not more than so
# far: small images have few windows.
_LEAST_WINDOWS_ACROSS, _MOST_ENLARGED = 4.0, 2.0
# Pixels around an object's window: as far as the gradients and their averages see. Whole cells.
_MARGIN = 16
UNTRAINED = Trees(np.zeros((1, 1), np.int32), np.zeros((1, 1), np.uint8), np.zeros((1, 2), np.float32))
"""Trees of a detector that has learned nothing but knows the geometry of windows and levels."""


class WindowIndex(NamedTuple):
    """Where a window lies: the image's number, the level's, and the window's index in the level."""

    image: int
    level: int
    row: int
    column: int


class Augmentation(NamedTuple):
    """How much copies of an object differ at most: pixels it is moved, and the logarithm of its size."""

    shift: float
    zoom: float


class ChannelCutter:
    """Cuts windows with and without the object, as vectors of bytes.

    Parameters
    ----------
    reader : ExampleReader
        Reads the images.
    settings : dict
        Settings of the detector to train.
    decorrelation : Decorrelation, optional
        Filters of locally decorrelated features.

    Attributes
    ----------
    memory : int, optional
        Bytes of pyramids that are kept; further ones are computed whenever they are looked at.
    """

    def __init__(
        self,
        reader: ExampleReader,
        settings: dict[str, Any],
        decorrelation: Decorrelation | None = None,
    ) -> None:
        self.reader = reader
        self._settings = settings
        self._filtering = {} if decorrelation is None else decorrelation._asdict()
        self.memory: int | None = None
        self._kept: dict[Path, list[ChannelLevel]] = {}
        self._kept_bytes = 0
        # With the padding that detections are looked for in: its edges are taken for people, unless learned.
        self._geometry = self.detector(UNTRAINED)
        rows, columns = (extent // CELL for extent in self._geometry.window)
        self._cells = rows, columns
        self.size: int = self._vectors(np.zeros((1, *self._crop_size(), 3), np.float32)).shape[1]

    def detector(self, trees: Trees, **settings: Any) -> ChannelDetector:
        """Make the detector of these trees."""
        return ChannelDetector(trees, **{**self._settings, **settings}, **self._filtering)

    def object_vectors(
        self,
        examples: Iterable[Example],
        copies: int,
        augmentation: Augmentation,
        generator: np.random.Generator,
    ) -> Iterator[np.ndarray]:
        """Features of each object and of its mirror image: as it is, and of copies at random places."""
        for view in self._object_views(examples):
            changes = [(1.0, 0.0, 0.0)]
            for _ in range(copies - 1):
                moved = generator.uniform(-augmentation.shift, augmentation.shift, 2)
                changes.append((np.exp(generator.uniform(-augmentation.zoom, augmentation.zoom)), *moved))
            yield from self._vectors(np.stack([self._placed(view, *change) for change in changes]))

    def object_scores(self, trees: Trees, examples: Iterable[Example]) -> np.ndarray:
        """Scores of the objects and of their mirror images, the best of the middle window and those around.

        -inf where the cascade gives up all of these.
        """
        detector = self.detector(trees, stride=CELL)
        middle = slice(_MARGIN // CELL - 1, _MARGIN // CELL + 2)
        best = [
            detector.scored_windows(self._channels(self._placed(view)[np.newaxis])[0])[middle, middle].max()
            for view in self._object_views(examples)
        ]
        return np.array(best, np.float32)

    def _object_views(self, examples: Iterable[Example]) -> Iterator[np.ndarray]:
        """Give the crop of each object, and its mirror image, as floats from 0 to 1."""
        for _, example, image in self.reader.read(examples):
            for crop in self.reader.crops(example, image, (_MARGIN, _MARGIN)):
                values = crop.astype(np.float32) / np.float32(255)
                yield values
                yield values[:, ::-1]

    def _crop_size(self) -> tuple[int, int]:
        height, width = self._geometry.window
        return height + 2 * _MARGIN, width + 2 * _MARGIN

    def _placed(
        self, view: np.ndarray, zoom: float = 1.0, down: float = 0.0, right: float = 0.0
    ) -> np.ndarray:
        """Enlarge and move a crop about the middle window, which gets a margin of edge pixels if need be."""
        size = np.array(self._crop_size())
        center = (size - 1) / 2
        # Whole pixels, so that an object that is left as it is stays unblurred.
        towards_middle = (size - view.shape[:2]) // 2
        y, x = zoom * (towards_middle - center) + center + [down, right]
        matrix = [[zoom, 0.0, x], [0.0, zoom, y]]
        return cvkit.warp_affine(np.ascontiguousarray(view), matrix, self._crop_size(), border="replicate")

    def _channels(self, views: np.ndarray) -> np.ndarray:
        """Compute the channels of a stack of crops, (N, channel, row, column) bytes."""
        if self._filtering:
            return ldcf_features(views, **self._filtering)
        return cvkit.channel_features(views)

    def _vectors(self, views: np.ndarray) -> np.ndarray:
        """Features of the middle windows of a stack of crops, (N, features) bytes."""
        top = left = _MARGIN // CELL
        rows, columns = self._cells
        windows = self._channels(views)[:, :, top : top + rows, left : left + columns]
        return windows.reshape(len(views), -1)

    def random_windows(
        self, examples: Sequence[Example], count: int, generator: np.random.Generator
    ) -> Iterator[tuple[WindowIndex, np.ndarray]]:
        """Draw about so many windows, as many from each image, each window of it being as likely."""
        for number, example, levels in self._pyramids(examples, range(len(examples))):
            free = [np.argwhere(self._is_free(self._geometry, example, level)) for level in levels]
            counts = np.array([len(windows) for windows in free])
            if not counts.sum():
                continue
            drawn = generator.multinomial(-(-count // len(examples)), counts / counts.sum())
            for index in map(int, np.flatnonzero(drawn)):
                for row, column in free[index][generator.integers(0, counts[index], drawn[index])]:
                    window = WindowIndex(number, index, int(row), int(column))
                    yield window, self._geometry.window_vector(levels[index].channels, row, column)

    def hard_windows(
        self,
        trees: Trees,
        examples: Sequence[Example],
        per_image: int,
        count: int,
        generator: np.random.Generator,
    ) -> tuple[list[WindowIndex], list[np.ndarray]]:
        """Find windows that the cascade takes for objects, in one random image after another.

        Of windows that overlap, the lower are suppressed, and of the others each image gives the highest.
        The search ends when there are ``count``.
        """
        detector = self.detector(trees)
        windows: list[WindowIndex] = []
        vectors: list[np.ndarray] = []
        order = [int(number) for number in generator.permutation(len(examples))]
        for number, example, levels in self._pyramids(examples, order):
            for window in self._hardest(detector, number, example, levels, per_image):
                windows.append(window)
                vectors.append(self._vector_at(levels, window))
            if len(windows) >= count:
                break
        return windows, vectors

    def _hardest(
        self,
        detector: ChannelDetector,
        number: int,
        example: Example,
        levels: list[ChannelLevel],
        maximum: int,
    ) -> list[WindowIndex]:
        found: list[WindowIndex] = []
        boxes, scores = [np.empty((0, 4))], [np.empty(0, np.float32)]
        for index, level in enumerate(levels):
            is_free = self._is_free(detector, example, level)
            level_scores = np.where(is_free, detector.scored_windows(level.channels), -np.inf)
            rows, columns = np.nonzero(level_scores > detector.cascade)
            found += [
                WindowIndex(number, index, row, column)
                for row, column in np.stack([rows, columns], axis=1).tolist()
            ]
            boxes.append(detector.object_boxes(detector.window_boxes(level.scale, rows, columns)))
            scores.append(level_scores[rows, columns])
        kept = detector.suppress(np.concatenate(boxes), np.concatenate(scores))
        return [found[window] for window in kept[:maximum]]

    def windows_at(self, examples: Sequence[Example], windows: Sequence[WindowIndex]) -> Iterator[np.ndarray]:
        """Cut out windows again, those of one image after those of another, in the order of the windows."""
        of_image: dict[int, list[int]] = {}
        for index, window in enumerate(windows):
            of_image.setdefault(window.image, []).append(index)
        vectors: dict[int, np.ndarray] = {}
        for number, _, levels in self._pyramids(examples, list(of_image)):
            for index in of_image[number]:
                vectors[index] = self._vector_at(levels, windows[index])
        return (vectors.pop(index) for index in range(len(windows)))

    def other_scores(self, trees: Trees, examples: Iterable[Example]) -> np.ndarray:
        """Scores of all windows inside the images and away from objects, -inf where the cascade gave up."""
        detector = self.detector(trees, padding=0)
        scores = [
            detector.scored_windows(level.channels)[self._is_free(detector, example, level)]
            for _, example, image in self.reader.read(examples)
            for level in detector.levels(image)
        ]
        return np.concatenate([np.empty(0, np.float32), *scores])

    def _vector_at(self, levels: list[ChannelLevel], window: WindowIndex) -> np.ndarray:
        return self._geometry.window_vector(levels[window.level].channels, window.row, window.column)

    def _is_free(self, detector: ChannelDetector, example: Example, level: ChannelLevel) -> np.ndarray:
        """Tell which windows of a level lie away from the objects."""
        step = detector.stride // CELL
        shape = [
            max(0, (extent - window) // step + 1)
            for extent, window in zip(level.channels.shape[1:], self._cells, strict=True)
        ]
        if not (isinstance(example, Scene) and example.boxes):
            return np.ones(shape, bool)
        rows, columns = np.indices(shape).reshape(2, -1)
        boxes = detector.object_boxes(detector.window_boxes(level.scale, rows, columns))
        return ~is_near(boxes, example).reshape(shape)

    def _pyramids(
        self, examples: Sequence[Example], order: Iterable[int]
    ) -> Iterator[tuple[int, Example, list[ChannelLevel]]]:
        """Give the pyramids of some examples in this order; those that cannot be read have no levels."""
        order = list(order)
        paths = [path_of(examples[number]) for number in order]
        are_kept = [path in self._kept for path in paths]
        missing = [path for path, is_kept in zip(paths, are_kept, strict=True) if not is_kept]
        with closing(read_ahead(missing)) as images:
            for number, path, is_kept in zip(order, paths, are_kept, strict=True):
                levels = self._kept[path] if is_kept else self._levels_of(*next(images))
                yield number, examples[number], levels

    def _levels_of(self, path: Path, image: np.ndarray | OSError) -> list[ChannelLevel]:
        """Compute a pyramid, and keep it if there is room."""
        levels: list[ChannelLevel] = []
        if isinstance(image, OSError):
            self.reader.progress(f"left out: {image}")
        else:
            levels = list(self._enlarging(image).levels(image))
        size = sum(level.channels.nbytes for level in levels)
        if self.memory is None or self._kept_bytes + size <= self.memory:
            self._kept[path] = levels
            self._kept_bytes += size
        return levels

    def _enlarging(self, image: np.ndarray) -> ChannelDetector:
        """Return a detector that enlarges this image if it is small."""
        wanted = _LEAST_WINDOWS_ACROSS * self._geometry.window[0] / min(image.shape[:2])
        detector = copy.copy(self._geometry)
        detector.upscale *= min(max(wanted, 1.0), _MOST_ENLARGED)
        return detector
