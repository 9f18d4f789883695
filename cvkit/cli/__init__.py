"""The command ``cvkit``; one module for each subcommand.

Heavy modules are imported inside the commands, so that ``cvkit --help`` answers at once.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from cvkit._version import __version__
from cvkit.cli.augment import augment
from cvkit.cli.batch import BatchCommand, batch_app
from cvkit.cli.compare import compare
from cvkit.cli.compile import compile_kernels
from cvkit.cli.detect import detect
from cvkit.cli.evaluate import evaluate
from cvkit.cli.pipeline import pipeline
from cvkit.cli.programs import exit_code_of
from cvkit.cli.progress import told_compilation
from cvkit.cli.report import report
from cvkit.cli.train import train

__all__ = ["app", "main"]

# Plain text: boxes drawn around messages break lines that scripts and logs want whole.
app: typer.Typer = typer.Typer(
    name="cvkit", add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)
app.command()(detect)
app.add_typer(batch_app, name="batch")
app.command(cls=BatchCommand)(pipeline)
app.command()(report)
app.command()(compare)
app.command()(evaluate)
app.command()(train)
app.command()(augment)
app.command("compile")(compile_kernels)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"cvkit {__version__}")
        raise typer.Exit


@app.callback()
def _cvkit(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Classical computer vision: find people in images, train, judge, compare with OpenCV."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the command's name; by default what the process was started with.

    Returns
    -------
    int
        The exit code: 0 fine, 1 some of the work failed, 2 wrong usage, 130 interrupted.

    Examples
    --------
    >>> from cvkit.cli import main
    >>> main(["detect", "no/such/folder"])
    2
    """
    command = typer.main.get_command(app)
    arguments = sys.argv[1:] if arguments is None else arguments
    words = list(arguments) or ["--help"]
    with contextlib.nullcontext() if "--quiet" in words else told_compilation():
        return exit_code_of(lambda: command.main(words, prog_name="cvkit", standalone_mode=False), "cvkit")
