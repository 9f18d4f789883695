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
    from cvkit.compare.measure.comparison import Comparison
    from cvkit.compare.measure.miss_rates import LabeledImages
    from cvkit.compare.measure.selection import AnyCase


def compare(
    operations: Annotated[
        list[str] | None,
        typer.Argument(metavar="[OPERATION...]", help="Operations or learners; every one by default."),
    ] = None,
    image: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help="An image to compare on; may be repeated.")
    ] = None,
    size: Annotated[
        str, typer.Option(metavar="HxW", help="Height and width of the images on which speed is measured.")
    ] = "1080x1920",
    threads: Annotated[int, typer.Option(metavar="N", help="Threads of each side.")] = 1,
    device: Annotated[
        Device, typer.Option(help="Where cvkit runs; auto takes a CUDA device where there is one.")
    ] = Device.auto,
    images: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Labeled images, on which detectors are judged.")
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
    from cvkit._opencv import opencv
    from cvkit._paths import claim_folder

    with wrong_usage():
        opencv()  # what is compared with
    from cvkit.compare.measure.comparison import Comparison, read_images
    from cvkit.compare.measure.miss_rates import find_labeled
    from cvkit.compare.measure.selection import all_cases, read_size, select
    from cvkit.compare.present.drawings import difference_figure
    from cvkit.compare.present.page import write_page

    _, device_name = choose_device(device)
    if (images is None) != (labels is None):
        raise WrongUsageError("--images and --labels belong together")
    check_output_folder(output)
    with wrong_usage(), told_warnings():
        cases = select(all_cases(), operations or [])
        shape, images_by_name = read_size(size), read_images(image or [])
        on_cuda = device_name.startswith("cuda")
        comparison = Comparison(shape, images_by_name, threads, on_cuda, draw=difference_figure)
        labeled = images and labels and find_labeled(images, labels, aspect=aspect)
        folder = claim_folder(output)

    _run(comparison, cases, labeled or None, device_name, folder / "comparison.json")
    write_page(comparison, folder / "report.html")
    _print(comparison)
    print(f"written to {folder}: report.html, comparison.json")
    raise typer.Exit(0 if comparison.agrees else 1)


def _run(
    comparison: Comparison, cases: list[AnyCase], labeled: LabeledImages | None, device_name: str, path: Path
) -> None:
    """Compare row after row, and keep what was measured so far in a file."""
    with open_progress(len(cases), "rows") as progress:
        target = device_name if comparison.on_cuda else "cpu"
        progress.say(f"{len(cases)} rows, threads of each side: {comparison.threads}, device: {target}")
        if labeled:
            progress.say(f"judging detectors on {len(labeled.paths)} labeled images")
            comparison.judge(labeled)
        for case in cases:
            comparison.add(case)
            comparison.document.write(path)
            progress.advance()


def _print(comparison: Comparison) -> None:
    """Print the tables, and the rows that are in none of them."""
    from cvkit.cli.tables import print_table
    from cvkit.compare.present.tables import comparison_tables

    for table in comparison_tables(comparison.document.rows):
        print_table(table)
    for label, reason in comparison.skipped.items():
        print(f"not compared: {label} {reason}")
    for label, reason in comparison.failed.items():
        print(f"failed: {label} {reason}")
