"""``cvkit report``: a page about what a batch did."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cvkit.cli.errors import WrongUsageError, wrong_usage
from cvkit.cli.outputs import check_output_folder


def report(
    output: Annotated[
        Path,
        typer.Argument(metavar="OUTPUT", help="The folder that cvkit batch, pipeline or detect wrote."),
    ],
    thumbnails: Annotated[
        int,
        typer.Option(metavar="N", min=0, max=500, help="Of how many files to show the images."),
    ] = 60,
) -> None:
    """Write OUTPUT/report.html: counts, failures with their reasons, times, images before and after.

    The page is one file that needs no network. Exit code: 0 written, 2 wrong usage.
    """
    from cvkit.batch import write_report
    from cvkit.batch.record.manifest import NAME

    if not (output / NAME).exists():
        raise WrongUsageError(f"{output} holds no {NAME}, which cvkit batch writes")
    check_output_folder(output)
    with wrong_usage():
        page = write_report(output, thumbnails=thumbnails)
    print(page)
