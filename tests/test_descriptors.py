"""Matches of descriptors of any length, ties, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.images import noise
from tests.fake_device import fake

A, B = noise(7, 32, seed=1), noise(9, 32, seed=2)


@pytest.mark.parametrize("cross_check", [False, True])
@pytest.mark.parametrize("size", [1, 3, 8, 32, 61])
def test_matches_are_those_of_opencv(size: int, cross_check: bool) -> None:
    for seed in range(8):
        # Two bits a byte: most distances are equal to others.
        count = 1 + 90 * seed
        a, b = noise(count, size, seed=seed) & 3, noise(700, size, seed=seed + 100) & 3
        expected = cv2.BFMatcher(cv2.NORM_HAMMING, cross_check).match(a, b)
        found = cvkit.match_descriptors(a, b, cross_check=cross_check)
        np.testing.assert_array_equal(found.first, [match.queryIdx for match in expected])
        np.testing.assert_array_equal(found.second, [match.trainIdx for match in expected])
        np.testing.assert_array_equal(found.distance, [match.distance for match in expected])


def test_a_match_must_be_nearer_than_the_next() -> None:
    b = np.stack([A[0], A[0] ^ 1, A[0] ^ 3])
    far = A[:1] ^ np.uint8(0x10)
    assert cvkit.match_descriptors(A[:1], b, ratio=0.5).second.tolist() == [0]
    assert cvkit.match_descriptors(far, b, ratio=0.7).second.tolist() == [0]  # 32 bits of 64
    assert cvkit.match_descriptors(far, b, ratio=0.5).second.tolist() == []
    assert cvkit.match_descriptors(A[:1], b[[1, 1]], ratio=1).second.tolist() == []
    assert cvkit.match_descriptors(far, b[:1], ratio=0.5).second.tolist() == [0]


@pytest.mark.parametrize("cross_check", [False, True])
def test_without_descriptors_there_are_no_matches(cross_check: bool) -> None:
    for a, b in ((A[:0], B), (A, B[:0]), (A[:0], B[:0])):
        found = cvkit.match_descriptors(a, b, cross_check=cross_check)
        assert [len(column) for column in found] == [0, 0, 0]


@pytest.mark.parametrize(
    ("error", "call", "message"),
    [
        (
            TypeError,
            lambda: cvkit.match_descriptors(A.astype(np.int8), B),
            "a must have dtype uint8, got int8",
        ),
        (ValueError, lambda: cvkit.match_descriptors(A[0], B), r"a must have shape \(N, bytes\)"),
        (ValueError, lambda: cvkit.match_descriptors(A[:, :0], B), r"a must have shape \(N, bytes\)"),
        (ValueError, lambda: cvkit.match_descriptors(A, B[:, :9]), "b must have 32 bytes in a row, .* got 9"),
        (ValueError, lambda: cvkit.match_descriptors(A, fake(B)), "b must live where a lives"),
        (
            ValueError,
            lambda: cvkit.match_descriptors(fake(A[:, :9]), fake(B[:, :9])),
            "whole words of 4 bytes",
        ),
        (ValueError, lambda: cvkit.match_descriptors(A, B, ratio=1.5), "ratio must be from 0 to 1, got 1.5"),
    ],
)
def test_unsuitable_arguments_are_refused(
    error: type[Exception], call: Callable[[], Any], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()
