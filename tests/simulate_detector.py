"""Run a kind of detector on Numba's CUDA simulator: ``python -m tests.simulate_detector OUTPUT.npz KIND``."""

from __future__ import annotations

import sys

import numpy as np

import cvkit
from cvkit.compare.cases.images import scene
from cvkit.detect import CascadeDetector, ChannelDetector, HOGDetector, Trees
from tests.cascades import random_cascade
from tests.simulate import make_blocks_small


def small_detector() -> HOGDetector:
    """Return a detector with a window of 24 x 16 pixels and random weights."""
    generator = np.random.default_rng(5)
    return HOGDetector(
        generator.normal(size=2 * 36 + 1), window=(24, 16), stride=4, padding=4, scale=1.4, threshold=-1.0
    )


def small_photo() -> np.ndarray:
    """Return the image that both targets search."""
    return scene(36, 27, channels=3)


def random_trees(features: int, count: int, depth: int = 2, seed: int = 0) -> Trees:
    """Return trees that ask random features about random thresholds."""
    generator = np.random.default_rng(seed)
    inner, leaves = (count, (1 << depth) - 1), (count, 1 << depth)
    return Trees(
        generator.integers(0, features, inner),
        generator.integers(5, 120, inner),
        generator.normal(scale=0.3, size=leaves),
    )


def small_channel_detector(*, filters: int = 0, **settings: object) -> ChannelDetector:
    """Return a detector with a window of 16 x 8 pixels and random trees; decorrelating with filters."""
    options: dict[str, object] = {
        "window": (16, 8),
        "padding": (4, 4),
        "scales_per_octave": 2,
        "threshold": -0.5,
    }
    if filters:
        generator = np.random.default_rng(6)
        options["filters"] = generator.normal(scale=0.2, size=(10, filters, 5, 5))
        options["offset"] = np.full(10 * filters, -0.5)
        options["scale"] = np.full(10 * filters, 200.0)
    trees = random_trees(10 * max(filters, 1) * 4 * 2, 12)
    return ChannelDetector(trees, **{**options, **settings})  # type: ignore[arg-type]


_EAGER = {"threshold": -1.5, "cascade": -1.5}
CHANNEL_DETECTORS = {
    "exact": small_channel_detector(scales_per_octave=1, **_EAGER),
    "fast": small_channel_detector(fast_pyramid=True, **_EAGER),
    "decorrelated": small_channel_detector(filters=1, padding=(0, 4), **_EAGER),
}


CASCADE_DETECTORS = {
    kind: CascadeDetector(random_cascade(kind, (14, 12), seed=1, splits=3, stages=4), (14, 12), scale=1.6)
    for kind in ("haar", "tilted", "lbp")
}


def tiny_photo() -> np.ndarray:
    """Return the image that both targets search with the channel detectors: few pixels, many kernels."""
    return scene(17, 9, channels=3)


def main() -> None:
    """Search with the HOG detector, or with those of a table above, and save windows and scores."""
    output, kind = sys.argv[1:]
    make_blocks_small()
    if kind == "hog":
        found = {kind: small_detector().detect_windows(cvkit.to_device(small_photo()), region=(2, 0, 27, 36))}
    elif kind == "cascades":
        photo = cvkit.to_device(small_photo())
        found = {name: detector.detect_windows(photo) for name, detector in CASCADE_DETECTORS.items()}
    else:
        photo = cvkit.to_device(tiny_photo())
        found = {name: detector.detect_windows(photo) for name, detector in CHANNEL_DETECTORS.items()}
    np.savez(
        output,
        **{
            f"{name} {part}": array
            for name, result in found.items()
            for part, array in zip(("boxes", "scores"), result, strict=True)
        },
    )


if __name__ == "__main__":
    main()
