"""The arctangent that CUDA kernels use where its last bit counts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cvkit.features._arctangent_math import arctangent


def test_angles_are_the_c_librarys() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(4000, 2)) * 10.0 ** generator.integers(-6, 7, (4000, 2))
    ours = np.array([arctangent(y, x) for y, x in values])
    theirs = np.array([math.atan2(y, x) for y, x in values])
    assert np.mean(ours == theirs) > 0.99  # it errs in the rarest cases, too
    assert (np.abs(ours - theirs) <= np.spacing(np.abs(theirs))).all()


def test_sixty_degrees_are_rounded_correctly() -> None:
    for scale in range(1, 200):
        x, y = math.sqrt(scale), math.sqrt(3 * scale)
        for sign_x in (x, -x):
            for sign_y in (y, -y):
                assert arctangent(sign_y, sign_x) == math.atan2(sign_y, sign_x)


@pytest.mark.parametrize("y", [0.0, -0.0, 1.0, -1.0, 1e-300, 1e300, math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("x", [0.0, -0.0, 1.0, -1.0, 1e-300, 1e300, math.inf, -math.inf, math.nan])
def test_what_is_no_plain_angle_is_as_ever(y: float, x: float) -> None:
    assert repr(float(arctangent(y, x))) == repr(math.atan2(y, x))
