"""What was found while a session was recorded, against what its log gives now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.session.facts import Ended
from pipelines.session.header import SessionHeader, software
from pipelines.session.json_form import to_json

if TYPE_CHECKING:
    from pipelines.files.session_reader import Session
    from pipelines.replay import Folded

__all__ = ["facts_are_of_use", "facts_note"]


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


def facts_note(session: Session, folded: Folded) -> str:
    """What to say of facts that a session holds and its log does not give; empty when all is well.

    The log counts in any case. A session of another version was found by other rules, and one that
    was folded with something stated anew cannot be compared.

    Parameters
    ----------
    session : Session
        As its file has it.
    folded : Folded
        Its log, folded by this version.
    """
    if not session.facts or folded.header != session.header:
        return ""
    if session.header.software != software():
        return (
            f"{session.path}: recorded by {session.header.software}, and computed anew by this "
            "version."
        )
    if _agree(session, folded):
        return ""
    return (
        f"{session.path}: what was found while it was recorded is not what its log gives, so the "
        "file was changed or is damaged: what the log gives is shown."
    )


def _agree(session: Session, folded: Folded) -> bool:
    """Whether the written facts are those of the log, as far as both go.

    Where a file is cut short, its last facts or its last records are missing.
    """
    written = [to_json(fact) for fact in session.facts]
    if isinstance(session.facts[-1], Ended):
        return written == [to_json(fact) for fact in folded.facts]
    found = [to_json(fact) for fact in folded.facts[: folded.before_end]]
    both = min(len(written), len(found))
    return written[:both] == found[:both]
