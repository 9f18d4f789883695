"""Work on a Dask cluster, on this machine or on many that share a file system."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cvkit
from cvkit import _validate
from cvkit.batch.executors.local import Shard, ignored_interrupts
from cvkit.batch.executors.stages import Entries, run_stages
from cvkit.batch.record.manifest import Entry
from cvkit.batch.work import Work

# Shards that wait at the cluster for each one that is worked on, so that no worker waits for this process.
_AHEAD = 2

# How often Dask may give up a file that is worked on alone before the file counts as failed.
_TRIES = 2

# Seconds between two looks at whether the run shall stop.
_PATIENCE = 0.5

# How long to look for a scheduler.
_CONNECTING = "10s"

# Seconds after which work begins, whether or not kernels are compiled everywhere.
_WARMING = 120.0

# What it says reaches stderr where the program has not chosen another place.
_LOGGER = logging.getLogger(__name__)


class Cluster:
    """Work on a Dask cluster. Paths travel, not pixels: every machine sees the files under the same names.

    Dask gives what a lost worker had begun to another one; a file whose workers die again and again fails.
    While there are no workers, it waits for them, and says so by a warning to the logger of this module.

    Parameters
    ----------
    cluster : distributed.Client or str, optional
        A client, which stays open, or the address of a scheduler, such as ``tcp://host:8786``. By default a
        cluster is started on this machine, one process for each core, and ended with the run.
    workers : int, optional
        Processes of a cluster that is started here.

    Raises
    ------
    ImportError
        If the extra ``dask`` is not installed.
    OSError
        If there is no scheduler at the address.

    Examples
    --------
    >>> from cvkit.batch import Cluster, run
    >>> run("gray", "photos", "out", executor=Cluster("tcp://host:8786"))  # doctest: +SKIP
    """

    def __init__(self, cluster: Any = None, *, workers: int | None = None) -> None:
        try:
            import distributed
        except ImportError:
            raise ImportError("a Dask cluster needs Dask: pip install cvkit-numba[dask]") from None
        if workers is not None:
            _validate.integer(workers, "workers", minimum=1)
        self._closing = contextlib.ExitStack()
        if cluster is None:
            with ignored_interrupts():
                cluster = self._closing.enter_context(
                    distributed.LocalCluster(
                        n_workers=workers or os.cpu_count(), threads_per_worker=1, dashboard_address=":0"
                    )
                )
        if not isinstance(cluster, distributed.Client):
            cluster = self._closing.enter_context(_connect(cluster))
        self._client = cluster

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def close(self) -> None:
        """End what was opened here: a client, and a cluster on this machine."""
        self._closing.close()

    @property
    def slots(self) -> int:
        """How many shards the cluster works on at a time, as far as its workers are there yet."""
        return max(1, sum(self._client.nthreads().values()))

    def run(self, shards: Iterator[Shard], work: Work, stop: threading.Event) -> Entries:
        """Keep the cluster busy with shards, and give the entries of those that ended."""
        from distributed import KilledWorker

        self._warm(work)
        running: dict[Any, Shard] = {}
        again: list[Shard] = []
        suspects: list[Shard] = []
        is_waiting = False
        losses: Counter[str] = Counter()
        # The workers share a file system, which is how they hear that the run shall stop.
        sign = Path(work.output, f".stop-{secrets.token_hex(6)}")
        try:
            while True:
                if stop.is_set():
                    sign.touch()  # what is running returns what it has done, what waits returns nothing
                while not stop.is_set() and len(running) < _AHEAD * self.slots:
                    # Suspects one at a time, or the one that kills workers would make others look like it.
                    if suspects and not any(losses[shard[0].path] for shard in running.values()):
                        shard: Shard | None = suspects.pop()
                    else:
                        shard = again.pop() if again else next(shards, None)
                    if shard is None:
                        break
                    running[self._submit(shard, work, sign)] = shard
                if not running:
                    return
                is_waiting = self._tell_if_waiting(is_waiting)
                self._wait(running, _PATIENCE, "FIRST_COMPLETED")
                for future in [future for future in running if future.done()]:
                    shard = running.pop(future)
                    error = future.exception()
                    if error is None:
                        yield from future.result()
                    elif stop.is_set():
                        continue
                    elif not isinstance(error, KilledWorker):
                        reason = f"{type(error).__name__}: {error}"
                        raise RuntimeError(f"a worker of the cluster failed: {reason}") from error
                    else:
                        # Dask suspects all that a dead worker had; file by file, the cause shows.
                        for task in shard:
                            losses[task.path] += len(shard) == 1
                            if not losses[task.path]:
                                again.append([task])
                            elif losses[task.path] < _TRIES:
                                suspects.append([task])
                            else:
                                yield work.lost(task, "the workers that worked on it died")
        finally:
            self._client.cancel(list(running))
            sign.unlink(missing_ok=True)

    def _tell_if_waiting(self, is_told: bool) -> bool:
        """Return whether there are no workers; say it, unless that is done."""
        is_waiting = not self._client.nthreads()
        if is_waiting and not is_told:
            _LOGGER.warning("waiting: the Dask cluster at %s has no workers", self._client.scheduler.address)
        return is_waiting

    def _submit(self, shard: Shard, work: Work, sign: Path) -> Any:
        return self._client.submit(_work_on, shard, work, self._slots_by_host(), sign, pure=False)

    def _slots_by_host(self) -> Counter[str]:
        slots: Counter[str] = Counter()
        for address, threads in self._client.nthreads().items():
            slots[_host(address)] += threads
        return slots

    def _warm(self, work: Work) -> None:
        """Compile once on every host, before many workers of a host compile the same at the same time."""
        workers = {_host(address): address for address in self._client.nthreads()}
        warming = [
            self._client.submit(work.try_out, workers=[address], allow_other_workers=True, pure=False)
            for address in workers.values()
        ]
        # A worker that cannot will fail again, and be heard, when it gets a shard.
        self._wait(warming, _WARMING, "ALL_COMPLETED")

    def _wait(self, futures: Iterable[Any], seconds: float, until: str) -> None:
        from distributed import wait

        with self._client.as_current(), contextlib.suppress(TimeoutError):
            wait(futures, timeout=seconds, return_when=until)


def _connect(cluster: Any) -> Any:
    """Open a client of a cluster or of a scheduler's address."""
    import distributed

    try:
        return distributed.Client(cluster, set_as_default=False, timeout=_CONNECTING)
    except (OSError, TimeoutError):
        raise OSError(f"no Dask scheduler at {cluster}") from None


def _host(address: str) -> str:
    """Return the machine of a worker's address, such as tcp://10.0.0.1:40123."""
    return urlsplit(address).hostname or address


class _Sign:
    """Stops a shard as soon as a file is there."""

    def __init__(self, path: Path) -> None:
        self.is_set = path.exists


def _work_on(shard: Shard, work: Work, slots: Counter[str], sign: Path) -> list[Entry]:
    """Work on a shard, in a thread of a worker, with its share of the host's cores."""
    from distributed import get_worker

    share = cvkit.get_num_threads() // max(1, slots[_host(get_worker().address)])
    return list(run_stages(shard, work, max(1, share), _Sign(sign)))
