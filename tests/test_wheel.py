"""A wheel with compiled kernels, in a fresh environment with an empty home: first calls compile nothing."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from numba.core.registry import cpu_target

from cvkit._jit_cache import _V3, Target

pytestmark = pytest.mark.sweep

# Of the running process alone: others may be running here, too.
CODE = """
import time
start = time.process_time()
import numpy as np
import cvkit, cvkit.ml
from numba.core import event
image = np.random.default_rng(0).integers(0, 256, (480, 640)).astype(np.uint8)
samples = np.random.default_rng(0).normal(size=(500, 8))
with event.install_recorder("numba:compile") as compiled:
    {call}
seconds = time.process_time() - start
print(len(compiled.buffer), seconds, cvkit.__file__)
"""


def runs_level_3() -> bool:
    target = Target(*cpu_target.target_context.codegen().magic_tuple())
    return target.triple.startswith("x86_64-") and all(f"+{name}," in f"{target.features}," for name in _V3)


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel with the kernels that are tested here."""
    if not runs_level_3():
        pytest.skip("this processor does not run x86-64-v3")
    folder = tmp_path_factory.mktemp("wheel")
    operations = ["person-acf", "gaussian_blur", "canny", "KMeans"]
    command = [sys.executable, str(root / "tools" / "build_wheel.py"), *operations]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    subprocess.run([*command, "--level", "x86-64-v3", "--output", str(folder)], env=environment, check=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an environment that has the wheel, and what it needs from the one that is running."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=os.name != "nt")
    places = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", vars=places))
    running = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "running.pth").write_text("".join(f"{path}\n" for path in sorted(running)))
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--force-reinstall", str(wheel)], check=True)
    return python


def run_fresh(fresh: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(fresh), *command],
        env={"HOME": str(folder), "PATH": os.environ["PATH"]},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )


def test_the_wheel_is_for_this_system_and_small(wheel: Path) -> None:
    assert f"cp{sys.version_info.major}{sys.version_info.minor}-" in wheel.name
    assert not wheel.name.endswith("-any.whl")
    assert wheel.stat().st_size < 60e6
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        about = archive.read(next(name for name in archive.namelist() if name.endswith("/WHEEL"))).decode()
    assert "Root-Is-Purelib: false\n" in about


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"cvkit"}
    models = {f"cvkit/detect/models/person-{kind}.npz" for kind in ("acf", "hog", "ldcf")}
    assert {
        "cvkit/py.typed",
        "cvkit/__init__.pyi",
        "cvkit/ml/__init__.pyi",
        "cvkit/batch/report/templates/report.html",
        *models,
    } <= names
    assert any(name.startswith("cvkit/_compiled/x86-64-v3/") for name in names)


@pytest.mark.parametrize(
    ("call", "bar"),
    [
        ("cvkit.gaussian_blur(image, 1.5)", 1.0),
        ("cvkit.canny(image, 50, 150)", 1.0),
        ("cvkit.ml.KMeans(3).fit(samples)", None),
    ],
)
def test_first_results_without_a_compilation(
    call: str, bar: float | None, fresh: Path, tmp_path: Path
) -> None:
    run_fresh(fresh, tmp_path, "-c", CODE.format(call=call))  # reads what is installed for the first time
    count, seconds, place = run_fresh(fresh, tmp_path, "-c", CODE.format(call=call)).stdout.split()
    assert Path(place).is_relative_to(fresh.parents[1])
    assert count == "0"
    assert bar is None or float(seconds) < bar


def test_the_command_ends_soon(fresh: Path, root: Path, tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    image = str(root / "samples" / "street2.jpg")
    run = run_fresh(fresh, tmp_path, "-m", "cvkit", "detect", image, "--device", "cpu")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "7 people" in run.stderr
    assert "compiling" not in run.stderr
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3
    kept = [*fresh.parents[1].rglob("*.nbc"), *tmp_path.rglob("*.nbc")]
    assert {path.parent.parent.name for path in kept} == {"_compiled"}, "what is not in the wheel is compiled"
