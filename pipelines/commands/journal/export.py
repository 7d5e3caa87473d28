"""``backstride journal export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.checks import check_ending
from pipelines.commands.journal.messages import opened_journal
from pipelines.commands.messages import say
from pipelines.files.replacing import refuse_existing
from pipelines.runner.journal.export import export_journal


def export(
    out: Annotated[Path, typer.Argument(help="New archive to write (.zip).")],
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace an older file, which may hold what was deleted since."
        ),
    ] = False,
) -> None:
    """Write everything to an archive: JSON, and a CSV file a table."""
    check_ending("OUT", out, ".zip")
    if not overwrite:
        refuse_existing(out, "--overwrite")
    with opened_journal() as journal:
        counts = export_journal(journal, out)
    say(f"{out}: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
