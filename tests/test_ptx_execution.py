"""The CUDA twins as they are compiled, run without a GPU, against the CPU twins."""

from __future__ import annotations

import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.case import Case
from cvkit.compare.cases.images import scene
from cvkit.compare.cases.table import CASES
from cvkit.compare.measure.difference import difference
from tests.fake_device import fake
from tests.naive_cases import NAIVE_CASES
from tests.ptx_device import ORDERS, needs_ptx_device, ptx_device

pytestmark = needs_ptx_device

ROWS = [pytest.param(case, id=case.label) for case in [*CASES, *NAIVE_CASES]]


def image_for(case: Case, height: int, width: int) -> np.ndarray:
    shape = max(height, case.minimum_shape[0]), max(width, case.minimum_shape[1])
    return scene(*shape, case.channels, case.dtype)


def assert_twins_agree(monkeypatch: pytest.MonkeyPatch, case: Case, image: np.ndarray, order: str) -> None:
    with ptx_device(monkeypatch, order):
        found = np.asarray(cvkit.to_host(case.ours(fake(image))))
    far = difference(found, case.ours(image), case.device_tolerance)
    assert far.exceeding <= case.device_tolerance.exceptions, (case.label, order, far)


@pytest.mark.parametrize("case", ROWS)
def test_twins_agree_in_any_order_of_threads(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    for order in ORDERS:
        assert_twins_agree(monkeypatch, case, image_for(case, 17, 23), order)


@pytest.mark.parametrize("case", ROWS)
def test_twins_agree_across_blocks(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    assert_twins_agree(monkeypatch, case, image_for(case, 270, 481), "random")
