"""Time cvkit beside OpenCV, scikit-image and scikit-learn, in turns in one process, at equal thread counts.

    python tools/benchmark.py                                     every row, one thread
    python tools/benchmark.py --operations hog detect --threads 1 2
    python tools/benchmark.py --operations SVC KMeans             learners, with the memory of fit
    python tools/benchmark.py --sizes 480x640 --output speed.json
    python tools/benchmark.py --sizes 1080x1920 --level x86-64-v3 both sides without AVX-512

Rows are written as they are measured and merged into what the file holds, so a long benchmark can run in
pieces; ``tools/page_tables.py`` shows them in docs/. The exit code is 1 when a measured row misses its
bar.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import cvkit
from cvkit.cli.outputs import check_output_file
from cvkit.cli.programs import ArgumentParser, program
from cvkit.compare.cases.contours import TIMED_CONTOUR_CASES
from cvkit.compare.cases.detectors import DETECTOR_CASES, TIMED_DETECTORS, DetectorCase
from cvkit.compare.cases.learners.case import LearnerCase
from cvkit.compare.cases.learners.table import LEARNER_CASES
from cvkit.compare.cases.regions import REGION_HOST_CASES
from cvkit.compare.cases.skimage import TIMED_CASES
from cvkit.compare.cases.table import CASES
from cvkit.compare.measure import speed
from cvkit.compare.measure.documents import Row, open_document
from cvkit.compare.measure.learners import compare_learner
from cvkit.compare.measure.machine import LEVELS, processor_level
from cvkit.compare.measure.selection import AnyCase, read_size, reason_to_skip, select
from cvkit.compare.present.tables import learner_table, missed, speed_tables, to_text
from page_tables import SPEED

ROOT = Path(__file__).resolve().parents[1]


@program
def main() -> int:
    """Measure what the command line asks for, print it and write it."""
    arguments = parsed()
    if arguments.level != processor_level():
        return begin_again(arguments.level)
    check_output_file(arguments.output, "--output", ".json")
    image = cvkit.read_image(arguments.image)
    document = open_document(arguments.output)
    detectors = [*DETECTOR_CASES, *TIMED_DETECTORS]
    every: list[AnyCase] = [*CASES, *REGION_HOST_CASES, *TIMED_CASES, *TIMED_CONTOUR_CASES, *detectors]
    every += LEARNER_CASES
    first_calls = {speed.first_call_label(operation) for operation in speed.FIRST_CALLS}
    document.retain({case.label for case in every} | first_calls)
    rows = select(every, arguments.operations)
    measured = []
    for row in measure(rows, image, arguments):
        measured.append(row)
        document.add(row)
        document.write(arguments.output)
        print(f"measured {row['label']}", file=sys.stderr, flush=True)
    for table in (*speed_tables(measured), learner_table(measured)):
        if table.rows:
            print(to_text(table), end="\n\n")
    return 1 if any(map(missed, measured)) else 0


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--operations", nargs="+", default=[], metavar="NAME", help="names of operations or parts of labels"
    )
    parser.add_argument("--threads", nargs="+", type=int, default=[1], metavar="N", help="default: 1")
    parser.add_argument(
        "--sizes",
        nargs="+",
        type=read_size,
        default=[(1080, 1920), (480, 640)],
        metavar="HxW",
        help="default: 1080x1920 480x640",
    )
    parser.add_argument(
        "--level",
        choices=LEVELS,
        default="native",
        help="hold this process, cvkit and the references, to a level of processors; default: native",
    )
    parser.add_argument(
        "--seconds", type=float, default=8.0, metavar="S", help="about how long to time a row; default: 8"
    )
    parser.add_argument(
        "--image", type=Path, default=ROOT / "samples" / "street2.jpg", help="what the detector looks at"
    )
    parser.add_argument("--output", type=Path, default=SPEED, help=f"JSON to continue; default: {SPEED}")
    return parser.parse_args()


def begin_again(level: str) -> int:
    """Run the same command in an environment that holds it to a level, which libraries read as they start."""
    unheld = {name for settings in LEVELS.values() for name in settings}
    environment = {name: value for name, value in os.environ.items() if name not in unheld}
    cache = Path(tempfile.gettempdir()) / f"cvkit-benchmark-{level}"
    environment |= LEVELS[level] | {"NUMBA_CACHE_DIR": str(cache)}
    return subprocess.run([sys.executable, *sys.argv], env=environment).returncode


def measure(rows: list[AnyCase], image: np.ndarray, arguments: argparse.Namespace) -> Iterator[Row]:
    """Measure the chosen rows at every size and thread count."""
    for case in rows:
        reason = reason_to_skip(case)
        if reason is not None:
            print(f"{case.label} {reason}", file=sys.stderr)
        elif isinstance(case, DetectorCase):
            yield from measure_detector(case, image, arguments)
        elif isinstance(case, LearnerCase):
            for threads in arguments.threads:
                yield compare_learner(case, threads, seconds=arguments.seconds)
        else:
            for size in arguments.sizes:
                of_size = speed.image_for(case, size)
                for threads in arguments.threads:
                    yield speed.time_case(case, of_size, threads, seconds=arguments.seconds)
    for operation in dict.fromkeys(row.operation for row in rows if row.operation in speed.FIRST_CALLS):
        yield speed.time_first_call(operation)


def measure_detector(case: DetectorCase, image: np.ndarray, arguments: argparse.Namespace) -> Iterator[Row]:
    """Measure a row of the detector where its size is wanted."""
    if (case.height, case.width) in arguments.sizes:
        for threads in arguments.threads:
            yield speed.time_detector(case, image, threads, seconds=arguments.seconds)


if __name__ == "__main__":
    sys.exit(main())
