"""Filing a run: what a session came to goes into the journal, at its end or from its recording."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from imu.errors import InputError, ParameterError, RecordingError
from pipelines.coaching.training.cues import Cue
from pipelines.runner.journal.advice import after_run, why_no_training
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.pending import keep_for_later
from pipelines.runner.journal.runs import FinishedRun, add_run
from pipelines.runner.journal.session_entry import baseline_entry, entry_of
from pipelines.runner.journal.stated import Stated
from pipelines.session.result import SessionResult

#: Before the first of these programs a clock is that of a computer without a battery: 2020, UTC.
_FIRST_CLOCK_NS: Final = 1_577_836_800 * 10**9


def began_by_no_clock(utc_start_ns: int) -> bool:
    """Whether a session began while the computer did not know the time.

    Examples
    --------
    >>> began_by_no_clock(10**18), began_by_no_clock(1_800_000_000 * 10**9)
    (True, False)
    """
    return utc_start_ns < _FIRST_CLOCK_NS


def finished_run(
    result: SessionResult, stated: Stated | None = None, recording: Path | None = None
) -> FinishedRun:
    """What a session leaves to the journal.

    Parameters
    ----------
    result : SessionResult
        What the session came to.
    stated : Stated, optional
        What the user says of it: then it is filed even if no step was found.
    recording : Path, optional
        Its file.

    Raises
    ------
    InputError
        When it began while the computer did not know the time.
    """
    said = stated or Stated()
    start_ns = result.header.utc_start_ns
    if began_by_no_clock(start_ns):
        year = datetime.fromtimestamp(start_ns // 10**9, UTC).year
        raise InputError(
            f"the computer's clock said {year} when this run began: set the clock, and add the "
            "recording to the journal with the time at which it began.",
            place="" if recording is None else str(recording),
        )
    pains = tuple(pain for pain in result.pains if not pain.noted)
    shoe = said.word("shoe", result.shoe)
    if not len(result.steps) and said == Stated():
        return FinishedRun(None, shoe, pains, utc_start_ns=start_ns)
    session = entry_of(result, said, "" if recording is None else str(recording))
    left = baseline_entry(result, said.word("surface", None))
    return FinishedRun(session, shoe, pains, left, start_ns, said)


def file_run(run: FinishedRun, journal: JournalAtHand) -> tuple[list[str], list[Cue]]:
    """Put a run into the journal, or keep it until the journal can take it.

    Parameters
    ----------
    run : FinishedRun
        From :func:`finished_run`.
    journal : JournalAtHand
        That of the program.

    Returns
    -------
    notes : list of str
        Sentences for the user; empty when all is in the journal.
    cues : list of Cue
        What the rules say of the run now that it is over, its shoe included.
    """
    if run.session is None and not run.pains:
        return [], []
    try:
        opened = journal.open()
        session = add_run(opened, run)
        quiet = why_no_training(opened, time.time_ns())
        cues = [] if session is None or quiet else after_run(opened, session, date.today())
        return journal.take_notes(), cues
    except ParameterError as error:
        return [f"this run is not added to the journal: {error}"], []
    except RecordingError as trouble:
        try:
            keep_for_later([run], journal.path)
        except RecordingError as worse:
            return [f"{trouble} {worse}"], []
        return [f"{trouble} This run is kept and will be added the next time."], []
