"""Compute what CPU twins make of the images of tools/gpu_report.py, for machines that should not compile.

    python tools/gpu_references.py                      every row
    python tools/gpu_references.py canny resize         rows that changed, or are new

Writes tools/results/gpu_references.npz: a digest of each result and, of rows that are not exact, some values.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cvkit.cli.programs import ArgumentParser, program
from cvkit.compare.cases.case import EXACT, Case
from cvkit.compare.cases.table import CASES
from cvkit.compare.measure.selection import select
from device_cases import IMAGE_CASES, SINGLE_IMAGE_CASES

PATH = Path(__file__).parent / "results" / "gpu_references.npz"
# Name of some images, how many they are, and height and width: none, fewer, more than a block of threads.
KINDS = {
    "1x1": (1, 1, 1),
    "17x23": (1, 17, 23),
    "3 of 17x23": (3, 17, 23),
    "270x481": (1, 270, 481),
}
# Those find as many points, or regions, as there are in an image: no array holds those of a stack.
_OF_ONE_IMAGE = ("fast_corners", "good_features", "region_stats")
# Of a result that is not exact.
_VALUES = 512
_DIGESTS = "digests"


class Reference(NamedTuple):
    """What is known of a result.

    Attributes
    ----------
    digest : str
        Of shape, dtype and all values.
    values : numpy.ndarray or None
        Some of the values, of rows that are not exact.
    """

    digest: str
    values: np.ndarray | None


def images(case: Case, count: int, height: int, width: int) -> np.ndarray:
    """Return an image, or a stack, that no version of a library changes: flat blocks and noise."""
    height, width = max(height, case.minimum_shape[0]), max(width, case.minimum_shape[1])
    generator = np.random.default_rng([count, height, width, case.channels])
    blocks = generator.integers(0, 200, (count, height // 8 + 1, width // 8 + 1, case.channels))
    blocks = blocks.repeat(8, axis=1).repeat(8, axis=2)[:, :height, :width]
    levels = 256 * blocks + generator.integers(0, 256 * 56, blocks.shape)  # 16 bits
    dtype = np.dtype(case.dtype)
    values = levels / 256 if dtype.kind == "f" else levels >> (16 - 8 * dtype.itemsize)
    stack = values.astype(dtype)
    if count > 1:
        return stack
    return stack[0, ..., 0] if case.channels == 1 else stack[0]


def kinds_of(case: Case) -> list[str]:
    """Name the images that a row is checked with."""
    if case in SINGLE_IMAGE_CASES:
        return ["270x481"]
    return [name for name, (count, *_) in KINDS.items() if count == 1 or case.operation not in _OF_ONE_IMAGE]


def digest(result: np.ndarray) -> str:
    """Return a short text that differs for results that differ anywhere."""
    described = f"{result.dtype} {result.shape}".encode()
    return hashlib.sha256(described + np.ascontiguousarray(result).tobytes()).hexdigest()[:24]


def some_values(result: np.ndarray) -> np.ndarray:
    """Return values from all over a result."""
    flat = result.ravel()
    return flat[:: max(flat.size // _VALUES, 1)].copy()


def read_references() -> dict[str, Reference]:
    """Read what :func:`main` wrote, by label and kind of images."""
    if not PATH.exists():
        return {}
    with np.load(PATH) as file:
        digests = json.loads(str(file[_DIGESTS]))
        return {name: Reference(text, file.get(name)) for name, text in digests.items()}


def _write(references: dict[str, Reference]) -> None:
    digests = {name: reference.digest for name, reference in sorted(references.items())}
    values = {name: found.values for name, found in references.items() if found.values is not None}
    np.savez_compressed(PATH, **{_DIGESTS: np.array(json.dumps(digests))}, **values)


def reference(case: Case, kind: str) -> Reference:
    """Compute what the CPU twin makes of images."""
    result = np.asarray(case.ours(images(case, *KINDS[kind])))
    return Reference(digest(result), None if case.device_tolerance == EXACT else some_values(result))


def place(case: Case, kind: str) -> str:
    """Name a reference."""
    return f"{case.label} {kind}"


@program
def main() -> int:
    """Compute the rows that the command line names."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rows", nargs="*", metavar="NAME", help="operations or parts of labels")
    arguments: argparse.Namespace = parser.parse_args()
    every = [*CASES, *IMAGE_CASES, *SINGLE_IMAGE_CASES]
    references = read_references()
    names = {place(case, kind) for case in every for kind in kinds_of(case)}
    references = {name: found for name, found in references.items() if name in names}
    for case in select(every, arguments.rows):
        for kind in kinds_of(case):
            references[place(case, kind)] = reference(case, kind)
        _write(references)
        print(f"computed {case.label}", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
