"""Count the coins in an image and measure them: ``python samples/count_coins.py [image] [drawing]``.

Threshold, clean, label, measure, outline: what an inspection is made of.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import cvkit
from cvkit.cli.programs import ArgumentParser, program

# In pixels: larger than any coin, and smaller than any.
BACKGROUND, SMALLEST_AREA = 81, 600
ORANGE = (255, 140, 0)


def mask_of_coins(image: np.ndarray) -> np.ndarray:
    """Find what is brighter than the background around it, as a mask without specks and holes."""
    smooth = cvkit.median_blur(image, 5)
    # An uneven light is what is left where a window larger than a coin erodes and dilates.
    # Most pixels are background, of a narrow range: where their histogram ends, coins begin.
    even = cvkit.top_hat(smooth, cvkit.structuring_element("ellipse", BACKGROUND))
    mask = cvkit.threshold(even, cvkit.triangle_threshold(even))
    mask = cvkit.opening(mask, cvkit.structuring_element("ellipse", 7))
    return cvkit.remove_small_regions(cvkit.remove_small_holes(mask, SMALLEST_AREA), SMALLEST_AREA)


def draw(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Outline each region."""
    contours, _ = cvkit.find_contours(mask)
    return cvkit.draw_contours(cvkit.gray_to_rgb(image), contours, ORANGE)


@program
def main() -> None:
    """Read an image, print a line for each coin, and write the image with the outlines."""
    parser = ArgumentParser(description=(__doc__ or "").partition(":")[0])
    samples = Path(__file__).parent
    parser.add_argument(
        "image", type=Path, nargs="?", default=samples / "coins.png", help="by default, a sample"
    )
    parser.add_argument("drawing", type=Path, nargs="?", default=Path("coins.png"))
    arguments = parser.parse_args()
    image = cvkit.read_image(arguments.image, "gray")
    mask = mask_of_coins(image)
    labels, count = cvkit.label(mask)
    stats = cvkit.region_stats(labels)
    for area, (x, y) in zip(stats.area[1:], stats.centroid[1:], strict=True):
        print(f"a coin of {2 * np.sqrt(area / np.pi):.0f} pixels across at ({x:.0f}, {y:.0f})")
    print(f"{count} coins")
    cvkit.write_image(arguments.drawing, draw(image, mask))


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
