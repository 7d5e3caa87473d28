"""The file of a run: found, read with what the journal has of it, and as an activity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from imu.errors import BackstrideError
from pipelines.files.fit_activity import fit_of
from pipelines.runner.user_directory import data_directory

if TYPE_CHECKING:
    from pipelines.runner.journal.database import Journal
    from pipelines.runner.journal.entries import Session
    from pipelines.views.report.recording import Recording


def recording_of(session: Session) -> Path:
    """The file of a run.

    Raises
    ------
    BackstrideError
        When it was only typed in, or its file is not there any more.
    """
    if not session.source_file:
        raise BackstrideError("this run was written down without a recording.")
    path = Path(session.source_file)
    if not path.is_file():
        raise BackstrideError(f"its recording is not where it was: {path}.")
    return path


def read_run(session: Session, journal: Journal) -> Recording:
    """The recording of a run, as the journal has it.

    Raises
    ------
    BackstrideError
        When there is none, or it cannot be read.
    """
    from imu.compile_ahead import warm_up
    from pipelines.replay_options import ReplayOptions
    from pipelines.views.report.earlier import as_stated
    from pipelines.views.report.reading import read_recording

    path, settings = recording_of(session), journal.settings()
    # a session says itself who ran and with what; of another maker's file it is known here
    stated = ReplayOptions()
    if path.suffix.lower() != ".mcap":
        stated = ReplayOptions(
            mass_kg=settings.mass_kg, height_m=settings.height_m, memory=data_directory()
        )
    recording = read_recording(path, stated, lambda _done, _total: None, prepare=warm_up)
    return as_stated(recording, journal, session.identifier)


def activity_of(session: Session, journal: Journal) -> bytes:
    """A run as a FIT activity: began, and was as far and on what, as the journal has it.

    Raises
    ------
    BackstrideError
        As :func:`read_run` and :func:`~pipelines.files.fit_activity.write_fit`.
    """
    recording = read_run(session, journal)
    known = recording.in_journal
    return fit_of(recording.result if known is None else known.laid_over(recording.result))
