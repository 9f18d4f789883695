"""Straighten a photographed board or page by its four corners and save it.

python samples/rectify.py [IMAGE X1 Y1 X2 Y2 X3 Y3 X4 Y4]

The corners are those of the board in the image, clockwise from its upper left. Without arguments a sample
is straightened.
"""

import sys
from pathlib import Path

import numpy as np

import cvkit
from cvkit.cli.programs import ArgumentParser, program

SAMPLE = Path(__file__).parent / "chessboard.jpg"
SAMPLE_CORNERS = [(229, 64), (534, 47), (531, 303), (235, 282)]


def straighten(image: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Warp the quadrangle between four corners to an upright rectangle of about its size."""
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    width, height = round(max(sides[0], sides[2])), round(max(sides[1], sides[3]))
    upright = [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)]
    return cvkit.warp_perspective(image, cvkit.perspective_matrix(corners, upright), (height, width))


@program
def main() -> None:
    """Straighten the image named on the command line, or a sample."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("image", type=Path, nargs="?", default=SAMPLE)
    parser.add_argument("corners", type=float, nargs="*", help="X1 Y1 X2 Y2 X3 Y3 X4 Y4")
    arguments = parser.parse_args()
    corners = np.array(arguments.corners or SAMPLE_CORNERS, np.float64)
    if corners.size != 8 or (arguments.image != SAMPLE and not arguments.corners):
        parser.error(f"an image needs four corners, 8 numbers, got {len(arguments.corners)}")
    image = cvkit.read_image(arguments.image)
    cvkit.write_image("rectified.jpg", straighten(image, corners.reshape(4, 2)))
    print("see rectified.jpg")


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
