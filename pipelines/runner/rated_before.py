"""Pain that is rated before a run: what it calls for, and keeping it where no run follows."""

from __future__ import annotations

from pipelines.coaching.training.traffic_light import Judged, judge_pain
from pipelines.runner.journal.advice import judged
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.entries import Pain
from pipelines.runner.journal.session_entry import local_offset_minutes


def light_before(journal: JournalAtHand, level: int) -> Judged:
    """The light of a rating before a run; that of its level alone where the journal is in use."""
    return journal.ask(lambda it: judged(it, level, "before"), judge_pain(level, moment="before"))


def keep_rating(journal: JournalAtHand, level: int, utc_ns: int) -> list[str]:
    """Note a rating that no run will file; returns what to tell of it."""
    trouble = journal.add([Pain(utc_ns, level, utc_offset_minutes=local_offset_minutes(utc_ns))])
    kept = f"Pain {level} of 10 is in your journal."
    return [f"note: {trouble}", kept] if trouble else [kept]
