"""Runs that stopped and went on: sessions that follow closely are parts of one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import ONE_RUN_S

#: Up to so long is a pause, s: a light, water, a sensor that stopped. Who rests for longer does not
#: run as far at once.
NO_REST_S: Final = 900.0
#: Typed times are of whole minutes; what overlaps for longer is the same run twice, s.
_ROUNDING_S: Final = 60.0
_DAY_NS: Final = 86_400 * 10**9


def goes_on(end_ns: int, start_ns: int, pause_s: float = ONE_RUN_S) -> bool:
    """Whether what begins at one moment goes on with the run that stopped at the other.

    ``pause_s`` is the longest pause, s.

    Examples
    --------
    >>> goes_on(0, 7200 * 10**9), goes_on(0, 7201 * 10**9), goes_on(100 * 10**9, 0)
    (True, False, False)
    """
    return -_ROUNDING_S <= (start_ns - end_ns) / 1e9 <= pause_s


def begin_of_run(journal: Journal, utc_ns: int) -> int:
    """When the run began whose next part begins at a moment without a rest; else that moment.

    Both in ns since 1970.
    """
    rows = journal.records(
        tuple[int, float],
        "SELECT utc_start_ns, duration_s FROM sessions WHERE utc_start_ns < ? AND "
        "utc_start_ns >= ? AND NOT simulated ORDER BY utc_start_ns DESC",
        (utc_ns, utc_ns - 2 * _DAY_NS),
    )
    for start_ns, duration_s in rows:
        if not goes_on(start_ns + round(duration_s * 1e9), utc_ns, NO_REST_S):
            break
        utc_ns = start_ns
    return utc_ns


def first_parts(times_ns: Sequence[tuple[int, int]], pause_s: float = ONE_RUN_S) -> list[int]:
    """Where in a row of sessions, each with start and end, a run begins.

    Examples
    --------
    >>> hour = 3600 * 10**9
    >>> first_parts([(0, hour), (2 * hour, 3 * hour), (9 * hour, 10 * hour)])
    [0, 2]
    """
    ends = [None, *(end_ns for _, end_ns in times_ns)]
    return [
        number
        for number, ((start_ns, _), end_ns) in enumerate(zip(times_ns, ends, strict=False))
        if end_ns is None or not goes_on(end_ns, start_ns, pause_s)
    ]
