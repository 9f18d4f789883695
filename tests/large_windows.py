"""Filters over windows that are larger than the tiles of the CUDA twins."""

from __future__ import annotations

import numpy as np

import cvkit

CALLS = {
    "box_filter": lambda image: cvkit.box_filter(image, 29),
    "gaussian_blur": lambda image: cvkit.gaussian_blur(image, ksize=(29, 5), border="constant"),
    "filter2d": lambda image: cvkit.filter2d(image, np.eye(3, 29) / 3),
    "filter2d tall": lambda image: cvkit.filter2d(image, np.eye(29, 3) / 3, border="wrap"),
    "bilateral_filter": lambda image: cvkit.bilateral_filter(image, 29, 30, 9),
}
