"""Work in several processes of this machine, which may die without harm."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
from collections import Counter, deque
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

import cvkit
from cvkit import _validate
from cvkit.batch.executors.local import Shard, ignored_interrupts
from cvkit.batch.executors.stages import Entries, run_stages
from cvkit.batch.record.manifest import Entry
from cvkit.batch.work import Task, Work, to_posix

# How often a file that is worked on alone may take its process with it before it counts as failed.
_TRIES = 2

# Seconds between two looks at whether the run shall stop.
_PATIENCE = 0.2

# What a process says beside entries.
_READY, _SHARD_ENDED = "ready", "shard ended"


class Processes:
    """Work in several processes, each with its share of the threads of :func:`cvkit.get_num_threads`.

    A process that dies is replaced, and what it had not finished is done again, file by file; a file whose
    process dies twice has failed. Scripts need the usual ``if __name__ == "__main__":``, because processes
    are spawned.

    Parameters
    ----------
    workers : int
        How many processes.

    Examples
    --------
    >>> from cvkit.batch import Processes
    >>> Processes(2).slots
    2
    """

    def __init__(self, workers: int) -> None:
        self.slots: int = _validate.integer(workers, "workers", minimum=1)

    def run(self, shards: Iterator[Shard], work: Work, stop: threading.Event) -> Entries:
        """Give each free process a shard until there are none; give entries as they come."""
        crew = _Crew(shards, work, max(1, cvkit.get_num_threads() // self.slots))
        try:
            crew.hire(self.slots)
            while crew.workers:
                if stop.is_set():
                    crew.ask_to_stop()
                yield from crew.next_entries()
        finally:
            crew.dismiss()


class _Worker:
    """A process, its end of the line, and what it has not finished."""

    def __init__(self, work: Work, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, work, threads), daemon=True)
        with ignored_interrupts():
            self.process.start()
        theirs.close()
        self.is_ready = False
        self.unfinished: dict[str, Task] = {}

    def begin(self, shard: Shard | None) -> None:
        self.unfinished = {to_posix(task.path): task for task in shard or ()}
        with contextlib.suppress(OSError):  # it has died: the next look at its line will tell
            self.connection.send(shard)


class _Crew:
    """The processes of one run."""

    def __init__(self, shards: Iterator[Shard], work: Work, threads: int) -> None:
        self._shards = shards
        self._again: deque[Shard] = deque()
        self._losses: Counter[str] = Counter()
        self._work = work
        self._threads = threads
        self._stopping = False
        self.workers: list[_Worker] = []

    def hire(self, count: int) -> None:
        self.workers += [_Worker(self._work, self._threads) for _ in range(count)]

    def next_entries(self) -> Iterator[Entry]:
        """Wait for a process to say something, and hear all that do."""
        talking = wait([worker.connection for worker in self.workers], timeout=_PATIENCE)
        for worker in [worker for worker in self.workers if worker.connection in talking]:
            try:
                said = worker.connection.recv()
            except (EOFError, OSError):
                yield from self._replace(worker)
                continue
            if isinstance(said, Entry):
                worker.unfinished.pop(said.path, None)
                yield said
            elif isinstance(said, BaseException):
                raise said
            else:
                worker.is_ready = True
                self._assign(worker)

    def _assign(self, worker: _Worker) -> None:
        """Give a free process what comes next, or let it go."""
        shard = None
        if not self._stopping:
            shard = self._again.popleft() if self._again else next(self._shards, None)
        worker.begin(shard)
        if shard is None:
            self._let_go(worker)

    def _let_go(self, worker: _Worker) -> None:
        self.workers.remove(worker)
        worker.connection.close()
        worker.process.join()

    def _replace(self, worker: _Worker) -> Iterator[Entry]:
        """Do again, one by one, what a dead process had not finished, with a new process."""
        self._let_go(worker)
        if self._stopping:
            return
        code = worker.process.exitcode
        if not worker.is_ready:
            raise RuntimeError(
                f"a worker process ended with code {code} before it began; "
                'a script that uses Processes needs if __name__ == "__main__":'
            )
        is_alone = len(worker.unfinished) == 1
        for task in worker.unfinished.values():
            self._losses[task.path] += is_alone
            if self._losses[task.path] < _TRIES:
                self._again.append([task])
            else:
                yield self._work.lost(task, f"the process that worked on it died, code {code}")
        self.hire(1)

    def ask_to_stop(self) -> None:
        """Let every process end the files it has begun."""
        if not self._stopping:
            self._stopping = True
            for worker in self.workers:
                with contextlib.suppress(OSError):
                    worker.connection.send(None)

    def dismiss(self) -> None:
        """End what still runs."""
        for worker in self.workers:
            worker.process.terminate()
        for worker in list(self.workers):
            self._let_go(worker)


def _serve(connection: Connection[Any, Any], work: Work, threads: int) -> None:
    """Work on shards as they come, in a process of its own, until None comes or the other side is gone."""
    cvkit.set_num_threads(threads)
    stop = threading.Event()
    with contextlib.suppress(EOFError, OSError):
        connection.send(_READY)
        while (shard := connection.recv()) is not None:
            try:
                for entry in run_stages(shard, work, threads, stop):
                    connection.send(entry)
                    if not stop.is_set() and connection.poll():
                        stop.set()
            except (EOFError, OSError):
                raise
            except Exception as error:
                connection.send(RuntimeError(f"a worker process failed: {type(error).__name__}: {error}"))
            if stop.is_set():
                return
            connection.send(_SHARD_ENDED)
