"""The plain Python versions, which NUMBA_DISABLE_JIT runs to debug kernels, against what is compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import cvkit
from cvkit.compare.cases.images import noise, scene

CALLS = {
    "canny": lambda: cvkit.canny(scene(12, 70), 50, 150),
    "canny of colors by squares": lambda: cvkit.canny(scene(12, 9, 3), 50, 150, l2_gradient=True),
    "canny of floats": lambda: cvkit.canny(scene(12, 9, 1, "float64"), 50, 150, l2_gradient=True),
    "Gaussian 5 of colors": lambda: cvkit.gaussian_blur(noise(7, 9, 3), 1.2, ksize=5),
    "Gaussian 3": lambda: cvkit.gaussian_blur(noise(7, 9, 1, "uint16"), 0.8, ksize=3),
    "box 5": lambda: cvkit.box_filter(noise(7, 9), 5),
    "median 3": lambda: cvkit.median_blur(noise(7, 9, 3), 3),
    "median 3 of a row longer than a vector": lambda: cvkit.median_blur(noise(2, 140), 3),
    "median 5": lambda: cvkit.median_blur(noise(7, 9, 3), 5),
    "median 7": lambda: cvkit.median_blur(noise(7, 9, 3), 7),
    "median 7 of ranks": lambda: cvkit.median_blur(noise(7, 9, 1, "uint16"), 7),
    "median 31": lambda: cvkit.median_blur(noise(7, 9), 31),
    "bilateral": lambda: cvkit.bilateral_filter(scene(7, 9, 3), 5, 40, 3),
    "non-local means": lambda: cvkit.non_local_means(scene(7, 9, 3), 10, patch=3, window=5),
}


def test_plain_versions_give_the_same_bytes(tmp_path: Path, root: Path) -> None:
    output = tmp_path / "plain.npz"
    run = subprocess.run(
        [sys.executable, "-m", "tests.test_plain_filters", str(output)],
        cwd=root,
        # Whole numbers wrap around on purpose.
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    with np.load(output) as plain:
        for name, call in CALLS.items():
            np.testing.assert_array_equal(plain[name], call(), err_msg=name)


if __name__ == "__main__":
    np.savez(sys.argv[1], **{name: call() for name, call in CALLS.items()})
