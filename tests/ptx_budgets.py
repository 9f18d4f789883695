"""Instructions that the CUDA twins execute for each pixel, by row of the table.

``python -m tests.ptx_budgets`` measures and writes them. They are counted in PTX, before the assembler of the
driver, for the image and the order of threads of ``test_ptx_execution``: a measure of a GPU's, not its count.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from cvkit.compare.cases.case import Case
from cvkit.compare.cases.images import scene
from cvkit.compare.cases.table import CASES
from tests.fake_device import fake
from tests.naive_cases import NAIVE_CASES
from tests.ptx_device import Launch, ptx_device

TABLE = Path(__file__).with_name("ptx_budgets.json")
# No multiple of a block's sides, and several blocks along both.
HEIGHT, WIDTH = 270, 481
ORDER = "random"


class Spent(NamedTuple):
    """Instructions for each pixel of the image, those of float64 apart."""

    instructions: float
    float64: float


def spent(launches: Sequence[Launch]) -> Spent:
    """Count what launches executed for an image of HEIGHT x WIDTH pixels."""
    pixels = HEIGHT * WIDTH
    return Spent(
        round(sum(launch.instructions for launch in launches) / pixels, 1),
        round(sum(launch.of_float64 for launch in launches) / pixels, 1),
    )


def budgets() -> dict[str, Spent]:
    """Read the table: what each row spent when it was last measured."""
    return {label: Spent(*numbers) for label, numbers in json.loads(TABLE.read_text()).items()}


def _measure(case: Case) -> Spent:
    image = scene(HEIGHT, WIDTH, case.channels, case.dtype)
    with pytest.MonkeyPatch.context() as patch, ptx_device(patch, ORDER) as launches:
        case.ours(fake(image))
    return spent(launches)


def main() -> None:
    """Measure the rows whose labels hold one of the given words, or all, and write the table."""
    words = sys.argv[1:] or [""]
    measured = budgets() if TABLE.exists() else {}
    rows = {case.label: case for case in [*CASES, *NAIVE_CASES]}
    measured = {label: numbers for label, numbers in measured.items() if label in rows}
    for label, case in rows.items():
        if any(word in label for word in words):
            measured[label] = _measure(case)
    lines = (f"{json.dumps(label)}: {json.dumps(measured[label])}" for label in sorted(measured))
    TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
