"""A Dask cluster that runs already: a hundred sessions a task, files where its workers see them."""

from __future__ import annotations

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
    from distributed import as_completed

    threads = max(1, sum(client.nthreads().values()))
    flying: dict[Future, list[Task]] = {}
    arriving = as_completed(loop=client.loop)
    suspects: list[Task] = []

    def send() -> None:
        if chunk := list(islice(waiting, size)):
            future = client.submit(outcomes_of, chunk, pure=False)
            flying[future] = chunk
            arriving.add(future)

    for _ in range(_AHEAD * threads):
        send()
    for future in arriving:
        chunk = flying.pop(future)
        outcomes = _result(future, client, _PATIENCE_S)
        if outcomes is None:  # whoever was on that worker beside the culprit is blamed, too
            suspects += chunk
        yield from outcomes or ()
        send()
    for task in suspects:
        yield from _result(client.submit(outcomes_of, [task], pure=False), client) or [died(task)]


def _result(
    future: Future, client: Client, patience_s: float | None = None
) -> list[Outcome] | None:
    """What a task gave; None where its workers were ended, before or after they were done."""
    from distributed import CancelledError, KilledWorker

    address = str(client.scheduler.address)
    try:
        outcomes: list[Outcome] = future.result(patience_s)
    except (KilledWorker, TimeoutError):
        return None
    except (CancelledError, OSError):
        raise RecordingError(
            "the cluster is gone: what was done is kept, run it again.", path=address
        ) from None
    except Exception as error:  # of a worker on which nothing of ours ran
        raise RecordingError(
            f"its workers cannot do the work ({type(error).__name__}): install this version of "
            "Backstride there.",
            path=address,
        ) from None
    return outcomes
