"""Examples to train on and to judge by: crops of objects, labeled images, images without the object."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

import cvkit
from cvkit.detect.suppression import box_iou
from cvkit.io import read_ahead

Progress = Callable[[str], None]
WrongSize = Literal["refuse", "resize"]

FOLDS = 5
"""One image in so many is held out to judge by; each image is in one fold."""

# A window of a labeled image that overlaps an object this much is neither the object nor background.
_NEAR_IOU = 0.3
# Crops larger than this many windows hardly show the object as large as the window expects it.
_LARGEST_CROP = 2
# Labeled objects that would have to be enlarged more than this are too blurred to learn from.
_MOST_ENLARGED = 2.0


class Scene(NamedTuple):
    """An image and where the objects in it are.

    Parameters
    ----------
    path : Path
        The image.
    boxes : tuple of (float, float, float, float)
        Left, top, right and bottom of each object, in pixels.
    """

    path: Path
    boxes: tuple[tuple[float, float, float, float], ...]


Example = Path | Scene


def path_of(example: Example) -> Path:
    """Return the image's path."""
    return example.path if isinstance(example, Scene) else Path(example)


def is_near(boxes: np.ndarray, scene: Scene) -> np.ndarray:
    """Tell which boxes are neither background nor, perhaps, well placed on an object."""
    overlap = box_iou(boxes, np.array(scene.boxes))
    return np.any(overlap > _NEAR_IOU, axis=1)


def source_image(example: Example) -> str:
    """Name the image that an example comes from; crop12a and crop12b are cut from one."""
    path = path_of(example)
    name = path.stem if isinstance(example, Scene) else re.sub(r"(?<=\d)[a-z]$", "", path.stem)
    return str(path.with_name(name))


def hold_out(examples: Sequence[Example], held: set[str]) -> tuple[list[Example], list[Example]]:
    """Split examples into those of other images and those of the held ones."""
    others = [example for example in examples if source_image(example) not in held]
    return others, [example for example in examples if source_image(example) in held]


def choose_held_out(positives: Sequence[Example], negatives: Sequence[Example], fold: int = 0) -> set[str]:
    """Choose one image in FOLDS of the positives, and of the other negatives; each fold has its own."""
    with_objects = {source_image(example) for example in positives}
    without = {source_image(example) for example in negatives} - with_objects
    return {*sorted(with_objects)[fold::FOLDS], *sorted(without)[fold::FOLDS]}


class Split(NamedTuple):
    """Examples to train on, and those of one image in five, held out to judge by."""

    objects: list[Example]
    others: list[Example]
    test_objects: list[Example]
    test_others: list[Example]


def split_examples(positives: Sequence[Example], negatives: Sequence[Example], fold: int = 0) -> Split:
    """Hold out one image in five.

    Parameters
    ----------
    positives, negatives : sequence of Path or Scene
        Images with and without the object.
    fold : int
        Which of them, 0 to FOLDS - 1. Each image is held out in one fold.

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        If a part would be empty.
    """
    held = choose_held_out(positives, negatives, fold=fold)
    objects, test_objects = hold_out(positives, held)
    others, test_others = hold_out(negatives, held)
    if not (objects and others and test_objects and test_others):
        raise ValueError("choosing C and calibration need at least two images with objects and two without")
    return Split(objects, others, test_objects, test_others)


class ExampleReader:
    """Reads images and cuts the objects out of them, each in the middle of its crop.

    Parameters
    ----------
    window : (int, int)
        Height and width of the detector's window.
    object_height : float
        Height of the object as a share of the window's.
    progress : callable
        Is told, in a line, of each image that is left out.
    wrong_size : {"refuse", "resize"}
        What to do with crops smaller than the window or larger than twice the window: leave them out, or
        resize them to the window.
    """

    def __init__(
        self,
        window: tuple[int, int],
        object_height: float,
        progress: Progress,
        wrong_size: WrongSize = "refuse",
    ) -> None:
        self.window = window
        self.object_height = object_height
        self.progress = progress
        self.wrong_size = wrong_size

    def read(self, examples: Iterable[Example]) -> Iterator[tuple[int, Example, np.ndarray]]:
        """Read RGB images, with their numbers; name those that cannot be read and leave them out."""
        examples = list(examples)
        for number, (_, image) in enumerate(read_ahead(map(path_of, examples))):
            if isinstance(image, OSError):
                self.progress(f"left out: {image}")
            else:
                yield number, examples[number], image

    def crops(self, example: Example, image: np.ndarray, margin: tuple[int, int]) -> Iterator[np.ndarray]:
        """Give the crops of an example, with the object in the middle window.

        Boxes are cut out with a margin of so many pixels around the window, (rows, columns); other crops are
        given as large as they are.
        """
        if isinstance(example, Scene):
            for box in example.boxes:
                crop = self._cut_out(image, box, margin)
                if _is_outside(box, image):
                    self.progress(f"left out: box {_rounded(box)} of {example.path} lies outside the image")
                elif crop is None:
                    self.progress(f"left out: box {_rounded(box)} of {example.path} is too small")
                else:
                    yield crop
            return
        window, size = np.array(self.window), np.array(image.shape[:2])
        if np.all(window <= size) and np.all(size <= _LARGEST_CROP * window):
            yield image
        elif self.wrong_size == "resize":
            self.progress(f"resized: {example} from {_by(size)} to the window's {_by(window)} pixels")
            yield cvkit.resize(image, self.window, interpolation="bilinear_exact")
        else:
            self.progress(
                f"left out: {example} has {_by(size)} pixels, a crop has {_by(window)} to "
                f"{_by(_LARGEST_CROP * window)}"
            )

    def _cut_out(
        self, image: np.ndarray, box: tuple[float, float, float, float], margin: tuple[int, int]
    ) -> np.ndarray | None:
        """Cut an object out of an image and bring it to its size in the window, with a margin around it."""
        left, top, right, bottom = box
        window = np.array(self.window)
        factor = (bottom - top) / (self.object_height * window[0])
        if factor * _MOST_ENLARGED < 1:
            return None
        size = window + 2 * np.array(margin)
        extent = np.maximum(np.rint(factor * size), 1).astype(int)
        corner = np.rint([(top + bottom) / 2, (left + right) / 2] - extent / 2).astype(int)
        rows, columns = (
            np.clip(np.arange(start, start + length), 0, limit - 1)
            for start, length, limit in zip(corner, extent, image.shape[:2], strict=False)
        )
        cut = np.ascontiguousarray(image[np.ix_(rows, columns)])  # edge pixels repeat beyond the image
        return cvkit.resize(cut, (int(size[0]), int(size[1])), interpolation="bilinear_exact")


def _is_outside(box: tuple[float, float, float, float], image: np.ndarray) -> bool:
    left, top, right, bottom = box
    return right <= 0 or bottom <= 0 or left >= image.shape[1] or top >= image.shape[0]


def _by(size: np.ndarray) -> str:
    return f"{size[0]}x{size[1]}"


def _rounded(box: tuple[float, ...]) -> str:
    return "(" + ", ".join(f"{edge:g}" for edge in box) + ")"
