"""``backstride journal delete``."""

from __future__ import annotations

from typing import Annotated

import typer

from imu.errors import ParameterError
from pipelines.commands.journal.messages import asked, opened_journal
from pipelines.commands.messages import complain, say
from pipelines.runner.forgetting import forget_everything
from pipelines.runner.journal.entries import Session
from pipelines.runner.journal.words import run_line
from pipelines.runner.unfiled import never_offer


def delete(
    session: Annotated[
        int | None, typer.Argument(help="Number of a run, as 'journal list' shows it.")
    ] = None,
    everything: Annotated[bool, typer.Option("--everything", help="Empty the journal.")] = False,
    confirmed: Annotated[bool, typer.Option("--confirmed", help="Do not ask again.")] = False,
) -> None:
    """Delete one run with its pain notes, or everything. Recordings stay."""
    if session is None and not everything:
        raise ParameterError(
            "the run to delete",
            "none",
            "its number, which 'backstride journal list' shows, or --everything",
        )
    if session is not None and everything:
        raise ParameterError("the run to delete", session, "it or --everything, not both")
    with opened_journal() as journal:
        if session is not None:
            found = journal.entry(Session, session)
            what = run_line(journal, found)
        else:
            what = f"everything in {journal.path}, and copies kept aside"
        if not confirmed and not asked(f"Delete {what}?"):
            say("nothing was deleted")
            return
        if session is not None:
            journal.delete(Session, session)
            never_offer(found.utc_start_ns, journal)
            say("deleted")
            return
        left = forget_everything(journal)
    say("deleted; your recordings are files of their own and stay")
    for path in left:
        complain(f"backstride: {path}: could not be removed: close programs that use it.")
    if left:
        raise typer.Exit(1)
