"""Straighten a photographed board or page by its four corners and save it.

python samples/rectify.py [PICTURE X1 Y1 X2 Y2 X3 Y3 X4 Y4]

The corners are those of the board in the picture, clockwise from its upper left. Without arguments a sample
is straightened.
"""

import sys
from pathlib import Path

import numpy as np

import cvkit

SAMPLE = Path(__file__).parent / "chessboard.jpg"
SAMPLE_CORNERS = [(229, 64), (534, 47), (531, 303), (235, 282)]


def straighten(image: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Warp the quadrangle between four corners to an upright rectangle of about its size."""
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    width, height = round(max(sides[0], sides[2])), round(max(sides[1], sides[3]))
    upright = [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)]
    return cvkit.warp_perspective(image, cvkit.perspective_matrix(corners, upright), (height, width))


def main() -> None:
    """Straighten the picture named on the command line, or a sample."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE
    corners = np.array(sys.argv[2:] or SAMPLE_CORNERS, np.float64).reshape(4, 2)
    cvkit.write_image("rectified.jpg", straighten(cvkit.read_image(path), corners))
    print("see rectified.jpg")


if __name__ == "__main__":
    main()
