"""``backstride journal import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devices.named_pipe import refuse_named_pipe
from imu.errors import InputError
from pipelines.commands.journal.messages import opened_journal
from pipelines.commands.messages import say
from pipelines.runner.journal.bringing_back import bring_back
from pipelines.system_error import explain


def import_archive(
    archive: Annotated[Path, typer.Argument(help="Archive that 'journal export' wrote (.zip).")],
) -> None:
    """Bring back an exported journal, as on another computer; nothing here is overwritten."""
    refuse_named_pipe(archive)
    try:
        file = archive.open("rb")
    except OSError as error:
        raise InputError(f"it cannot be read: {explain(error)}.", place=str(archive)) from None
    with file, opened_journal() as journal:
        say(bring_back(journal, file, str(archive)).words)
