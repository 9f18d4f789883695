"""Run k-means and nearest neighbors on CUDA arrays in Numba's simulator and save the results.

``python -m tests.simulate_learners OUTPUT.npz k_means|neighbors`` with NUMBA_ENABLE_CUDASIM=1 and
NUMBA_DISABLE_JIT=1. A process of its own, because Numba chooses the simulator when it is imported; the caller
has the compiled CPU twins and runs the same functions on NumPy arrays.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import cvkit
from cvkit.ml import KMeans, KNeighborsClassifier, KNeighborsRegressor
from cvkit.ml.cluster import lloyd

Place = Callable[[np.ndarray], Any]


def small_samples(dtype: type = np.float64) -> np.ndarray:
    """Sixty samples with a far mean; the simulator runs about ten thousand threads a second."""
    random = np.random.RandomState(3)
    clouds = random.randint(0, 4, (60, 1))
    return (random.rand(60, 3) + 2 * clouds + 100).astype(dtype)


def k_means(place: Place) -> dict[str, Any]:
    """Cluster samples that ``place`` puts on a device, or leaves on the host."""
    lloyd.RESTLESS_SHARE = 1.1  # bounds from the first turn, while centers move far
    results: dict[str, Any] = {}
    weights = np.array([0, 2, 3, 5])[np.arange(60) % 4]
    starts = {
        "seeded": {"n_clusters": 5, "random_state": 0},
        # The far center is left empty and must be relocated.
        "given": {"n_clusters": 3, "init": np.array([[100.0] * 3, [103.0] * 3, [900.0] * 3]), "n_init": 1},
    }
    for name, parameters in starts.items():
        X = place(small_samples())
        model = KMeans(**parameters).fit(X, sample_weight=weights)
        results[f"{name} labels"] = model.labels_
        results[f"{name} centers"] = model.cluster_centers_
        results[f"{name} inertia"] = model.inertia_
        results[f"{name} predicted"] = model.predict(X)
        results[f"{name} distances"] = model.transform(X)
        results[f"{name} score"] = model.score(X)
    single = KMeans(n_clusters=3, random_state=0).fit(place(small_samples(np.float32)))
    results["single labels"] = single.labels_
    far = place(small_samples(np.float32) + np.float32(5e4))
    distant = KMeans(n_clusters=3, random_state=0).fit(far)
    results["distant labels"] = distant.labels_
    results["distant predicted"] = distant.predict(far)
    return results


def neighbors(place: Place, weights: str = "distance") -> dict[str, Any]:
    """Search, classify and regress with samples that ``place`` puts on a device, or leaves on the host."""
    results: dict[str, Any] = {}
    X = small_samples()
    X[7] = X[30]  # equally distant samples, in different runs
    y = np.arange(60) % 3
    queries = X[::5] + np.array([0.1, -0.2, 0.3])
    for parameters in ({"metric": "euclidean"}, {"metric": "cosine"}, {"p": 1}, {"p": np.inf}, {"p": 3}):
        name = "-".join(map(str, parameters.values()))
        model = KNeighborsClassifier(4, algorithm="brute", weights=weights, **parameters)
        model.fit(place(X), place(y))
        distances, indices = model.kneighbors(place(queries))
        results[f"{name} distances"] = distances
        results[f"{name} indices"] = indices
    for name, scale, p in (("overflowing", 2.0**600, 2), ("vanishing", 2.0**-600, 2), ("steep", 1.0, 900)):
        model = KNeighborsClassifier(3, algorithm="brute", p=p).fit(place(X * scale), place(y))
        distances, results[f"{name} indices"] = model.kneighbors(place(queries * scale))
        results[f"{name} distances"] = cvkit.to_host(distances) / scale
    results["own"] = model.kneighbors()[1]
    results["classes"] = model.predict(place(queries))
    results["shares"] = model.predict_proba(place(queries))
    targets = np.stack([y, X[:, 0]], axis=1)
    regressor = KNeighborsRegressor(3, algorithm="brute").fit(place(X), place(targets))
    results["targets"] = regressor.predict(place(queries))
    return results


def main() -> None:
    """Simulate the function named on the command line."""
    output, name = sys.argv[1:]
    results = globals()[name](cvkit.to_device)
    np.savez(output, **{key: cvkit.to_host(value) for key, value in results.items()})


if __name__ == "__main__":
    main()
