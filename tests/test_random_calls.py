"""Random calls of every image operation against its reference, on images of any shape, layout and content."""

from __future__ import annotations

import inspect
import os
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cvkit
from cvkit.batch import image_operations
from cvkit.compare.cases.images import RANGES, noise, scene
from cvkit.compare.measure.difference import difference
from tests.random_calls import CALLS, Draw, RandomCall

OPENCV = int(cv2.__version__.partition(".")[0])
ROWS = [
    pytest.param(
        row,
        id=row.operation,
        marks=pytest.mark.skipif(OPENCV not in row.opencv, reason=f"not the result of OpenCV {OPENCV}"),
    )
    for row in CALLS
]


def draw_image(draw: Draw, row: RandomCall, dtypes: tuple[str, ...]) -> np.ndarray:
    """Draw an image whose rows and columns lie on both sides of every strip, tile and vector."""
    sizes = st.integers(row.smallest, min(40, row.largest)) | st.sampled_from(
        [size for size in (31, 63, 64, 65, 127, 129, 259, 300) if row.smallest <= size <= row.largest]
        or [row.smallest]
    )
    height, width = draw(sizes), draw(sizes)
    dtype, channels = draw(st.sampled_from(dtypes)), draw(st.sampled_from(row.channels))
    seed = draw(st.integers(0, 999))
    content = draw(st.sampled_from(["noise", "scene", "levels", "extremes"]))
    if content == "scene":
        image = scene(height, width, channels, dtype, seed)
    else:
        image = noise(height, width, channels, dtype, seed)
    if content == "levels":  # many equal values: ties
        image = (image // (RANGES[dtype][1] / 4) * (RANGES[dtype][1] // 8)).astype(dtype)
    elif content == "extremes":
        image = np.where(image > RANGES[dtype][1] / 2, RANGES[dtype][1], 0).astype(dtype)
    return laid_out(
        image, draw(st.sampled_from(["plain", "gaps", "backwards", "columns first", "read only"]))
    )


def laid_out(image: np.ndarray, layout: str) -> np.ndarray:
    """Give an image another layout in memory."""
    if layout == "gaps":
        wide = np.repeat(image, 2, axis=1)
        return wide[:, ::2]
    if layout == "backwards":
        return np.ascontiguousarray(image[::-1, ::-1])[::-1, ::-1]
    if layout == "columns first":
        return np.asfortranarray(image)
    if layout == "read only":
        image.flags.writeable = False
    return image


def check(row: RandomCall, dtypes: tuple[str, ...], data: Any) -> None:
    image = draw_image(data.draw, row, dtypes)
    call = row.draw(data.draw, image)
    before = image.copy()
    ours = call.ours(image)
    expected = np.asarray(call.reference(np.ascontiguousarray(image))).reshape(ours.shape)
    found = difference(ours, expected, call.tolerance)
    assert found.exceeding <= call.tolerance.exceptions, found
    np.testing.assert_array_equal(image, before, "the input was modified")


def check_random_calls(
    row: RandomCall, dtypes: tuple[str, ...], count: int, *, always_the_same: bool
) -> None:
    @settings(
        max_examples=count,
        derandomize=always_the_same,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def calls(data: Any) -> None:
        check(row, dtypes, data)

    calls()


@pytest.mark.parametrize("row", ROWS)
def test_a_few_random_calls_agree(row: RandomCall) -> None:
    # Kernels for another dtype are compiled anew, which takes seconds.
    check_random_calls(row, row.dtypes[:1], 12, always_the_same=True)


@pytest.mark.sweep
@pytest.mark.parametrize("row", ROWS)
def test_many_random_calls_agree(row: RandomCall) -> None:
    """Other calls each time; ``CVKIT_RANDOM_CALLS`` says how many."""
    count = int(os.environ.get("CVKIT_RANDOM_CALLS", "300"))
    check_random_calls(row, row.dtypes, count, always_the_same=False)


def test_every_image_operation_is_called() -> None:
    takes_image = {
        name for name in cvkit.__all__ if callable(getattr(cvkit, name)) and _first_parameter(name) == "image"
    }
    assert takes_image | {"blend", "canny_from_gradients", "reconstruct"} == {row.operation for row in CALLS}
    assert len(image_operations()) > 0


def _first_parameter(name: str) -> str:
    return next(iter(inspect.signature(getattr(cvkit, name)).parameters), "")
