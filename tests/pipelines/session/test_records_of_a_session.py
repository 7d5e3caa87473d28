"""Marks, headers and facts come back from JSON as they were, and nothing else is let in."""

import math
from functools import reduce
from operator import or_
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.calibration import Calibration
from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.errors import InputError, ParameterError
from imu.steps import STEP_ROW, Steps
from pipelines.coaching.plan import CompanionPlan
from pipelines.coaching.training.intervals import RunWalkPlan
from pipelines.files.loading import load
from pipelines.files.session_messages import decode_steps, encode_steps
from pipelines.session.facts import BaselineKnown, Changed, Ended, StepsFinished, UsualRange
from pipelines.session.header import SessionHeader
from pipelines.session.json_form import to_json
from pipelines.session.marks import (
    MARK_KINDS,
    MARKS,
    Distance,
    Mark,
    Pain,
    RedFlags,
    Shoe,
    Slope,
    Speed,
    Surface,
    Unknown,
    mark_from_log,
    mark_from_words,
)

numbers = st.floats(allow_nan=True, allow_infinity=True)
words = st.text(max_size=100)
marks = st.one_of(
    st.builds(Surface, words),
    st.builds(Shoe, words),
    st.builds(Speed, st.none() | st.floats(0.0, 12.0)),
    st.builds(Slope, st.none() | st.floats(-20.0, 20.0)),
    st.builds(Distance, st.floats(0.0, 500_000.0)),
    st.builds(Pain, st.integers(0, 10), st.sampled_from(["before", "during", "after", ""]), words),
    st.builds(RedFlags, st.lists(words).map(tuple), st.booleans()),
    st.builds(Unknown, words, words),
)


#: Any mark, which its kind tells.
ANY_MARK: Any = reduce(or_, MARKS.values())


@given(marks)
def test_every_mark_comes_back_as_it_was(mark: Mark) -> None:
    assert load(to_json(mark), type(mark)) == mark


@pytest.mark.parametrize(
    "text",
    [
        '{"kind":"pain","level":11}',
        '{"kind":"speed","speed_m_s":13.0}',
        '{"kind":"slope","slope_deg":-60}',
        '{"kind":"distance","distance_m":-1}',
        '{"kind":"weather","name":"rain"}',
        '{"kind":"pain"}',
        "[1,2",
        "[" * 100_000,
    ],
)
def test_what_can_not_be_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match=r"^this (is no record of a session: |record ).*\.$"):
        load(text, ANY_MARK)


@given(st.sampled_from([*MARK_KINDS, "told", "coaching", "weather"]), st.text(max_size=40))
def test_a_log_never_fails_for_what_a_mark_says(kind: str, value: str) -> None:
    mark = mark_from_log(kind, value)
    assert load(to_json(mark), type(mark)) == mark


@pytest.mark.parametrize(
    ("kind", "said"),
    [("speed", "fast"), ("slope", "60 %"), ("distance", "5"), ("pain", "11"), ("weather", "rain")],
)
def test_people_are_told_at_once_what_a_mark_has_to_say(kind: str, said: str) -> None:
    with pytest.raises(ParameterError, match="give"):
        mark_from_words(kind, said)
    assert mark_from_log(kind, said) == Unknown(kind, said)


def test_words_of_people_become_marks() -> None:
    assert mark_from_words("speed", "36 km/h") == Speed(10.0)
    assert mark_from_words("speed", "0 km/h") == Speed(0.0)
    assert mark_from_words("speed", "unknown") == mark_from_words("speed") == Speed(None)
    assert mark_from_words("slope", "0") == Slope(0.0)
    assert mark_from_words("distance", "5 km") == Distance(5000.0)
    assert mark_from_words("pain", " 10 after lower back\n") == Pain(10, "after", "lower back")
    assert mark_from_words("pain", "3 knee") == Pain(3, "", "knee")
    assert mark_from_words("red_flags", "numbness, cleared") == RedFlags(("numbness",), True)
    assert mark_from_words("red_flags", "none") == RedFlags()


@given(st.lists(st.tuples(numbers, numbers, st.integers(0, 255)), min_size=1, max_size=3), numbers)
def test_steps_come_back_bit_for_bit(rows: list[tuple[float, float, int]], time_s: float) -> None:
    table = np.zeros(len(rows), STEP_ROW)
    for row, (contact_s, lean_deg, quality) in zip(table, rows, strict=True):
        row["initial_contact_s"], row["sacral_lean_deg"] = contact_s, lean_deg
        row["quality"], row["step"] = quality, 7
    again = decode_steps(encode_steps(StepsFinished(time_s, Steps(table))))
    assert [to_json(fact) for fact in again] == [to_json(StepsFinished(time_s, Steps(table)))]
    assert again[0].steps.rows.tobytes() == table.tobytes()


def test_facts_keep_numbers_that_are_none() -> None:
    gone = Changed(9.0, "cadence_spm", "down", 160.0, 170.0, math.nan, 3.0, "withdrawn")
    again = load(to_json(gone), Changed)
    assert math.isnan(again.as_change.change)
    usual = Baseline((IndicatorBaseline("cadence_spm", 170.0, 1.0),), 40)
    for fact in (
        BaselineKnown(0.0, "given", usual, (UsualRange("cadence_spm", 170.0, 3.0),)),
        Ended(60.0, 60.0, baseline=usual),
    ):
        assert load(to_json(fact), type(fact)) == fact


def test_a_header_keeps_every_prior() -> None:
    header = SessionHeader(
        5,
        "ble:AB",
        utc_offset_minutes=-90,
        calibration=Calibration(acceleration_bias_m_s2=(0.0, 0.1, 0.2), residual_m_s2=0.01),
        neutral_up=(0.0, 0.5, 9.8),
        neutral_is_old=True,
        baseline=Baseline((IndicatorBaseline("lumbar_index", 3.1, 0.1),), 40),
        baseline_origin="earlier runs",
        plan=CompanionPlan(intervals=RunWalkPlan(), return_stage=0),
    )
    assert load(to_json(header), SessionHeader) == header
    assert header.index_of_earlier_runs
    without = load(to_json(SessionHeader(5, "sim:", calibration=Calibration())), SessionHeader)
    assert without.calibration is not None
    assert without.calibration == Calibration()
    assert without.simulated
    assert without.plan is None
