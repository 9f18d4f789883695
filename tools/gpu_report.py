"""Check and time CUDA kernels on this machine's GPU: agreement with the CPU, share of the memory's speed.

    python tools/gpu_report.py                                    everything, within eight minutes
    python tools/gpu_report.py --operations hog canny --seconds 100

Exactness comes first, against references that tools/gpu_references.py computed elsewhere, then times of
kernels over more memory than the cache holds, and of the host. Writes gpu.json after each row: an early end
loses nothing. Exit code: 0 all agree, 1 some do not, 2 wrong usage, 3 there is no GPU.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import gpu_measurements
import gpu_references
from cvkit._jit_cuda import cuda
from cvkit.cli.outputs import check_output_file
from cvkit.cli.programs import ArgumentParser, program
from cvkit.compare.cases.case import Case
from cvkit.compare.cases.table import CASES
from cvkit.compare.measure.documents import Document, Row
from cvkit.compare.measure.machine import describe_machine
from cvkit.compare.measure.selection import read_size, select
from cvkit.compare.present.tables import to_text
from device_cases import IMAGE_CASES, SINGLE_IMAGE_CASES

_SECONDS = 450


@program
def main() -> int:
    """Check what the command line asks for; print it and write it."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--operations", nargs="+", default=[], metavar="NAME", help="operations or parts of labels"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=_SECONDS,
        metavar="N",
        help=f"begin nothing after (default: {_SECONDS})",
    )
    parser.add_argument("--size", type=read_size, default=(2160, 3840), metavar="HxW", help="of timed images")
    parser.add_argument("--stack", type=int, default=32, metavar="N", help="images in a stack (default: 32)")
    parser.add_argument("--output", type=Path, default=Path("gpu.json"), help="JSON to write")
    arguments = parser.parse_args()
    if not cuda.is_available():
        print("gpu_report: no CUDA device found; nothing was measured", file=sys.stderr)
        return 3
    end = time.monotonic() + arguments.seconds
    select([*CASES, *IMAGE_CASES, *SINGLE_IMAGE_CASES], arguments.operations)  # refuses what there is not
    check_output_file(arguments.output, "--output", ".json")

    bandwidth = gpu_measurements.copy_bandwidth()
    before = gpu_measurements.describe_gpu()
    machine = {**describe_machine(), **before, "copy GB/s": round(bandwidth / 1e9, 1)}
    print(", ".join(f"{name} {value}" for name, value in machine.items()), flush=True)
    document, skipped = Document(machine), 0
    for measure in _measurements(arguments.operations, arguments.size, arguments.stack, bandwidth):
        if time.monotonic() > end:
            skipped += 1
            continue
        row = measure()
        document.add(row)
        document.write(arguments.output)
        print(_line(row), file=sys.stderr, flush=True)
    document.machine |= {
        "after": gpu_measurements.describe_gpu(),
        "registers": gpu_measurements.registers(),
        "skipped": skipped,
    }
    document.write(arguments.output)
    print(to_text(gpu_measurements.exactness_table(document.section("gpu"))))
    print(to_text(gpu_measurements.speed_table(document.section("gpu speed"))))
    if skipped:
        print(f"no time for {skipped} more rows")
    return 0 if all(row["agrees"] for row in document.section("gpu")) else 1


def _measurements(
    operations: list[str], size: tuple[int, int], stack: int, bandwidth: float
) -> Iterator[Callable[[], Row]]:
    """Yield what measures a row: the most important first."""
    references = gpu_references.read_references()

    def checks(cases: list[Case]) -> Iterator[Callable[[], Row]]:
        for case in _selected(cases, operations):
            for kind in gpu_references.kinds_of(case):
                yield lambda case=case, kind=kind: gpu_measurements.check_case(case, kind, references)

    yield from checks([*CASES, *IMAGE_CASES])
    if not operations:
        for name in gpu_measurements.SPECIAL:
            yield lambda name=name: gpu_measurements.check_special(name)
    for timing in gpu_measurements.TIMINGS:
        if not operations or any(word in timing.name for word in operations):
            for count in (1, stack):
                yield lambda timing=timing, count=count: gpu_measurements.time_case(
                    timing, count, size, bandwidth
                )
    yield from checks(SINGLE_IMAGE_CASES)


def _selected(cases: list[Case], operations: list[str]) -> list[Case]:
    asked = {case.label for case in select([*CASES, *IMAGE_CASES, *SINGLE_IMAGE_CASES], operations)}
    return [case for case in cases if case.label in asked]


def _line(row: Row) -> str:
    found = row.get("error") or (f"{row['kernels'] * 1e6:.1f} us" if "kernels" in row else row["agrees"])
    return f"{row['label']} {row['image']}: {found}"


if __name__ == "__main__":
    sys.exit(main())
