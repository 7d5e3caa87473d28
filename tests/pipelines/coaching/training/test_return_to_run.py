"""Return to running: rest, then stages that advance on two pain-free sessions and fall on pain."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.coaching.training.pain import RunPain
from pipelines.coaching.training.return_to_run import (
    STAGES,
    ReturnState,
    after_session,
    ceiling_cue,
    rest_cues,
    stage_cue,
    state_of,
)

HOUR = 3600 * 10**9
GOOD, BAD, UNKNOWN = RunPain(0, 0, 0), RunPain(0, 2, 3), RunPain(0, 0)
START = 1_767_225_600 * 10**9


def test_treadmill_track_usual_route() -> None:
    assert [stage.name for stage in STAGES] == ["treadmill", "track", "usual"]
    words = [stage_cue(ReturnState(stage)).message for stage in range(3)]
    assert "treadmill" in words[0]
    assert "jog the straights and walk the bends" in words[1]
    assert "usual route" in words[2]


def test_two_sessions_without_pain_advance() -> None:
    state, cue = after_session(ReturnState(), GOOD)
    assert (state, cue.text_id) == (ReturnState(0, 1), "return.treadmill")
    state, cue = after_session(state, GOOD)
    assert (state, cue.text_id) == (ReturnState(1, 0), "return.advanced")


def test_pain_goes_back_a_stage_and_counts_anew() -> None:
    assert after_session(ReturnState(2, 1), BAD)[0] == ReturnState(1, 0)
    state, cue = after_session(ReturnState(0, 1), BAD)
    assert (state, cue.text_id) == (ReturnState(0, 0), "return.began_anew")


def test_what_is_not_known_yet_waits() -> None:
    state, cue = after_session(ReturnState(1, 1), UNKNOWN)
    assert (state, cue.text_id) == (ReturnState(1, 1), "return.waiting")


def test_six_good_sessions_complete_the_return() -> None:
    state = state_of([GOOD] * 6)
    assert state.finished
    assert stage_cue(state).text_id == "return.finished"
    # pain in later runs is a matter of the pain rules
    assert state_of([*[GOOD] * 6, BAD]) == state


def test_a_way_with_a_setback() -> None:
    assert state_of([GOOD, GOOD, GOOD, BAD, GOOD, GOOD, GOOD]) == ReturnState(1, 1)


@given(st.lists(st.sampled_from([GOOD, BAD, UNKNOWN]), max_size=40))
def test_a_stage_is_never_skipped(runs: list[RunPain]) -> None:
    state = ReturnState()
    for run in runs:
        new, _ = after_session(state, run)
        assert abs(new.stage - state.stage) <= 1
        assert new.pain_free in {0, 1} or new.finished
        state = new


def test_a_stage_has_a_ceiling_of_intensity() -> None:
    cue = ceiling_cue(0, 0.85, 100.0)
    assert cue is not None
    assert (cue.time_s, "80 %" in cue.message) == (100.0, True)
    assert ceiling_cue(0, 0.8, 100.0) is None
    assert ceiling_cue(2, 0.85, 100.0) is None


def test_the_rest_takes_about_a_week_and_is_not_idle() -> None:
    def told(hours: float, active_h: float | None = None) -> list[str]:
        active = 0 if active_h is None else START + round(active_h * HOUR)
        now = START + round(hours * HOUR)
        return [cue.text_id for cue in rest_cues(START, now, active_ns=active)]

    assert told(1) == ["return.rest"]
    assert told(48) == ["return.rest", "return.gentle"]
    assert told(48, active_h=20) == ["return.rest"]
    assert told(167) == ["return.rest", "return.gentle"]
    assert told(168) == []
    assert rest_cues(START, START + 25 * HOUR)[0].message.startswith("Day 2 of about 7")
