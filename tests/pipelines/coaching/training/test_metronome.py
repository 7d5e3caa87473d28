"""Metronome: 5–10 % above usual, and beats that never drift."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.errors import ParameterError
from pipelines.coaching.training.metronome import beats_between, metronome_for


@pytest.mark.parametrize(("percent", "target"), [(5.0, 168.0), (10.0, 176.0)])
def test_the_target_is_five_to_ten_percent_above_usual(percent: float, target: float) -> None:
    cadence_spm, cue = metronome_for(160.0, percent)
    assert cadence_spm == pytest.approx(target)
    assert cue.message.startswith(f"{target:.0f} steps a minute, {percent:.0f} % quicker")


@pytest.mark.parametrize("percent", [0.0, 4.9, 10.1, math.nan])
def test_no_other_increase_is_offered(percent: float) -> None:
    with pytest.raises(ParameterError, match="percent"):
        metronome_for(160.0, percent)


@pytest.mark.parametrize("usual", [60.0, 230.0, math.inf])
def test_a_usual_cadence_that_is_none_is_refused(usual: float) -> None:
    with pytest.raises(ParameterError, match="usual_spm"):
        metronome_for(usual)


@given(cadence=st.floats(100, 240), cuts=st.lists(st.floats(0, 60)))
def test_beats_do_not_depend_on_the_cutting(cadence: float, cuts: list[float]) -> None:
    times = [-1.0, *sorted(cuts), 60.0]
    beats: list[float] = []
    for after_s, until_s in itertools.pairwise(times):
        beats += beats_between(cadence, after_s, until_s)
    assert beats == beats_between(cadence, -1.0, 60.0)
    assert beats[0] == 0.0


def test_after_two_hours_the_beat_is_where_it_belongs() -> None:
    metronome = 172.0
    beats = beats_between(metronome, 7190.0, 7200.0)
    assert 28 <= len(beats) <= 29
    for beat in beats:
        number = beat * 172.0 / 60.0
        assert number == pytest.approx(round(number), abs=1e-6)
