"""The rows of k-means and of mixtures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn import cluster, mixture

from cvkit import ml
from cvkit.compare.cases.learners.case import LearnerCase
from cvkit.compare.cases.learners.data import Data, blobs, bundled, few_digits, uniform


def _first_samples(X: np.ndarray, n_clusters: int, random_state: Any) -> np.ndarray:
    """Start k-means at the first samples, for two implementations alike."""
    return X[:n_clusters].copy()  # scikit-learn writes to what it is given


def _differences(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Compare the clusters, and what is done with them."""
    scale = float(np.abs(theirs.cluster_centers_).max())
    distances = ours.transform(X) - theirs.transform(X)
    return {
        "labels": float((ours.labels_ != theirs.labels_).mean()),
        "predictions": float((ours.predict(X) != theirs.predict(X)).mean()),
        "inertia": abs(ours.inertia_ / theirs.inertia_ - 1),
        "centers": float(np.abs(ours.cluster_centers_ - theirs.cluster_centers_).max()) / scale,
        "iterations": float(abs(ours.n_iter_ - theirs.n_iter_)),
        "distances": float(np.abs(distances).max()) / scale,
    }


_TOLERANCES = {
    "labels": 0.0,
    "predictions": 0.0,
    "inertia": 1e-12,
    "centers": 1e-12,
    "iterations": 0.0,
    # scikit-learn's own distances cancel where a sample lies near a center.
    "distances": 1e-7,
}


def _k_means(
    name: str,
    data: Callable[[], Data],
    small: Callable[[], Data] | None = None,
    *,
    fit_bar: float | None = None,
    **parameters: Any,
) -> LearnerCase:
    reference = cluster.MiniBatchKMeans if "batch_size" in parameters else cluster.KMeans
    return LearnerCase(
        "KMeans",
        name,
        data,
        ours=lambda: ml.KMeans(random_state=0, **parameters),
        theirs=lambda: reference(random_state=0, **parameters),
        agree=_differences,
        tolerances=_TOLERANCES,
        fit_bar=fit_bar,
        small=small,
    )


_FROM_FIRST_SAMPLES = {"init": _first_samples, "n_init": 1}

CLUSTER_CASES = [
    _k_means(
        "20,000 x 16 in 32 blobs, given start",
        partial(blobs, 20_000, 16, 32, 3.0),
        partial(blobs, 1_500, 16, 32, 3.0),
        fit_bar=0.6,
        n_clusters=32,
        **_FROM_FIRST_SAMPLES,
    ),
    _k_means(
        "20,000 x 16 uniform, 32 clusters, given start",
        partial(uniform, 20_000, 16),
        partial(uniform, 1_000, 16),
        fit_bar=0.6,
        n_clusters=32,
        **_FROM_FIRST_SAMPLES,
    ),
    _k_means(
        "20,000 x 64 in 50 blobs, 100 clusters, given start",
        partial(blobs, 20_000, 64, 50, 6.0),
        partial(blobs, 1_000, 64, 50, 6.0),
        fit_bar=0.6,
        n_clusters=100,
        **_FROM_FIRST_SAMPLES,
    ),
    _k_means(
        "20,000 x 16 in 32 blobs, k-means++ and one iteration",
        partial(blobs, 20_000, 16, 32, 3.0),
        partial(blobs, 1_500, 16, 32, 3.0),
        fit_bar=1.05,
        n_clusters=32,
        max_iter=1,
    ),
    _k_means("digits", partial(bundled, "digits"), few_digits, n_clusters=10, n_init=4),
    _k_means("breast cancer", partial(bundled, "breast_cancer"), n_clusters=8, n_init=4),
    _k_means(
        "20,000 x 16 in 32 blobs, mini-batches",
        partial(blobs, 20_000, 16, 32, 3.0),
        partial(blobs, 1_500, 16, 32, 3.0),
        n_clusters=32,
        batch_size=1024,
        max_iter=100,
        tol=0.0,
        n_init=1,
    ),
]


def _mixture_differences(ours: Any, theirs: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Compare the distributions, and what is done with them."""
    scale = float(np.abs(theirs.means_).max())
    return {
        "weights": float(np.abs(ours.weights_ - theirs.weights_).max()),
        "means": float(np.abs(ours.means_ - theirs.means_).max()) / scale,
        "covariances": float(np.abs(ours.covariances_ - theirs.covariances_).max()) / scale**2,
        "likelihood": abs(ours.lower_bound_ - theirs.lower_bound_),
        "iterations": float(abs(ours.n_iter_ - theirs.n_iter_)),
        "predictions": float((ours.predict(X) != theirs.predict(X)).mean()),
    }


MIXTURE_CASES = [
    LearnerCase(
        "GaussianMixture",
        f"20,000 x 16 in 8 blobs, {kind}",
        partial(blobs, 20_000, 16, 8, 3.0),
        ours=partial(ml.GaussianMixture, 8, covariance_type=kind, random_state=0, max_iter=200),
        theirs=partial(mixture.GaussianMixture, 8, covariance_type=kind, random_state=0, max_iter=200),
        agree=_mixture_differences,
        tolerances={
            "weights": 1e-9,
            "means": 1e-9,
            "covariances": 1e-9,
            "likelihood": 1e-9,
            "iterations": 0.0,
            "predictions": 0.0,
        },
        small=partial(blobs, 400, 4, 8, 3.0),
    )
    for kind in ("full", "tied", "diag", "spherical")
]
