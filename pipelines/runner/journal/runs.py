"""Runs in the journal: what a recording gives, and laid over it what the runner wrote of the run.

What is written of a run is kept apart from its figures, under the run's number. A run that is
computed anew keeps its number, the pain that was noted since and all that was written; a run that
was only typed in gets its figures when its recording comes, and needs none.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from imu.errors import ParameterError
from pipelines.runner.journal.entries import Pain, RunBaseline, Session
from pipelines.runner.journal.shoe_names import shoe_number
from pipelines.runner.journal.stated import Distance, Stated
from pipelines.session.felt_pain import FeltPain

if TYPE_CHECKING:
    from pipelines.runner.journal.database import Journal


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
    stated : Stated
        What the user says of it, which was laid over what its log gives.
    baseline : RunBaseline, optional
        What was usual in it, where that can serve later runs.
    """

    session: Session | None
    shoe: str = ""
    pains: tuple[FeltPain, ...] = ()
    baseline: RunBaseline | None = None
    utc_start_ns: int = 0
    stated: Stated = field(default_factory=Stated)


def typed_run(
    utc_start_ns: int, duration_s: float, stated: Stated, *, utc_offset_minutes: int = 0
) -> FinishedRun:
    """A run without a recording, as the runner writes it down."""
    known = stated.distance or Distance()
    session = Session(
        utc_start_ns,
        duration_s,
        utc_offset_minutes,
        distance_m=known.distance_m,
        distance_source=known.source,
        surface=stated.surface,
        note=stated.note,
        effort=stated.effort,
    )
    return FinishedRun(session, stated.shoe, utc_start_ns=utc_start_ns, stated=stated)


def add_run(journal: Journal, run: FinishedRun, number: int | None = None) -> Session | None:
    """Put a run into an open journal, all of it or nothing; returns the session as it has it.

    A shoe that the journal does not know yet is added to it.

    Parameters
    ----------
    journal : Journal
        Open.
    run : FinishedRun
        From :func:`~pipelines.runner.filing.finished_run`.
    number : int, optional
        Of the session that it is in the journal already: its figures, its baseline and the ratings
        that were marked during it are those of ``run`` then; what was noted of it otherwise stays.

    Raises
    ------
    ParameterError
        When an entry is at fault.
    RecordingError
        When the journal cannot take it.
    """
    with journal.transaction() as connection:
        session = run.session
        if session is not None:
            shoe_id = shoe_number(journal, run.shoe, session.day)
            session = replace(session, shoe_id=shoe_id, identifier=number)
            if number is None:
                number = journal.add(session)
            else:
                journal.replace(session)
                for old in ("run_baselines WHERE", "pains WHERE marked AND"):
                    connection.execute(f"DELETE FROM {old} session_id = ?", (number,))
            if run.baseline is not None:
                journal.add(replace(run.baseline, session_id=number))
            write_stated(journal, number, run.stated)
        for pain in _pains(run, number):
            identifier = journal.add(pain)
            connection.execute("UPDATE pains SET marked = 1 WHERE identifier = ?", (identifier,))
    return None if session is None else replace(session, identifier=number)


def edit_run(journal: Journal, number: int, stated: Stated) -> Session:
    """Lay what the runner says now over a run of the journal, and keep that it was said.

    The dose goes with the distance; where none was known, the recording has to be added again for
    it. A baseline goes with the surface.

    Raises
    ------
    ParameterError
        When there is no run of that number.
    RecordingError
        When the journal cannot take it.
    """
    with journal.transaction() as connection:
        session = journal.entry(Session, number)
        distance = Distance() if "distance" in stated.taken_back else stated.distance
        if distance is not None:
            before_m = session.distance_m
            share = distance.distance_m / before_m if before_m and distance.distance_m else None
            session = replace(
                session,
                distance_m=distance.distance_m,
                distance_source=distance.source,
                dose_easy_km_m2=_times(session.dose_easy_km_m2, share),
                dose_easy_km_m4=_times(session.dose_easy_km_m4, share),
                dose_easy_km_m6=_times(session.dose_easy_km_m6, share),
            )
        shoe = stated.word("shoe", None)
        unrated = "effort" in stated.taken_back
        session = replace(
            session,
            surface=stated.word("surface", session.surface),
            note=stated.word("note", session.note),
            effort=session.effort if stated.effort is None and not unrated else stated.effort,
            shoe_id=session.shoe_id if shoe is None else shoe_number(journal, shoe, session.day),
        )
        journal.replace(session)
        if (surface := stated.word("surface", None)) is not None:
            connection.execute(
                "UPDATE run_baselines SET surface = ? WHERE session_id = ?", (surface, number)
            )
        write_stated(journal, number, stated.over(stated_of(journal, number)))
    return session


def _times(dose_easy_km: float | None, share: float | None) -> float | None:
    return None if dose_easy_km is None or share is None else dose_easy_km * share


def stated_of(journal: Journal, number: int) -> Stated:
    """What the user has said of a run that is in the journal."""
    rows = journal.rows("SELECT content FROM stated WHERE session_id = ?", (number,))
    try:
        return msgspec.json.decode(rows[0]["content"], type=Stated) if rows else Stated()
    except (msgspec.MsgspecError, ParameterError, RecursionError):
        return Stated()


def write_stated(journal: Journal, number: int | None, stated: Stated) -> None:
    """Keep what is said of a run."""
    if stated == Stated():
        return
    with journal.transaction() as connection:
        connection.execute(
            "INSERT INTO stated VALUES (?, ?) "
            "ON CONFLICT (session_id) DO UPDATE SET content = excluded.content",
            (number, msgspec.json.encode(stated, order="deterministic").decode()),
        )


def _pains(run: FinishedRun, number: int | None) -> list[Pain]:
    """The ratings of a run; without its number their time tells where they belong."""
    pains = []
    for felt in run.pains:
        utc_ns = run.utc_start_ns + round(felt.time_s * 1e9)
        if number is None:
            pains.append(Pain(utc_ns, felt.level, place=felt.place))
        else:
            pains.append(Pain(utc_ns, felt.level, felt.when, number, felt.place))
    return pains
