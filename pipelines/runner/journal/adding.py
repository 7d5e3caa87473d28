"""Adding to a journal that may be in trouble: what it cannot take waits beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from imu.errors import ParameterError, RecordingError
from pipelines.runner.journal.database import Journal, journal_path
from pipelines.runner.journal.entries import Entry
from pipelines.runner.journal.pending import keep_for_later

__all__ = ["add_or_keep"]


def add_or_keep(
    entries: Sequence[Entry],
    path: Path | None = None,
    *,
    busy_s: float = 0.5,
    must_keep: bool = False,
) -> str:
    """Add entries to the journal, or keep them for later; never raises for a journal in trouble.

    May wait for ``busy_s``: not to be called where samples are being received.

    Returns
    -------
    str
        Empty when all is in the journal, else one or more sentences for the user.

    Raises
    ------
    ParameterError
        When an entry itself is at fault.
    RecordingError
        With ``must_keep``, when it can be kept nowhere; else that is part of the sentences.
    """
    place = journal_path() if path is None else path
    try:
        with Journal(place, busy_s=busy_s) as journal:
            with journal.transaction():
                for entry in entries:
                    journal.add(entry)
            return " ".join(journal.notes)
    except ParameterError:
        raise
    except RecordingError as trouble:
        try:
            keep_for_later(entries, place)
        except RecordingError as worse:
            if must_keep:
                raise
            return f"{trouble} {worse}"
        return f"{trouble} What you noted is kept and will be added the next time."
