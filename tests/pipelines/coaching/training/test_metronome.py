"""Metronome: 5–10 % above usual."""

from __future__ import annotations

import math

import pytest

from imu.errors import ParameterError
from pipelines.coaching.training.metronome import metronome_for


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
