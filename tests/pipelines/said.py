"""Marks as a log holds them, from a kind and words."""

from pipelines.session.marks import LoggedMark, mark_from_log


def said(arrival_ns: int, kind: str, words: str = "") -> LoggedMark:
    """What somebody said at a time."""
    return LoggedMark(arrival_ns, mark_from_log(kind, words))
