"""Run rows of the table under ``NUMBA_DISABLE_JIT=1``, Numba's debugging mode, and save the results.

``python -m tests.without_jit OUTPUT.npz LABEL...``: a process of its own, because Numba reads the setting
when it is imported.
"""

from __future__ import annotations

import sys

import numpy as np

from cvkit.compare.cases.table import CASES
from tests.naive_cases import NAIVE_CASES
from tests.simulate import small_picture


def main() -> None:
    """Run the rows named on the command line."""
    output, *labels = sys.argv[1:]
    cases = {case.label: case for case in [*CASES, *NAIVE_CASES]}
    np.savez(output, **{label: cases[label].ours(small_picture(cases[label])) for label in labels})


if __name__ == "__main__":
    main()
