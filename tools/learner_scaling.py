"""Plot how times of fit and predict grow with samples and features, cvkit beside scikit-learn, one thread.

    python tools/learner_scaling.py                                   every learner, one PNG each
    python tools/learner_scaling.py --only KMeans                     learners whose name holds this text
    python tools/learner_scaling.py --samples 500 1000 --features 4 16 --seconds 0.5

The parameters are those of the learner's first row in the table, whose rows themselves are measured by
``tools/benchmark.py --operations KMeans``. Sizes that the folder's JSON holds already are kept, unless they
are measured again: the curves can be made in pieces. Plots need matplotlib (extra 'plot').
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import is_regressor

from cvkit.cli.programs import ArgumentParser, program
from cvkit.compare.cases.learners.case import LearnerCase
from cvkit.compare.cases.learners.table import LEARNER_CASES
from cvkit.compare.measure.machine import describe_machine, thread_count
from cvkit.compare.measure.timing import alternate

SAMPLES = [500, 1000, 2000, 5000, 10000, 20000]
FEATURES = [2, 4, 8, 16, 32, 64, 128]
# What the other size is on either curve.
FIXED_SAMPLES, FIXED_FEATURES = 2000, 16


@program
def main() -> None:
    """Measure the curves, write them as JSON and plot them."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="learners whose name holds this text")
    parser.add_argument(
        "--output", type=Path, default=Path("learner-scaling"), help="folder for PNG and JSON"
    )
    parser.add_argument("--samples", nargs="+", type=int, default=SAMPLES, metavar="N")
    parser.add_argument("--features", nargs="+", type=int, default=FEATURES, metavar="D")
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="about how long each timing takes; default: 2"
    )
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    path = arguments.output / "scaling.json"
    known = json.loads(path.read_text())["rows"] if path.exists() else []
    rows = {row_key(row): row for row in known}
    sizes = {(samples, FIXED_FEATURES) for samples in arguments.samples}
    sizes |= {(FIXED_SAMPLES, features) for features in arguments.features}
    with thread_count(1):
        for case in first_rows(arguments.only):
            for samples, features in sorted(sizes):
                row = measure_size(case, samples, features, arguments.seconds)
                print(f"{case.learner}: {samples} x {features}", flush=True)
                rows[row_key(row)] = row
    results = {"machine": describe_machine(), "rows": [rows[key] for key in sorted(rows)]}
    path.write_text(json.dumps(results, indent=1) + "\n")
    for learner in dict.fromkeys(row["learner"] for row in results["rows"]):
        plot_learner([row for row in results["rows"] if row["learner"] == learner], arguments.output)


def row_key(row: dict[str, Any]) -> tuple[str, int, int]:
    """Learner and size, by which rows are told apart and sorted."""
    return row["learner"], row["samples"], row["features"]


def first_rows(only: str) -> list[LearnerCase]:
    """Choose the first row of each learner whose name holds a text."""
    cases: dict[str, LearnerCase] = {}
    for case in LEARNER_CASES:
        if only.lower() in case.learner.lower():
            cases.setdefault(case.learner, case)
    return list(cases.values())


def measure_size(case: LearnerCase, samples: int, features: int, seconds: float) -> dict[str, Any]:
    """Time one learner on one size of data: two clouds, one for each class."""
    random = np.random.RandomState(0)
    classes = random.randint(0, 2, samples)
    X = random.randn(samples, features) + classes[:, None]
    y = X.sum(axis=1) + random.randn(samples) if is_regressor(case.ours()) else classes
    ours, theirs = case.ours().fit(X, y), case.theirs().fit(X, y)
    fit = alternate(lambda: case.ours().fit(X, y), lambda: case.theirs().fit(X, y), rounds=5, seconds=seconds)
    predict = alternate(
        lambda: getattr(ours, case.predict)(X),
        lambda: getattr(theirs, case.predict)(X),
        rounds=5,
        seconds=seconds,
    )
    return {
        "learner": case.learner,
        "samples": samples,
        "features": features,
        "fit": vars(fit),
        "predict": vars(predict),
    }


def plot_learner(rows: list[dict[str, Any]], folder: Path) -> None:
    """Draw both curves of a learner into a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    learner = rows[0]["learner"]
    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), sharey=True)
    over_samples = [row for row in rows if row["features"] == FIXED_FEATURES]
    over_features = [row for row in rows if row["samples"] == FIXED_SAMPLES]
    for axis, curve, size in zip(axes, (over_samples, over_features), ("samples", "features"), strict=True):
        for step, style in (("fit", "-"), ("predict", "--")):
            for side, color, label in (("ours", "C0", "cvkit"), ("reference", "C1", "scikit-learn")):
                axis.loglog(
                    [row[size] for row in curve],
                    [row[step][side] for row in curve],
                    color + style,
                    marker="o",
                    label=f"{label} {step}",
                )
        ticks = [row[size] for row in curve]
        axis.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        axis.minorticks_off()
        axis.set_xlabel(size)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("seconds, 1 thread")
    axes[0].legend()
    axes[0].set_title(f"{learner}, {FIXED_FEATURES} features")
    axes[1].set_title(f"{learner}, {FIXED_SAMPLES:,} samples")
    path = folder / f"{learner}.png"
    figure.savefig(path, dpi=120, bbox_inches="tight")
    pyplot.close(figure)
    print(f"{path} written")


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
