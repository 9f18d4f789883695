"""Check and time CUDA kernels on this machine's GPU: agreement with the CPU, share of the memory's speed.

    python tools/gpu_report.py                                    every row, single images and stacks
    python tools/gpu_report.py --operations hog --sizes 480x640

Writes gpu.json and prints a table. Times are those of CUDA events, transfers apart. Exit code: 0 all agree,
1 some do not, 2 wrong usage, 3 there is no GPU.
"""

from __future__ import annotations

import sys
from pathlib import Path

import gpu_measurements
from cvkit._jit_cuda import cuda
from cvkit.cli.outputs import check_output_file
from cvkit.cli.programs import ArgumentParser, program
from cvkit.compare.cases.table import CASES
from cvkit.compare.measure.documents import Document
from cvkit.compare.measure.machine import describe_machine
from cvkit.compare.measure.selection import read_size, select
from cvkit.compare.present.tables import to_text
from device_cases import IMAGE_CASES, SINGLE_IMAGE_CASES


@program
def main() -> int:
    """Check what the command line asks for; print it and write it."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--operations", nargs="+", default=[], metavar="NAME", help="operations or parts of labels"
    )
    parser.add_argument(
        "--sizes", nargs="+", type=read_size, default=[(480, 640), (1080, 1920)], metavar="HxW"
    )
    parser.add_argument("--stack", type=int, default=8, metavar="N", help="images in a stack (default: 8)")
    parser.add_argument("--output", type=Path, default=Path("gpu.json"), help="JSON to write")
    arguments = parser.parse_args()
    if not cuda.is_available():
        print("gpu_report: no CUDA device found; nothing was measured", file=sys.stderr)
        return 3
    cases = select([*CASES, *IMAGE_CASES, *SINGLE_IMAGE_CASES], arguments.operations)
    check_output_file(arguments.output, "--output", ".json")

    bandwidth = gpu_measurements.copy_bandwidth()
    machine = {
        **describe_machine(),
        **gpu_measurements.describe_gpu(),
        "copy GB/s": round(bandwidth / 1e9, 1),
    }
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    document = Document(machine)
    for case in cases:
        for shape in arguments.sizes:
            for count in (1,) if case in SINGLE_IMAGE_CASES else (1, arguments.stack):
                document.add(gpu_measurements.check_case(case, shape, count, bandwidth))
        document.write(arguments.output)
        print(f"checked {case.label}", file=sys.stderr, flush=True)
    print(to_text(gpu_measurements.gpu_table(document.rows)))
    return 0 if all(row["agrees"] for row in document.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
