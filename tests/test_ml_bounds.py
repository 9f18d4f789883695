"""The learners' tests once more, where every index is checked and fresh memory holds no zeros: a sweep.

A kernel that reads beyond an array, or what nobody has written, mostly works; now and then it ends a process.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = [
    "tree",
    "forest",
    "imputation",
    "cluster",
    "neighbors",
    "svm",
    "linear",
    "bayes",
    "regression",
    "pca",
    "mixture",
]


@pytest.mark.sweep
@pytest.mark.parametrize("module", MODULES)
def test_kernels_stay_inside_their_arrays(module: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    checked = {
        "NUMBA_BOUNDSCHECK": "1",  # not part of the cache's key: these kernels need a cache of their own
        "NUMBA_CACHE_DIR": str(tmp_path_factory.getbasetemp() / "checked-kernels"),
        "MALLOC_PERTURB_": "85",  # glibc fills what it hands out
    }
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/test_ml_{module}.py"],
        cwd=ROOT,
        env={**os.environ, **checked},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
