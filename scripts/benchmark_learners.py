"""Time the learners of cvkit beside scikit-learn's, at equal thread counts, and measure what a fit allocates.

    python scripts/benchmark_learners.py                   every row of cvkit/compare/learner_cases.py
    python scripts/benchmark_learners.py --only KMeans     rows whose learner or name holds this text
    python scripts/benchmark_learners.py --scaling         curves over samples and features, PNG by learner

Each thread count runs in a process of its own, because the thread pools of NumPy, scikit-learn and Numba read
it when they are imported. cvkit and scikit-learn take turns within that process. The JIT cache starts empty,
so the time of the first call less that of a later one is the time of compiling.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cvkit.compare.learner_cases import LearnerCase

ROOT = Path(__file__).resolve().parents[1]
THREAD_VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SCALING_SAMPLES = (500, 1000, 2000, 5000, 10000, 20000)
SCALING_FEATURES = (2, 4, 8, 16, 32, 64, 128)


def main() -> None:
    """Run the benchmark, or the part of it that one process measures."""
    arguments = parsed()
    if arguments.worker:
        measure = measure_scaling if arguments.scaling else measure_cases
        Path(arguments.output).write_text(json.dumps(measure(arguments)))
        return
    threads = [1] if arguments.scaling else arguments.threads
    results: dict[str, Any] = {"machine": machine(), "rows": []}
    with tempfile.TemporaryDirectory() as cache:
        for count in threads:
            results["rows"] += run_worker(count, cache)
    output = Path(arguments.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(results, indent=1) + "\n")
    print(f"{output} written")
    if arguments.scaling:
        plot_scaling(results["rows"], output.parent)
    else:
        print(table(results["rows"]))


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="rows whose learner or name holds this text")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="thread counts (default 1 2)")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each row (default 7)")
    parser.add_argument("--scaling", action="store_true", help="measure curves and plot them (extra 'plot')")
    parser.add_argument("--output", default="benchmarks/learners.json", help="JSON file, plots beside it")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def run_worker(threads: int, cache: str) -> list[dict[str, Any]]:
    """Measure in a process that has this number of threads from its start."""
    environment = dict(os.environ, NUMBA_CACHE_DIR=cache, CVKIT_THREADS=str(threads))
    environment |= dict.fromkeys(THREAD_VARIABLES, str(threads))
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "rows.json"
        # The last --output given counts.
        command = [sys.executable, __file__, *sys.argv[1:], "--worker", "--output", str(output)]
        subprocess.run(command, env=environment, check=True)
        rows: list[dict[str, Any]] = json.loads(output.read_text())
    return [{"threads": threads, **row} for row in rows]


def machine() -> dict[str, Any]:
    """Describe the machine and the versions that were measured."""
    from importlib.metadata import version

    packages = ("numpy", "scipy", "numba", "scikit-learn")
    return {
        "system": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def processor() -> str:
    """Name the processor."""
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def chosen_cases(only: str) -> list[LearnerCase]:
    """Rows of the table that ``--only`` asks for."""
    from cvkit.compare.learner_cases import LEARNER_CASES

    text = only.lower()
    return [case for case in LEARNER_CASES if text in f"{case.learner} {case.name}".lower()]


def measure_cases(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Time fit and predict of every chosen row and measure the memory of fit."""
    rows = []
    for case in chosen_cases(arguments.only):
        print(f"{os.environ['CVKIT_THREADS']} thread(s): {case.learner}, {case.name}", flush=True)
        rows.append(measure_case(case, arguments.rounds))
    return rows


def measure_case(case: LearnerCase, rounds: int) -> dict[str, Any]:
    """Time one row."""
    from cvkit.compare.measure import alternate

    X, y = case.data()
    started = time.perf_counter()
    ours = case.ours().fit(X, y)
    getattr(ours, case.predict)(X)
    first = time.perf_counter() - started
    theirs = case.theirs().fit(X, y)
    fit = alternate(lambda: case.ours().fit(X, y), lambda: case.theirs().fit(X, y), rounds=rounds)
    predict = alternate(
        lambda: getattr(ours, case.predict)(X), lambda: getattr(theirs, case.predict)(X), rounds=rounds
    )
    return {
        "learner": case.learner,
        "name": case.name,
        "shape": list(X.shape),
        "fit": vars(fit),
        "fit_bar": case.fit_bar,
        "predict": vars(predict),
        "predict_bar": case.predict_bar,
        "compile_seconds": max(0.0, first - fit.ours - predict.ours),
        "fit_bytes": extra_memory(lambda: case.ours().fit(X, y)),
        "reference_fit_bytes": extra_memory(lambda: case.theirs().fit(X, y)),
    }


def extra_memory(call: Callable[[], Any]) -> int | None:
    """Bytes by which the process grew at the peak of a call; None where the system does not tell."""
    reset = Path("/proc/self/clear_refs")
    if not reset.exists():
        return None
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # freed memory that the allocator holds would hide what the call takes
    reset.write_text("5")
    before = memory("VmRSS")
    call()
    return max(0, memory("VmHWM") - before)


def memory(name: str) -> int:
    """Read a line of the process's status, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise ValueError(f"/proc/self/status has no line {name}")


def table(rows: list[dict[str, Any]]) -> str:
    """Lay the rows out as text; a ratio beyond its bar ends in ``!``."""
    lines = [
        f"{'learner':22} {'row':54} {'thr':>3} {'fit':>8} {'ratio':>14} {'predict':>9} {'ratio':>14} "
        f"{'compile':>8} {'memory MB (sk)':>15}"
    ]
    for row in rows:
        lines.append(
            f"{row['learner']:22} {row['name']:54.54} {row['threads']:3} {row['fit']['ours'] * 1e3:5.1f} ms "
            f"{ratio(row['fit'], row['fit_bar']):>14} {row['predict']['ours'] * 1e3:6.1f} ms "
            f"{ratio(row['predict'], row['predict_bar']):>14} {row['compile_seconds']:6.1f} s "
            f"{megabytes(row['fit_bytes']):>6} ({megabytes(row['reference_fit_bytes'])})"
        )
    return "\n".join(lines)


def ratio(timing: dict[str, float], bar: float | None) -> str:
    """Show a ratio, its spread, and whether it misses its bar."""
    missed = "!" if bar is not None and timing["ratio"] > bar else " "
    return f"{timing['ratio']:.2f} ± {timing['spread']:.2f}{missed}"


def megabytes(size: int | None) -> str:
    """Show a size."""
    return "-" if size is None else f"{size / 1e6:.1f}"


def measure_scaling(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Time the first row of each learner on generated data of growing size."""
    cases: dict[str, LearnerCase] = {}
    for case in chosen_cases(arguments.only):
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
    import numpy as np
    from sklearn.base import is_regressor

    from cvkit.compare.measure import alternate

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
