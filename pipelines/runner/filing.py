"""A session's end: its entry in the journal, with the pain that was marked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imu.errors import ParameterError, RecordingError
from pipelines.runner.journal.entries import Entry, Pain, PainMoment, RunBaseline, Session

if TYPE_CHECKING:
    from imu.steps import Steps
    from pipelines.coaching.companion import Companion, TimedMark
    from pipelines.coaching.training.cues import Cue
    from pipelines.live import LiveRun
    from pipelines.runner.journal.session_entry import Distance

__all__ = ["FinishedRun", "PainRating", "file_run", "file_run_now", "journal_entry"]

_PAIN: Final = re.compile(r"\s*(10|\d)\s*(before|during|after)?\b\s*(.*)", re.ASCII | re.DOTALL)
#: A rating so long after the last step is one after the run, s.
_AFTER_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class PainRating:
    """Pain as marked in a session: level 0 to 10, when, and the runner's words for the place."""

    utc_ns: int
    level: int
    when: PainMoment
    place: str = ""


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What goes into the journal.

    Attributes
    ----------
    session : Session, optional
        None when nothing was run.
    shoe : str
        Name of the shoe; empty when none was marked.
    pains : tuple of PainRating
        In order.
    baseline : RunBaseline, optional
        What was usual in it, where that can serve later runs.
    """

    session: Session | None
    shoe: str = ""
    pains: tuple[PainRating, ...] = ()
    baseline: RunBaseline | None = None


def journal_entry(
    run: LiveRun,
    companion: Companion,
    *,
    utc_start_ns: int,
    utc_offset_minutes: int | None = None,
) -> FinishedRun:
    """The entry of a finished live run.

    A mark that cannot be read is left out, never the session.

    Parameters
    ----------
    run : LiveRun
        Finished, with its summary.
    companion : Companion
        That went along.
    utc_start_ns : int
        As in the session's header, ns since 1970.
    utc_offset_minutes : int, optional
        Of the runner's clock; this machine's otherwise.
    """
    from imu.steps import concatenate
    from pipelines.runner.journal.recorded import local_offset_minutes
    from pipelines.runner.journal.run_baseline import run_baseline_entry, surface_of_most
    from pipelines.runner.journal.session_entry import entry_from_steps, one_line, tags_from_marks

    steps = concatenate(run.steps)
    ending = companion.ending()
    ended_s = 0.0 if run.summary is None else run.summary.duration_s
    offset = (
        local_offset_minutes(utc_start_ns) if utc_offset_minutes is None else utc_offset_minutes
    )
    pains = _pains(ending.marks, steps, utc_start_ns)
    tags = tags_from_marks([item.mark for item in ending.marks])
    shoe = one_line(tags.shoe)
    if not len(steps):
        return FinishedRun(None, shoe, pains)
    last_s = float(steps.initial_contact_s[-1])
    session = entry_from_steps(
        steps,
        utc_start_ns=utc_start_ns,
        duration_s=max(ended_s, last_s, 0.001),
        distance=_distance(ending.marks, steps, max(ended_s, last_s), companion.plan.speed_m_s),
        index_of_earlier_runs=companion.plan.index_of_earlier_runs,
        utc_offset_minutes=offset,
        surface=one_line(tags.surface),
        source_file="" if run.recording is None else str(run.recording),
        warm_up_s=ending.warm_up_s,
        cool_down_s=None if ending.cool_down is None else ending.cool_down.easy_s,
        before_warm_up_m=ending.before_warm_up_m,
    )
    surfaces = [
        (item.time_s, one_line(item.mark.value))
        for item in ending.marks
        if item.mark.kind == "surface"
    ]
    baseline = run_baseline_entry(run.baseline, surface_of_most(steps, surfaces), run.sensor)
    return FinishedRun(session, shoe, pains, baseline)


async def file_run(finished: FinishedRun, path: Path | None = None) -> tuple[list[str], list[Cue]]:
    """:func:`file_run_now` in a thread, since the disk may take its time."""
    return await asyncio.to_thread(file_run_now, finished, path)


def file_run_now(
    finished: FinishedRun, path: Path | None = None, *, busy_s: float = 2.0
) -> tuple[list[str], list[Cue]]:
    """Put a run into the journal, or keep it until the journal can take it.

    A shoe that the journal does not know yet is added to it.

    Parameters
    ----------
    finished : FinishedRun
        From :func:`journal_entry`.
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
    from pipelines.runner.journal.shoe_names import shoe_number

    if finished.session is None and not finished.pains:
        return [], []
    place = journal_path() if path is None else path
    try:
        with Journal(place, busy_s=busy_s) as journal:
            session = finished.session
            with journal.transaction():
                shoe_id = shoe_number(journal, finished.shoe) if session is not None else None
                number: int | None = None
                if session is not None:
                    session = replace(session, shoe_id=shoe_id)
                    number = journal.add(session)
                    if finished.baseline is not None:
                        journal.add(replace(finished.baseline, session_id=number))
                for rating in finished.pains:
                    journal.add(_pain(rating, number))
            stopped = stop_cue(journal) is not None
            cues = [] if session is None or stopped else after_run(journal, session)
            asks = check_cue(max((rating.level for rating in finished.pains), default=0))
            if asks is not None and not stopped:
                cues.append(asks)
            return list(journal.notes), cues
    except ParameterError as error:
        return [f"this run is not added to the journal: {error}"], []
    except RecordingError as trouble:
        return [f"{trouble} {_kept(finished, place)}"], []


def _kept(finished: FinishedRun, place: Path) -> str:
    from pipelines.runner.journal.pending import keep_for_later

    waiting: list[Entry] = [_pain(rating, None) for rating in finished.pains]
    if finished.session is not None:
        note = f"shoe: {finished.shoe}" if finished.shoe else ""
        waiting.insert(0, replace(finished.session, note=note))
    try:
        keep_for_later(waiting, place, shoe=finished.shoe, baseline=finished.baseline)
    except RecordingError as worse:
        return str(worse)
    return "This run is kept and will be added the next time."


def _pain(rating: PainRating, session_id: int | None) -> Pain:
    if session_id is None:
        # without a number of the session the moment is told in words
        words = {"before": "before the run", "during": "while running", "after": "after the run"}
        return Pain(
            rating.utc_ns, rating.level, place=rating.place, activity=words.get(rating.when, "")
        )
    return Pain(rating.utc_ns, rating.level, rating.when, session_id, rating.place)


def _pains(marks: Sequence[TimedMark], steps: Steps, utc_start_ns: int) -> tuple[PainRating, ...]:
    from pipelines.runner.journal.session_entry import one_line

    first_s = float(steps.initial_contact_s[0]) if len(steps) else float("inf")
    last_s = float(steps.initial_contact_s[-1]) if len(steps) else float("inf")
    ratings: list[PainRating] = []
    for item in marks:
        found = _PAIN.fullmatch(item.mark.value) if item.mark.kind == "pain" else None
        if found is None:
            continue
        when: PainMoment = "during"
        if found[2]:
            when = _MOMENTS[found[2]]
        elif item.time_s < first_s:
            when = "before"
        elif item.time_s > last_s + _AFTER_S:
            when = "after"
        utc_ns = utc_start_ns + round(item.time_s * 1e9)
        ratings.append(PainRating(utc_ns, int(found[1]), when, one_line(found[3])))
    return tuple(ratings)


_MOMENTS: Final[dict[str, PainMoment]] = {
    "before": "before",
    "during": "during",
    "after": "after",
}


def _distance(
    marks: Sequence[TimedMark], steps: Steps, ended_s: float, speed_m_s: float | None
) -> Distance:
    """As the marks tell it; a speed stated before the run counts until the first that is marked."""
    from devices.records import Mark
    from pipelines.coaching.progress import marked_value
    from pipelines.runner.journal.session_entry import (
        distance_from_marks,
        distance_from_speed,
        running_stretches,
    )

    running = running_stretches(steps)
    placed = [
        Mark(round(item.time_s * 1e9), item.mark.kind, item.mark.value)
        for item in marks
        if marked_value(item.mark) is not None
    ]
    if speed_m_s is not None and not placed:
        return distance_from_speed(speed_m_s, sum(end - begin for begin, end in running))
    if speed_m_s is not None:
        placed.insert(0, Mark(0, "speed", f"{speed_m_s:.6f} m/s"))
    return distance_from_marks(placed, 0, round(ended_s * 1e9), running)
