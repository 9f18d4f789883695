"""Compare many rows of the tables, one after another, and gather what was found."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from cvkit.compare.cases.case import Case
from cvkit.compare.cases.detectors import DetectorCase
from cvkit.compare.cases.images import adapted, scene
from cvkit.compare.cases.learners.case import LearnerCase
from cvkit.compare.measure.documents import Document
from cvkit.compare.measure.learners import compare_learner
from cvkit.compare.measure.machine import thread_count
from cvkit.compare.measure.miss_rates import LabeledImages, compare_miss_rates
from cvkit.compare.measure.parity import Results, compare_case, compare_detector
from cvkit.compare.measure.selection import AnyCase, reason_to_skip
from cvkit.compare.measure.speed import time_case, time_detector
from cvkit.io import read_image

# Sides of the images that show how times grow, as shares of the whole size.
_SHARES = (0.25, 0.5)
# A comparison has many rows; the benchmark takes more time for each.
_SECONDS = 2.0


@dataclass
class Comparison:
    """Agreement, speed and growth of many rows.

    Parameters
    ----------
    shape : (int, int)
        Height and width at which speed is measured.
    images : dict of str to numpy.ndarray
        RGB images by name; without any, a drawn scene takes their place.
    threads : int
        Threads of each side.
    on_cuda : bool
        Whether cvkit works on a GPU.
    draw : callable
        Draws two results that differ, as HTML.

    Raises
    ------
    ValueError
        If there are not so many threads.
    """

    shape: tuple[int, int]
    images: dict[str, np.ndarray] = field(default_factory=dict)
    threads: int = 1
    on_cuda: bool = False
    draw: Callable[[Results], str] = lambda results: ""
    document: Document = field(default_factory=Document)
    skipped: dict[str, str] = field(default_factory=dict)
    """Labels of the rows that could not be compared, and why."""
    failed: dict[str, str] = field(default_factory=dict)
    """Labels of the rows on which either side raised an exception, and which."""
    figures: dict[str, str] = field(default_factory=dict)
    """Drawings of results that differ, by label."""
    _scaled: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        with thread_count(self.threads):
            pass
        if not self.images:
            self.images = {"scene": scene(*self.shape, channels=3)}

    @property
    def agrees(self) -> bool:
        """Whether every compared row is within its tolerance, and none failed."""
        return not self.failed and all(row["agrees"] for row in self.document.rows if "agrees" in row)

    def judge(self, labeled: LabeledImages) -> None:
        """Judge detectors on labeled images."""
        with thread_count(self.threads):
            for row in compare_miss_rates(labeled, unreadable=self._fail):
                self.document.add(row)

    def _fail(self, path: Path, error: OSError) -> None:
        self.failed[f"detect[{path}]"] = str(error)

    def add(self, case: AnyCase) -> None:
        """Compare one row."""
        reason = reason_to_skip(case)
        if reason is not None:
            self.skipped[case.label] = reason
            return
        try:
            self._compare(case)
        except Exception as error:  # an image that one row cannot work on must not end the others
            self.failed[case.label] = f"{type(error).__name__}: {error}".strip().partition("\n")[0]

    def _compare(self, case: AnyCase) -> None:
        if isinstance(case, Case):
            self._add_case(case)
        elif isinstance(case, DetectorCase):
            self._add_detector(case)
        else:
            self._add_learner(case)

    def _add_case(self, case: Case) -> None:
        images = {name: adapted(image, case.channels, case.dtype) for name, image in self.images.items()}
        images = {
            name: image
            for name, image in images.items()
            if image.shape[0] >= case.minimum_shape[0] and image.shape[1] >= case.minimum_shape[1]
        }
        if not images:
            self.skipped[case.label] = f"needs an image of at least {case.minimum_shape}"
            return
        for name, image in images.items():
            results = compare_case(case, image, name, on_cuda=self.on_cuda)
            self.document.add(results.row)
            if results.row["largest"] > 0 and case.label not in self.figures:
                self.figures[case.label] = self.draw(results)
        self._add_times(case, next(iter(images.values())))

    def _add_times(self, case: Case, image: np.ndarray) -> None:
        """Time a row, and the first row of an operation on smaller images too."""
        shares = (*_SHARES, 1.0) if case.operation not in self._scaled else (1.0,)
        self._scaled.add(case.operation)
        for share in shares:
            height, width = round(self.shape[0] * share), round(self.shape[1] * share)
            if height >= case.minimum_shape[0] and width >= case.minimum_shape[1]:
                resized = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
                self.document.add(
                    time_case(case, resized, self.threads, on_cuda=self.on_cuda, seconds=_SECONDS)
                )

    def _add_detector(self, case: DetectorCase) -> None:
        for name, image in self.images.items():
            self.document.add(compare_detector(case, image, name, on_cuda=self.on_cuda))
        image = next(iter(self.images.values()))
        self.document.add(time_detector(case, image, self.threads, on_cuda=self.on_cuda, seconds=_SECONDS))

    def _add_learner(self, case: LearnerCase) -> None:
        self.document.add(compare_learner(case, self.threads, seconds=_SECONDS))


def read_images(paths: Sequence[str | os.PathLike[str]]) -> dict[str, np.ndarray]:
    """Read images by their names; a name that occurs twice keeps its folder.

    Parameters
    ----------
    paths : sequence of path
        Files.

    Returns
    -------
    dict of str to numpy.ndarray

    Examples
    --------
    >>> read_images([])
    {}
    """
    files = [Path(path) for path in paths]
    names = [file.name for file in files]
    return {str(file) if names.count(file.name) > 1 else file.name: read_image(file) for file in files}
