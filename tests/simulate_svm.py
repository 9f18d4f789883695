"""Decisions and labels of linear models and SVC from the CUDA twins, in Numba's simulator.

``python -m tests.simulate_svm MODELS.npz OUTPUT.npz`` with NUMBA_ENABLE_CUDASIM=1 and NUMBA_DISABLE_JIT=1:
models are fitted by compiled kernels in the process that starts this one.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np

import cvkit


def main() -> None:
    """Apply every pickled model to its samples on the simulated device."""
    source, output = map(Path, sys.argv[1:])
    results = {}
    for name, (model, samples) in pickle.loads(source.read_bytes()).items():
        on_device = cvkit.to_device(samples)
        decision, labels = model.decision_function(on_device), model.predict(on_device)
        assert hasattr(decision, "copy_to_host")
        results[f"{name}/decision"] = cvkit.to_host(decision)
        results[f"{name}/labels"] = cvkit.to_host(labels)
    np.savez(output, **results)


if __name__ == "__main__":
    main()
