"""What a runner is told of axes that are searched: relative lean, and axes that do not appear."""

from __future__ import annotations

import numpy as np
import pytest

from devices.records import DeviceInfo
from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.samples import Samples
from imu.steps import concatenate
from pipelines.session.engine import SessionFold
from pipelines.session.facts import AxesSought, Fact, StepsFinished
from pipelines.session.header import SessionHeader
from pipelines.session.result import result_of
from pipelines.session.summary import AXES_NOT_FOUND, summarise
from pipelines.views.fact_words import LEAN_IS_RELATIVE, fact_words

RUN = Scenario(minutes=0.4, rate=100.0, seed=3)


def folded(samples: Samples, axes: str = "auto") -> list[Fact]:
    """The facts of a recording that comes a second at a time."""
    fold = SessionFold(
        SessionHeader(0, "run.csv", axes=axes), DeviceInfo("run.csv", "", 100.0, 150.0, 35.0)
    )
    found: list[Fact] = []
    for start in range(0, len(samples), 100):
        found += fold.push_samples(samples[start : start + 100])
    return found + fold.finish()


def notes(found: list[Fact], axes: str) -> list[str]:
    """Those of the summary."""
    result = result_of(SessionHeader(0, "run.csv", axes=axes), found)
    return summarise(result, "run.csv", rate_hz=100.0).notes


def words(found: list[Fact]) -> list[str]:
    """What is told on the way."""
    return [text for fact in found if (text := fact_words(fact))]


@pytest.mark.parametrize(
    ("standing_s", "axes", "told"),
    [(0.0, "auto", 1), (4.0, "auto", 0), (0.0, "+x+y+z", 0)],
)
def test_lean_of_found_axes_without_a_standing_is_called_relative(
    standing_s: float, axes: str, told: int
) -> None:
    samples, _ = simulate(Scenario(minutes=0.4, rate=100.0, seed=3, standing_s=standing_s))
    if not standing_s:
        samples = samples[int(np.searchsorted(samples.time_s, 8.0)) :]  # no walk before either
    found = folded(samples, axes)
    assert len(concatenate([f.steps for f in found if isinstance(f, StepsFinished)])) > 30
    assert words(found).count(LEAN_IS_RELATIVE) == told
    assert notes(found, axes).count(LEAN_IS_RELATIVE) == told


def test_axes_that_are_not_found_are_told_once_on_the_way() -> None:
    samples, _ = simulate(Scenario(minutes=1.2, rate=100.0, seed=3, standing_s=4.0))
    force = samples.acceleration_m_s2.copy()
    force[:, :2] = 0.0  # as on a chest strap that swings up and down alone
    found = folded(Samples(samples.time_s, force))
    sought = [fact for fact in found if isinstance(fact, AxesSought)]
    assert len(sought) == 1
    assert 30.0 < sought[0].time_s < 60.0
    told = fact_words(sought[0])
    assert "lean is empty" in told
    assert told.endswith(".")
    assert words(found).count(told) == 1
    assert notes(found, "auto") == [AXES_NOT_FOUND]
