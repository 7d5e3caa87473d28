"""The coach: when the runner is told, and in which words."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.drift.changes import SENSOR_POSITION, Change, Direction, Severity
from imu.drift.indicators import INDICATORS
from imu.errors import ParameterError
from pipelines.coaching.alert import Alert
from pipelines.coaching.budget import CoachParams, CueBudget
from pipelines.coaching.coach import Coach, CoachState
from pipelines.files.loading import load
from pipelines.session.json_form import to_json

CUED: list[tuple[str, Direction]] = [
    ("peak_10hz_bw", "up"),
    ("impact_shock_g", "up"),
    ("sacral_lean_deg", "up"),
    ("sacral_lean_deg", "down"),
    ("vertical_oscillation_mm", "up"),
    ("cadence_spm", "down"),
    ("lumbar_index", "up"),
    ("shock_power_g2", "up"),
    ("dose_rate", "up"),
    ("shock_difference_percent", "up"),
    ("shock_difference_percent", "down"),
]


def change(
    time_s: float,
    indicator: str = "impact_shock_g",
    direction: Direction = "up",
    severity: Severity = "raised",
) -> Change:
    sign = 1.0 if direction == "up" else -1.0
    return Change(
        time_s, indicator, direction, 100.0 + sign * 12, 100.0, sign * 12.3, 10.0, severity
    )


def spoken(indicator: str, direction: Direction = "up") -> str:
    (alert,) = Coach().advance([change(0.0, indicator, direction)], 60.0)
    return alert.message


# ------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize(("indicator", "direction"), CUED)
def test_a_cue_is_one_sentence_with_one_thing_to_try_and_ten_words_aloud(
    indicator: str, direction: Direction
) -> None:
    (alert,) = Coach().advance([change(0.0, indicator, direction)], 60.0)
    assert "changed from your baseline" in alert.message
    assert alert.message.count("try ") == alert.aloud.count("try ") == 1
    assert alert.message.endswith(".") and not re.search(r"[.!?] ", alert.message)
    assert len(re.findall(r"[\w%°/-]+", alert.aloud)) <= 10
    assert "\n" not in alert.message + alert.aloud


@pytest.mark.parametrize(("indicator", "direction"), CUED)
def test_no_cue_diagnoses_or_frightens(indicator: str, direction: Direction) -> None:
    frightening = r"injur|damag|harm|danger|risk|pain|wrong|bad|must|warning|should|\bstop\b"
    assert re.search(frightening, spoken(indicator, direction), re.IGNORECASE) is None


@pytest.mark.parametrize("direction", ["up", "down"])
def test_lean_names_all_that_read_alike_and_that_it_is_the_pelvis(direction: Direction) -> None:
    message = spoken("sacral_lean_deg", direction)
    for word in ("slump", "arched back", "strap that has slid", "pelvis", "not the chest", "12.3°"):
        assert word in message
    assert ("forward" in message) == (direction == "up")


@pytest.mark.parametrize(("value", "side"), [(23.4, "left"), (-23.4, "right")])
def test_a_difference_of_the_sides_names_the_side_of_the_larger(value: float, side: str) -> None:
    found = change(0.0, "shock_difference_percent", "up" if value > 0 else "down")
    (alert,) = Coach().advance([replace(found, value=value)], 60.0)
    assert f"23 % more on the {side}" in alert.message
    assert f"23 % {side}" in alert.aloud


def test_while_a_red_flag_stands_changes_are_told_with_nothing_to_try() -> None:
    coach = Coach()
    coach.advises = False
    (alert,) = coach.advance([change(0.0)], 60.0)
    assert alert.message == "Impact shock changed from your baseline: 12 % higher."
    assert alert.aloud == "Impact shock 12 % higher."
    again = Coach()
    again.state = coach.state
    assert not again.advises


def test_the_words_in_full() -> None:
    assert spoken("impact_shock_g") == (
        "Impact shock changed from your baseline: 12 % higher; try a quicker rhythm."
    )
    assert spoken("cadence_spm", "down") == (
        "Cadence changed from your baseline: 88 steps a minute, 12 % lower; try a quicker rhythm."
    )
    assert spoken("sacral_lean_deg", "down") == (
        "Pelvic lean changed from your baseline: 12.3° further back, as a slump, an arched back "
        "and a strap that has slid can all read, since the sensor sees the pelvis, not the chest; "
        "try a neutral pelvis."
    )
    (alert,) = Coach().advance([change(0.0, "sacral_lean_deg", "down")], 60.0)
    assert alert.aloud == "Pelvic lean 12.3° further back: try a neutral pelvis."
    # what fills the page is read from two metres
    assert (alert.headline, alert.detail) == (
        "Pelvic lean changed from your baseline: 12.3° further back.",
        "Try a neutral pelvis.",
    )


def test_a_runner_who_has_quickened_already_is_asked_for_something_else() -> None:
    coach = Coach()
    (alert,) = coach.advance([change(0.0, "cadence_spm", "up"), change(10.0, "peak_10hz_bw")], 60.0)
    assert "easier pace" in alert.message and "quicker" not in alert.message
    again = Coach()
    over = change(5.0, "cadence_spm", "up", "cleared")
    (alert,) = again.advance(
        [change(0.0, "cadence_spm", "up"), over, change(10.0, "peak_10hz_bw")], 60.0
    )
    assert "quicker" in alert.message


def test_what_did_not_help_is_not_tried_again() -> None:
    coach = Coach()
    changes = []
    for begin_s in (0.0, 2000.0, 4000.0):
        changes += [change(begin_s), change(begin_s + 900.0, severity="cleared")]
    first, second, third = (alert.aloud for alert in coach.advance(changes, 6000.0))
    assert first.endswith("try a quicker rhythm.")
    assert second.endswith("try softer, quieter steps.")
    assert third.endswith("try an easier pace.")


@pytest.mark.parametrize(
    ("indicator", "direction"),
    [
        (indicator.name, direction)
        for indicator in INDICATORS
        for direction in ("up", "down")
        if (indicator.name, direction) not in CUED
    ],
)
def test_changes_towards_less_load_are_not_cued(indicator: str, direction: Direction) -> None:
    coach = Coach()
    assert coach.push(change(0.0, indicator, direction)) is None
    assert coach.push(change(60.0, indicator, direction, "cleared")) is None
    assert coach.advance([], 1e6) == []


def test_the_alert_carries_the_figures_of_the_change() -> None:
    told = change(12.5, "sacral_lean_deg", "down")
    (alert,) = Coach(CueBudget(CoachParams(gather_s=0.0))).advance([told], 12.5)
    for name in (
        "time_s",
        "indicator",
        "direction",
        "value",
        "baseline",
        "change",
        "gate",
        "severity",
    ):
        assert getattr(alert, name) == getattr(told, name)


# ------------------------------------------------------------------------------------------- when


def test_one_episode_is_one_message_with_the_weightiest_first() -> None:
    """Fatigue that shows in five indicators over ten minutes is heard of once."""
    names = ("cadence_spm", "sacral_lean_deg", "impact_shock_g", "dose_rate", "peak_10hz_bw")
    times = (100.0, 103.0, 107.0, 300.0, 700.0)
    changes = [
        change(time_s, name, "down" if name == "cadence_spm" else "up")
        for time_s, name in zip(times, names, strict=True)
    ]
    (alert,) = Coach().advance(changes, 3600.0)
    assert (alert.indicator, alert.time_s) == ("impact_shock_g", 107.0)


def test_a_change_after_the_episode_is_told_three_minutes_after_the_cue_at_the_soonest() -> None:
    coach = Coach()
    assert coach.push(change(100.0)) is not None
    coach.push(change(150.0, severity="cleared"))
    assert coach.push(change(160.0, "sacral_lean_deg")) is None
    assert coach.due(279.9) is None
    alert = coach.due(300.0)
    assert alert is not None
    assert (alert.indicator, alert.time_s) == ("sacral_lean_deg", 280.0)
    assert coach.due(1e9) is None


def test_a_change_long_after_the_episode_began_is_one_of_its_own() -> None:
    alerts = Coach().advance([change(100.0), change(1100.0, "sacral_lean_deg")], 3600.0)
    assert [alert.indicator for alert in alerts] == ["impact_shock_g", "sacral_lean_deg"]


def test_a_change_that_is_over_while_it_waits_is_not_told() -> None:
    coach = Coach()
    coach.push(change(110.0, "sacral_lean_deg"))
    assert coach.push(change(115.0, "sacral_lean_deg", "up", "cleared")) is None
    assert coach.advance([], 1e6) == []


def test_within_two_minutes_it_is_told_that_it_worked_and_costs_no_cue() -> None:
    coach = Coach()
    coach.push(change(100.0))
    over = coach.push(change(150.0, severity="cleared"))
    assert over is not None
    assert over.severity == "cleared"
    assert over.message == over.aloud == "That worked: impact shock is back near your baseline."
    assert coach.push(change(151.0, severity="cleared")) is None
    assert coach.push(change(280.0)) is not None  # three minutes after the cue, not after its end


def test_after_two_minutes_the_coach_lets_go() -> None:
    coach = Coach()
    coach.push(change(100.0))
    assert coach.push(change(400.0, severity="cleared")) is None


@st.composite
def sessions(draw: st.DrawFn) -> list[Change]:
    """Changes as a detector gives them: each indicator raised, then cleared, then raised, …"""
    time_s, raised = 0.0, dict[str, Direction]()
    changes = []
    for _ in range(draw(st.integers(0, 60))):
        time_s += draw(st.sampled_from([0.0, 1.0, 30.0, 170.0, 600.0]))
        name, direction = draw(st.sampled_from([*CUED, ("cadence_spm", "up")]))
        if name in raised:
            changes.append(change(time_s, name, raised.pop(name), "cleared"))
        else:
            raised[name] = direction
            changes.append(change(time_s, name, direction))
    return changes


@given(changes=sessions(), most=st.integers(1, 8))
def test_never_two_cues_in_three_minutes_nor_more_than_allowed_in_an_hour(
    changes: list[Change], most: int
) -> None:
    alerts = Coach(CueBudget(CoachParams(cues_per_hour=most))).advance(changes, 1e6)
    cues = [alert.time_s for alert in alerts if alert.severity == "raised"]
    assert all(b - a >= 180.0 for a, b in pairwise(cues))
    assert all(b - a >= 3600.0 for a, b in zip(cues, cues[most:], strict=False))
    times = [alert.time_s for alert in alerts]
    assert times == sorted(times)


@given(changes=sessions(), data=st.data())
def test_the_alerts_do_not_depend_on_the_cutting(
    changes: list[Change], data: st.DataObject
) -> None:
    end_s = (changes[-1].time_s if changes else 0.0) + 5000.0
    expected = Coach().advance(changes, end_s)
    coach, alerts, time_s = Coach(), list[Alert](), 0.0
    left = list(changes)
    while time_s < end_s:
        time_s = min(time_s + data.draw(st.sampled_from([50.0, 400.0, 3000.0])), end_s)
        now = [item for item in left if item.time_s <= time_s]
        left = left[len(now) :]
        alerts += coach.advance(now, time_s)
    assert alerts == expected


@given(changes=sessions())
def test_nothing_is_called_over_that_was_not_told(changes: list[Change]) -> None:
    told: str | None = None
    for alert in Coach().advance(changes, 1e6):
        if alert.severity == "raised":
            told = alert.indicator
        else:
            assert alert.indicator == told
            told = None


@pytest.mark.parametrize(
    ("name", "value"),
    [("shortest_interval_s", -1.0), ("shortest_interval_s", float("nan")), ("cues_per_hour", 0)],
)
def test_a_parameter_out_of_range_is_named(name: str, value: float) -> None:
    with pytest.raises(ParameterError, match=name):
        CoachParams(**{name: value})  # type: ignore[arg-type]


def test_an_unknown_indicator_is_refused() -> None:
    with pytest.raises(ParameterError, match="mood"):
        Coach().push(change(0.0, "mood"))


def test_the_lumbar_index_waits_for_what_is_behind_it() -> None:
    coach = Coach()
    (alert,) = coach.advance([change(100.0, "lumbar_index"), change(120.0, "impact_shock_g")], 2e3)
    assert (alert.indicator, alert.time_s) == ("impact_shock_g", 120.0)
    # alone it is told after its minute
    (alone,) = Coach().advance([change(100.0, "lumbar_index")], 400.0)
    assert (alone.indicator, alone.time_s) == ("lumbar_index", 160.0)


@pytest.mark.parametrize(
    ("cause", "way", "told"),
    [
        ("sacral_lean_deg", "up", "sacral_lean_deg"),
        ("sacral_lean_deg", "down", "lumbar_index"),  # from which it does not follow
        ("peak_10hz_bw", "up", "peak_10hz_bw"),
    ],
)
def test_what_brought_the_lumbar_index_about_is_told_with_what_to_try_for_it(
    cause: str, way: Direction, told: str
) -> None:
    later = change(155.0, cause, way)
    (alert,) = Coach().advance([change(100.0, "lumbar_index"), later], 2e3)
    assert alert.indicator == told
    assert ("neutral pelvis" in alert.message) == (told == "sacral_lean_deg")


def test_what_was_told_already_is_not_told_again_in_other_words() -> None:
    coach = Coach()
    alerts = coach.advance([change(100.0, "impact_shock_g"), change(110.0, "shock_power_g2")], 2e3)
    assert [alert.indicator for alert in alerts] == ["impact_shock_g"]


def test_cues_that_bring_nothing_back_become_rarer_until_one_does() -> None:
    def cues(back: bool) -> list[float]:
        coach = Coach(CueBudget(CoachParams(episode_s=0.0)))
        alerts = []
        for i in range(60):
            begin_s = 10.0 * i
            severity: Severity = "cleared" if back else "withdrawn"
            alerts += coach.advance([change(begin_s)], begin_s)
            alerts += coach.advance([change(begin_s + 5.0, severity=severity)], begin_s + 5.0)
        return [alert.time_s for alert in alerts if alert.severity == "raised"]

    assert [b - a for a, b in pairwise(cues(back=True))] == [180.0, 180.0, 180.0]
    assert [b - a for a, b in pairwise(cues(back=False))] == [180.0, 180.0]


def test_a_sensor_that_moved_is_told_at_once_and_costs_no_cue() -> None:
    coach = Coach()
    assert coach.push(change(100.0)) is not None
    told = coach.push(change(101.0, SENSOR_POSITION))
    assert told is not None
    assert "Re-seat" in told.message
    assert coach.push(change(102.0, severity="cleared")) is not None
    assert coach.push(change(280.0)) is not None


def test_a_change_that_lost_its_baseline_is_forgotten_silently() -> None:
    coach = Coach()
    coach.push(change(100.0))
    coach.push(change(110.0, "peak_10hz_bw"))
    for name in ("impact_shock_g", "peak_10hz_bw"):
        assert coach.push(change(120.0, name, severity="withdrawn")) is None
    assert coach.advance([], 1e6) == []


@given(changes=sessions(), place=st.integers(0, 60))
def test_a_state_saved_as_json_goes_on_as_if_never_stopped(
    changes: list[Change], place: int
) -> None:
    coach = Coach()
    before, after = changes[:place], changes[place:]
    middle_s = before[-1].time_s if before else 0.0
    coach.advance(before, middle_s)
    restored = Coach()
    restored.state = load(to_json(coach.state), CoachState)
    assert restored.advance(after, 1e6) == coach.advance(after, 1e6)
