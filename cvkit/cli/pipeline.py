"""``cvkit pipeline``: operations one after another over many pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cvkit.cli.batch import run_batch, with_common_arguments
from cvkit.cli.errors import wrong_usage


@with_common_arguments
def pipeline(
    recipe: Annotated[
        Path,
        typer.Argument(
            metavar="RECIPE", help='A TOML file such as: steps = ["gray", "canny low=50 high=150"]'
        ),
    ],
    **common: Any,
) -> None:
    """Run the operations of a recipe, one after another, on every picture of a source.

    A step of the recipe is an operation of cvkit batch with its parameters, as text or as a table:

        steps = ["gray", "gaussian_blur sigma=1.2", { operation = "canny", low = 50, high = 150 }]

    Exit code: 0 all went well, 1 some pictures failed, 2 wrong usage, 130 interrupted; what was done is kept.
    """
    from cvkit.batch import read_pipeline

    with wrong_usage():
        steps = read_pipeline(recipe)
    run_batch(steps, **common)
