"""Plot how times of fit and predict grow with samples and features, cvkit beside scikit-learn, one thread.

    python scripts/learner_scaling.py                   the first row of every learner, one PNG each
    python scripts/learner_scaling.py --only KMeans     learners whose name holds this text

``scripts/benchmark.py --operations KMeans`` measures the rows of the table themselves. Plots need matplotlib
(extra 'plot').
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import is_regressor

from cvkit.compare.learner_cases import LEARNER_CASES
from cvkit.compare.learners import LearnerCase
from cvkit.compare.machine import describe_machine, thread_count
from cvkit.compare.measure import alternate

SCALING_SAMPLES = (500, 1000, 2000, 5000, 10000, 20000)
SCALING_FEATURES = (2, 4, 8, 16, 32, 64, 128)


def main() -> None:
    """Measure the curves, write them as JSON and plot them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="learners whose name holds this text")
    parser.add_argument(
        "--output", type=Path, default=Path("learner-scaling"), help="folder for PNG and JSON"
    )
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    with thread_count(1):
        rows = measure_scaling(arguments.only)
    results = {"machine": describe_machine(), "rows": rows}
    (arguments.output / "scaling.json").write_text(json.dumps(results, indent=1) + "\n")
    plot_scaling(rows, arguments.output)


def measure_scaling(only: str) -> list[dict[str, Any]]:
    """Time the first row of each learner on generated data of growing size."""
    cases: dict[str, LearnerCase] = {}
    for case in LEARNER_CASES:
        if only.lower() in case.learner.lower():
            cases.setdefault(case.learner, case)
    rows = []
    for case in cases.values():
        for samples, features in scaling_sizes():
            print(f"{case.learner}: {samples} x {features}", flush=True)
            rows.append(measure_size(case, samples, features))
    return rows


def scaling_sizes() -> list[tuple[int, int]]:
    """Sizes of both curves."""
    over_samples = [(samples, 16) for samples in SCALING_SAMPLES]
    return over_samples + [(2000, features) for features in SCALING_FEATURES]


def measure_size(case: LearnerCase, samples: int, features: int) -> dict[str, Any]:
    """Time one learner on one size of data: two clouds, one for each class."""
    random = np.random.RandomState(0)
    classes = random.randint(0, 2, samples)
    X = random.randn(samples, features) + classes[:, None]
    y = X.sum(axis=1) + random.randn(samples) if is_regressor(case.ours()) else classes
    ours, theirs = case.ours().fit(X, y), case.theirs().fit(X, y)
    fit = alternate(lambda: case.ours().fit(X, y), lambda: case.theirs().fit(X, y), rounds=3)
    predict = alternate(
        lambda: getattr(ours, case.predict)(X), lambda: getattr(theirs, case.predict)(X), rounds=3
    )
    return {
        "learner": case.learner,
        "samples": samples,
        "features": features,
        "fit": vars(fit),
        "predict": vars(predict),
    }


def plot_scaling(rows: list[dict[str, Any]], folder: Path) -> None:
    """Draw the curves of each learner into a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    for learner in dict.fromkeys(row["learner"] for row in rows):
        own = [row for row in rows if row["learner"] == learner]
        figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), sharey=True)
        over_samples, over_features = own[: len(SCALING_SAMPLES)], own[len(SCALING_SAMPLES) :]
        for axis, curve, size in zip(
            axes, (over_samples, over_features), ("samples", "features"), strict=True
        ):
            for step, style in (("fit", "-"), ("predict", "--")):
                for side, color, label in (("ours", "C0", "cvkit"), ("reference", "C1", "scikit-learn")):
                    axis.loglog(
                        [row[size] for row in curve],
                        [row[step][side] for row in curve],
                        color + style,
                        marker="o",
                        label=f"{label} {step}",
                    )
            axis.set_xlabel(size)
            axis.grid(alpha=0.3)
        axes[0].set_ylabel("seconds, 1 thread")
        axes[0].legend()
        axes[0].set_title(f"{learner}, 16 features")
        axes[1].set_title(f"{learner}, 2000 samples")
        path = folder / f"{learner}.png"
        figure.savefig(path, dpi=120, bbox_inches="tight")
        pyplot.close(figure)
        print(f"{path} written")


if __name__ == "__main__":
    main()
