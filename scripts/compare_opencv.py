"""Compare operations with their references by library calls: what ``cvkit compare`` does, without its page.

python scripts/compare_opencv.py hog resize --size 480x640
"""

import sys

from cvkit.cli.programs import ArgumentParser, program
from cvkit.compare.cases.images import scene
from cvkit.compare.cases.table import CASES
from cvkit.compare.measure.documents import Document
from cvkit.compare.measure.parity import compare_case
from cvkit.compare.measure.selection import read_size, reason_to_skip, select
from cvkit.compare.measure.speed import time_case
from cvkit.compare.present.tables import comparison_tables, to_text


@program
def main() -> None:
    """Compare results and times of every chosen row on one drawn scene; print tables."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("operations", nargs="*", help="names of operations or parts of labels; default: all")
    parser.add_argument("--size", type=read_size, default=(480, 640), help="height and width: 480x640")
    parser.add_argument("--threads", type=int, default=1, help="threads of each side")
    arguments = parser.parse_args()

    document = Document()
    for case in select(CASES, arguments.operations):
        reason = reason_to_skip(case)
        if reason is not None:
            print(f"not compared: {case.label} {reason}")
            continue
        image = scene(*arguments.size, case.channels, case.dtype)
        document.add(compare_case(case, image, "scene").row)
        document.add(time_case(case, image, arguments.threads))
    for table in comparison_tables(document.rows):
        print(to_text(table), end="\n\n")


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
