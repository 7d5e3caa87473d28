"""What was found while a session was recorded, against what its log gives now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.files.session_messages import FORM
from pipelines.session.facts import Ended, Fact
from pipelines.session.header import SessionHeader, software
from pipelines.session.json_form import to_json

if TYPE_CHECKING:
    from pipelines.files.session_reader import Session


def facts_are_of_use(session: Session, header: SessionHeader) -> bool:
    """Whether the facts that a session holds are all of those that its log would give now.

    Parameters
    ----------
    session : Session
        As its file has it.
    header : SessionHeader
        That it is to be looked at with.
    """
    whole = not session.cut_short and bool(session.facts) and isinstance(session.facts[-1], Ended)
    return whole and header == session.header and header.software == software()


def facts_note(
    session: Session, header: SessionHeader, found: Sequence[Fact], before_end: int
) -> str:
    """What to say of facts that a session holds and its log does not give; empty when all is well.

    The log counts in any case. A session of another version was found by other rules, and one that
    was folded with something stated anew cannot be compared.

    Parameters
    ----------
    session : Session
        As its file has it.
    header : SessionHeader
        That its log was folded with.
    found : sequence of Fact
        What this version makes of that.
    before_end : int
        How many of them came before the log had ended.
    """
    if not session.held_facts or header != session.header:
        return ""
    if session.form < FORM or session.header.software != software():
        return (
            f"{session.path}: recorded by {session.header.software}, and computed anew by this "
            "version."
        )
    if _agree(session.facts, found, before_end):
        return ""
    return (
        f"{session.path}: what was found while it was recorded is not what its log gives, so the "
        "file was changed or is damaged: what the log gives is shown."
    )


def _agree(written: Sequence[Fact], found: Sequence[Fact], before_end: int) -> bool:
    """Whether the written facts are those of the log, as far as both go.

    Where a file is cut short, its last facts or its last records are missing.
    """
    if not written:
        return False  # there were some, and not all could be read
    as_written = [to_json(fact) for fact in written]
    if isinstance(written[-1], Ended):
        return as_written == [to_json(fact) for fact in found]
    as_found = [to_json(fact) for fact in found[:before_end]]
    both = min(len(as_written), len(as_found))
    return as_written[:both] == as_found[:both]
