"""Whether a runner is told of a change that is one, by what detector and coach do."""

from __future__ import annotations

from benchmarks.alerts.measured import person, run_of
from benchmarks.alerts.ordinary import CHANGES, Hearing, imposed
from benchmarks.alerts.scenarios import course


def test_a_cadence_that_falls_by_a_twentieth_is_told_to_who_keeps_none_evenly() -> None:
    """One who wanders more than most, on a treadmill: within three minutes."""
    seed = 2055
    indicator, way, size = CHANGES["cadence −5 %"]
    run = run_of(person(seed), course("steady treadmill", 10 * seed))
    onset = len(run.steps) // 2
    starts = run.steps.initial_contact_s
    end = int(starts.searchsorted(starts[onset] + 180.0))
    heard = Hearing().hear(imposed(run, "cadence −5 %", size, onset), 0, end)
    assert [(one.indicator, one.direction) for one in heard.told] == [(indicator, way)]
