"""Data that learners are compared on: generated, always the same, and the sets that scikit-learn brings."""

from __future__ import annotations

import numpy as np
import sklearn.datasets

Data = tuple[np.ndarray, np.ndarray]


def bundled(name: str) -> Data:
    """Load a data set that comes with scikit-learn: "digits", "breast_cancer", "diabetes"."""
    X, y = getattr(sklearn.datasets, f"load_{name}")(return_X_y=True)
    return np.ascontiguousarray(X), y


def few_digits() -> Data:
    """Load a third of the digits."""
    X, y = bundled("digits")
    return X[:600], y[:600]


def scaled_digits() -> Data:
    """Load the digits with values from 0 to 1."""
    X, y = bundled("digits")
    return X / 16.0, y


def standard_cancer() -> Data:
    """Load the tumours, each feature with mean 0 and variance 1."""
    X, y = bundled("breast_cancer")
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def two_clouds(samples: int, features: int) -> Data:
    """Make two Gaussian clouds of unit variance whose means lie 2 apart."""
    random = np.random.default_rng(0)
    y = random.integers(0, 2, samples)
    direction = random.standard_normal(features)
    direction /= np.linalg.norm(direction)
    return random.standard_normal((samples, features)) + np.outer(2 * y - 1, direction), y


def descriptors(samples: int, features: int) -> Data:
    """Make non-negative float32 rows such as HOG descriptors, two classes that nearly separate."""
    random = np.random.default_rng(0)
    X = 0.3 * random.random((samples, features), dtype=np.float32)
    scores = X @ random.standard_normal(features).astype(np.float32)
    noisy = scores + 0.05 * scores.std() * random.standard_normal(samples)
    return X, (noisy > np.median(noisy)).astype(np.int64)


def blobs(samples: int, features: int, centers: int, spread: float) -> Data:
    """Make Gaussian blobs of standard deviation ``spread`` around random centers."""
    X, y = sklearn.datasets.make_blobs(
        samples, features, centers=centers, cluster_std=spread, random_state=0
    )[:2]
    return np.ascontiguousarray(X), y


def uniform(samples: int, features: int) -> Data:
    """Make points spread evenly over the unit cube; two classes."""
    X = np.random.RandomState(0).rand(samples, features)
    return X, (X[:, 0] > X[:, -1]).astype(np.int64)


def three_classes(samples: int) -> Data:
    """Make three classes in several clusters each, in 20 continuous features of which 10 matter."""
    return sklearn.datasets.make_classification(samples, 20, n_informative=10, n_classes=3, random_state=0)


def responses(samples: int) -> Data:
    """Make Friedman's first problem: noisy responses, to two decimals; five of ten features matter."""
    X, y = sklearn.datasets.make_friedman1(samples, n_features=10, noise=1.0, random_state=0)
    return X, y.round(2)
