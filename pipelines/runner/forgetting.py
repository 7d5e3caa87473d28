"""Forgetting a runner: everything that the program has kept but the recordings."""

from __future__ import annotations

from pathlib import Path

from pipelines.runner.desk.twisting_store import known_twisting_store
from pipelines.runner.journal.database import Journal, kept_aside
from pipelines.runner.journal.pending import pending_path
from pipelines.runner.last_answers import last_answers_store
from pipelines.runner.last_letter import handed_over_store
from pipelines.runner.unfiled import never_offer, unfiled_run


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
    while (recorded := unfiled_run(journal)) is not None:
        never_offer(recorded.utc_start_ns, journal)
    folder, left = journal.path.parent, []
    # those that could not be read too
    waiting = folder.glob(f"{pending_path(journal.path).stem}*")
    stores = (known_twisting_store(folder), last_answers_store(folder), handed_over_store(folder))
    beside = (path for store in stores for path in store.kept())
    for path in (*kept_aside(journal.path), *waiting, *beside):
        try:
            path.unlink(missing_ok=True)
        except OSError:
            left.append(path)
    return left
