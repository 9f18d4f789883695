"""Where nothing can be written, and where files of the cache are damaged, kernels run all the same."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numba import config, cuda, njit
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher

from cvkit import _cuda_cache
from cvkit._jit_cache import _V3, _V4, Target, _LongCompilation, _shipped_for, keep_compiled

SET_THIS = "set NUMBA_CACHE_DIR to a folder that can be written"
GRAY = "import cvkit, numpy as np; print(cvkit.rgb_to_gray(np.full((2, 3, 3), 9, np.uint8)).max())"
# No folder can be made there, not even by root, for whom permissions do not count.
NO_HOME = os.path.join(os.devnull, "home")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """Copy the package to where no cache can be made beside it: files stand in the folders' places."""
    site = tmp_path_factory.mktemp("read-only")
    shutil.copytree(root / "cvkit", site / "cvkit", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in [site / "cvkit", *(path for path in site.rglob("*") if path.is_dir())]:
        (folder / "__pycache__").touch()
    return site


def run_installed(
    installation: Path, arguments: list[str], folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Start Python in ``folder`` with nothing in its environment but what finds the installation."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": NO_HOME, "PYTHONPATH": str(installation), **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("named", ["", os.path.join(os.devnull, "cache")])
def test_functions_run_where_no_cache_can_be_made(named: str, installation: Path, tmp_path: Path) -> None:
    run = run_installed(installation, ["-c", GRAY], tmp_path, NUMBA_CACHE_DIR=named)
    assert (run.returncode, run.stdout) == (0, "9\n"), run.stderr
    (line,) = run.stderr.splitlines()
    assert line.endswith(SET_THIS)
    assert repr(named) in line or not named


def test_a_read_only_installation_uses_the_folder_of_the_user(installation: Path, tmp_path: Path) -> None:
    run = run_installed(installation, ["-c", GRAY], tmp_path, HOME=str(tmp_path), XDG_CACHE_HOME="")
    assert (run.returncode, run.stderr) == (0, "")
    assert list(tmp_path.rglob("*.nbc"))


def test_no_folder_is_named_after_a_home_that_is_not_known(installation: Path, tmp_path: Path) -> None:
    unknown = "import os, pwd; del os.environ['HOME'], pwd.getpwuid; pwd.getpwuid = {}.__getitem__; "
    run = run_installed(installation, ["-c", unknown + GRAY], tmp_path)
    assert (run.returncode, run.stdout) == (0, "9\n"), run.stderr
    assert run.stderr.count("\n") == run.stderr.count(SET_THIS) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.sweep  # .ci/run does it each time, in a real installation
def test_commands_run_where_no_cache_can_be_made(installation: Path, tmp_path: Path, root: Path) -> None:
    image = str(root / "samples" / "street2.jpg")
    commands = [
        ["detect", image, "--output", "found"],
        ["batch", "gray", image, "gray", "--workers", "2"],
        ["compare", "rgb_to_gray", "--size", "20x30"],
        ["evaluate", "found", "labels.json", "--output", "judged"],
    ]
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 50, 120], "area": 6000, "iscrowd": 0}
    labels = {
        "images": [{"id": 1, "file_name": "street2.jpg"}],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [box],
    }
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    for command in commands:
        run = run_installed(installation, ["-m", "cvkit", *command], tmp_path)
        assert run.returncode == 0, (command, run.stderr)
        assert run.stderr.count(SET_THIS) == (command[0] != "evaluate"), run.stderr
        assert NO_HOME not in run.stderr
    assert (tmp_path / "found" / "detections.json").exists()
    assert (tmp_path / "judged" / "det.png").exists()


def doubled(number: float) -> float:
    return 2 * number


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("_CVKIT_HAS_TOLD_OF_CACHE", raising=False)
    monkeypatch.setattr("numba.config.CACHE_DIR", str(tmp_path / "kernels"))
    return tmp_path / "kernels"


def test_a_cache_that_can_no_longer_be_written(cache_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, second, third = (keep_compiled(njit(doubled)) for _ in range(3))
    first(2)
    shutil.rmtree(cache_folder)
    cache_folder.touch()
    assert (second(2), third(2.5)) == (4, 5.0)
    assert [record.getMessage().endswith(SET_THIS) for record in caplog.records] == [True]


def truncated(content: bytes) -> bytes:
    return content[:40]


def empty(content: bytes) -> bytes:
    return b""


def flipped(content: bytes) -> bytes:
    """Turn a bit in the middle, which is machine code."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [truncated, empty, flipped])
def test_a_damaged_cache_is_made_anew(
    damage: Callable[[bytes], bytes], cache_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keep_compiled(njit(doubled))(2)
    (path,) = cache_folder.rglob("*.nbc")
    path.write_bytes(damage(path.read_bytes()))
    assert hits(keep_compiled(njit(doubled)), 2) == 0
    assert hits(keep_compiled(njit(doubled)), 2) == 1
    assert not caplog.records


def test_a_disk_that_fills_up_leaves_no_older_code(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    older, newer, later = (keep_compiled(njit(doubled)) for _ in range(3))
    older(2)
    for dispatcher in (newer, later):
        monkeypatch.setattr(dispatcher._cache, "_prefix", f"{dispatcher._cache._name}-anotherversion-")

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:40])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        newer(2)
    assert "No space left on device" in caplog.text
    assert hits(later, 2) == 0
    assert len([path for path in cache_folder.rglob("*") if path.is_file()]) == 1  # older code is removed


def test_processes_that_race_do_not_take_each_others_code(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = keep_compiled(njit(doubled)), keep_compiled(njit(doubled))
    save = first._cache.save_overload

    def save_late(signature: object, compiled: object) -> None:
        second(2.5)
        save(signature, compiled)

    monkeypatch.setattr(first._cache, "save_overload", save_late)
    first(2)
    for argument in (2, 2.5):
        assert hits(keep_compiled(njit(doubled)), argument) == 1


def test_code_of_another_kernel_is_not_taken(cache_folder: Path) -> None:
    keep_compiled(njit(doubled))(2)
    (path,) = cache_folder.rglob("*.nbc")
    content = path.read_bytes()
    path.unlink()
    keep_compiled(njit(doubled))(2.5)
    (path,) = cache_folder.rglob("*.nbc")
    path.write_bytes(content)
    assert hits(keep_compiled(njit(doubled)), 2.5) == 0


def test_settings_of_the_compiler_have_code_of_their_own(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_compiled(njit(doubled))(2)
    monkeypatch.setattr("cvkit._jit_cache._COMPILER", ("another version",))
    assert hits(keep_compiled(njit(doubled)), 2) == 0


def test_a_changed_helper_is_noticed_and_older_code_removed(installation: Path, tmp_path: Path) -> None:
    site = shutil.copytree(installation, tmp_path / "site")

    def compiled() -> set[str]:
        run = run_installed(site, ["-c", GRAY], tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "kernels"))
        assert (run.returncode, run.stdout) == (0, "9\n"), run.stderr
        return {path.name for path in (tmp_path / "kernels").rglob("*.nbc")}

    def change(name: str) -> None:
        with (site / "cvkit" / name).open("a") as file:
            file.write("# changed\n")

    first = compiled()
    change("filters/_cpu/smoothing.py")  # which nothing of this imports
    assert compiled() == first
    for helper in ("_tiles.py", "_jit_linking.py"):
        change(helper)
        second = compiled()
        assert len(second) == len(first)
        assert not second & first
        first = second


def test_the_best_level_that_a_wheel_brought_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cvkit._jit_cache.SHIPPED", tmp_path)
    v3, v4 = (",".join(f"+{name}" for name in sorted(needed)) for needed in (_V3, _V4))

    def taken(processor: str, features: str, triple: str = "x86_64-unknown-linux-gnu") -> list[str]:
        _shipped_for.cache_clear()
        return [target.processor for _, target in _shipped_for(Target(triple, processor, features))]

    assert taken("znver4", v4) == []
    (tmp_path / "x86-64-v3").mkdir()
    assert taken("znver4", v4) == ["x86-64-v3"]
    (tmp_path / "x86-64-v4").mkdir()
    assert taken("znver4", v4) == ["x86-64-v4"]
    assert taken("haswell", v3 + ",-avx512f") == ["x86-64-v3"]
    assert taken("x86-64-v3", "") == ["x86-64-v3"]
    assert taken("nehalem", "+sse4.2,-avx2") == []
    assert taken("neoverse-n1", "+neon,-sve", "aarch64-unknown-linux-gnu") == []
    _shipped_for.cache_clear()


def test_functions_of_the_user_keep_the_cache_of_numba(cache_folder: Path) -> None:
    assert type(njit(cache=True)(doubled)._cache) is FunctionCache


def test_whoever_wants_hears_of_a_long_compilation_once(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("cvkit._jit_cache._PATIENCE", 0.0)
    monkeypatch.setattr("cvkit._jit_cache._long_compilation", _LongCompilation())
    keep_compiled(njit(doubled))(2)
    assert not caplog.records
    caplog.set_level("INFO", "cvkit._jit_cache")
    for argument in (2.5, np.float32(2.5)):
        keep_compiled(njit(doubled))(argument)
    assert [record.getMessage() for record in caplog.records] == [
        "cvkit: compiling kernels for this processor; later runs find them compiled"
    ]


def hits(dispatcher: Dispatcher, argument: float) -> int:
    """Call a kernel that doubles and return how often it found its code in the cache."""
    assert dispatcher(argument) == 2 * argument
    return sum(dispatcher.stats.cache_hits.values())


@pytest.mark.skipif(bool(config.ENABLE_CUDASIM), reason="the simulator compiles nothing")
def test_cuda_kernels_run_where_no_cache_can_be_written(
    cache_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kernel = _cuda_cache.keep_compiled(cuda.jit(doubled))
    shutil.rmtree(cache_folder)
    cache_folder.touch()
    kernel._cache.save_overload((), None)
    assert SET_THIS in caplog.text
