"""Run operations under ``NUMBA_DISABLE_JIT=1``, Numba's debugging mode, and save the results.

``python -m tests.without_jit OUTPUT.npz LABEL...``: a process of its own, because Numba reads the setting
when it is imported. A label is a row's of the table, or names an operation that has none.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

import cvkit
from cvkit.compare.cases.images import scene
from cvkit.compare.cases.table import CASES, HOST_CASES
from tests.naive_cases import NAIVE_CASES
from tests.simulate import small_image


def sampled() -> np.ndarray:
    """Read an image at points inside and outside."""
    return cvkit.bilinear_sample(scene(11, 14), [-1.5, 0.25, 9.5, 20], [0.5, 7.75, -0.5, 3])


def homography() -> np.ndarray:
    """Fit eight pairs, one of them wrong."""
    source = np.array([[0, 0], [9, 0], [9, 9], [0, 9], [5, 2], [3, 7], [1, 4], [8, 3]], float)
    target = cvkit.transform_points(source, [[1.1, 0.1, 2], [-0.1, 0.9, 1], [1e-3, 2e-3, 1]])
    target[6] += 30
    return cvkit.find_homography(source, target)[0]


RUNS: dict[str, tuple[str, Callable[[], np.ndarray]]] = {
    "bilinear_sample": ("bilinear_sample", sampled),
    "find_homography": ("find_homography", homography),
    **{
        case.label: (case.operation, lambda case=case: case.ours(small_image(case)))  # type: ignore[misc]
        for case in [*CASES, *HOST_CASES, *NAIVE_CASES]
    },
}
"""Label -> the operation, and what runs it on a tiny image."""


def main() -> None:
    """Run what the command line names."""
    output, *labels = sys.argv[1:]
    np.savez(output, **{label: RUNS[label][1]() for label in labels})


if __name__ == "__main__":
    main()
