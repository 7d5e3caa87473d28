"""Reads a run for a report: the facts of a session, or of a table of samples."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.files.session_reader import read_session
from pipelines.folding import Progress, fold_session, sensor_of
from pipelines.replay_options import ReplayOptions, header_as_stated, refuse_rate
from pipelines.session.result import SessionResult
from pipelines.table_folding import fold_table
from pipelines.views.report.recording import Recording
from pipelines.words.summary_words import run_notes
from pipelines.written_facts import facts_are_of_use


def nothing() -> None:
    """Prepare nothing."""


def read_recording(
    path: Path,
    options: ReplayOptions,
    report: Progress,
    *,
    fresh: bool = False,
    prepare: Callable[[], None] = nothing,
) -> Recording:
    """Read a session (``.mcap``) or a sample table (anything else).

    The facts of a whole session are taken as they were written; they are found again when none were
    written, or by another version, when the file is cut short, or when ``options`` state something.

    Parameters
    ----------
    path : Path
        The recording.
    options : ReplayOptions
        What is stated besides.
    report : callable
        Told what is done and how much there is, in the same unit.
    fresh : bool
        Find the facts again even where they were written.
    prepare : callable
        Called before anything is found again: compiled code may have to be made ready.

    Raises
    ------
    BackstrideError
        When the file cannot be read or an option does not fit it.
    """
    if path.suffix.lower() != ".mcap":
        prepare()
        ran = fold_table(path, options, report)
        return Recording(
            path.name, ran.info, tuple(ran.facts), ran.result, recomputed=True, notes=ran.notes
        )
    with _without_collecting():
        return _of_session(path, options, report, prepare, fresh=fresh)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Collect no garbage meanwhile: the log is long and holds no cycles to look for."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _of_session(
    path: Path,
    options: ReplayOptions,
    report: Progress,
    prepare: Callable[[], None],
    *,
    fresh: bool,
) -> Recording:
    refuse_rate(options)
    session = read_session(path)
    header = header_as_stated(session.header, options)
    info = sensor_of(session, "report")
    recompute = fresh or not facts_are_of_use(session, header)
    facts = session.facts
    if recompute:
        prepare()
        facts = fold_session(session, header, report).facts
    result = SessionResult(header, facts)
    notes = [session.note] if session.note else []
    notes += run_notes(result)
    return Recording(
        path.name, info, tuple(facts), result, recompute, session.cut_short, tuple(notes)
    )
