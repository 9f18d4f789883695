"""Train detectors by boosted trees over channel features (Dollar et al. 2014, Nam et al. 2014)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cvkit import _validate
from cvkit.detect.channel_detector import ChannelDetector, Trees
from cvkit.detect.channel_pyramid import Decorrelation
from cvkit.detect.training.calibration import calibrate_detector
from cvkit.detect.training.examples import Example, ExampleReader, Progress, WrongSize, split_examples
from cvkit.detect.training.filters import learn_decorrelation
from cvkit.detect.training.pyramids import UNTRAINED, Augmentation, ChannelCutter, WindowIndex
from cvkit.detect.training.samples import SampleColumns
from cvkit.detect.training.state import Checkpoint, fingerprint
from cvkit.ml.ensemble.boosted_trees import BoostingParameters, boost

_DEPTH = 2
# Each round of hard negatives is found by so many times the trees of the round before.
_GROWTH = 4
# Of so many features one is drawn for each level of a tree; decorrelated ones are four times as many.
_FEATURES_PER_DRAWN, _DECORRELATED_PER_DRAWN = 16, 32
# Windows without the object that the first round begins with, that a round adds, and that are kept, at most.
_RANDOM_NEGATIVES, _NEW_NEGATIVES, _NEGATIVES = 10_000, 10_000, 20_000
# Added to every leaf: objects then hardly ever fall below the cascade's threshold on the way to a high score.
_CASCADE_CALIBRATION = 0.005
# Images with and without the object from which filters are learned.
_FILTER_OBJECTS, _FILTER_OTHERS = 300, 150
# What random numbers are drawn for.
_FILTERS, _OBJECTS, _RANDOM_WINDOWS, _HARD_WINDOWS, _TREES = range(5)


@dataclass(frozen=True)
class _Options:
    """What two trainings share that differ only in their images."""

    decorrelate: bool
    trees: int
    rounds: int
    copies: int
    shift: float
    zoom: float
    hard_per_image: int
    max_memory: int | None
    seed: int


def train_channels(
    positives: Iterable[Example],
    negatives: Iterable[Example],
    *,
    decorrelate: bool = False,
    trees: int = 2048,
    rounds: int = 3,
    copies: int = 5,
    shift: float = 2.0,
    zoom: float = 0.045,
    hard_per_image: int = 25,
    wrong_size: WrongSize = "refuse",
    calibrate: bool = False,
    max_memory: int | None = None,
    work: Path | None = None,
    seed: int = 0,
    progress: Progress = lambda message: None,
    **settings: Any,
) -> ChannelDetector:
    """Train a detector: channel features, boosted trees in a soft cascade, and rounds of hard negatives.

    Parameters
    ----------
    positives : iterable of Path or Scene
        A path is a crop: an image of one object, centered and as large in the middle window as it is to be
        detected. Up to 16 pixels around the window are used too. Out of a
        :class:`~cvkit.detect.training.examples.Scene` every box is cut, by its center and height.
    negatives : iterable of Path or Scene
        Images without the object, or scenes, of which only windows away from the boxes are used. Small ones
        are enlarged, at most twice, so that they have more windows.
    decorrelate : bool
        Learn filters and use locally decorrelated channel features: fewer errors, in more time.
    trees : int
        Trees of the detector.
    rounds : int
        How often the negatives are searched for windows that the detector takes for objects; for the last
        time by a fourth of the trees, each time before by a fourth of those.
    copies : int
        How often each object and its mirror image are used: as they are, and at random places and sizes.
    shift, zoom : float
        How far these copies are moved, in pixels, and the logarithm of the factor by which their size
        differs, at most.
    hard_per_image : int
        Windows that one negative adds in one round at most, those with the highest scores.
    wrong_size : {"refuse", "resize"}
        What to do with crops smaller than the window or larger than twice the window.
    calibrate : bool
        Train without one image in five first, to find from those the default threshold, 0.1 false
        positives an image, and the probability that a score stands for.
    max_memory : int, optional
        Bytes that the features of windows and of whole images may take. The features of images that find
        no room are computed in each round again.
    work : Path, optional
        Folder for the state after each round; a training that was interrupted goes on there. Delete it
        afterwards.
    seed : int
        The same seed gives the same model, at any number of threads.
    progress : callable
        Called with a line of text after each step.
    **settings
        Settings of :class:`ChannelDetector`, for the training and the result.

    Returns
    -------
    ChannelDetector

    Raises
    ------
    ValueError
        If no positive or no negative can be read, or ``work`` holds another training.

    Examples
    --------
    >>> train_channels([], [])
    Traceback (most recent call last):
    ...
    ValueError: positives must hold at least one image that can be read, got none
    """
    options = _Options(
        decorrelate=bool(decorrelate),
        trees=_validate.integer(trees, "trees", minimum=1),
        rounds=_validate.integer(rounds, "rounds", minimum=0),
        copies=_validate.integer(copies, "copies", minimum=1),
        shift=_validate.number(shift, "shift", minimum=0.0),
        zoom=_validate.number(zoom, "zoom", minimum=0.0),
        hard_per_image=_validate.integer(hard_per_image, "hard_per_image", minimum=1),
        max_memory=None if max_memory is None else _validate.integer(max_memory, "max_memory", minimum=0),
        seed=_validate.integer(seed, "seed", minimum=0),
    )
    _validate.one_of(wrong_size, ("refuse", "resize"), "wrong_size")
    positives, negatives = list(positives), list(negatives)
    # An untrained detector checks the settings before the work begins.
    geometry = ChannelDetector(UNTRAINED, **settings)
    reader = ExampleReader(geometry.window, geometry.object_size[0], progress, wrong_size)
    trainer = _Trainer(options, reader, settings)
    measured: dict[str, Any] = {}
    if calibrate:
        split = split_examples(positives, negatives)
        progress("training without one image in five")
        judged, cutter = trainer.train(split.objects, split.others, _part(work, "part"))
        scores = cutter.object_scores(judged, split.test_objects)
        images = reader.read(split.test_others)
        measured = calibrate_detector(cutter.detector(judged), scores, images, progress)
        progress("training on everything")
    learned, cutter = trainer.train(positives, negatives, _part(work, "everything"))
    return cutter.detector(learned, **{**measured, **settings})


def _part(work: Path | None, name: str) -> Path | None:
    return None if work is None else Path(work) / name


class _Trainer:
    """Trains with the same options, on any examples."""

    def __init__(self, options: _Options, reader: ExampleReader, settings: dict[str, Any]) -> None:
        self.options = options
        self.reader = reader
        self.settings = settings
        self._cutter: ChannelCutter | None = None

    def train(
        self, positives: list[Example], negatives: list[Example], work: Path | None
    ) -> tuple[Trees, ChannelCutter]:
        """Train, or go on where an earlier run stopped; return the trees, and what makes their features."""
        decisive = {**asdict(self.options), "max_memory": None, "wrong_size": self.reader.wrong_size}
        decisive |= {"settings": self.settings, "positives": len(positives)}
        checkpoint = Checkpoint(work, fingerprint([*positives, *negatives], decisive))
        numbers, arrays = checkpoint.load() or ({"rounds": 0}, {})
        filtering = {name: arrays[name] for name in Decorrelation._fields if name in arrays}
        if self.options.decorrelate and not filtering:
            filtering = self._learn_filters(positives, negatives)._asdict()
        cutter = self._cutter_for(Decorrelation(**filtering) if filtering else None)
        if "leaf" in arrays:
            return Trees(*(arrays[name] for name in Trees._fields)), cutter
        samples, object_count = self._objects(cutter, positives)
        windows = [WindowIndex(*window) for window in arrays.get("windows", np.empty((0, 4))).tolist()]
        if windows:
            samples.extend(cutter.windows_at(negatives, windows))
        else:
            windows = self._first_negatives(cutter, negatives, samples)
            checkpoint.save(numbers, windows=np.array(windows, np.int32), **filtering)
        for number in range(numbers["rounds"], self.options.rounds):
            trees = self._fit(samples, object_count, number)
            windows = self._add_hard_windows(cutter, trees, negatives, samples, windows, number)
            checkpoint.save({"rounds": number + 1}, windows=np.array(windows, np.int32), **filtering)
        trees = self._fit(samples, object_count, self.options.rounds)
        checkpoint.save({"rounds": self.options.rounds}, **trees._asdict(), **filtering)
        return trees, cutter

    def _generator(self, *purpose: int) -> np.random.Generator:
        """Make the generator for one purpose, which does not depend on what was drawn for others."""
        return np.random.default_rng([self.options.seed, *purpose])

    def _learn_filters(self, positives: list[Example], negatives: list[Example]) -> Decorrelation:
        generator = self._generator(_FILTERS)
        chosen: list[Example] = []
        for examples, count in ((positives, _FILTER_OBJECTS), (negatives, _FILTER_OTHERS)):
            chosen += [examples[index] for index in generator.permutation(len(examples))[:count]]
        images = (image for _, _, image in self.reader.read(chosen))
        return learn_decorrelation(images, generator)

    def _cutter_for(self, decorrelation: Decorrelation | None) -> ChannelCutter:
        """Make the cutter; one without filters serves all trainings, with the pyramids it keeps."""
        if self._cutter is None or decorrelation is not None:
            self._cutter = None  # frees its pyramids before others are kept
            self._cutter = ChannelCutter(self.reader, self.settings, decorrelation)
        return self._cutter

    def _objects(self, cutter: ChannelCutter, positives: list[Example]) -> tuple[SampleColumns, int]:
        """Begin the samples with the objects; return them, and the number of objects."""
        options = self.options
        augmentation = Augmentation(options.shift, options.zoom)
        vectors = list(
            cutter.object_vectors(positives, options.copies, augmentation, self._generator(_OBJECTS))
        )
        if not vectors:
            raise ValueError("positives must hold at least one image that can be read, got none")
        samples = SampleColumns(cutter.size, len(vectors) + _NEGATIVES)
        samples.extend(vectors)
        if options.max_memory is not None:
            cutter.memory = max(0, options.max_memory - samples.array.nbytes)
        return samples, len(vectors)

    def _first_negatives(
        self, cutter: ChannelCutter, negatives: list[Example], samples: SampleColumns
    ) -> list[WindowIndex]:
        """Add random windows without the object."""
        windows: list[WindowIndex] = []
        object_count = samples.count
        found = cutter.random_windows(negatives, _RANDOM_NEGATIVES, self._generator(_RANDOM_WINDOWS))
        samples.extend(_noting(found, windows))
        if not windows:
            raise ValueError("negatives must hold at least one image as large as the window, got none")
        self.reader.progress(f"{object_count} windows of the object, {len(windows)} others")
        return windows

    def _add_hard_windows(
        self,
        cutter: ChannelCutter,
        trees: Trees,
        negatives: list[Example],
        samples: SampleColumns,
        windows: list[WindowIndex],
        number: int,
    ) -> list[WindowIndex]:
        """Add the windows that these trees take for objects, in window of random ones of those before."""
        start = time.monotonic()
        generator = self._generator(_HARD_WINDOWS, number)
        found, vectors = cutter.hard_windows(
            trees, negatives, self.options.hard_per_image, _NEW_NEGATIVES, generator
        )
        found, vectors = found[:_NEGATIVES], vectors[:_NEGATIVES]
        object_count = samples.count - len(windows)
        kept = np.sort(generator.permutation(len(windows))[: _NEGATIVES - len(found)])
        samples.keep(np.concatenate([np.arange(object_count), object_count + kept]))
        samples.extend(vectors)
        self.reader.progress(
            f"round {number + 1}: {len(found)} hard negatives for {len(trees.leaf)} trees, "
            f"{time.monotonic() - start:.0f} s"
        )
        return [*(windows[window] for window in kept), *found]

    def _fit(self, samples: SampleColumns, object_count: int, number: int) -> Trees:
        """Boost trees, in round ``number``; objects and others weigh the same together."""
        start = time.monotonic()
        options = self.options
        is_object = np.arange(samples.count) < object_count
        weights = np.where(is_object, 0.5 / object_count, 0.5 / (samples.count - object_count))
        share = _DECORRELATED_PER_DRAWN if options.decorrelate else _FEATURES_PER_DRAWN
        boosting = BoostingParameters(
            depth=_DEPTH,
            criterion="error",
            max_features=-(-len(samples.array) // share),
            seed=int(self._generator(_TREES, number).integers(1 << 31)),
        )
        n_trees = max(1, options.trees // _GROWTH ** (options.rounds - number))
        boosted = boost(samples.array, is_object, weights, n_trees, boosting)
        self.reader.progress(f"{n_trees} trees, {time.monotonic() - start:.0f} s")
        leaf = (boosted.leaf + _CASCADE_CALIBRATION).astype(np.float32)
        return Trees(boosted.feature, boosted.threshold, leaf)


def _noting(
    found: Iterable[tuple[WindowIndex, np.ndarray]], windows: list[WindowIndex]
) -> Iterator[np.ndarray]:
    """Give the windows' features and write down where they lie."""
    for window, vector in found:
        windows.append(window)
        yield vector
