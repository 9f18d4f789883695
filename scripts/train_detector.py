"""Train a person detector from a folder of crops and a folder of person-free pictures.

python scripts/train_detector.py POSITIVES NEGATIVES -o model.npz
"""

from pathlib import Path
from typing import Annotated

import typer

from cvkit.detect.training import train_hog
from cvkit.io import walk


def main(
    positives: Annotated[Path, typer.Argument(help="Crops of one person each, centred, 96 pixels high.")],
    negatives: Annotated[Path, typer.Argument(help="Pictures without people.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The model's file.")],
    rounds: Annotated[int, typer.Option(help="Rounds of hard negatives.")] = 1,
    cost: Annotated[float, typer.Option(help="Cost C of a misclassified window.")] = 0.03,
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.")] = 0,
) -> None:
    """Train HOG and a linear support vector machine, and write a model that cvkit.detect.load reads."""
    detector = train_hog(
        walk(positives), walk(negatives), rounds=rounds, C=cost, seed=seed, progress=typer.echo
    )
    detector.save(output)
    typer.echo(f"wrote {output}")


if __name__ == "__main__":
    typer.run(main)
