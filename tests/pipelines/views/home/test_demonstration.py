"""The demonstration shows each part of the letter: intervals, differences, what has changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from imu.drift.baseline import Baseline
from pipelines.runner.journal.database import Journal
from pipelines.runner.last_letter import handed_over_store
from pipelines.session.result import SessionResult
from pipelines.views.home import demonstration
from pipelines.views.home.demonstration import DAYS, make_month
from pipelines.views.home.letter import letter_of


def test_a_newcomer_sees_what_changed_and_against_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = demonstration._run

    def short(
        path: Path, query: str, utc_ns: int, minutes: int, usual: Baseline | None
    ) -> tuple[SessionResult, Baseline | None]:
        """A quarter of a minute of the same runner."""
        return run(path, "&".join(["minutes=0.25", *query.split("&")[1:]]), utc_ns, minutes, usual)

    monkeypatch.setattr(demonstration, "_run", short)
    now = datetime(2026, 3, 3, 9, tzinfo=UTC)
    make_month(tmp_path / "month", now, lambda _: None)
    last = handed_over_store(tmp_path / "month").load().value
    with Journal(tmp_path / "month" / "journal.sqlite3") as journal:
        letter = letter_of(journal, now.date(), last)
    assert len(letter.form) == len([row for row in letter.form if row.now and row.before]) > 0
    assert all(row.half_width > 0.0 for row in letter.form)
    told = letter.changes("metric")
    assert any(words.startswith("Worst pain 4 of 10 (was ") for words in told)
    assert any(words.startswith("Mean ") for words in told)
    assert letter.flags and not letter.stopped


@pytest.mark.parametrize("weekday", range(7))
def test_on_each_day_of_the_week_there_are_runs_before_the_letter(weekday: int) -> None:
    today = date(2026, 3, 2) + timedelta(days=weekday)
    first = today - timedelta(days=27)
    first -= timedelta(days=first.weekday())
    within = [day for day in DAYS if today - timedelta(days=day.ago) >= first]
    assert len(within) >= 3 <= len(DAYS) - len(within)
