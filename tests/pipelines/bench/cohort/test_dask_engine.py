"""A Dask cluster that runs already gives the bytes that processes give."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imu.errors import RecordingError
from pipelines.bench.cohort import dask_engine
from pipelines.bench.cohort.outcome import Outcome, Task, outcome_of
from pipelines.bench.cohort.run import CohortOptions, run_cohort
from pipelines.bench.cohort.sessions import Stated, find_sessions
from pipelines.coaching.alert_settings import AlertSettings
from tests.pipelines.command_line import backstride, one_sentence, quiet

distributed = pytest.importorskip("distributed", reason="the extra lab is not installed")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as cluster:
        yield str(cluster.scheduler_address)


def _ends_its_worker(tasks: list[Task]) -> list[Outcome]:
    if any(task.session.name == "bo/broken.csv" for task in tasks):
        os._exit(9)
    return [outcome_of(task) for task in tasks]


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes(recordings: Path, tmp_path: Path, scheduler: str) -> None:
    for name, options in (
        ("processes.csv", CohortOptions(workers=1)),
        ("cluster.csv", CohortOptions(scheduler=scheduler)),
    ):
        assert run_cohort(recordings, tmp_path / name, options, quiet).done_now == 4
    assert (tmp_path / "cluster.csv").read_bytes() == (tmp_path / "processes.csv").read_bytes()


@pytest.mark.slow
def test_a_recording_that_ends_its_worker_does_not_end_the_cohort(
    recordings: Path, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "outcomes_of", _ends_its_worker)
    monkeypatch.setattr(dask_engine, "_PATIENCE_S", 5.0)
    tasks = [Task(one, AlertSettings()) for one in find_sessions(recordings, Stated(), [])]
    found = {outcome.name: outcome for outcome in dask_engine.on_cluster(tasks, scheduler, 2)}
    assert len(found) == 4
    assert "ended by the system" in str(found["bo/broken.csv"].row)
    assert (found["bo/run3.csv"].row or {})["status"] == "ok"


@pytest.mark.slow
def test_a_cluster_whose_workers_go_is_told(
    recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "_PATIENCE_S", 2.0)
    tasks = [Task(one, AlertSettings()) for one in find_sessions(recordings, Stated(), [])]
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as cluster:
        address = str(cluster.scheduler_address)
        outcomes = dask_engine.on_cluster(_closing(cluster, tasks), address, 1)
        with pytest.raises(RecordingError, match="its workers are gone: what was done is kept"):
            list(outcomes)


def _closing(cluster: Any, tasks: list[Task]) -> Iterator[Task]:
    """The tasks, between the third and the fourth of which the workers go."""
    yield from tasks[:3]
    cluster.scale(0)
    while cluster.scheduler.workers:
        time.sleep(0.05)
    yield from tasks[3:]


def test_a_scheduler_that_does_not_answer_is_told(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "_PATIENCE_S", 1.0)
    ended = backstride(
        "cohort", recordings, "--out", tmp_path / "a.csv", "--scheduler", "tcp://127.0.0.1:9"
    )
    assert ended.exit_code == 1
    assert "no Dask scheduler answers there" in one_sentence(ended)
