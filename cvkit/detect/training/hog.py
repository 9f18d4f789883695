"""Train a HOG detector from images with and without the object (Dalal and Triggs 2005)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cvkit import _validate
from cvkit.detect.evaluation import average_logarithm, window_det_curve
from cvkit.detect.hog_detector import HOGDetector
from cvkit.detect.training.calibration import calibrate_detector
from cvkit.detect.training.examples import Example, Progress, WrongSize, split_examples
from cvkit.detect.training.samples import SampleStore
from cvkit.detect.training.state import Checkpoint, fingerprint
from cvkit.detect.training.windows import WindowCutter
from cvkit.ml import LinearSVC

# A round is the last one when its new negatives are less than this share of those found before.
_FEW = 0.02
# False positives per window over which C is judged, about Dalal and Triggs' 1e-4.
_JUDGED_RATES = np.logspace(-5, -3, 9)


@dataclass(frozen=True)
class _Options:
    """What two trainings share that differ only in C and in their images."""

    shift: int
    rounds: int
    hard_per_image: int
    max_memory: int | None
    seed: int


@dataclass
class _State:
    """How far a training has come; its samples are the rows that the file of samples begins with."""

    count: int = 0
    object_count: int = 0
    rounds: int = 0
    is_finished: bool = False
    seen: set[tuple[int, ...]] = field(default_factory=set)

    @classmethod
    def load(cls, checkpoint: Checkpoint) -> _State:
        """Return the state that was saved, or a fresh one."""
        saved = checkpoint.load()
        if saved is None:
            return cls()
        numbers, arrays = saved
        return cls(**numbers, seen=set(map(tuple, arrays["seen"].tolist())))

    def save(self, checkpoint: Checkpoint, samples: SampleStore) -> None:
        """Save the state, after its samples."""
        self.count = samples.count
        samples.flush()
        numbers = {name: value for name, value in vars(self).items() if name != "seen"}
        checkpoint.save(numbers, seen=np.array(sorted(self.seen), np.int32).reshape(-1, 4))


def train_hog(
    positives: Iterable[Example],
    negatives: Iterable[Example],
    *,
    rounds: int = 8,
    C: float | Sequence[float] = 0.03,
    shift: int = 2,
    hard_per_image: int = 50,
    wrong_size: WrongSize = "refuse",
    calibrate: bool = False,
    max_memory: int | None = None,
    work: Path | None = None,
    seed: int = 0,
    progress: Progress = lambda message: None,
    **settings: Any,
) -> HOGDetector:
    """Train a detector: HOG features, a linear support vector machine, and rounds of hard negatives.

    Parameters
    ----------
    positives : iterable of Path or Scene
        A path is a crop: an image of one object, centered and as large in the middle window as it is to be
        detected. What lies around the window is used too: features reach beyond it, and the crop is shifted.
        Out of a :class:`~cvkit.detect.training.examples.Scene` every box is cut, by its center and height.
    negatives : iterable of Path or Scene
        Images without the object, or scenes, of which only windows away from the boxes are used.
    rounds : int
        How often, at most, all negatives are searched for windows that the detector takes for objects or
        nearly so, which are added before it is trained again; one that is found again counts again. A round
        that finds few new ones is the last.
    C : float or sequence of float
        Cost of a misclassified window. Of several, the one is taken that misses fewest objects of one
        image in five, when trained (and its hard negatives found) on the others.
    shift : int
        Each object and its mirror image are also used shifted by this many pixels along both diagonals.
    hard_per_image : int
        Windows that one negative adds in one round at most, those with the highest scores; bounds the memory.
    wrong_size : {"refuse", "resize"}
        What to do with crops smaller than the window or larger than twice the window.
    calibrate : bool
        Train without one image in five first, to find from those the default threshold, 0.1 false
        positives an image, and the probability that a score stands for.
    max_memory : int, optional
        Bytes that the windows' features may take in memory; beyond it they go to a temporary file.
    work : Path, optional
        Folder for the features and the state after each round; a training that was interrupted goes on
        there. Delete it afterwards.
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
        If no positive or no negative can be read, or ``work`` holds another training.

    Examples
    --------
    >>> train_hog([], [])
    Traceback (most recent call last):
    ...
    ValueError: positives must hold at least one image that can be read, got none
    """
    options = _Options(
        shift=_validate.integer(shift, "shift", minimum=0),
        rounds=_validate.integer(rounds, "rounds", minimum=0),
        hard_per_image=_validate.integer(hard_per_image, "hard_per_image", minimum=1),
        max_memory=None if max_memory is None else _validate.integer(max_memory, "max_memory", minimum=0),
        seed=_validate.integer(seed, "seed", minimum=0),
    )
    costs = [_validate.number(cost, "C", above=0.0) for cost in np.atleast_1d(np.asarray(C, object))]
    _validate.one_of(wrong_size, ("refuse", "resize"), "wrong_size")
    positives, negatives = list(positives), list(negatives)
    cutter = WindowCutter(settings, progress, wrong_size)
    cost = costs[0]
    measured: dict[str, Any] = {}
    if calibrate or len(costs) > 1:
        cost, measured = _judge_costs(cutter, positives, negatives, costs, options, calibrate, work)
        progress(f"training on everything, C {cost:g}")
    weights = _train(cutter, positives, negatives, cost, options, _part(work, "everything"))
    return HOGDetector(weights, **{**measured, **settings})


def _judge_costs(
    cutter: WindowCutter,
    positives: list[Example],
    negatives: list[Example],
    costs: Sequence[float],
    options: _Options,
    calibrate: bool,
    work: Path | None,
) -> tuple[float, dict[str, Any]]:
    """Train on a part with each cost; return the best one and, if wanted, what calibration finds."""
    objects, others, test_objects, test_others = split_examples(positives, negatives)
    best: tuple[float, float, np.ndarray, np.ndarray] | None = None
    for cost in costs:
        cutter.progress(f"training without one image in five, C {cost:g}")
        weights = _train(cutter, objects, others, cost, options, _part(work, f"C{cost:g}"))
        scores = cutter.object_scores(weights, test_objects)
        rates, misses, _ = window_det_curve(scores, cutter.other_scores(weights, test_others))
        missed = average_logarithm(rates, misses, _JUDGED_RATES)
        cutter.progress(
            f"C {cost:g}: {missed:.1%} of held-out objects missed at 1e-5 to 1e-3 false positives a window"
        )
        if best is None or missed < best[0]:
            best = missed, cost, weights, scores
    assert best is not None
    _, cost, weights, scores = best
    if not calibrate:
        return cost, {}
    detector = HOGDetector(weights, **cutter.settings)
    return cost, calibrate_detector(detector, scores, cutter.reader.read(test_others), cutter.progress)


def _part(work: Path | None, name: str) -> Path | None:
    return None if work is None else Path(work) / name


def _train(
    cutter: WindowCutter,
    positives: list[Example],
    negatives: list[Example],
    cost: float,
    options: _Options,
    work: Path | None,
) -> np.ndarray:
    """Train with one cost, or go on where an earlier run stopped; return the weights and the bias."""
    decisive = {**asdict(options), "max_memory": None, "C": cost, "wrong_size": cutter.reader.wrong_size}
    decisive |= {"settings": cutter.settings, "positives": len(positives)}
    checkpoint = Checkpoint(work, fingerprint([*positives, *negatives], decisive))
    state = _State.load(checkpoint)
    samples = SampleStore(
        cutter.size, max_memory=options.max_memory, path=checkpoint.samples_path, count=state.count
    )
    if state.count == 0:
        state.object_count = _first_samples(cutter, positives, negatives, options, samples, state.seen)
        state.is_finished = options.rounds == 0
        state.save(checkpoint, samples)
    while not state.is_finished:
        start, known, before = time.monotonic(), len(state.seen), samples.count
        weights = _fit(samples.rows, state.object_count, cost, options.seed)
        # Windows that are still hard are added again and count the more.
        samples.extend(cutter.hard_windows(weights, negatives, options.hard_per_image, state.seen))
        new = len(state.seen) - known
        state.rounds += 1
        state.is_finished = state.rounds == options.rounds or new < _FEW * known
        state.save(checkpoint, samples)
        cutter.progress(
            f"round {state.rounds}: {samples.count - before} hard negatives, {new} of them new, "
            f"{time.monotonic() - start:.0f} s"
        )
    return _fit(samples.rows, state.object_count, cost, options.seed)


def _first_samples(
    cutter: WindowCutter,
    positives: list[Example],
    negatives: list[Example],
    options: _Options,
    samples: SampleStore,
    seen: set[tuple[int, ...]],
) -> int:
    """Collect the objects and random windows; return the number of the objects' windows."""
    samples.extend(cutter.positive_windows(positives, options.shift))
    object_count = samples.count
    if not object_count:
        raise ValueError("positives must hold at least one image that can be read, got none")
    samples.extend(cutter.random_windows(negatives, np.random.default_rng(options.seed), seen))
    if samples.count == object_count:
        raise ValueError("negatives must hold at least one image as large as the window, got none")
    cutter.progress(f"{object_count} windows of the object, {samples.count - object_count} others")
    return object_count


def _fit(samples: np.ndarray, object_count: int, cost: float, seed: int) -> np.ndarray:
    """Train the classifier, the first samples being the objects, and return its weights and bias."""
    is_object = np.arange(len(samples)) < object_count
    machine = LinearSVC(C=cost, random_state=seed, dual=True, tol=1e-3).fit(samples, is_object)
    return np.append(machine.coef_[0], machine.intercept_)
