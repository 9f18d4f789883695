"""Change kernels in one place at a time, and report the changes that no test notices.

    python tools/mutate.py --sample 20 --seed 1                 twenty changes of any kernels
    python tools/mutate.py cvkit/filters/_cpu/canny.py          every change of one file
    python tools/mutate.py --list                               name them, run nothing
    python tools/mutate.py --review                             those that a review found unnoticed once

Each change is made in a copy of the repository. There the tests run that see the file: rows of the tables for
operations that call it, random calls of these, and the test files of its domain. A change that crashes the
process or takes too long counts as killed. Exit code: 0 all were killed, 1 some survived, 2 wrong usage.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from cvkit.cli.programs import ArgumentParser, program
from mutations import REVIEWED, Mutation, find_mutations, locate
from tests_of_kernels import importers, pytest_commands

ROOT = Path(__file__).resolve().parents[1]


@program
def main() -> int:
    """Make the changes that the command line asks for, one by one, and report."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", metavar="FILE", help="kernel files; default: all of the CPU")
    parser.add_argument("--sample", type=int, metavar="N", help="draw so many of the changes")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the drawing; default: 0")
    parser.add_argument("--list", action="store_true", help="name the changes, run nothing")
    parser.add_argument("--review", action="store_true", help="the changes that a review found unnoticed")
    parser.add_argument(
        "--limit", type=float, default=900, metavar="SECONDS", help="for the tests of a change; default: 900"
    )
    arguments = parser.parse_args()
    mutations = chosen(arguments.files, arguments.sample, arguments.seed, arguments.review)
    if arguments.list:
        print("\n".join(mutation.label for mutation in mutations))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the tests that run end, too
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        workplace = Workplace(ROOT, Path(folder))
        for mutation in sorted(mutations, key=lambda mutation: mutation.path):
            start = time.perf_counter()
            outcome = workplace.judge(mutation, pytest_commands(ROOT, mutation.path), arguments.limit)
            print(f"{outcome}, {time.perf_counter() - start:.0f} s: {mutation.label}", flush=True)
            if outcome == "survived":
                survivors.append(mutation)
    print(f"{len(mutations) - len(survivors)} killed, {len(survivors)} survived")
    return 1 if survivors else 0


def kernel_files(root: Path) -> list[str]:
    """Name the files of the CPU's kernels, and the maths that they share with CUDA's."""
    found = [*root.glob("cvkit/**/_cpu/*.py"), *root.glob("cvkit/**/_*math.py")]
    return sorted(path.relative_to(root).as_posix() for path in found if path.name != "__init__.py")


def chosen(files: list[str], sample: int | None, seed: int, review: bool) -> list[Mutation]:
    """Find the changes in the named files, or in all of them, and draw a sample where one is wanted."""
    named = [Path(file).resolve().relative_to(ROOT).as_posix() for file in files]
    sources = {path: (ROOT / path).read_text(encoding="utf-8") for path in {*kernel_files(ROOT), *named}}
    if review:
        found = [locate(anchor, sources) for anchor in REVIEWED]
    else:
        found = [mutation for path in sorted(sources) for mutation in find_mutations(path, sources[path])]
    found = [mutation for mutation in found if not named or mutation.path in named]
    if sample is None:
        return found
    return random.Random(seed).sample(found, min(sample, len(found)))


class Workplace:
    """A copy of a repository in which files are changed, and the kernels that were compiled there.

    Parameters
    ----------
    root : Path
        The repository.
    folder : Path
        An empty folder.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self.copy = folder / "copy"
        self._compiled = folder / "compiled"
        self._compiled.mkdir()
        self._passed: set[tuple[str, ...]] = set()
        for name in _files_of(root):
            target = self.copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target)

    def judge(self, mutation: Mutation, commands: list[list[str]], limit: float) -> str:
        """Say whether a change was killed or survived.

        Parameters
        ----------
        mutation : Mutation
            The change.
        commands : list of list of str
            Arguments of pytest, one run for each; they pass without the change.
        limit : float
            Seconds that all runs together may take.

        Returns
        -------
        str
            "killed", "killed by time" or "survived".

        Raises
        ------
        ValueError
            If the tests do not pass without the change.
        """
        for command in commands:
            if tuple(command) not in self._passed:
                if self._run(command, self._compiled, None) != 0:
                    raise ValueError(f"without any change, these tests do not pass: {' '.join(command)}")
                self._passed.add(tuple(command))
        compiled = self._compiled.with_name("compiled for a change")
        # Links take no time. Numba never writes into a file, it puts another one in its place.
        shutil.copytree(self._compiled, compiled, copy_function=os.link)
        end = time.monotonic() + limit
        try:
            with self._changed(mutation):
                for command in commands:
                    code = self._run(command, compiled, end - time.monotonic())
                    if code is None:
                        return "killed by time"
                    if code != 0:
                        return "killed"
        finally:
            shutil.rmtree(compiled)
        return "survived"

    @contextlib.contextmanager
    def _changed(self, mutation: Mutation) -> Iterator[None]:
        """Change a file for a while, and add a comment to the files whose kernels call it.

        Numba compiles again what is in a file of other content or another time, and looks at no other file.
        """
        file = self.copy / mutation.path
        affected = [file, *(self.copy / path for path in importers(self.copy, mutation.path))]
        before = {path: (path.read_text(encoding="utf-8"), path.stat()) for path in affected}
        try:
            for path, (source, _) in before.items():
                text = mutation.apply(source) if path == file else f"{source}# {mutation.label}\n"
                path.write_text(text, encoding="utf-8")
            yield
        finally:
            for path, (source, times) in before.items():
                path.write_text(source, encoding="utf-8")
                os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def _run(self, command: list[str], compiled: Path, seconds: float | None) -> int | None:
        """Run tests in the copy; return their exit code, or None where the time was up."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.copy),
            "NUMBA_CACHE_DIR": str(compiled),
            "PYTHONDONTWRITEBYTECODE": "1",  # times of files go back and forth
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *command],
            cwd=self.copy,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _files_of(root: Path) -> Iterable[str]:
    """Name what git knows or would take, and what is left after deletions."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True).stdout
    return (name for name in listed.split("\0") if name and (root / name).is_file())


if __name__ == "__main__":
    sys.exit(main())
