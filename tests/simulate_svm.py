"""Decisions and labels of linear models and SVC from the CUDA twins, in Numba's simulator.

``python -m tests.simulate_svm MODELS.npz OUTPUT.npz`` with NUMBA_ENABLE_CUDASIM=1 and NUMBA_DISABLE_JIT=1:
models are fitted by compiled kernels in the process that starts this one.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np

import cvkit


def small_models() -> dict[str, tuple[Any, np.ndarray]]:
    """Fit models that together launch every CUDA kernel of linear models and kernel SVMs, with samples."""
    from sklearn.datasets import load_iris

    from cvkit.ml import SVC, LinearSVC, LogisticRegression

    X, y = (array[::4] for array in load_iris(return_X_y=True))
    two = y < 2
    names = np.array(["setosa", "versicolor", "virginica"])
    fitted = {
        "linear": LinearSVC(C=0.1).fit(X[two], y[two]),
        "linear-many": LinearSVC(C=0.1).fit(X, y),
        "logistic": LogisticRegression().fit(X / 8, y),
        "rbf": SVC(gamma=0.5).fit(X[two], y[two]),
        "rbf-many": SVC(gamma=0.5).fit(X, y.astype(np.float32)),
        "rbf-names": SVC(kernel="linear", break_ties=True).fit(X, names[y]),
        "poly": SVC(kernel="poly", coef0=1.0, degree=2, decision_function_shape="ovo").fit(X, y),
        "sigmoid": SVC(kernel="sigmoid", gamma=0.01).fit(X, y),
    }
    samples = X[3::8] + 0.01
    return {
        f"{name}-{dtype}": (model, samples.astype(dtype))
        for name, model in fitted.items()
        for dtype in (["float32", "float64"] if name == "rbf-many" else ["float64"])
    }


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
