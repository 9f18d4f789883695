"""``cvkit compile``: compile kernels before they are needed."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Annotated

import typer

from cvkit.cli.errors import WrongUsageError, wrong_usage
from cvkit.cli.options import Quiet
from cvkit.cli.progress import open_progress, tell


def compile_kernels(
    operations: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="OPERATION",
            help="Functions of images, detectors and learners, such as canny, person-acf, KMeans; all unless "
            "named.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes. [default: one for each processor]")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Compile kernels before they are needed, for images of containers: first calls then take no time.

    What is compiled serves gray and RGB images of uint8 and float32, and learners in float64 and float32,
    with threads and without. It is kept where NUMBA_CACHE_DIR says, else beside the installation or in the
    user's cache folder.

    Exit code: 0 all compiled and kept, 1 some not, 2 wrong usage, 130 interrupted.
    """
    from cvkit._jit_cache import writable_folder

    names = operations_named(operations or ())
    with wrong_usage(prefix="compiled kernels cannot be kept: "):
        folder = writable_folder()
    progress = open_progress(len(names), "operations", quiet=quiet)
    failures = 0
    pool = ThreadPoolExecutor(workers or os.cpu_count())
    with progress:
        try:
            for done in as_completed([pool.submit(_in_a_process, name) for name in names]):
                progress.advance(failed=not done.result())
                failures += not done.result()
        finally:
            pool.shutdown(cancel_futures=True)
    progress.say(f"{len(names) - failures} operations compiled, kept in {folder}")
    raise typer.Exit(int(failures > 0))


def operations_named(operations: Sequence[str]) -> list[str]:
    """Check the names of operations; none stands for all."""
    from cvkit.cli.typical_calls import CALLS

    unknown = [name for name in operations if name not in CALLS]
    if unknown:
        raise WrongUsageError(f"unknown operation {unknown[0]!r}; there are: {', '.join(sorted(CALLS))}")
    return list(dict.fromkeys(operations or CALLS))


def _in_a_process(operation: str) -> bool:
    """Compile in a process of its own, whose memory ends with it; return whether it went well."""
    process = multiprocessing.get_context("spawn").Process(target=_compile, args=(operation,))
    process.start()
    process.join()
    if process.exitcode not in (0, 1, 130):
        tell(f"cvkit: {operation}: the process ended with code {process.exitcode}")
    return process.exitcode == 0


def _compile(operation: str) -> None:
    # Before Numba is imported. Kernels with threads are needed also where the image of a container is built
    # on one processor.
    os.environ["NUMBA_NUM_THREADS"] = str(max(2, os.cpu_count() or 1))
    from cvkit.cli.typical_calls import call_twice

    try:
        call_twice(operation)
    except Exception as error:
        tell(f"cvkit: {operation}: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
