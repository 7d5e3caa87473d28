"""Earlier runs that a run is compared with: from their files, or from the journal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.files.summary_file import read_summary
from pipelines.quantities import quantities_in
from pipelines.replay_options import ReplayOptions
from pipelines.runner.journal.entries import Session, Shoe
from pipelines.runner.journal.known_run import known_run
from pipelines.views.report.reading import nothing, read_recording
from pipelines.views.report.recording import PreviousRun, Recording

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.folding import Progress
    from pipelines.runner.journal.database import Journal

_COLUMNS: Final = tuple(one.column for one in quantities_in("compared"))
#: Most runs of the journal that are compared with.
_MOST_RUNS: Final = 20


def previous_run(
    path: Path, report: Progress, prepare: Callable[[], None] = nothing
) -> PreviousRun:
    """An earlier run from its session, its sample table, or the summary of its replay (``.json``).

    Parameters
    ----------
    path, report, prepare
        As :func:`~pipelines.views.report.reading.read_recording` takes them.

    Raises
    ------
    BackstrideError
        When the file cannot be read or is none of these.
    """
    if path.suffix.lower() == ".json":
        means = read_summary(path).means
        return PreviousRun(path.stem, None, {one: means[one] for one in _COLUMNS if one in means})
    recording = read_recording(path, ReplayOptions(), report, prepare=prepare)
    result = recording.result
    return PreviousRun(
        recording.name,
        recording.utc_start_ns,
        {name: result.means[name] for name in _COLUMNS if name in result.means},
        surface=result.surface,
        shoe=result.shoe,
    )


def as_stated(recording: Recording, journal: Journal, number: int | None = None) -> Recording:
    """The run with the distance, surface and shoe that the journal has of it.

    Parameters
    ----------
    recording : Recording
        The run.
    journal : Journal
        Open.
    number : int, optional
        Of the run there; the one that began then otherwise.
    """
    return replace(recording, in_journal=known_run(journal, recording.result, number))


def previous_runs_of_journal(journal: Journal, before_ns: int | None) -> list[PreviousRun]:
    """The latest runs of the journal, oldest first, at most twenty.

    Parameters
    ----------
    journal : Journal
        Open.
    before_ns : int, optional
        Only runs that began before this, ns since 1970.
    """
    limit = 2**63 - 1 if before_ns is None else before_ns
    sessions = journal.entries(Session, "utc_start_ns < ?", (limit,), newest=_MOST_RUNS)
    shoes = {shoe.identifier: shoe.name for shoe in journal.entries(Shoe)}
    return [
        PreviousRun(
            f"{session.day:%Y-%m-%d}",
            session.utc_start_ns,
            {name: session.means[name] for name in _COLUMNS if name in session.means},
            surface=session.surface,
            shoe=shoes.get(session.shoe_id, ""),
        )
        for session in sessions
        if session.means
    ]
