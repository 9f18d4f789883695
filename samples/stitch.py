"""Join two overlapping images to a panorama: ``python samples/stitch.py [FIRST SECOND] [--output PANORAMA]``.

Keypoints of both are matched by their descriptors, and a homography that most matches agree with takes the
second image to the first. Without arguments a sample is cut into two parts, one of them tilted.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import cvkit
from cvkit.cli.programs import ArgumentParser, program

SAMPLE = Path(__file__).parent / "street2.jpg"
KEYPOINTS = 1500
# Matches that have to agree: so many hardly do by chance.
FEWEST = 20


def parts(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut an image into two parts that overlap; the second is seen from a little aside."""
    height, width = image.shape[:2]
    split = round(0.6 * width)
    seen = [(0.3 * width, 0.04 * height), (width, 0), (0.97 * width, height), (0.33 * width, 0.93 * height)]
    upright = [(0, 0), (split - 1, 0), (split - 1, height - 1), (0, height - 1)]
    second = cvkit.warp_perspective(image, cvkit.perspective_matrix(seen, upright), (height, split))
    return image[:, :split], second


def matching_points(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points (x, y) of two images that look alike, and unlike all others."""
    (keypoints, descriptors), (others, their_descriptors) = (
        cvkit.orb(cvkit.rgb_to_gray(image), KEYPOINTS) for image in (first, second)
    )
    matches = cvkit.match_descriptors(descriptors, their_descriptors, ratio=0.85, cross_check=True)
    return keypoints.points[matches.first], others.points[matches.second]


def stitch(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the panorama of two images, and the matrix that takes the first one to it."""
    to_points, from_points = matching_points(first, second)
    if len(to_points) < FEWEST:
        raise ValueError(f"the images do not show enough of the same: {len(to_points)} points match")
    matrix, inliers = cvkit.find_homography(from_points, to_points)
    if inliers.sum() < FEWEST:
        raise ValueError(f"the images do not show enough of the same: {inliers.sum()} matches agree")
    corners = [
        np.array([(0, 0), (w, 0), (w, h), (0, h)], float) for h, w in (first.shape[:2], second.shape[:2])
    ]
    outline = np.concatenate([corners[0], cvkit.transform_points(corners[1], matrix)])
    left, top = np.floor(outline.min(axis=0))
    width, height = np.ceil(outline.max(axis=0)) - (left, top)
    shift = np.array([(1, 0, -left), (0, 1, -top), (0, 0, 1)])
    shape = int(height), int(width)
    layers = []
    for image, to_panorama in ((first, shift), (second, shift @ matrix)):
        whole = np.full(image.shape[:2], 255, np.uint8)
        mask = cvkit.warp_perspective(whole, to_panorama, shape) == 255
        layers.append((cvkit.warp_perspective(image, to_panorama, shape), mask[..., np.newaxis]))
    (panorama, is_first), (warped, is_second) = layers
    both = cvkit.blend(panorama, warped, 0.5, 0.5)
    panorama = np.where(is_first & is_second, both, np.where(is_second, warped, panorama))
    return panorama, shift


@program
def main() -> None:
    """Join the images named on the command line, or the parts of a sample."""
    parser = ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("images", type=Path, nargs="*", help="two images that overlap")
    parser.add_argument("--output", type=Path, default=Path("panorama.jpg"))
    arguments = parser.parse_args()
    if len(arguments.images) not in (0, 2):
        parser.error(f"a panorama is made of two images, got {len(arguments.images)}")
    if arguments.images:
        first, second = map(cvkit.read_image, arguments.images)
    else:
        first, second = parts(cvkit.read_image(SAMPLE))
    panorama, _ = stitch(first, second)
    cvkit.write_image(arguments.output, panorama)
    print(f"see {arguments.output}")


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
