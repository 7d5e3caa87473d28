"""Filing a run: what a session came to goes into the journal, at its end or from its recording."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imu.errors import ParameterError, RecordingError
from pipelines.runner.journal.entries import Entry, Pain, RunBaseline, Session
from pipelines.runner.journal.session_entry import Stated, baseline_entry, entry_of
from pipelines.session.result import FeltPain

if TYPE_CHECKING:
    from pipelines.coaching.training.cues import Cue
    from pipelines.runner.journal.database import Journal
    from pipelines.session.result import SessionResult

__all__ = ["FinishedRun", "add_run", "file_run", "finished_run"]

#: A pain that belongs to no session tells its moment in words.
_ACTIVITY: Final = {"before": "before the run", "during": "while running", "after": "after the run"}


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What goes into the journal.

    Attributes
    ----------
    session : Session, optional
        None when nothing was run.
    shoe : str
        Name of the shoe; empty when none was marked.
    pains : tuple of FeltPain
        In order.
    utc_start_ns : int
        When the session began, ns since 1970.
    baseline : RunBaseline, optional
        What was usual in it, where that can serve later runs.
    """

    session: Session | None
    shoe: str = ""
    pains: tuple[FeltPain, ...] = ()
    baseline: RunBaseline | None = None
    utc_start_ns: int = 0


def finished_run(
    result: SessionResult, stated: Stated | None = None, recording: Path | None = None
) -> FinishedRun:
    """What a session leaves to the journal.

    Parameters
    ----------
    result : SessionResult
        What the session came to.
    stated : Stated, optional
        What the user says of it: then it is filed even if nothing was run.
    recording : Path, optional
        Its file.
    """
    said = stated or Stated()
    start_ns = result.header.utc_start_ns
    shoe = said.shoe or result.shoe
    if stated is None and not len(result.steps):
        return FinishedRun(None, shoe, result.pains, utc_start_ns=start_ns)
    session = entry_of(result, said, "" if recording is None else str(recording))
    left = baseline_entry(result, said.surface)
    return FinishedRun(session, shoe, result.pains, left, start_ns)


def add_run(journal: Journal, run: FinishedRun) -> Session | None:
    """Put a run into an open journal, all of it or nothing; returns the session as it has it.

    A shoe that the journal does not know yet is added to it.

    Raises
    ------
    ParameterError
        When an entry is at fault.
    RecordingError
        When the journal cannot take it.
    """
    from pipelines.runner.journal.shoe_names import shoe_number

    with journal.transaction():
        session, number = run.session, None
        if session is not None:
            session = replace(session, shoe_id=shoe_number(journal, run.shoe))
            number = journal.add(session)
            if run.baseline is not None:
                journal.add(replace(run.baseline, session_id=number))
        for pain in _pains(run, number):
            journal.add(pain)
    return None if session is None else replace(session, identifier=number)


def file_run(
    run: FinishedRun, path: Path | None = None, *, busy_s: float = 2.0
) -> tuple[list[str], list[Cue]]:
    """Put a run into the journal, or keep it until the journal can take it.

    Parameters
    ----------
    run : FinishedRun
        From :func:`finished_run`.
    path : Path, optional
        The journal; the user's own by default.
    busy_s : float
        How long another program is waited for, s.

    Returns
    -------
    notes : list of str
        Sentences for the user; empty when all is in the journal.
    cues : list of Cue
        What the rules say of the run now that it is over, its shoe included.
    """
    from pipelines.coaching.training.pain import check_cue
    from pipelines.runner.journal.advice import after_run, stop_cue
    from pipelines.runner.journal.database import Journal, journal_path

    if run.session is None and not run.pains:
        return [], []
    place = journal_path() if path is None else path
    try:
        with Journal(place, busy_s=busy_s) as journal:
            session = add_run(journal, run)
            stopped = stop_cue(journal) is not None
            cues = [] if session is None or stopped else after_run(journal, session)
            asks = check_cue(max((pain.level for pain in run.pains), default=0))
            if asks is not None and not stopped:
                cues.append(asks)
            return list(journal.notes), cues
    except ParameterError as error:
        return [f"this run is not added to the journal: {error}"], []
    except RecordingError as trouble:
        return [f"{trouble} {_kept(run, place)}"], []


def _kept(run: FinishedRun, place: Path) -> str:
    from pipelines.runner.journal.pending import keep_for_later

    waiting: list[Entry] = list(_pains(run, None))
    if run.session is not None:
        note = f"shoe: {run.shoe}" if run.shoe else ""
        waiting.insert(0, replace(run.session, note=note))
    try:
        keep_for_later(waiting, place, shoe=run.shoe, baseline=run.baseline)
    except RecordingError as worse:
        return str(worse)
    return "This run is kept and will be added the next time."


def _pains(run: FinishedRun, number: int | None) -> list[Pain]:
    """The ratings of a run; without the number of its session the moment is told in words."""
    pains = []
    for felt in run.pains:
        utc_ns = run.utc_start_ns + round(felt.time_s * 1e9)
        if number is None:
            activity = _ACTIVITY[felt.when]
            pains.append(Pain(utc_ns, felt.level, place=felt.place, activity=activity))
        else:
            pains.append(Pain(utc_ns, felt.level, felt.when, number, felt.place))
    return pains
