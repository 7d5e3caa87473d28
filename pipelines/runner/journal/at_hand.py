"""The journal of a program: opened once, with what waited for it; whatever goes wrong is told."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from os.path import samestat
from pathlib import Path
from typing import Self, TypeVar

from imu.errors import BackstrideError, ParameterError, RecordingError
from pipelines.runner.journal.database import Journal, journal_path
from pipelines.runner.journal.entries import Entry, Settings
from pipelines.runner.journal.pending import keep_for_later, pending_path, take_in
from pipelines.runner.journal.runs import FinishedRun, add_run

Answer = TypeVar("Answer")
Other = TypeVar("Other")


class JournalAtHand:
    """A journal that is opened when it is first needed, and handed on to whoever else needs it.

    Entries that were kept for later are taken in then.

    Use it as a context manager. May wait for ``busy_s``: not where samples are being received.

    Parameters
    ----------
    path : Path, optional
        The file; the user's own by default. Questions alone create none.
    busy_s : float
        How long a call waits for another program that is writing, s.

    Attributes
    ----------
    trouble : str
        What kept the latest question from being answered, in a sentence; empty without.
    """

    def __init__(self, path: Path | None = None, *, busy_s: float = 0.5) -> None:
        self.path = journal_path() if path is None else path
        self.trouble = ""
        self._busy_s = busy_s
        self._journal: Journal | None = None
        self._notes: tuple[str, ...] = ()
        self._file: os.stat_result | None = None
        self._opening = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        if self._journal is not None:
            self._journal.close()

    def open(self) -> Journal:
        """The journal, open; it is created when there is none.

        Raises
        ------
        RecordingError
            When it cannot be opened; the next call tries again.
        """
        with self._opening:
            if self._journal is not None and not self._is_there():
                self._journal.close()
                self._journal = None
            if self._journal is None:
                self._journal = Journal(self.path, busy_s=self._busy_s)
                self._file = self.path.stat()
                self._notes = (*self._journal.notes, *take_in(self._journal))
            return self._journal

    def _is_there(self) -> bool:
        """Whether the open file is still the journal, and not one moved away during a long run."""
        try:
            return self._file is not None and samestat(self._file, self.path.stat())
        except OSError:
            return False

    def take_notes(self) -> list[str]:
        """What the opening found, once."""
        notes, self._notes = list(self._notes), ()
        return notes

    def ask(self, question: Callable[[Journal], Answer], otherwise: Other) -> Answer | Other:
        """The answer to a question; ``otherwise`` where there is no journal, or one in trouble."""
        self.trouble = ""
        try:
            if not self.path.exists() and not pending_path(self.path).exists():
                return otherwise
            return question(self.open())
        except BackstrideError as error:
            self.trouble = str(error)
        except OSError:  # a folder that nobody may look into
            pass
        return otherwise

    def keep_settings(self, settings: Settings) -> str:
        """Keep height, mass and units.

        Returns
        -------
        str
            What kept them from being stored, in a sentence; they then hold for this run.
        """
        try:
            self.open().change_settings(
                units=settings.units, height_m=settings.height_m, mass_kg=settings.mass_kg
            )
        except BackstrideError as error:
            return f"{error} Your answers hold for this run."
        return ""

    def add(self, entries: Sequence[Entry | FinishedRun], *, must_keep: bool = False) -> str:
        """Add entries and runs, or keep them for later; never raises for a journal in trouble.

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
        try:
            journal = self.open()
            with journal.transaction():
                for entry in entries:
                    if isinstance(entry, FinishedRun):
                        add_run(journal, entry)
                    else:
                        journal.add(entry)
            return " ".join(self.take_notes())
        except ParameterError:
            raise
        except RecordingError as trouble:
            try:
                keep_for_later(entries, self.path)
            except RecordingError as worse:
                if must_keep:
                    raise
                return f"{trouble} {worse}"
            return f"{trouble} What you noted is kept and will be added the next time."
