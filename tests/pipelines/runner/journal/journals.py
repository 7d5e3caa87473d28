"""Entries and times that the journal's tests share."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.entries import Pain, PainMoment, Session, utc_ns_of
from tests.pipelines.command_line import environment

HOUR_NS = 3600 * 10**9
DAY_NS = 24 * HOUR_NS
MONDAY = date(2026, 3, 2)


def at(day: float, hour: float = 18.0) -> int:
    """Nanoseconds since 1970 of an hour of a day counted from the Monday."""
    start = utc_ns_of(datetime(2026, 3, 2, tzinfo=UTC))
    return start + round(day * DAY_NS + hour * HOUR_NS)


def run(day: float, km: float | None = 5.0, **others: object) -> Session:
    """A run on a day counted from the Monday, of half an hour."""
    known: dict[str, object] = {}
    if km is not None:
        known = {"distance_m": km * 1000.0, "distance_source": "user"}
    return Session(at(day), 1800.0, **(known | others))  # type: ignore[arg-type]


def pain(day: float, level: int, when: PainMoment = "other", session: int | None = None) -> Pain:
    """A rating on a day counted from the Monday."""
    return Pain(at(day, 20.0), level, when, session)


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_by_another_process(path: Path, mode: str = "SELECT 1") -> Iterator[None]:
    """Let another process begin to write and hold on to it; a pragma may make it hold all."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    try:
        yield
    finally:
        process.communicate()


Answer = TypeVar("Answer")


def at_hand(path: Path, ask: Callable[[JournalAtHand], Answer], busy_s: float = 0.5) -> Answer:
    """What a program does with its journal, and closes it."""
    with JournalAtHand(path, busy_s=busy_s) as journal:
        return ask(journal)
