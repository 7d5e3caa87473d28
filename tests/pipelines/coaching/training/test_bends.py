"""Bends of a track: found from the turning of a pelvis that also turns with every step."""

from __future__ import annotations

import math

import pytest

from pipelines.coaching.training.bends import BendState, advance_bend, bends_cue
from pipelines.coaching.training.cues import Cue

RADIUS_M, STRAIGHT_M = 36.5, 84.39
BEND_M = math.pi * RADIUS_M


def laps(
    every_s: float, *, run_m_s: float = 3.0, walk_m_s: float = 1.3, bias_deg_s: float = 0.5
) -> list[tuple[Cue, float, bool]]:
    """Two laps of someone who does as told; each cue with the way into the section, and its kind.

    The pelvis turns by 12° to and fro once a stride of 0.7 s.
    """
    state, time_s, way_m, gait = BendState(), 0.0, 0.0, "run"
    told: list[tuple[Cue, float, bool]] = []
    heading_before = 0.0
    track_heading = 0.0
    while way_m < 2 * (2 * STRAIGHT_M + 2 * BEND_M):
        speed = run_m_s if gait == "run" else walk_m_s
        within = way_m % (STRAIGHT_M + BEND_M)
        in_bend = within >= STRAIGHT_M
        time_s += every_s
        way_m += speed * every_s
        track_heading += math.degrees(speed / RADIUS_M) * every_s if in_bend else 0.0
        pelvis = 6.0 * math.sin(2 * math.pi * time_s / 0.7)
        heading = track_heading + pelvis + bias_deg_s * time_s
        state, cue = advance_bend(
            state,
            time_s,
            every_s,
            heading - heading_before,
            gait,  # type: ignore[arg-type]
        )
        heading_before = heading
        if cue is not None:
            told.append((cue, within - STRAIGHT_M if in_bend else within, in_bend))
            gait = "walk" if cue.text_id == "bends.walk" else "run"
    return told


@pytest.mark.parametrize("every_s", [0.005, 0.35, 1.0])
@pytest.mark.parametrize("run_m_s", [2.5, 3.0, 4.0])
def test_every_bend_is_walked_and_every_straight_jogged(every_s: float, run_m_s: float) -> None:
    told = laps(every_s, run_m_s=run_m_s)
    names = [cue.text_id for cue, _, _ in told]
    assert names[:7] == ["bends.walk", "bends.jog"] * 3 + ["bends.walk"]
    for cue, way_m, in_bend in told:
        assert in_bend == (cue.text_id == "bends.walk")
        assert way_m < 25.0


@pytest.mark.parametrize("bias_deg_s", [-1.0, 0.0, 1.0])
def test_a_straight_road_has_no_bends(bias_deg_s: float) -> None:
    state = BendState()
    for step in range(2000):
        swing = 12.0 if step % 2 else -12.0
        state, cue = advance_bend(state, step * 0.35, 0.35, swing + bias_deg_s * 0.35, "run")
        assert cue is None
        assert not state.in_bend


def test_turning_on_the_spot_is_no_reason_to_jog() -> None:
    state = BendState()
    cues: list[Cue | None] = []
    for second in range(30):
        state, cue = advance_bend(state, second, 1.0, 30.0 if second < 6 else 0.0, "still")
        cues.append(cue)
    assert cues == [None] * 30


def test_left_and_right_bends_are_alike() -> None:
    for sign in (-1.0, 1.0):
        state, cues = BendState(), list[str]()
        for second in range(20):
            state, cue = advance_bend(state, second, 1.0, sign * 4.7, "run")
            cues += [] if cue is None else [cue.text_id]
        assert cues == ["bends.walk"]


def track_bends(sides: str) -> tuple[list[Cue], BendState]:
    """Bends of 12 s to these sides, ``l`` or ``r``, with straights of 30 s between them."""
    state, told, time_s = BendState(), [], 0.0
    for side in sides:
        rates = [0.0] * 30 + [4.7 if side == "l" else -4.7] * 12
        for rate in [*rates, *[0.0] * 8]:
            time_s += 1.0
            state, cue = advance_bend(state, time_s, 1.0, rate, "run")
            told += [] if cue is None else [cue]
    return told, state


def test_after_four_laps_one_way_round_the_direction_is_changed() -> None:
    told, state = track_bends("l" * 8)
    turned = [cue.message for cue in told if cue.text_id == "bends.turn_round"]
    assert turned == ["8 bends to the left in a row: turn round, and run the other way."]
    assert (state.left, state.right) == (8, 0)
    # told once in four laps
    assert len([cue for cue in track_bends("l" * 15)[0] if "turn_round" in cue.text_id]) == 1


def test_who_changes_direction_half_way_is_asked_for_nothing() -> None:
    told, state = track_bends("l" * 7 + "r" * 7)
    assert {cue.text_id for cue in told} == {"bends.walk"}
    assert (state.left, state.right) == (7, 7)
    assert bends_cue(state.left, state.right) is None


def test_time_that_nobody_saw_forgets_the_rate_and_keeps_the_count() -> None:
    _, state = track_bends("rrr")
    assert state.without_rate() == BendState(right=3, one_sided=-3)
