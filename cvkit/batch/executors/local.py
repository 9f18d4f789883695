"""Where a batch runs: the interface, and the simplest place, this process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import Protocol

import cvkit
from cvkit import _validate
from cvkit.batch.executors.stages import Entries, run_stages
from cvkit.batch.work import Task, Work

Shard = list[Task]

# Paths that travel together: enough that the way costs nothing, few enough that a lost worker loses little.
_SMALLEST_SHARD, _LARGEST_SHARD = 64, 256


class Executor(Protocol):
    """Something that works on shards of files."""

    @property
    def slots(self) -> int:
        """How many shards it works on at a time."""

    def run(self, shards: Iterator[Shard], work: Work, stop: threading.Event) -> Entries:
        """Take shards as they are needed and give an entry for each file; after ``stop``, for those begun."""


@contextmanager
def ignored_interrupts() -> Iterator[None]:
    """Let processes that are started meanwhile ignore Ctrl-C, which reaches every process of a terminal.

    What becomes of it is for the process that started them to decide.
    """
    if threading.current_thread() is not threading.main_thread():  # which alone may
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)


def cut(tasks: Iterable[Task], total: int, slots: int) -> Iterator[Shard]:
    """Cut tasks into shards of 64 to 256, or smaller ones where there are too few tasks for all slots."""
    size = min(max(total // (8 * slots), _SMALLEST_SHARD), _LARGEST_SHARD)
    size = max(1, min(size, -(-total // slots)))
    remaining = iter(tasks)
    while shard := list(islice(remaining, size)):
        yield shard


class Local:
    """Work in this process: threads read and write while others compute.

    Parameters
    ----------
    threads : int, optional
        How many files are read, computed on and written at a time; by default :func:`cvkit.get_num_threads`.

    Examples
    --------
    >>> from cvkit.batch import Local
    >>> Local(threads=2).slots
    1
    """

    slots = 1

    def __init__(self, threads: int | None = None) -> None:
        threads = cvkit.get_num_threads() if threads is None else threads
        self._threads = _validate.integer(threads, "threads", minimum=1)

    def run(self, shards: Iterator[Shard], work: Work, stop: threading.Event) -> Entries:
        """Work on one shard after another, without a pause between them."""
        yield from run_stages(chain.from_iterable(shards), work, self._threads, stop)
