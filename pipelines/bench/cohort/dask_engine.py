"""A Dask cluster that runs already: a hundred sessions a task, files where its workers see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from imu.errors import BackstrideError, RecordingError
from pipelines.bench.cohort.outcome import Outcome, Task, died, outcomes_of

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["on_cluster"]

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
        raise BackstrideError(
            'a cluster needs Dask: install it with pip install "backstride[lab]".'
        ) from None
    try:
        client = Client(address, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise RecordingError(
            f"no Dask scheduler answers there ({type(error).__name__}): check that it runs.",
            path=address,
        ) from None
    with client:
        yield from _from_client(client, iter(tasks), sessions_a_task)


def _from_client(client: Client, waiting: Iterator[Task], size: int) -> Iterator[Outcome]:
    from distributed import as_completed

    threads = max(1, sum(client.nthreads().values()))
    flying: dict[Future, list[Task]] = {}
    arriving = as_completed()

    def send(chunk: list[Task]) -> None:
        future: Any = client.submit(outcomes_of, chunk, pure=False)
        flying[future] = chunk
        arriving.add(future)

    def send_next() -> None:
        if chunk := list(islice(waiting, size)):
            send(chunk)

    for _ in range(_AHEAD * threads):
        send_next()
    for future in arriving:
        chunk = flying.pop(future)
        if future.status == "finished":
            yield from future.result()
            send_next()
        elif len(chunk) > 1:  # one of them ends its worker: see which
            for task in chunk:
                send([task])
        else:
            yield died(chunk[0])
            send_next()
