"""Rows of the table whose only reference is a naive version in tests/reference.py."""

from __future__ import annotations

import cvkit
from cvkit.compare.cases import Case
from tests import reference

SHARPEN = [
    Case(
        "sharpen",
        f"{method} {amount}",
        lambda image, method=method, amount=amount: cvkit.sharpen(image, method, amount),
        lambda image, method=method, amount=amount: reference.sharpen(image, method, amount),
        against="naive",
        channels=channels,
    )
    for method, amount, channels in [
        ("laplacian", 1.0, 1),
        ("laplacian", 0.5, 3),
        ("sobel", 2.0, 3),
    ]
]

NAIVE_CASES: list[Case] = [*SHARPEN]
