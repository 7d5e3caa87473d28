"""A run that was recorded and is not in the journal, as after a power cut: offered once more."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from imu.errors import RecordingError
from pipelines.runner.continuing import is_whole, newest_session, written_sessions
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Session, moment
from pipelines.runner.journal.recorded import AddOptions, recorded_run
from pipelines.runner.journal.runs import add_run

#: An older one is not missed any more, s.
_MISSED_S: Final = 7 * 86_400.0
#: A shorter file holds no run, bytes.
_LEAST_BYTES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Unfiled:
    """The recording, and when it began, in words and UTC."""

    path: Path
    began: str
    utc_start_ns: int

    @property
    def message(self) -> str:
        """What there is to know of it."""
        return f"Your run of {self.began} was recorded and is not in your journal."


def unfiled_run(journal: Journal, folder: Path | None = None) -> Unfiled | None:
    """The newest session of the data folder that is a run which the journal lacks.

    That is the last one, where it was not filed, else one that was cut short before: what ended by
    itself was filed, or held no run. Only headers are read. One that is being written goes on.
    """
    for number, path in enumerate(written_sessions(folder)):
        try:
            known = path.stat()
            if time.time() - known.st_mtime > _MISSED_S:
                return None
            found = None if number and is_whole(path) else _unfiled(journal, path, last=not number)
        except (OSError, RecordingError):
            continue
        if found is not None and known.st_size >= _LEAST_BYTES:
            return found
    return None


def _unfiled(journal: Journal, path: Path, *, last: bool) -> Unfiled | None:
    from pipelines.files.kept_file import is_being_written
    from pipelines.files.session_reader import read_header

    if is_being_written(path):
        return None
    header = read_header(path)
    if header.simulated or header.source.startswith("trace"):
        return None
    start_ns = header.utc_start_ns
    later = ">=" if last else "="
    if journal.entries(Session, f"utc_start_ns {later} ?", (start_ns,), newest=1):
        return None
    if journal.rows("SELECT 1 FROM taken_in WHERE key = ?", (_deleted(start_ns),)):
        return None
    began = moment(start_ns, header.utc_offset_minutes or 0)
    return Unfiled(path, f"{began:%Y-%m-%d %H:%M}", start_ns)


def unfiled_at(journal: Journal, path: Path) -> Unfiled | None:
    """A recording as a run that the journal lacks; None where it has it, or shall not."""
    try:
        return _unfiled(journal, path, last=False)
    except (OSError, RecordingError):
        return None


def run_goes_on(folder: Path | None = None) -> bool:
    """Whether somebody is running: the newest session of the data folder is being written."""
    from pipelines.files.kept_file import is_being_written
    from pipelines.files.session_reader import read_header

    newest = newest_session(folder)
    try:
        return newest is not None and is_being_written(newest) and not read_header(newest).simulated
    except (OSError, RecordingError):
        return False


def never_offer(utc_start_ns: int, journal: Journal) -> None:
    """Do not offer the run that began then: it was taken out of the journal on purpose."""
    with journal.transaction() as connection:
        connection.execute(
            "INSERT INTO taken_in (key) VALUES (?) ON CONFLICT (key) DO NOTHING",
            (_deleted(utc_start_ns),),
        )


def _deleted(utc_start_ns: int) -> str:
    return f"deleted {utc_start_ns}"


def file_it(run: Unfiled, journal: Journal) -> Session | None:
    """Put it into the journal, as at its end; None where nothing was run, which is offered once.

    Raises
    ------
    BackstrideError
        When it cannot be read, or the journal cannot take it.
    """
    session = add_run(journal, recorded_run(run.path, AddOptions(), journal).run)
    if session is None:
        never_offer(run.utc_start_ns, journal)
    return session
