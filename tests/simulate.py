"""Run rows of the table on the CUDA twins in Numba's simulator and save the results.

``python -m tests.simulate OUTPUT.npz LABEL...`` with NUMBA_ENABLE_CUDASIM=1 and NUMBA_DISABLE_JIT=1. A
process of its own, because Numba chooses the simulator when it is imported; the caller has the compiled CPU
twins.
"""

from __future__ import annotations

import sys

import numpy as np

import cvkit
from cvkit import _jit_cuda
from cvkit.compare.cases.case import Case
from cvkit.compare.cases.images import scene
from cvkit.compare.cases.table import CASES
from tests.naive_cases import NAIVE_CASES


def small_image(case: Case) -> np.ndarray:
    """The image that both targets work on; the simulator runs about ten thousand threads a second."""
    height, width = max(11, case.minimum_shape[0]), max(14, case.minimum_shape[1])
    return scene(height, width, case.channels, case.dtype)


def make_blocks_small() -> None:
    """Give kernels that leave their blocks' shape open 32 threads a block, for images of as many pixels.

    The simulator starts a Python thread for each, and most of the 256 that a GPU gets lie beyond.
    """
    _jit_cuda.cuda_kernel.__kwdefaults__["block"] = (8, 4, 1)


def main() -> None:
    """Simulate the rows named on the command line."""
    make_blocks_small()
    output, *labels = sys.argv[1:]
    cases = {case.label: case for case in [*CASES, *NAIVE_CASES]}
    results = {}
    for label in labels:
        image = small_image(cases[label])
        # A view with gaps: device arrays need not be contiguous.
        on_device = cvkit.to_device(np.repeat(image, 2, axis=1))[:, ::2]
        result = cases[label].ours(on_device)
        results[label] = cvkit.to_host(result)
    np.savez(output, **results)


if __name__ == "__main__":
    main()
