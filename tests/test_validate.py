"""What NumPy would quietly make numbers of is refused wherever an array of numbers is asked for."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import cvkit
import cvkit.detect
from cvkit import _validate

IMAGE = np.arange(12, dtype=np.uint8).reshape(3, 4)
NO_NUMBERS: dict[str, Callable[[np.ndarray], Any]] = {
    "complex": lambda array: array + 0j,
    "strings": lambda array: array.astype(str),
    "bytes": lambda array: array.astype(bytes),
    "objects": lambda array: array.astype(object),
    "dates": lambda array: array.astype("datetime64[D]"),
    "truth values": lambda array: array > 0,
    "masked": lambda array: np.ma.masked_equal(array, 0),
    "ragged": lambda array: [[1.0], [2.0, 3.0]],
}
SQUARE = np.array([[0.0, 0], [9, 0], [9, 9], [0, 9]])
CALLS: dict[str, tuple[np.ndarray, Callable[[Any], Any]]] = {
    "map_x": (np.ones((2, 2)), lambda value: cvkit.remap(IMAGE, value, np.ones((2, 2)))),
    "map_y": (np.ones((2, 2)), lambda value: cvkit.remap(IMAGE, np.ones((2, 2)), value)),
    "x": (np.ones(2), lambda value: cvkit.bilinear_sample(IMAGE, value, np.ones(2))),
    "matrix": (np.eye(3), lambda value: cvkit.warp_perspective(IMAGE, value, (3, 4))),
    "src": (SQUARE, lambda value: cvkit.find_homography(value, SQUARE)),
    "dst": (SQUARE, lambda value: cvkit.perspective_matrix(SQUARE, value)),
    "points": (SQUARE, lambda value: cvkit.transform_points(value, np.eye(3))),
    "initial": (SQUARE, lambda value: cvkit.optical_flow(IMAGE, IMAGE, SQUARE, initial=value)),
    "kernel": (np.ones((3, 3)), lambda value: cvkit.filter2d(IMAGE, value)),
    "xyxy": (np.ones((1, 4)), lambda value: cvkit.detect.nms(value, [1.0])),
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
@pytest.mark.parametrize("name", CALLS)
def test_arrays_that_hold_no_real_numbers_are_refused(name: str, kind: str) -> None:
    value, call = CALLS[name]
    call(value)
    with pytest.raises(TypeError, match=rf"^{name} must (be an array of|not be a masked array)"):
        call(NO_NUMBERS[kind](value))


@pytest.mark.parametrize("dtype", [np.int8, np.uint64, np.float16, ">f4", np.longdouble])
def test_every_dtype_of_real_numbers_is_read(dtype: Any) -> None:
    coordinate = np.full((1, 1), 2, dtype)
    assert cvkit.remap(IMAGE, coordinate, coordinate).item() == IMAGE[2, 2]
    np.testing.assert_array_equal(cvkit.compose(np.eye(3).astype(dtype)), np.eye(3))


def test_a_number_is_real_too() -> None:
    for value in ("3", np.array("3"), 3 + 0j, np.complex64(3), np.ma.array(3), np.timedelta64(3)):
        with pytest.raises(TypeError, match=r"angle must be a number, got"):
            cvkit.rotation_matrix((0, 0), value)
    with pytest.raises(ValueError, match=r"angle must be finite, got 1000"):  # as a float
        cvkit.rotation_matrix((0, 0), 10**400)
    for value in (3, np.uint8(3), Fraction(3), np.array(3.0), np.float16(3)):
        assert _validate.number(value, "angle") == 3
