"""``backstride desk`` nudges less and less where nobody follows."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest

from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.desk import DeskState, advance_desk
from pipelines.runner.desk.nudges import RarerNudges
from tests.pipelines.command_line import backstride


def told_minutes(static_min: int, last_min: int, change_min: int | None = None) -> list[int]:
    """When somebody at a desk is nudged, by the rule and the command together."""
    static_s = 60.0 * static_min
    nudges, state, told = RarerNudges(static_s), DeskState(), []
    for second in range(60 * last_min):
        changed = change_min is not None and second // 60 == change_min
        gait: Literal["still", "walk"] = "walk" if changed else "still"
        state, cue = advance_desk(state, float(second), gait, None, static_s)
        if cue is not None and nudges.push(cue) is not None:
            told.append(round(second / 60))
    assert nudges.told == len(told)
    return told


def test_after_three_unanswered_nudges_each_pause_is_doubled() -> None:
    assert told_minutes(10, 200) == pytest.approx([10, 20, 30, 50, 90, 170], abs=1)
    assert told_minutes(1, 70) == pytest.approx([1, 2, 3, 5, 9, 17, 34, 67], abs=2)


def test_a_change_of_position_makes_it_what_it_was() -> None:
    told = told_minutes(10, 130, change_min=95)
    assert told[:5] == pytest.approx([10, 20, 30, 50, 90], abs=1)
    assert told[5:] == pytest.approx([106, 116, 126], abs=1)


def test_nudges_never_stop() -> None:
    told = told_minutes(60, 60 * 24)
    assert told[-1] > 60 * 21
    pauses = [later - earlier for earlier, later in pairwise(told)]
    assert max(pauses) <= 181  # whole hours of the rule, two at the most beyond the first


def test_notes_on_twists_pass() -> None:
    nudges = RarerNudges(60.0)
    assert [nudges.push(Cue("twisting.note", {}, at)) for at in (0.0, 1.0)] == [
        Cue("twisting.note", {}, 0.0),
        Cue("twisting.note", {}, 1.0),
    ]
    assert nudges.told == 0


def test_the_summary_counts_what_was_told() -> None:
    ended = backstride(
        "desk", "sim:?standing_s=400&minutes=0.1&rate=50&time_scale=0", "--minutes", 1
    )
    assert ended.exit_code == 0, ended.err
    told = [line for line in ended.out.splitlines() if "without a change: stand up" in line]
    assert len(told) == 4
    assert told[0].startswith("1 minute without")
    assert told[1].startswith("2 minutes without")
    assert ", 4 nudges" in ended.out


@pytest.mark.parametrize(
    ("note", "told"),
    [
        (["pain", 7], "1 minute without a change: change how you sit or stand, as far as it is"),
        (["check", "--yes", "bladder", "--no-others"], "go to an emergency department now"),
    ],
)
def test_with_pain_a_nudge_is_gentle_and_with_a_sign_for_a_doctor_there_is_none(
    note: list[object], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    backstride("journal", *note)
    ended = backstride(
        "desk", "sim:?standing_s=80&minutes=0.1&rate=50&time_scale=0", "--minutes", 1
    )
    assert told in ended.out
    assert "stand up" not in ended.out
    assert ("at the desk" in ended.out) == ("emergency" not in told)
