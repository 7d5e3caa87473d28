"""Twisting: the limit is the runner's own 99.9th percentile, and what is told is rare."""

from __future__ import annotations

import numpy as np
import pytest

from imu.errors import InputError, ParameterError
from pipelines.coaching.training.twisting import (
    TwistingHistory,
    add_rates,
    limit_deg_s,
    twist_cue,
)


def test_the_limit_is_the_runners_own_percentile_to_a_class() -> None:
    rates = np.random.default_rng(1).normal(0.0, 60.0, 200_000)
    limit = limit_deg_s(add_rates(TwistingHistory(), rates))
    assert limit is not None
    assert 0.0 <= limit - float(np.quantile(np.abs(rates), 0.999)) <= 5.0


def test_sessions_add_up() -> None:
    rates = np.random.default_rng(2).normal(0.0, 60.0, 1000)
    whole = add_rates(TwistingHistory(), rates)
    assert add_rates(add_rates(TwistingHistory(), rates[:300]), rates[300:]) == whole
    assert whole.samples == 1000


def test_before_enough_has_been_seen_there_is_no_limit() -> None:
    assert limit_deg_s(add_rates(TwistingHistory(), np.ones(99_999))) is None


def test_a_twist_beyond_the_limit_is_told_at_most_every_five_minutes() -> None:
    told = list[float]()
    for second in range(900):
        cue = twist_cue(float(second), -301.0, 200.0, told[-1] if told else None)
        told += [] if cue is None else [cue.time_s]
    assert told == [0.0, 300.0, 600.0]


def test_what_is_usual_is_not_told() -> None:
    assert twist_cue(0.0, 299.0, 200.0) is None
    assert twist_cue(0.0, 999.0, None) is None


def test_rates_beyond_every_class_count_in_the_last() -> None:
    assert add_rates(TwistingHistory(), [1e6]).counts[-1] == 1


def test_rates_that_are_not_finite_are_refused() -> None:
    with pytest.raises(InputError, match="finite"):
        add_rates(TwistingHistory(), [1.0, np.nan])
    with pytest.raises(ParameterError, match="counts"):
        TwistingHistory((1, 2))
