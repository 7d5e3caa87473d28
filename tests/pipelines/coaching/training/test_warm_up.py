"""Warm-up and cool-down: what counts, and one polite cue each."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.errors import ParameterError
from pipelines.coaching.plan import UsualIntensity
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.warm_up import (
    CoolDown,
    Moment,
    WarmUpParams,
    WarmUpState,
    advance_warm_up,
    cool_down_of,
)
from pipelines.session.json_form import to_json

Gait = Literal["still", "walk", "run"]


def session(*parts: tuple[float, Gait, float]) -> list[Moment]:
    """Seconds of a session: duration in minutes, gait, intensity."""
    moments: list[Moment] = []
    for minutes, gait, intensity in parts:
        for _ in range(round(minutes * 60)):
            moments.append(Moment(len(moments) + 1.0, 1.0, gait, intensity, 2.0))
    return moments


def watch(moments: list[Moment]) -> tuple[WarmUpState, list[Cue]]:
    state, cues = WarmUpState(), list[Cue]()
    for moment in moments:
        state, cue = advance_warm_up(state, moment)
        cues += [] if cue is None else [cue]
    return state, cues


def test_five_easy_minutes_are_a_warm_up() -> None:
    state, cues = watch(session((4, "run", 0.79), (1, "walk", 1.0), (10, "run", 1.1)))
    assert [(cue.text_id, cue.time_s) for cue in cues] == [("warm_up.done", 300.0)]
    assert state.done
    assert (state.hard_before_s, state.hard_before_m) == (0.0, 0.0)


def test_running_hard_at_once_is_told_once_politely_and_logged() -> None:
    state, cues = watch(session((1, "run", 0.7), (6, "run", 1.0), (1, "run", 0.7), (5, "run", 1.0)))
    assert [(cue.text_id, cue.time_s) for cue in cues] == [("warm_up.ease", 90.0)]
    assert cues[0].message == "Ease off for now: 4 more easy minutes for a full warm-up."
    assert state.hard_before_s == 660.0
    assert state.hard_before_m == 1320.0


def test_twenty_hard_seconds_are_forgiven() -> None:
    _, cues = watch(session((0.33, "run", 1.2), (5, "run", 0.8)))
    assert [cue.text_id for cue in cues] == ["warm_up.done"]


def test_standing_is_no_warm_up() -> None:
    state, cues = watch(session((20, "still", 0.0)))
    assert not state.done
    assert cues == []


def test_exactly_eighty_percent_is_easy() -> None:
    state, _ = watch(session((5, "run", 0.8)))
    assert state.done


@given(st.lists(st.tuples(st.sampled_from(["still", "walk", "run"]), st.floats(0, 2)), max_size=99))
def test_never_more_than_one_cue_to_ease_and_one_to_walk(parts: list[tuple[Gait, float]]) -> None:
    moments = session(*((0.5, gait, intensity) for gait, intensity in parts))
    _, cues = watch(moments)
    names = [cue.text_id for cue in cues]
    assert all(names.count(name) <= 1 for name in ("warm_up.ease", "warm_up.done"))
    assert names.count("cool_down.walk") <= 1


# ------------------------------------------------------------------------------------- cool-down


def test_an_abrupt_stop_asks_for_a_walk_once() -> None:
    _, cues = watch(session((6, "run", 0.7), (20, "run", 1.0), (5, "still", 0.0)))
    assert [cue.text_id for cue in cues] == ["warm_up.done", "cool_down.walk"]
    assert cues[1].time_s == 26 * 60 + 15


def test_after_a_walk_of_a_minute_standing_is_fine() -> None:
    run = session((6, "run", 0.7), (20, "run", 1.0), (1, "walk", 1.0), (5, "still", 0.0))
    assert [cue.text_id for cue in watch(run)[1]] == ["warm_up.done"]


def test_a_traffic_light_is_no_stop() -> None:
    run = session((6, "run", 0.7), (20, "run", 1.0), (0.2, "still", 0.0), (5, "run", 1.0))
    assert [cue.text_id for cue in watch(run)[1]] == ["warm_up.done"]


def test_a_cool_down_has_three_easy_minutes_and_one_of_walking() -> None:
    good = cool_down_of(session((20, "run", 1.0), (2, "run", 0.7), (1, "walk", 1.0)))
    assert good is not None
    assert (good.done, good.walk_s, good.easy_s) == (True, 60.0, 180.0)
    assert good.relative_intensity == pytest.approx((2 * 0.7 + 0.4) / 3)
    assert good.cue.message.startswith("You cooled down well")


@pytest.mark.parametrize(
    "end",
    [
        pytest.param([(3, "run", 0.7)], id="no walk"),
        pytest.param([(2, "run", 1.2), (1, "walk", 1.0)], id="fast to the end"),
        pytest.param([(2.2, "run", 0.6), (0.8, "walk", 1.0)], id="walk too short"),
        pytest.param([(5, "still", 0.0)], id="abrupt"),
    ],
)
def test_anything_less_is_none(end: list[tuple[float, Gait, float]]) -> None:
    found = cool_down_of(session((20, "run", 1.0), *end))
    assert found is not None
    assert not found.done
    assert found.cue.text_id == "cool_down.short"


def test_standing_after_the_cool_down_changes_nothing() -> None:
    parts: list[tuple[float, Gait, float]] = [(20, "run", 1.0), (2, "run", 0.7), (1, "walk", 1.0)]
    assert cool_down_of(session(*parts)) == cool_down_of(session(*parts, (9, "still", 0.0)))


def test_a_cool_down_is_the_same_once_it_was_written() -> None:
    """Where nobody walked too: what is read back is held against it, as written."""
    found = cool_down_of(session((20, "run", 1.0), (3, "run", 0.7)))
    assert found is not None
    text = to_json(found)
    assert to_json(msgspec.json.decode(text, type=CoolDown)) == text


def test_a_short_run_needs_no_cool_down() -> None:
    assert cool_down_of(session((9, "run", 1.0))) is None
    assert cool_down_of([]) is None


# ------------------------------------------------------------------------------------- intensity


@given(peak=st.floats(1.5, 4.0), cadence=st.floats(120, 220))
def test_the_usual_run_has_intensity_one(peak: float, cadence: float) -> None:
    usual = UsualIntensity(peak, cadence)
    assert usual.relative(peak, cadence) == pytest.approx(1.0)
    assert usual.relative(0.9, cadence) == 0.0


def test_params_out_of_range_are_named() -> None:
    with pytest.raises(ParameterError, match="easy_intensity"):
        WarmUpParams(easy_intensity=1.5)
    with pytest.raises(ParameterError, match="warm_up_s"):
        WarmUpParams(warm_up_s=1.0)
