"""Compare the table of images on aarch64 with this machine, byte for byte, in an emulator.

    python tools/aarch64_check.py                         every row
    python tools/aarch64_check.py canny hog --folder here    these operations

Needs Debian on x86-64 and a Python of the same version as Debian's, with apt, dpkg and pip; downloads 170 MB
once. The kernels are compiled here for aarch64, as compiling in the emulator takes ten times longer. Both
sides get the same images as files: OpenCV, which helps to draw them, gives other pixels there.

Exit code: 0 all bytes are the same, 1 some are not, 2 something is missing.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from aarch64_kernels import cache_settings
from aarch64_root import System, prepare
from aarch64_table import differences
from cvkit.cli.programs import ArgumentParser, program
from cvkit.compare.cases.table import CASES
from cvkit.compare.measure.selection import select

ROOT = Path(__file__).resolve().parents[1]
FOUND_BY_CHILDREN = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tools'}", "CVKIT_THREADS": "1"}

Result = TypeVar("Result")


@program
def main() -> int:
    """Check the rows that the command line asks for."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="operations, or parts of labels; default: every row"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "cvkit-aarch64",
        metavar="DIR",
        help="where the system and compiled kernels are kept for later runs; default: %(default)s",
    )
    arguments = parser.parse_args()
    cases = select(CASES, arguments.names)
    if platform.machine() != "x86_64":
        raise ValueError(f"only x86-64 compares itself with aarch64; this is {platform.machine()}")
    folder = arguments.folder.resolve()
    # Numba does not notice that a helper in another file changed.
    state = folder / f"state-{hash_of_sources()}"
    state.mkdir(parents=True, exist_ok=True)
    there = cache_settings(state / "kernels")
    with ThreadPoolExecutor(1) as downloads:
        system = downloads.submit(timed, "download and unpack the system", lambda: prepare(folder / "system"))
        here = {"NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR", str(state / "kernels of this machine"))}
        rows = [str(state), *(case.label for case in cases)]
        timed("compute here", lambda: child("aarch64_table.compute_here", rows, here))
        timed("record kernels", lambda: child("aarch64_table.record_kernels", rows, here))
        timed("compile for aarch64", lambda: child("aarch64_kernels.compile_recording", rows[:1], there))
        emulated = system.result()
    timed("compute on aarch64", lambda: child("aarch64_table.compute_there", rows, there, emulated))
    found = list(differences(state))
    print("\n".join([*found, f"{len(cases)} rows, {len(found)} results differ"]))
    return 1 if found else 0


def hash_of_sources() -> str:
    """Return what changes with any file of the package."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "cvkit").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def timed(what: str, work: Callable[[], Result]) -> Result:
    """Say how long a step took."""
    start = time.perf_counter()
    result = work()
    print(f"{what}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return result


def child(call: str, arguments: list[str], settings: dict[str, str], system: System | None = None) -> None:
    """Call a function of this folder in a new process, here or in the emulated system.

    Parameters
    ----------
    call : str
        Module and function; it is given ``arguments``.
    arguments : list of str
        Of that function.
    settings : dict
        Environment of the process, besides what finds the modules.
    system : System, optional
        Where to run it, if not here. It gets nothing else of this machine's environment.
    """
    module, _, _ = call.partition(".")
    code = f"import sys, {module}; {call}(*sys.argv[1:])"
    python = [sys.executable] if system is None else system.python
    inherited = os.environ if system is None else {"HOME": str(system.folder), "LANG": "C.UTF-8"}
    run = subprocess.run(
        [*python, "-P", "-c", code, *arguments], env={**inherited, **FOUND_BY_CHILDREN, **settings}
    )
    if run.returncode != 0:
        raise RuntimeError(f"{call} ended with exit code {run.returncode}")


if __name__ == "__main__":
    sys.exit(main())
