"""What a reader of the plain lines is promised: few, complete, each in its place."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.views.terminal.plain_log import PlainLog
from pipelines.views.terminal.wording import verdict
from tests.examples import few
from tests.pipelines.views.terminal.statuses import ALERT, some_status


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.floats(0.05, 3.0)),
        min_size=1,
        max_size=300,
    )
)
@settings(max_examples=few(20), deadline=None)
def test_lines_keep_ten_steps_and_five_seconds_apart(moves: list[tuple[int, float]]) -> None:
    log = PlainLog()
    steps, elapsed_s = 0, 0.0
    last_steps, last_s = 0, 0.0
    for more_steps, seconds in moves:
        steps, elapsed_s = steps + more_steps, elapsed_s + seconds
        status = replace(some_status(), steps=steps, elapsed_s=elapsed_s)
        told = [line for line in log.lines(status) if " steps  running" in line]
        if told:
            assert len(told) == 1
            assert elapsed_s - last_s >= 5.0
            assert steps - last_steps >= 10 or elapsed_s - last_s >= 30.0
            last_steps, last_s = steps, elapsed_s
        else:
            assert steps - last_steps < 10 or elapsed_s - last_s < 5.0


def test_open_questions_do_not_hide_what_has_changed() -> None:
    status = replace(some_status(), asked_s=3.0)
    name, one = next(iter(status.indicators.items()))
    status = replace(status, indicators={**status.indicators, name: one._replace(changed=True)})
    state, words = verdict(status)
    assert state == "changed"
    assert words.startswith("changed from your baseline: ") and "questions about signs" in words


def test_heading_explains_the_units() -> None:
    heading = "\n".join(PlainLog().lines(some_status()))
    for words in ("shock, 1 g at rest", "pelvic lean", "median", "min:s"):
        assert words in heading
    assert heading.startswith("Backstride live: simulated sensor, sim:?fatigue")


def test_alert_has_its_own_line_at_once_and_only_once() -> None:
    log = PlainLog()
    log.lines(some_status())
    assert log.lines(some_status(alert=ALERT))[-1] == f"  12:31  alert: {ALERT}"
    newer = some_status(alert=ALERT.replace("3.9°", "4.2°"))
    assert log.lines(newer) == []
    assert log.lines(some_status()) == ["  12:31  alert over: pelvic lean back in your usual range"]
    assert log.lines(some_status()) == []


def test_a_battery_that_runs_low_is_told_once() -> None:
    log = PlainLog()
    log.lines(replace(some_status(), battery_percent=16.0))
    low = [
        line
        for left in (14.0, 12.0)
        for line in log.lines(replace(some_status(), battery_percent=left))
    ]
    assert [line[9:] for line in low] == ["battery 14 %: charge it after the run"]


def test_the_same_change_told_a_second_time_has_its_own_line() -> None:
    log = PlainLog()
    log.lines(some_status(alert=ALERT))
    again = some_status(alert=ALERT.replace("3.9°", "4.3°"))
    assert again.told is not None
    again.told = replace(again.told, time_s=1200.0)
    assert log.lines(again) == [f"  12:31  alert: {ALERT.replace('3.9°', '4.3°')}"]


def test_link_recording_and_notes_are_told_when_they_change() -> None:
    log = PlainLog()
    log.lines(some_status())
    changed = replace(
        some_status(), link="lost, trying again", recording_note="disk full", notes=("one", "two")
    )
    assert [line[9:] for line in log.lines(changed)] == [
        "link lost, trying again",
        "recording: disk full",
        "note: one",
        "note: two",
    ]
    assert log.lines(changed) == []
