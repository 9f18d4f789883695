"""Threads that read, compute and write at the same time, with short queues between them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from functools import partial
from queue import Queue
from typing import Any, Protocol

from cvkit.batch.record.manifest import Entry
from cvkit.batch.work import Task, Work

# How many images wait between two stages: few level out their times, and memory is bounded by them.
_WAITING = 2

_END = object()

Entries = Generator[Entry, None, None]
"""What executors give; closing it stops them."""


class Stop(Protocol):
    """What tells that a run shall stop, such as a ``threading.Event``."""

    def is_set(self) -> bool:
        """Tell whether no further file shall be begun."""


def run_stages(tasks: Iterable[Task], work: Work, threads: int, stop: Stop) -> Entries:
    """Work on files, several at a time, and give an entry for each as it ends, in any order.

    Each computing thread has an image of its own, because kernels use cores best side by side.

    Parameters
    ----------
    tasks : iterable of Task
        Taken one by one, as threads get free.
    work : Work
        What to do.
    threads : int
        How many files to read, to compute on and to write at once.
    stop : threading.Event, or what else tells whether it is set
        Once it is set, no further file is begun; those that are, are ended, but for videos, which fail.
    """
    decoded: Queue[Any] = Queue(_WAITING)
    computed: Queue[Any] = Queue(_WAITING)
    ended: Queue[Any] = Queue(_WAITING)
    source = _Source(tasks, stop)
    compute = partial(work.compute, is_stopped=stop.is_set)
    computing = max(1, threads // work.kernel_threads)
    stages = [
        _Stage("read", threads, source.get, work.read, decoded, ended),
        _Stage("compute", computing, decoded.get, compute, computed, ended),
        _Stage("write", threads, computed.get, work.write, ended, ended),
    ]
    for stage, following in zip(stages, (computing, threads, 1), strict=True):
        stage.start(following)
    item: Any = None
    try:
        while (item := ended.get()) is not _END:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        # Where the caller has had enough, what is begun comes to its end, so that no thread is left behind.
        source.close()
        while item is not _END:
            item = ended.get()


class _Source:
    """Hands out tasks to several threads, until there are none or it is closed."""

    def __init__(self, tasks: Iterable[Task], stop: Stop) -> None:
        self._tasks = iter(tasks)
        self._stop = stop
        self._closed = False
        self._lock = threading.Lock()

    def get(self) -> Any:
        with self._lock:
            if self._closed or self._stop.is_set():
                return _END
            return next(self._tasks, _END)

    def close(self) -> None:
        with self._lock:
            self._closed = True


class _Stage:
    """Some threads that do one thing with what they get, and pass it on."""

    def __init__(
        self,
        name: str,
        threads: int,
        get: Callable[[], Any],
        function: Callable[[Any], Any],
        results: Queue[Any],
        failures: Queue[Any],
    ) -> None:
        self._name = name
        self._running = self._threads = threads
        self._get = get
        self._function = function
        self._results = results
        self._failures = failures
        self._lock = threading.Lock()

    def start(self, following: int) -> None:
        """Start the threads; the last one to end tells it to the ``following`` threads of the next stage."""
        for _ in range(self._threads):
            threading.Thread(
                target=self._run, args=(following,), name=f"cvkit-{self._name}", daemon=True
            ).start()

    def _run(self, following: int) -> None:
        try:
            while (item := self._get()) is not _END:
                self._results.put(self._function(item))
        except BaseException as error:  # a fault of the stage itself, which ends the run
            self._failures.put(error)
            while self._get() is not _END:
                pass
        with self._lock:
            self._running -= 1
            is_last = self._running == 0
        if is_last:
            for _ in range(following):
                self._results.put(_END)
