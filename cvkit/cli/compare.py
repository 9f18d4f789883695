"""``cvkit compare``: agreement and speed beside OpenCV, scikit-image and scikit-learn, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cvkit.cli.devices import Device, choose_device
from cvkit.cli.errors import WrongUsageError, wrong_usage
from cvkit.cli.outputs import check_output_folder
from cvkit.cli.progress import open_progress, told_warnings

if TYPE_CHECKING:
    import numpy as np


def compare(
    operations: Annotated[
        list[str] | None,
        typer.Argument(metavar="[OPERATION...]", help="Operations or learners; every one by default."),
    ] = None,
    image: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help="A picture to compare on; may be repeated.")
    ] = None,
    size: Annotated[
        str, typer.Option(metavar="HxW", help="Height and width of the pictures on which speed is measured.")
    ] = "1080x1920",
    threads: Annotated[int, typer.Option(metavar="N", help="Threads of each side.")] = 1,
    device: Annotated[
        Device, typer.Option(help="Where cvkit runs; auto takes a CUDA device where there is one.")
    ] = Device.auto,
    photographs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Labeled pictures, on which detectors are judged.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="Their labels: COCO .json, Pascal VOC .xml, or a folder; YOLO .txt folder."),
    ] = None,
    aspect: Annotated[
        float | None, typer.Option(help="Make labeled boxes this wide for a height of 1; people: 0.41.")
    ] = None,
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder to create; DIR-2, DIR-3... where it exists.")
    ] = Path("comparison"),
) -> None:
    """Compare with OpenCV, scikit-image and scikit-learn: print tables, write JSON and an HTML page.

    Exit code: 0 every row agrees within its tolerance, 1 some do not, 2 wrong usage, 130 interrupted.
    """
    from cvkit._paths import atomic_path, claim_folder
    from cvkit.cli.tables import print_table
    from cvkit.compare.cases.detectors import DETECTOR_CASES
    from cvkit.compare.cases.learners.table import LEARNER_CASES
    from cvkit.compare.cases.table import CASES
    from cvkit.compare.measure.machine import thread_count
    from cvkit.compare.measure.miss_rates import find_labeled
    from cvkit.compare.measure.selection import AnyCase, read_size, select
    from cvkit.compare.present.page import render
    from cvkit.compare.present.report import Report
    from cvkit.compare.present.tables import learner_table, miss_rate_table, parity_table, speed_tables

    _, device_name = choose_device(device)
    if (photographs is None) != (labels is None):
        raise WrongUsageError("--photographs and --labels belong together")
    check_output_folder(output)
    with wrong_usage(), told_warnings():
        every: list[AnyCase] = [*CASES, *DETECTOR_CASES, *LEARNER_CASES]
        cases = select(every, operations or [])
        with thread_count(threads):  # refuses a number that is out of range before anything is written
            report = Report(read_size(size), _read(image or []), threads, device_name.startswith("cuda"))
        labeled = photographs and labels and find_labeled(photographs, labels, aspect=aspect)
        folder = claim_folder(output)

    progress = open_progress(len(cases), "rows")
    target = device_name if report.on_cuda else "cpu"
    progress.say(f"{len(cases)} rows, threads of each side: {threads}, device: {target}")
    with progress:
        if labeled:
            progress.say(f"judging detectors on {len(labeled.paths)} labeled pictures")
            report.judge(labeled)
        for case in cases:
            report.add(case)
            report.document.write(folder / "comparison.json")
            progress.advance()
    with atomic_path(folder / "report.html") as temporary:
        temporary.write_text(render(report), encoding="utf-8")
    rows = report.document.rows
    for table in (parity_table(rows), *speed_tables(rows), learner_table(rows), miss_rate_table(rows)):
        if table.rows:
            print_table(table)
    for label, reason in report.skipped.items():
        print(f"not compared: {label} {reason}")
    for label, reason in report.failed.items():
        print(f"failed: {label} {reason}")
    print(f"written to {folder}: report.html, comparison.json")
    raise typer.Exit(0 if report.agrees else 1)


def _read(paths: list[Path]) -> dict[str, np.ndarray]:
    """Read the pictures by their names; a name that occurs twice keeps its folder."""
    from cvkit.io import read_image

    names = [path.name for path in paths]
    return {str(path) if names.count(path.name) > 1 else path.name: read_image(path) for path in paths}
