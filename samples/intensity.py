"""Write a contact sheet of thresholds, tables and sums: ``python samples/intensity.py [image] [sheet]``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

import cvkit
from cvkit.cli.programs import ArgumentParser, program
from cvkit.compare.cases.images import scene

TILE = 240
COLUMNS = 6


def lit_from_one_side(image: np.ndarray) -> np.ndarray:
    """Darken an image more and more to the right."""
    light = np.linspace(1, 0.25, image.shape[1])[:, np.newaxis]
    return np.rint(image * light).astype(np.uint8)


def local_mean(image: np.ndarray) -> np.ndarray:
    """Average over 31 x 31 pixels by four values of the integral image."""
    gray = cvkit.rgb_to_gray(image)
    sums = cvkit.integral_image(np.pad(gray, 15, mode="edge"))
    return (sums[31:, 31:] - sums[:-31, 31:] - sums[31:, :-31] + sums[:-31, :-31]) // 31**2


def difference_in_structure(image: np.ndarray) -> np.ndarray:
    """Map what a strong blur takes away: dark where the structure is another."""
    blurred = cvkit.gaussian_blur(image, 2)
    _, similarities = cvkit.structural_similarity(image, blurred, full=True)
    return np.clip(similarities * 255, 0, 255)


def drawn_histogram(image: np.ndarray) -> np.ndarray:
    """Draw how often each value of the gray image occurs, a column for each."""
    counts = cvkit.histogram(cvkit.rgb_to_gray(image), TILE, range=(0, 256))
    heights = np.rint(counts / counts.max() * TILE).astype(int)
    return np.where(np.arange(TILE, 0, -1)[:, np.newaxis] <= heights, 0, 255).astype(np.uint8)


# Shown name -> what becomes of an RGB image.
EXAMPLES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "original": lambda image: image,
    "threshold binary": lambda image: cvkit.threshold(cvkit.rgb_to_gray(image), 110),
    "threshold truncate": lambda image: cvkit.threshold(image, 110, method="truncate"),
    "threshold to_zero": lambda image: cvkit.threshold(image, 110, method="to_zero"),
    "otsu_threshold": lambda image: cvkit.threshold(
        cvkit.rgb_to_gray(image), cvkit.otsu_threshold(cvkit.rgb_to_gray(image))
    ),
    "triangle_threshold": lambda image: cvkit.threshold(
        cvkit.rgb_to_gray(image), cvkit.triangle_threshold(cvkit.rgb_to_gray(image))
    ),
    "lit from one side": lit_from_one_side,
    "otsu_threshold of it": lambda image: cvkit.threshold(
        cvkit.rgb_to_gray(lit_from_one_side(image)),
        cvkit.otsu_threshold(cvkit.rgb_to_gray(lit_from_one_side(image))),
    ),
    "adaptive_threshold of it": lambda image: cvkit.adaptive_threshold(
        cvkit.rgb_to_gray(lit_from_one_side(image)), 31, 5
    ),
    "adaptive_threshold gauss": lambda image: cvkit.adaptive_threshold(
        cvkit.rgb_to_gray(lit_from_one_side(image)), 31, 5, method="gaussian"
    ),
    "lookup negative": lambda image: cvkit.lookup(image, np.arange(255, -1, -1)),
    "lookup posterize": lambda image: cvkit.lookup(image, np.arange(256) // 64 * 85),
    "equalize_histogram": lambda image: cvkit.equalize_histogram(cvkit.rgb_to_gray(image)),
    "clahe": lambda image: cvkit.clahe(cvkit.rgb_to_gray(image), 4),
    "match_histogram": lambda image: cvkit.match_histogram(image // 4 + 60, image),
    "histogram": drawn_histogram,
    "adjust_gamma 0.5": lambda image: cvkit.adjust_gamma(image, 0.5),
    "adjust_gamma 2": lambda image: cvkit.adjust_gamma(image, 2),
    "normalize faded": lambda image: cvkit.normalize(image // 4 + 60, 0, 255),
    "blend with mirrored": lambda image: cvkit.blend(image, image[:, ::-1], 0.6, 0.4),
    "blend contrast": lambda image: cvkit.blend(image, image, 1.6, 0, -70),
    "integral_image": cvkit.integral_image,
    "mean by integral_image": local_mean,
    "structural_similarity": difference_in_structure,
}


def as_image(values: np.ndarray) -> np.ndarray:
    """Show gray as three equal channels, and sums up to their largest."""
    if values.dtype != np.uint8:
        values = cvkit.normalize(values.astype(np.float32), 0, 255).astype(np.uint8)
    return values if values.ndim == 3 else np.repeat(values[..., np.newaxis], 3, axis=2)


def tile(name: str, image: np.ndarray) -> np.ndarray:
    """Cut an image to the size of a tile and write its name below."""
    label = np.full((24, TILE, 3), 255, np.uint8)
    cv2.putText(label, name, (4, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([image[:TILE, :TILE], label])


def contact_sheet(image: np.ndarray) -> np.ndarray:
    """Show every example on ``image``."""
    tiles = [tile(name, as_image(example(image))) for name, example in EXAMPLES.items()]
    blank = np.full_like(tiles[0], 255)
    tiles += [blank] * (-len(tiles) % COLUMNS)
    return np.vstack([np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)])


@program
def main() -> None:
    """Read the image named on the command line, or draw one, and write the sheet."""
    parser = ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("image", type=Path, nargs="?", help="by default, a drawn one")
    parser.add_argument("sheet", type=Path, nargs="?", default=Path("intensity.png"))
    arguments = parser.parse_args()
    if arguments.image is None:
        image = scene(TILE, TILE, 3)
    else:
        read = cvkit.read_image(arguments.image)
        scale = TILE / min(read.shape[:2])
        image = cv2.resize(read, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    cvkit.write_image(arguments.sheet, contact_sheet(np.ascontiguousarray(image)))


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
