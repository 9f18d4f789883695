"""Measure agreement of every row of the tables with its reference.

    python tools/measure_parity.py                     every row against what is installed
    python tools/measure_parity.py resize hog          these operations

Measured rows are merged into the JSON, so that running this under OpenCV 4 and under OpenCV 5 gives both;
``tools/page_tables.py`` shows them in docs/. The exit code is 1 when a row exceeds its tolerance.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cvkit
from cvkit.cli.programs import ArgumentParser, program
from cvkit.compare.cases.case import Case
from cvkit.compare.cases.detectors import DETECTOR_CASES, DetectorCase
from cvkit.compare.cases.images import adapted, noise, scene
from cvkit.compare.cases.table import CASES, HOST_CASES
from cvkit.compare.measure.documents import Row, open_document
from cvkit.compare.measure.parity import compare_case, compare_detector
from cvkit.compare.measure.selection import reason_to_skip, select
from page_tables import PARITY

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "samples" / "street2.jpg"
SHAPE = (480, 640)


@program
def main() -> int:
    """Measure what the command line asks for, and write it."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "operations", nargs="*", metavar="NAME", help="operations, or parts of labels; default: every row"
    )
    arguments = parser.parse_args()
    document = open_document(PARITY)
    every: list[Case | DetectorCase] = [*CASES, *HOST_CASES, *DETECTOR_CASES]
    document.retain({case.label for case in every})
    cases = select(every, arguments.operations)
    agrees = True
    for row in measure(cases):
        document.add(row)
        document.write(PARITY)
        if not row["agrees"]:
            print(f"{row['label']} on {row['image']}: largest difference {row['largest']:.3g}")
            agrees = False
    return 0 if agrees else 1


def measure(cases: list[Case | DetectorCase]) -> Iterator[Row]:
    """Compare the rows on noise, a drawn scene and a sample, those of the detector on the sample."""
    sample = cvkit.read_image(SAMPLE)
    for case in cases:
        reason = reason_to_skip(case)
        if reason is not None:
            print(f"{case.label} {reason}", file=sys.stderr)
        elif isinstance(case, DetectorCase):
            yield compare_detector(case, sample, SAMPLE.name)
        else:
            images = {
                "noise": noise(*SHAPE, case.channels, case.dtype),
                "scene": scene(*SHAPE, case.channels, case.dtype),
                SAMPLE.name: adapted(sample, case.channels, case.dtype),
            }
            for name, image in images.items():
                yield compare_case(case, image, name).row


if __name__ == "__main__":
    sys.exit(main())
