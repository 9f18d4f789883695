"""Build a wheel that brings compiled kernels: ``python tools/build_wheel.py``, for this Python and system.

The kernels are those of ``cvkit compile``, for levels of processors. They are taken where Python, Numba and
llvmlite are the versions that compiled them. Elsewhere the wheel compiles when kernels are called, as the
pure one of ``pip wheel .`` does, which is for all other systems. The machine has to run every level.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from cvkit._jit_cache import SHIPPED
from cvkit.cli.compile import operations_named
from cvkit.cli.programs import ArgumentParser, program
from cvkit.cli.progress import tell

ROOT = Path(__file__).resolve().parents[1]
LEVELS = ("x86-64-v3", "x86-64-v4")
# Of every file in the wheel, so that the same sources give the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


# Makes the calls again, and says which files they take: the others only serve to compile these.
_USE = """
import json, sys
from numba.core import event
from cvkit._jit_cache import LOADED
from cvkit.cli.compile import operations_named
from cvkit.cli.typical_calls import call_twice
with event.install_recorder("numba:compile") as compilations:
    for operation in operations_named(sys.argv[1:]):
        call_twice(operation)
assert not compilations.buffer, "some code is not kept"
print(json.dumps(sorted(LOADED)))
"""


def pure_wheel(scratch: Path) -> Path:
    """Build the wheel without compiled kernels, from a copy: setuptools takes what an earlier build left."""
    sources = scratch / "sources"
    left_out = shutil.ignore_patterns("__pycache__", SHIPPED.name)
    shutil.copytree(ROOT / "cvkit", sources / "cvkit", ignore=left_out)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(scratch)]
    subprocess.run([*pip, str(sources)], check=True)
    (wheel,) = scratch.glob("*.whl")
    return wheel


def compiled(site: Path, level: str, operations: list[str], scratch: Path) -> dict[str, bytes]:
    """Compile the kernels of a package for a level; return the files, by their names in the wheel."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(site),
        "NUMBA_CACHE_DIR": str(scratch / level),
        "NUMBA_CPU_NAME": level,
        "NUMBA_CPU_FEATURES": "",
        "NUMBA_DISABLE_INTEL_SVML": "1",
        "NUMBA_NUM_THREADS": str(max(2, os.cpu_count() or 1)),
    }
    tell(f"compiling for {level}")
    for command in (["-m", "cvkit", "compile", *operations], ["-c", _USE, *operations]):
        run = subprocess.run(
            [sys.executable, *command],
            env=environment,
            cwd=scratch,
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        )
    used = set(json.loads(run.stdout))
    paths = sorted(path for path in (scratch / level).rglob("*.nbc") if path.name in used)
    return {f"cvkit/{SHIPPED.name}/{level}/{path.name}": path.read_bytes() for path in paths}


def tags() -> tuple[str, str]:
    """Return the wheel's tags for Python and for platforms: those of llvmlite, which loads the kernels."""
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    wheel = importlib.metadata.distribution("llvmlite").read_text("WHEEL") or ""
    platforms = [line.rpartition("-")[2] for line in wheel.splitlines() if line.startswith("Tag: ")]
    return f"{python}-{python}{sys.abiflags}", ".".join(platforms)


def write_wheel(folder: Path, pure: Path, kernels: dict[str, bytes]) -> Path:
    """Write what a pure wheel holds, and the kernels, under the name of a wheel for this system."""
    python, platforms = tags()
    name, version, *_ = pure.name.split("-")
    with zipfile.ZipFile(pure) as archive:
        files = {item: archive.read(item) for item in archive.namelist() if not item.endswith("/RECORD")}
    files |= kernels
    info = f"{name}-{version}.dist-info"
    about = [
        line for line in files[f"{info}/WHEEL"].decode().splitlines() if line.startswith(("Wheel", "Gen"))
    ]
    about += ["Root-Is-Purelib: false", *(f"Tag: {python}-{platform}" for platform in platforms.split("."))]
    files[f"{info}/WHEEL"] = "".join(f"{line}\n" for line in about).encode()
    record = [f"{item},sha256={_digest(content)},{len(content)}" for item, content in files.items()]
    files[f"{info}/RECORD"] = "".join(f"{line}\n" for line in [*record, f"{info}/RECORD,,"]).encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-{python}-{platforms}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for item, content in files.items():
            archive.writestr(zipfile.ZipInfo(item, _DATE), content, zipfile.ZIP_DEFLATED)
    return path


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


@program
def main() -> None:
    """Build the pure wheel, compile its kernels, and write both into one."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("operations", nargs="*", help="those of cvkit compile; all unless named")
    parser.add_argument("--level", action="append", choices=LEVELS, help="both unless named")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "dist", metavar="DIR", help="where the wheel goes"
    )
    arguments = parser.parse_args()
    operations_named(arguments.operations)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        pure = pure_wheel(scratch)
        site = scratch / "site"
        with zipfile.ZipFile(pure) as archive:
            archive.extractall(site)
        kernels = {}
        for level in arguments.level or LEVELS:
            kernels |= compiled(site, level, arguments.operations, scratch)
        wheel = write_wheel(arguments.output, pure, kernels)
    print(f"{wheel}: {len(kernels)} kernels, {wheel.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
