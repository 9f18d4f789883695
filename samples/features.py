"""Draw corners, matches, lines, circles and motion: ``python samples/features.py [image] [sheet]``."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

import cvkit
from cvkit.cli.programs import ArgumentParser, program
from cvkit.video import read_frames

SAMPLES = Path(__file__).parent
HEIGHT, WIDTH = 360, 480
ORANGE, GREEN, BLUE = (255, 140, 0), (60, 220, 60), (70, 130, 255)
# Rows and columns of a man in the first frame of street.mp4.
MAN = slice(324, 410), slice(280, 328)


def corners(image: np.ndarray) -> np.ndarray:
    """Mark the corners that are best to follow, none too near to another."""
    drawn = image.copy()
    for point in cvkit.good_features(cvkit.rgb_to_gray(image), 250, 0.02, 9):
        cv2.circle(drawn, np.rint(point).astype(int), 3, ORANGE, cv2.FILLED, cv2.LINE_AA)
    return drawn


def keypoints(image: np.ndarray) -> np.ndarray:
    """Draw ORB's keypoints: how large they are, and where they point."""
    drawn = image.copy()
    found, _ = cvkit.orb(cvkit.rgb_to_gray(image), 150)
    for (x, y), size, angle in zip(found.points, found.sizes, np.deg2rad(found.angles), strict=True):
        center, radius = (round(x), round(y)), size / 2
        end = round(x + radius * np.cos(angle)), round(y + radius * np.sin(angle))
        cv2.circle(drawn, center, round(radius), GREEN, 1, cv2.LINE_AA)
        cv2.line(drawn, center, end, GREEN, 1, cv2.LINE_AA)
    return drawn


def matches(image: np.ndarray) -> np.ndarray:
    """Match an image with another view of it, and connect what one homography explains."""
    height, width = image.shape[:2]
    matrix = cvkit.rotation_matrix((width / 2, height / 2), 25, 0.75)
    view = cvkit.warp_affine(image, matrix, (height, width))
    (ours, descriptors), (theirs, others) = (
        cvkit.orb(cvkit.rgb_to_gray(seen), 800) for seen in (image, view)
    )
    pairs = cvkit.match_descriptors(descriptors, others, ratio=0.8, cross_check=True)
    from_points, to_points = ours.points[pairs.first], theirs.points[pairs.second]
    _, inliers = cvkit.find_homography(from_points, to_points)
    drawn = np.hstack([image, view])
    shift = np.array([width, 0], np.float32)
    for start, end in zip(from_points[inliers][::3], to_points[inliers][::3] + shift, strict=True):
        cv2.line(drawn, np.rint(start).astype(int), np.rint(end).astype(int), GREEN, 1, cv2.LINE_AA)
    return drawn


def lines(image: np.ndarray) -> np.ndarray:
    """Draw the lines that most edges lie on across the image, and the segments of them that are there."""
    drawn = image.copy()
    edges = cvkit.canny(cvkit.rgb_to_gray(image), 100, 200)
    found, _ = cvkit.hough_lines(edges, 1, np.pi / 180, 110)
    for distance, angle in found[:24]:
        normal, along = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
        ends = distance * normal + 2000 * np.array([[-1], [1]]) * along
        cv2.line(drawn, *np.rint(ends).astype(int), BLUE, 1, cv2.LINE_AA)
    for x, y, end_x, end_y in cvkit.hough_segments(
        edges, 1, np.pi / 180, 40, minimum_length=25, maximum_gap=3
    ):
        cv2.line(drawn, (x, y), (end_x, end_y), ORANGE, 2, cv2.LINE_AA)
    return drawn


def circles(image: np.ndarray) -> np.ndarray:
    """Draw circles with enough of their outline."""
    drawn = image.copy()
    smooth = cvkit.gaussian_blur(cvkit.rgb_to_gray(image), 1.5)
    found, _ = cvkit.hough_circles(
        smooth, 30, threshold=24, minimum_radius=14, maximum_radius=40, edge_threshold=150
    )
    for x, y, radius in np.rint(found).astype(int):
        cv2.circle(drawn, (x, y), radius, GREEN, 2, cv2.LINE_AA)
    return drawn


def template(first: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Find a part of one frame in a later one."""
    drawn = later.copy()
    part = np.ascontiguousarray(first[MAN])
    scores = cvkit.match_template(later, part, method="coefficient")
    (best,), _ = cvkit.best_matches(scores)
    cv2.rectangle(drawn, best, best + part.shape[1::-1], ORANGE, 2)
    drawn[: part.shape[0], : part.shape[1]] = part
    cv2.rectangle(drawn, (0, 0), part.shape[1::-1], ORANGE, 2)
    return drawn


def motion(first: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Follow corners from one frame to a later one, and draw how far those went that moved."""
    drawn = later.copy()
    before, after = cvkit.rgb_to_gray(first), cvkit.rgb_to_gray(later)
    points = cvkit.good_features(before, 500, 0.01, 5)
    found, status, _ = cvkit.optical_flow(before, after, points)
    moved = status & (np.linalg.norm(found - points, axis=1) > 2)
    for start, end in zip(points[moved], found[moved], strict=True):
        cv2.arrowedLine(
            drawn, np.rint(start).astype(int), np.rint(end).astype(int), ORANGE, 2, cv2.LINE_AA, 0, 0.3
        )
    return drawn


def tile(name: str, image: np.ndarray, columns: int = 1) -> np.ndarray:
    """Bring an image to the size of one tile or two, and write its name below."""
    label = np.full((26, columns * WIDTH, 3), 255, np.uint8)
    cv2.putText(label, name, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([cvkit.resize(image, (HEIGHT, columns * WIDTH), antialias=True), label])


def sheet(image: np.ndarray) -> np.ndarray:
    """Show the features of ``image``, and of samples what it may not have."""
    # The image of the chessboard has a frame of another color.
    chessboard = np.ascontiguousarray(cvkit.read_image(SAMPLES / "chessboard.jpg", "rgb")[8:-8, 8:-8])
    coins = cvkit.read_image(SAMPLES / "coins.png", "rgb")
    with read_frames(SAMPLES / "street.mp4", every=2, stop=9) as reader:
        frames = [frame for _, frame in reader]
    rows = [
        [tile("good_features", corners(image)), tile("orb", keypoints(image))],
        [tile("orb, match_descriptors, find_homography", matches(image), 2)],
        [
            tile("hough_lines (blue), hough_segments (orange)", lines(chessboard)),
            tile("hough_circles", circles(coins)),
        ],
        [
            tile("match_template, best_matches", template(frames[0], frames[-1])),
            tile("optical_flow", motion(frames[0], frames[1])),
        ],
    ]
    return np.vstack([np.hstack(row) for row in rows])


@program
def main() -> None:
    """Read the image named on the command line, or a sample, and write the sheet."""
    parser = ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument(
        "image", type=Path, nargs="?", default=SAMPLES / "street2.jpg", help="by default, a sample"
    )
    parser.add_argument("sheet", type=Path, nargs="?", default=Path("features.png"))
    arguments = parser.parse_args()
    cvkit.write_image(arguments.sheet, sheet(cvkit.read_image(arguments.image, "rgb")))


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
