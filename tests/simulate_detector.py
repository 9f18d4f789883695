"""Run the HOG detector on Numba's CUDA simulator: ``python -m tests.simulate_detector OUTPUT.npz``."""

from __future__ import annotations

import sys

import numpy as np

import cvkit
from cvkit.compare.images import scene
from cvkit.detect import HOGDetector


def small_detector() -> HOGDetector:
    """Return a detector with a window of 24 x 16 pixels and random weights."""
    generator = np.random.default_rng(5)
    return HOGDetector(
        generator.normal(size=2 * 36 + 1), window=(24, 16), stride=4, padding=4, scale=1.4, threshold=-1.0
    )


def small_photo() -> np.ndarray:
    """Return the picture that both targets search."""
    return scene(36, 27, channels=3)


if __name__ == "__main__":
    boxes, scores = small_detector().detect_windows(cvkit.to_device(small_photo()), region=(2, 0, 27, 36))
    np.savez(sys.argv[1], boxes=boxes, scores=scores)
