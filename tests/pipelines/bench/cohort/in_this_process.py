"""A cohort without processes, for tests of something else than how these start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.bench.cohort.outcome import Outcome, Task, outcome_of


def do_here(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Do the work of a cohort in this process; gives how many were asked for each time."""
    asked: list[int] = []

    def in_this_process(tasks: Iterator[Task], workers: int) -> Iterator[Outcome]:
        asked.append(workers)
        return map(outcome_of, tasks)

    monkeypatch.setattr("pipelines.bench.cohort.run.in_processes", in_this_process)
    return asked
