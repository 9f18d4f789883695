"""Settings of the whole suite: a JIT cache keyed on the sources, and what a GPU test needs."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _hash_of_sources() -> str:
    digest = hashlib.sha256()
    for path in sorted((ROOT / "cvkit").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


# Numba does not notice that a helper in another file changed; a new directory for every state of the sources
# does. Set before any kernel module is imported, and inherited by the processes that tests start.
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / f"cvkit-jit-{_hash_of_sources()}"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give workers neighboring tests: those that come one by one would compile the same kernels, in both."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getoption("dist") == "load" else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let sweeps be run a part at a time."""
    parser.addoption(
        "--sweep-part",
        type=_part,
        default=(1, 1),
        metavar="K/N",
        help="with -m sweep: every N-th of the sweeps, from the K-th on",
    )


def _part(text: str) -> tuple[int, int]:
    numbers = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
    if not numbers or int(numbers[1]) > int(numbers[2]):
        raise argparse.ArgumentTypeError(f"must be K/N with K from 1 to N, such as 3/28, got {text!r}")
    return int(numbers[1]), int(numbers[2])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip sweeps unless they are asked for, and GPU tests where there is no GPU, visibly."""
    part, parts = config.getoption("sweep_part")
    sweeps = [item for item in items if item.get_closest_marker("sweep")]
    elsewhere = set(sweeps) - set(sweeps[part - 1 :: parts])
    config.hook.pytest_deselected(items=list(elsewhere))
    items[:] = [item for item in items if item not in elsewhere]
    sweeping = "sweep" in (config.getoption("markexpr") or "")
    skip_gpu = pytest.mark.skip(reason="no CUDA device")
    skip_sweep = pytest.mark.skip(reason="a sweep; run with -m sweep")
    has_gpu: bool | None = None
    for item in items:
        if item.get_closest_marker("sweep") and not sweeping:
            item.add_marker(skip_sweep)
        if item.get_closest_marker("gpu"):
            if has_gpu is None:
                from cvkit._jit_cuda import cuda

                has_gpu = cuda.is_available()
            if not has_gpu:
                item.add_marker(skip_gpu)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's top folder."""
    return ROOT
