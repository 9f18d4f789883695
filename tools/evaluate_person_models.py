"""Measure person models on the sets they are developed on, and rank recipes by them.

python tools/evaluate_person_models.py DATA RECIPE... [--output results.json]

DATA holds inria (train_pos, train_neg), pets (vtest.avi, gt.txt) and tud (TUD-Campus, TUD-Stadtmitte), none
of which is part of cvkit. A RECIPE is a folder of models trained alike, N.npz with seed N and without the
photographs of INRIA's fold N, or a model's file, which is not measured on INRIA: it may know all of it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cvkit.cli.outputs import check_output_file
from cvkit.cli.programs import ArgumentParser, program
from cvkit.detect import average_precision, load, log_average_miss_rate
from cvkit.detect.evaluation import Evaluation
from cvkit.detect.training.examples import FOLDS
from person_sets import SEQUENCES, check_development_sets, on_held_out, on_sequence

HELD_OUT = "INRIA, held out"


class Quality(NamedTuple):
    """How good a model is on one set."""

    miss_rate: float
    precision: float

    @classmethod
    def of(cls, evaluation: Evaluation) -> Quality:
        """Summarize an evaluation."""
        return cls(round(log_average_miss_rate(evaluation), 4), round(average_precision(evaluation), 4))


# Quality by set; those of the models of one recipe by seed.
Qualities = dict[str, Quality]
Recipes = dict[str, dict[str, Qualities]]


@program
def main() -> None:
    """Read the command line, measure and print two tables."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path, help="folder with inria, pets and tud")
    parser.add_argument("recipes", type=Path, nargs="+", help="folders of models, or models")
    parser.add_argument(
        "--output", type=Path, help="file that keeps what was measured: only what is missing is"
    )
    arguments = parser.parse_args()
    check_development_sets(arguments.data)
    for path in arguments.recipes:
        if not path.exists():
            raise FileNotFoundError(f"no such file or folder: {path}")
    if arguments.output is not None:
        check_output_file(arguments.output, "--output", ".json")
    known = read_qualities(arguments.output)
    for recipe in arguments.recipes:
        measure_recipe(recipe, arguments.data, known, arguments.output)
    print(models_table(known), ranks_table(known), sep="\n\n")


def measure_recipe(recipe: Path, data: Path, known: Recipes, output: Path | None) -> dict[str, Qualities]:
    """Measure the models of a recipe that are not known yet, and keep that; return all, by seed."""
    is_folder = recipe.is_dir()
    of_recipe = known.setdefault(recipe.stem, {})
    for model in sorted(recipe.glob("[0-9]*.npz")) if is_folder else [recipe]:
        if model.stem not in of_recipe:
            of_recipe[model.stem] = measure(model, data, int(model.stem) % FOLDS if is_folder else None)
            write_qualities(output, known)
    return of_recipe


def measure(model: Path, data: Path, fold: int | None) -> Qualities:
    """Measure a model on every set; on INRIA's photographs if it was trained without those of a fold."""
    detector = load(model)
    qualities = {
        name: Quality.of(on_sequence(data, sequence, detector)) for name, sequence in SEQUENCES.items()
    }
    if fold is not None:
        qualities[HELD_OUT] = Quality.of(on_held_out(data / "inria", fold, detector))
    print(model, qualities, file=sys.stderr, flush=True)
    return qualities


def read_qualities(path: Path | None) -> Recipes:
    """Read what an earlier run has measured."""
    if path is None or not path.exists():
        return {}
    return {
        recipe: {
            seed: {name: Quality(*values) for name, values in sets.items()} for seed, sets in seeds.items()
        }
        for recipe, seeds in json.loads(path.read_text(encoding="utf-8")).items()
    }


def write_qualities(path: Path | None, recipes: Recipes) -> None:
    """Keep what has been measured."""
    if path is not None:
        path.write_text(json.dumps(recipes, indent=1) + "\n", encoding="utf-8")


def models_table(recipes: Recipes) -> str:
    """Write the miss rate and the precision of every model on every set."""
    names = set_names(recipes)
    lines = [f"| recipe | seed | {' | '.join(names)} |", "|---|---|" + "---|" * len(names)]
    for recipe, seeds in recipes.items():
        for seed, sets in seeds.items():
            cells = [f"{sets[name][0]:.3f} ({sets[name][1]:.3f})" if name in sets else "" for name in names]
            lines.append(f"| {recipe} | {seed} | {' | '.join(cells)} |")
    return "\n".join(lines)


def set_names(recipes: Recipes) -> list[str]:
    """List the sets that any model was measured on."""
    return list(dict.fromkeys(name for seeds in recipes.values() for sets in seeds.values() for name in sets))


def ranks_table(recipes: Recipes) -> str:
    """Write each recipe's mean miss rate on every set, its ranks by it, and their mean."""
    names = set_names(recipes)
    means = np.array([[mean_miss_rate(seeds, name) for name in names] for seeds in recipes.values()])
    lines = [
        f"| recipe | models | {' | '.join(names)} | mean rank |",
        "|---|---|" + "---|" * (len(names) + 1),
    ]
    for (recipe, seeds), of_recipe in zip(recipes.items(), means, strict=True):
        ranks = np.where(np.isnan(of_recipe), np.nan, 1 + (means < of_recipe).sum(axis=0))
        cells = [
            "" if np.isnan(mean) else f"{mean:.3f} ({rank:.0f})"
            for mean, rank in zip(of_recipe, ranks, strict=True)
        ]
        lines.append(f"| {recipe} | {len(seeds)} | {' | '.join(cells)} | {np.nanmean(ranks):.2f} |")
    return "\n".join(lines)


def mean_miss_rate(seeds: dict[str, Qualities], name: str) -> float:
    """Average a recipe's miss rate on one set over its models; NaN where none was measured on it."""
    measured = [sets[name].miss_rate for sets in seeds.values() if name in sets]
    return float(np.mean(measured)) if measured else float("nan")


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
