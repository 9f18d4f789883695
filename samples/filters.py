"""Write a contact sheet of every filter: ``python samples/filters.py [image] [sheet.png]``."""

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
COLUMNS = 5

# Shown name -> the filter; functions are looked up when they run, so that the sheet shows what is installed.
FILTERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "original": lambda image: image,
    "box_filter 9": lambda image: cvkit.box_filter(image, 9),
    "gaussian_blur sigma 3": lambda image: cvkit.gaussian_blur(image, 3),
    "median_blur 7": lambda image: cvkit.median_blur(image, 7),
    "bilateral_filter": lambda image: cvkit.bilateral_filter(image, 9, 40, 5),
    "non_local_means": lambda image: cvkit.non_local_means(image, 10),
    "filter2d emboss": lambda image: cvkit.filter2d(image, [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]),
    "sep_filter2d motion": lambda image: cvkit.sep_filter2d(
        image, kernel_y=[1], kernel_x=np.full(15, 1 / 15)
    ),
    "sharpen laplacian": lambda image: cvkit.sharpen(image),
    "sharpen sobel": lambda image: cvkit.sharpen(image, "sobel", 2),
    "unsharp_mask": lambda image: cvkit.unsharp_mask(image, 3, 1.5),
    "sobel dx": lambda image: cvkit.sobel(image, 1, 0),
    "scharr dy": lambda image: cvkit.scharr(image, 0, 1),
    "prewitt dx": lambda image: cvkit.prewitt(image, 1, 0),
    "roberts": lambda image: cvkit.roberts(image),
    "laplacian": lambda image: cvkit.laplacian(image, ksize=3),
    "laplacian_of_gaussian": lambda image: cvkit.laplacian_of_gaussian(image, 2),
    "canny": lambda image: cvkit.canny(image, 60, 160),
}


def as_image(values: np.ndarray) -> np.ndarray:
    """Show signed results around middle gray and magnitudes from black, at the contrast of their 99 %."""
    if values.dtype == np.uint8:
        return values if values.ndim == 3 else np.repeat(values[..., np.newaxis], 3, axis=2)
    values = values.astype(np.float64)
    strength = max(float(np.percentile(np.abs(values), 99)), 1e-6)
    shown = 128 + 127 * values / strength if values.min() < 0 else 255 * values / strength
    return shown.clip(0, 255).astype(np.uint8)


def tile(name: str, image: np.ndarray) -> np.ndarray:
    """Cut an image to the size of a tile and write its name below."""
    label = np.full((24, TILE, 3), 255, np.uint8)
    cv2.putText(label, name, (4, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([image[:TILE, :TILE], label])


def contact_sheet(image: np.ndarray) -> np.ndarray:
    """Filter ``image`` with everything there is and arrange the results."""
    tiles = []
    for name, filtered in FILTERS.items():
        if hasattr(cvkit, name.split()[0]) or name == "original":
            tiles.append(tile(name, as_image(filtered(image))))
        else:
            print(f"{name}: not in this version of cvkit")
    blank = np.full_like(tiles[0], 255)
    tiles += [blank] * (-len(tiles) % COLUMNS)
    return np.vstack([np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)])


@program
def main() -> None:
    """Read the image named on the command line, or draw one, and write the sheet."""
    parser = ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("image", type=Path, nargs="?", help="by default, a drawn one")
    parser.add_argument("sheet", type=Path, nargs="?", default=Path("filters.png"))
    arguments = parser.parse_args()
    if arguments.image is None:
        image = scene(TILE, TILE, 3)
    else:
        read = cvkit.read_image(arguments.image)
        scale = TILE / min(read.shape[:2])
        image = cv2.resize(read, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    cvkit.write_image(arguments.sheet, contact_sheet(image))


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
