"""Forgetting a runner: everything that the program has kept but the recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipelines.runner.desk.twisting_store import FILE_NAME
from pipelines.runner.journal.database import Journal, kept_aside
from pipelines.runner.journal.pending import pending_path

#: What else is kept of the runner beside the journal, whatever floor keeps it.
_BESIDE: Final = (FILE_NAME, "last_answers.json", "last_letter.json")


def forget_everything(journal: Journal) -> list[Path]:
    """Empty the journal, and remove copies that were kept aside and entries kept for later.

    What desk mode has learned of the wearer's turning goes too, and so do the last answers before a
    run and what the last letter said. Recordings are files of their own and stay.

    Returns
    -------
    list of Path
        Files that could not be removed.
    """
    journal.empty()
    folder, left = journal.path.parent, []
    # those that could not be read too
    kept = [f"{pending_path(journal.path).stem}*", *(f"{name}*" for name in _BESIDE)]
    for path in (*kept_aside(journal.path), *(one for name in kept for one in folder.glob(name))):
        try:
            path.unlink(missing_ok=True)
        except OSError:
            left.append(path)
    return left
