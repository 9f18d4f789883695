"""Every row of the table against its reference, over sizes from 1x1 up and over strided views."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.case import Case
from cvkit.compare.cases.images import noise, scene
from cvkit.compare.cases.table import CASES
from cvkit.compare.measure.difference import difference
from tests.naive_cases import NAIVE_CASES

OPENCV = int(cv2.__version__.partition(".")[0])
# The last two cross every strip and tile of the kernels, down and along.
SHAPES = [(1, 1), (1, 9), (7, 1), (2, 2), (5, 6), (17, 23), (64, 97), (259, 33), (9, 1300)]
# Kernels for other dtypes are compiled anew, which takes seconds: .ci/run does so each time.
OF_BYTES = {case.operation for case in CASES if case.dtype == "uint8"}


def _row(case: Case) -> Any:
    is_expected = case.against != "opencv" or case.demands(OPENCV)
    reason = f"not the result of OpenCV {OPENCV} on this processor"
    marks = [pytest.mark.skipif(not is_expected, reason=reason)]
    if case.dtype not in ("uint8", "float32") or (case.dtype == "float32" and case.operation in OF_BYTES):
        marks.append(pytest.mark.sweep)
    return pytest.param(case, id=case.label, marks=marks)


ROWS = [_row(case) for case in [*CASES, *NAIVE_CASES]]


# Of each room one row is run with threads always: compiling a kernel for them, too, takes seconds.
FIRST = {
    cvkit._FUNCTIONS[case.operation].split(".")[1]: case.label
    for case in reversed([*CASES, *NAIVE_CASES])
    if case.dtype == "uint8"
}.values()
ROWS_WITH_THREADS = [
    pytest.param(
        *row.values, id=row.id, marks=[*row.marks, *([] if row.id in FIRST else [pytest.mark.sweep])]
    )
    for row in ROWS
]


def images(case: Case) -> list[np.ndarray]:
    """Noise and a scene at every size the reference accepts, each once as a view with gaps."""
    found = []
    for height, width in SHAPES:
        if height < case.minimum_shape[0] or width < case.minimum_shape[1]:
            continue
        found.append(noise(height, width, case.channels, case.dtype))
        found.append(scene(height, 2 * width, case.channels, case.dtype)[:, ::2])
    height, width = case.minimum_shape
    return found or [noise(height, width, case.channels, case.dtype)]


@pytest.mark.parametrize("case", ROWS)
def test_agrees_with_its_reference(case: Case) -> None:
    for image in images(case):
        before = image.copy()
        ours = case.ours(image)
        reference = case.reference(np.ascontiguousarray(image)).reshape(ours.shape)
        found = difference(ours, reference, case.tolerance)
        assert found.exceeding <= case.tolerance.exceptions, (image.shape, found)
        np.testing.assert_array_equal(image, before, "the input was modified")


@pytest.mark.parametrize("case", ROWS_WITH_THREADS)
def test_gives_the_same_bytes_with_two_threads(case: Case) -> None:
    image = scene(max(150, case.minimum_shape[0]), max(131, case.minimum_shape[1]), case.channels, case.dtype)
    threads = cvkit.get_num_threads()
    try:
        cvkit.set_num_threads(1)
        serial = case.ours(image)
        cvkit.set_num_threads(min(2, threads))
        parallel = case.ours(image)
    finally:
        cvkit.set_num_threads(threads)
    assert serial.tobytes() == parallel.tobytes()


@pytest.mark.parametrize("case", ROWS)
def test_a_stack_is_its_images_one_by_one(case: Case) -> None:
    height, width = max(20, case.minimum_shape[0]), max(13, case.minimum_shape[1])
    images = [noise(height, width, case.channels, case.dtype, seed) for seed in range(3)]
    stack = np.stack(images).reshape(3, height, width, case.channels)
    ours = case.ours(stack)
    for image, from_stack in zip(images, ours, strict=True):
        alone = case.ours(image)
        np.testing.assert_array_equal(from_stack.reshape(alone.shape), alone)
