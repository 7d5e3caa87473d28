"""A Dask cluster that runs already: a hundred sessions a task, files where its workers see them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final

from imu.errors import BackstrideError, RecordingError
from pipelines.bench.cohort.outcome import Outcome, Task, died, outcomes_of
from pipelines.extras import how_to_install

if TYPE_CHECKING:
    from distributed import Client, Future

#: So many that handing them out costs nothing beside them.
_SESSIONS_A_TASK: Final = 100
#: Tasks a thread of the cluster that are handed out at once.
_AHEAD: Final = 2
_PATIENCE_S: Final = 30.0


def on_cluster(
    tasks: Iterable[Task], address: str, sessions_a_task: int = _SESSIONS_A_TASK
) -> Iterator[Outcome]:
    """Outcomes as they come from a cluster, whose workers have Backstride and see the files.

    Parameters
    ----------
    tasks : iterable of Task
        Taken as they are needed.
    address : str
        Of its scheduler.
    sessions_a_task : int
        How many are sent together.

    Raises
    ------
    BackstrideError
        When Dask is not installed.
    RecordingError
        When the scheduler does not answer or the cluster is lost.
    """
    try:
        from distributed import Client
    except ImportError:
        raise BackstrideError(f"a cluster needs Dask: give {how_to_install('lab')}.") from None
    # what goes wrong is told in a sentence; it prints tracebacks of its own beside it
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise RecordingError(
            f"no Dask scheduler answers there ({type(error).__name__}): check that it runs.",
            path=address,
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE_S)
        except TimeoutError:
            raise RecordingError("has no workers: start some.", path=address) from None
        yield from _from_client(client, iter(tasks), sessions_a_task)


def _from_client(client: Client, waiting: Iterator[Task], size: int) -> Iterator[Outcome]:
    threads = max(1, sum(client.nthreads().values()))
    flying: dict[Future, list[Task]] = {}
    suspects: list[Task] = []
    while True:
        while len(flying) < _AHEAD * threads and (chunk := list(islice(waiting, size))):
            flying[client.submit(outcomes_of, chunk, pure=False)] = chunk
        if not flying:
            break
        for future in _done(list(flying), client):
            chunk = flying.pop(future)
            outcomes = _result(future, client)
            if outcomes is None:  # whoever was on that worker beside the culprit is blamed, too
                suspects += chunk
            yield from outcomes or ()
    for task in suspects:
        (alone,) = _done([client.submit(outcomes_of, [task], pure=False)], client)
        yield from _result(alone, client) or [died(task)]


def _done(flying: list[Future], client: Client) -> set[Future]:
    """Those that are done, when one is; refused where nobody is left to do them."""
    from distributed import CancelledError, wait

    while True:
        try:
            with client.as_current():
                done: set[Future] = wait(flying, _PATIENCE_S, "FIRST_COMPLETED").done
        except TimeoutError:
            if client.nthreads():
                continue  # at work
            raise _lost(client, "its workers are gone") from None
        except (CancelledError, OSError):
            raise _lost(client, "the cluster is gone") from None
        return done


def _result(future: Future, client: Client) -> list[Outcome] | None:
    """What a task gave; None where its workers were ended, before or after they were done."""
    from distributed import CancelledError, KilledWorker

    try:
        outcomes: list[Outcome] = future.result(_PATIENCE_S)
    except (KilledWorker, TimeoutError):
        return None
    except (CancelledError, OSError):
        raise _lost(client, "the cluster is gone") from None
    except Exception as error:  # of a worker on which nothing of ours ran
        raise RecordingError(
            f"its workers cannot do the work ({type(error).__name__}): install this version of "
            "Backstride there.",
            path=str(client.scheduler.address),
        ) from None
    return outcomes


def _lost(client: Client, why: str) -> RecordingError:
    address = str(client.scheduler.address)
    return RecordingError(f"{why}: what was done is kept, run it again.", path=address)
