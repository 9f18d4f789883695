"""Several processes and a real Dask cluster give what one process gives, also when some are killed."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import dask
import distributed
import numpy as np
import pytest

import cvkit
from cvkit.batch import Cluster, Local, Pipeline, Processes, run
from cvkit.batch.executors.local import cut
from cvkit.batch.runner import Run, Summary
from cvkit.batch.work import Task, Work
from tests.batch_images import DeadlyWork, entries, files, image, make_many

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills processes")

COUNT = 200


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a folder with images, one of which kills the process that reads it."""
    monkeypatch.chdir(tmp_path)
    make_many(tmp_path / "photos", COUNT)
    Path("photos/00150.png").rename("photos/deadly.png")
    monkeypatch.setattr("cvkit.batch.runner.Work", DeadlyWork)
    return tmp_path


@pytest.fixture(scope="module")
def client() -> Iterator[distributed.Client]:
    """A cluster of two processes that suspects a task as soon as its worker dies."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def check(summary: Summary, failed: int) -> None:
    """Every file is in the manifest once, and has its result, but for those that failed."""
    assert (summary.done, summary.failed) == (COUNT - failed, failed)
    found = entries(Path("out"))
    assert len(found) == COUNT
    assert len(files(Path("out"))) == COUNT - failed
    for number in (0, 63, 64, 149, 151, COUNT - 1):
        expected = cvkit.rgb_to_gray(image(number, 8, 8))
        np.testing.assert_array_equal(cvkit.read_image(f"out/{number:05d}.png", "keep"), expected)


def test_a_killed_process_is_replaced_and_its_files_are_done_again() -> None:
    Path("deaths").write_text("1")
    check(run("gray", "photos", "out", executor=Processes(2)), failed=0)
    assert Path("deaths").read_text() == "0"


def test_a_file_that_kills_every_process_fails_and_the_rest_is_done() -> None:
    Path("deaths").write_text("1000")
    check(run("gray", "photos", "out", executor=Processes(2)), failed=1)
    entry = entries(Path("out"))["deadly.png"]
    assert (entry.status, entry.error) == ("failed", "the process that worked on it died, code -9")


def test_a_killed_worker_of_a_cluster_is_replaced_and_its_files_are_done_again(
    client: distributed.Client,
) -> None:
    Path("deaths").write_text("1")
    check(run("gray", "photos", "out", executor=Cluster(client)), failed=0)
    assert Path("deaths").read_text() == "0"
    assert client.status == "running"


def test_a_file_that_kills_every_worker_of_a_cluster_fails_and_the_rest_is_done(
    client: distributed.Client,
) -> None:
    Path("deaths").write_text("1000")
    check(run("gray", "photos", "out", executor=Cluster(client)), failed=1)
    entry = entries(Path("out"))["deadly.png"]
    assert (entry.status, entry.error) == ("failed", "the workers that worked on it died")


def test_the_address_of_a_scheduler_is_enough(client: distributed.Client) -> None:
    Path("deaths").write_text("0")
    with Cluster(client.cluster.scheduler_address) as cluster:
        check(run("gray", "photos", "out", executor=cluster), failed=0)
        assert run("gray", "photos", "out", executor=cluster, resume=True).unchanged == COUNT


def test_a_cluster_without_workers_is_waited_for_and_told() -> None:
    told = []

    class Hire(logging.Handler):
        """Starts a worker as soon as their absence is told."""

        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.getMessage())
            empty.scale(1)

    Path("deaths").write_text("0")
    logger = logging.getLogger("cvkit.batch.executors.cluster")
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty:
        logger.addHandler(hire := Hire())
        try:
            check(run("gray", "photos", "out", executor=Cluster(empty)), failed=0)
        finally:
            logger.removeHandler(hire)
        assert told == [f"waiting: the Dask cluster at {empty.scheduler_address} has no workers"]


@pytest.mark.parametrize("place", ["processes", "cluster"])
def test_stop_keeps_what_is_done(place: str, client: distributed.Client) -> None:
    Path("deaths").write_text("0")
    executor = Processes(2) if place == "processes" else Cluster(client)
    with Run("gray", "photos", "out", executor=executor) as batch:
        for _ in batch.entries():
            batch.stop.set()
    done = batch.summary.done
    assert 0 < done < COUNT
    assert batch.summary.stopped
    assert len(entries(Path("out"))) == len(files(Path("out"))) == done
    check_resumed = run("gray", "photos", "out", resume=True)
    assert (check_resumed.unchanged, check_resumed.done) == (done, COUNT - done)


def test_processes_that_cannot_start_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "nonsense")
    with pytest.raises(RuntimeError, match="a worker process ended with code 1 before it began"):
        run("gray", "photos", "out", executor=Processes(1))


def test_shards_are_of_64_to_256_files_or_few_enough_for_all() -> None:
    def sizes(total: int, slots: int) -> list[int]:
        tasks = [Task(str(number), None, "") for number in range(total)]
        shards = list(cut(tasks, total, slots))
        assert [task for shard in shards for task in shard] == tasks
        return [len(shard) for shard in shards]

    assert sizes(10, 4) == [3, 3, 3, 1]
    assert sizes(200, 2) == [64, 64, 64, 8]
    assert set(sizes(100_000, 4)[:-1]) == {256}
    assert sizes(0, 4) == []


def test_a_cluster_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ImportError, match=r"pip install cvkit-numba\[dask\]"):
        Cluster()


@pytest.mark.parametrize("make", [Local, Processes, lambda count: Cluster(workers=count)])
def test_counts_are_checked(make: type[Local]) -> None:
    with pytest.raises(ValueError, match="must be at least 1, got 0"):
        make(0)


def test_kernels_of_a_batch_have_few_threads(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    before = cvkit.get_num_threads()
    monkeypatch.setattr(
        Pipeline, "run", lambda self, image: (seen.append(cvkit.get_num_threads()) or image, [])
    )
    batch = Work(Pipeline.of("gray"), str(workplace / "out"), str(workplace), kernel_threads=1)
    batch.try_out()
    assert seen == [1]
    assert cvkit.get_num_threads() == before
    assert threading.active_count() >= 1
