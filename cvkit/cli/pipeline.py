"""``cvkit pipeline``: operations one after another over many images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cvkit.cli.batch import BatchOptions, run_batch
from cvkit.cli.errors import wrong_usage
from cvkit.cli.options import with_options


@with_options(BatchOptions)
def pipeline(
    recipe: Annotated[
        Path,
        typer.Argument(
            metavar="RECIPE", help='A TOML file such as: steps = ["gray", "canny low=50 high=150"]'
        ),
    ],
    options: BatchOptions,
) -> None:
    """Run the operations of a recipe, one after another, on every image of a source.

    A step of the recipe is an operation of cvkit batch with its parameters, as text or as a table:

        steps = ["gray", "gaussian_blur sigma=1.2", { operation = "canny", low = 50, high = 150 }]

    Exit code: 0 all went well, 1 some images failed, 2 wrong usage, 130 interrupted; what was done is kept.
    """
    from cvkit.batch import read_pipeline

    with wrong_usage():
        steps = read_pipeline(recipe)
    run_batch(steps, options)
