"""Who does the work: processes of this machine, or a Dask cluster that runs already."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from types import ModuleType
from typing import Final

from pipelines.bench.cohort.outcome import Outcome, Task, died, outcome_of

#: Tasks a worker that are handed out at once: none waits, and memory does not grow with a cohort.
_AHEAD: Final = 3
#: One thread a worker: they share the processors, and sums do not depend on how many there are.
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def in_processes(tasks: Iterable[Task], workers: int) -> Iterator[Outcome]:
    """Outcomes as they come, from processes of this machine.

    A session that ends its process is told so; those that were in work beside it are done again,
    each in a process of its own, and the others after it.

    Parameters
    ----------
    tasks : iterable of Task
        Taken as they are needed.
    workers : int
        Processes, from 1.
    """
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    waiting = iter(tasks)
    while suspects := (yield from _pool(waiting, workers)):
        for task in suspects:
            if (yield from _pool(iter([task]), 1)):
                yield died(task)


def _pool(waiting: Iterator[Task], workers: int) -> Generator[Outcome, None, list[Task]]:
    """Do all that waits; gives the tasks in work when a process was ended, else none."""
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_leave_interrupts_to_the_parent
    )
    flying: dict[Future[Outcome], Task] = {}
    try:
        while True:
            for task in islice(waiting, _AHEAD * workers - len(flying)):
                try:
                    with _script_left_out():
                        flying[pool.submit(outcome_of, task)] = task
                except BrokenProcessPool:
                    return [*flying.values(), task]
            if not flying:
                return []
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                if isinstance(future.exception(), BrokenProcessPool):
                    return list(flying.values())
                yield future.result()
                del flying[future]
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _script_left_out() -> Iterator[None]:
    """A new process would run the caller's script first, which starts a cohort."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
