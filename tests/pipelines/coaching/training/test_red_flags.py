"""Red flags: any yes stops coaching until a professional has cleared the runner."""

from __future__ import annotations

import itertools

import pytest

from imu.errors import ParameterError
from pipelines.coaching.training.red_flags import (
    QUESTIONS,
    RedFlagState,
    judge,
    question,
    reason_words,
)


@pytest.mark.parametrize("name", QUESTIONS[1:])  # all but pain below the knee
def test_a_yes_stops_coaching_and_is_named(name: str) -> None:
    state = judge(RedFlagState(), [name])
    assert state.stopped
    assert state.cue is not None
    assert state.cue.message.startswith("Stop running")
    assert f"because {reason_words({name})}." in state.cue.message


@pytest.mark.parametrize("name", ["saddle", "bladder"])
def test_bladder_bowel_and_saddle_are_for_an_emergency_department_now(name: str) -> None:
    cue = judge(RedFlagState(), [name, "sciatica", "weakness"]).cue
    assert cue is not None
    assert "go to an emergency department now, because" in cue.message
    assert "shoots" not in cue.message  # the reason is the sign that weighs most


@pytest.mark.parametrize("name", ["foot_drop", "weakness", "accident", "unwell"])
def test_some_are_not_for_tomorrow(name: str) -> None:
    cue = judge(RedFlagState(), [name]).cue
    assert cue is not None
    assert "today" in cue.message


def test_pain_below_the_knee_alone_ends_the_run_and_eases_coaching() -> None:
    state = judge(RedFlagState(), ["sciatica"])
    assert (state.stopped, state.eased) == (False, True)
    assert state.cue is not None
    assert state.cue.message.startswith("Do not run on, because pain shoots below")
    assert judge(state, ()).eased is False  # no clearance is asked for
    assert judge(RedFlagState(True), ["sciatica"]).stopped  # what was stopped stays so


def test_no_to_all_goes_on() -> None:
    state = judge(RedFlagState(), ())
    assert not state.stopped
    assert state.cue is not None
    assert state.cue.text_id == "red_flags.clear"


def test_once_stopped_only_a_clearance_lets_go_on() -> None:
    stopped = judge(RedFlagState(), ["numbness"])
    still = judge(stopped, ())
    assert still.stopped
    assert still.cue is not None
    assert still.cue.text_id == "red_flags.still_stopped"
    assert not judge(still, (), cleared=True).stopped


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (("bladder", "sciatica"), "emergency"),
        (("bladder", "unwell"), "emergency"),
        (("bladder", ""), "emergency"),
        (("weakness", "numbness"), "urgent"),
        (("weakness", "numbness", "saddle"), "emergency"),
        (("weakness", ""), "still_stopped"),
        (("numbness", "weakness"), "urgent"),
    ],
)
def test_nothing_lighter_takes_the_place_of_a_heavier_sign(
    answers: tuple[str, ...], told: str
) -> None:
    state = RedFlagState()
    for yes in answers:
        state = judge(state, [yes] if yes else [])
    assert state.cue is not None
    assert (state.stopped, state.cue.text_id) == (True, f"red_flags.{told}")
    cleared = judge(state, ["numbness"], cleared=True)
    assert cleared.cue is not None
    assert cleared.cue.text_id == "red_flags.stop"


@pytest.mark.parametrize(
    ("first", "second"), list(itertools.permutations(["numbness", "unwell"], 2))
)
def test_a_yes_outweighs_a_clearance(first: str, second: str) -> None:
    assert judge(RedFlagState(), (first, second), cleared=True).stopped


def test_the_history_is_followed_in_order() -> None:
    state, stopped = RedFlagState(), []
    for yes, cleared in [((), False), (["accident"], False), ((), False), ((), True), ((), False)]:
        state = judge(state, yes, cleared=cleared)
        stopped.append(state.stopped)
    assert stopped == [False, True, True, False, False]


def test_every_question_is_asked_in_words() -> None:
    for name in QUESTIONS:
        assert question(name).endswith("?")
    with pytest.raises(ParameterError, match="mood"):
        question("mood")


def test_a_yes_to_a_question_of_an_older_set_counts() -> None:
    assert judge(RedFlagState(), ["older_question"]).stopped
