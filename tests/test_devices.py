"""The CUDA twins against the CPU twins: on a GPU where there is one, and in the simulator.

Not in the simulator where ``test_ptx_execution`` runs what a GPU would.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cvkit
from cvkit.compare.cases.case import Case
from cvkit.compare.cases.images import scene
from cvkit.compare.cases.table import CASES
from cvkit.compare.measure.difference import difference
from tests.naive_cases import NAIVE_CASES
from tests.ptx_device import unless_ptx_device
from tests.simulate import small_image

ROWS = sorted([*CASES, *NAIVE_CASES], key=lambda case: case.operation)
# One of each operation: that much of a CUDA twin runs also where what a GPU would run cannot.
SIMULATED = [*{case.operation: case for case in reversed(ROWS)}.values()]
# One of each room in every run, the rest in sweeps, in few processes: a simulator takes seconds to start.
OF_ROOMS = [*{cvkit._FUNCTIONS[case.operation].split(".")[1]: case for case in SIMULATED}.values()]
REST = [case for case in SIMULATED if case not in OF_ROOMS]
SIMULATORS = 4
SIMULATOR = {"NUMBA_ENABLE_CUDASIM": "1", "NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "ignore"}


def assert_twins_agree(case: Case, cpu: np.ndarray, cuda: np.ndarray) -> None:
    found = difference(cuda, cpu, case.device_tolerance)
    assert found.exceeding <= case.device_tolerance.exceptions, (case.label, found)


@unless_ptx_device
@pytest.mark.parametrize(
    "cases",
    [
        pytest.param(OF_ROOMS, id="one of each room"),
        *(
            pytest.param(REST[part::SIMULATORS], id=f"part {part} of the rest", marks=pytest.mark.sweep)
            for part in range(SIMULATORS)
        ),
    ],
)
def test_simulated_cuda_equals_cpu(cases: list[Case], tmp_path: Path, root: Path) -> None:
    output = tmp_path / "simulated.npz"
    command = [sys.executable, "-m", "tests.simulate", str(output), *(case.label for case in cases)]
    run = subprocess.run(
        command, cwd=root, env={**os.environ, **SIMULATOR}, capture_output=True, text=True, timeout=600
    )
    assert run.returncode == 0, run.stderr[-4000:]
    with np.load(output) as simulated:
        for case in cases:
            assert_twins_agree(case, case.ours(small_image(case)), simulated[case.label])


@pytest.mark.gpu
@pytest.mark.parametrize("case", [pytest.param(case, id=case.label) for case in ROWS])
def test_gpu_equals_cpu(case: Case) -> None:
    for height, width in [(1, 1), (17, 23), (270, 481)]:
        height, width = max(height, case.minimum_shape[0]), max(width, case.minimum_shape[1])
        image = scene(height, width, case.channels, case.dtype)
        assert_twins_agree(case, case.ours(image), cvkit.to_host(case.ours(cvkit.to_device(image))))
