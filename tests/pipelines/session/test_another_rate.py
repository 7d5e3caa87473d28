"""A sensor that goes on at another rate, since its link is too slow for the first."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from devices.records import DeviceInfo, Record
from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from devices.sources import open_source
from imu.analyzer import StepAnalyzer
from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.step.trusted_steps import trusted_steps
from imu.whole_recording import analyze
from pipelines.session.engine import SessionFold
from pipelines.session.facts import BaselineGivenUp, Ended, Fact, SensorDoubted
from pipelines.session.header import SessionHeader
from pipelines.session.result import SessionResult
from pipelines.session.summary import summarise
from pipelines.words.fact_words import fact_words
from pipelines.words.summary_words import run_notes

#: For ten seconds, and from then on half as fast as the data.
SLOW = ("delay_ms=400@15+10", "interval_ms=400@18")


async def recorded(slow: str) -> tuple[DeviceInfo, list[Record]]:
    url = f"sim:?protocol=movesense&minutes=1&seed=5&{slow}&time_scale=0"
    async with open_source(url) as source:
        return source.info, [record async for record in source]


@pytest.mark.parametrize("slow", SLOW)
def test_steps_count_after_the_sensor_has_gone_down_to_a_rate_that_the_link_bears(
    slow: str,
) -> None:
    first, records = asyncio.run(recorded(slow))
    assert first.rate_hz == 208.0
    assert [one.rate_hz for one in records if isinstance(one, DeviceInfo)] == [104.0]
    header = SessionHeader(0, "sim")
    fold = SessionFold(header, first)
    found: list[Fact] = fold.push_all([first, *records]) + fold.finish()
    # much is missing until then, and this is told; nothing else is in doubt
    assert {fact.trouble for fact in found if isinstance(fact, SensorDoubted)} <= {"missing"}
    result = SessionResult(header, found)
    assert result.sensor is not None
    assert result.sensor.rate_hz == 104.0
    late = result.steps.rows[result.steps.initial_contact_s > 35.0]
    assert len(late) > 50
    assert np.count_nonzero(late["quality"]) < 8  # the first of them settle
    # shock is told of one rate alone, and it is said of which
    (most_hz, count), (_, other) = result.steps_by_rate.items()
    assert most_hz == 104.0
    assert count > other > 0
    told = np.isfinite(result.at_one_rate.impact_shock_g)
    assert told.sum() == np.isfinite(result.steps.impact_shock_g[other:]).sum()
    assert not told[:other].any()
    assert result.means["impact_shock_g"] == pytest.approx(
        float(np.nanmean(trusted_steps(result.steps[other:]).impact_shock_g))
    )
    words = f"shock rest on the {count} steps at 104 Hz"
    assert [note for note in run_notes(result) if words in note]
    summary = summarise(result, "run", rate_hz=104.0)
    assert summary.median_steps["impact_shock_g"] <= count
    assert summary.median_steps["cadence_spm"] > count


def test_what_comes_at_another_rate_is_as_if_it_had_come_so_from_the_start() -> None:
    samples, _ = simulate(Scenario(minutes=1, rate=208.0, seed=5, standing_s=6.0))
    half = samples.time_s.searchsorted(30.0)
    later = type(samples)(
        samples.time_s[half::2],
        samples.acceleration_m_s2[half::2],
        None if samples.angular_velocity_rad_s is None else samples.angular_velocity_rad_s[half::2],
    )
    analyzer = StepAnalyzer(208.0, axes="+x+y+z")
    before = len(analyzer.push(samples[:half]))
    before += len(analyzer.change_rate(104.0))
    steps = analyzer.push(later)
    assert before > 50
    assert analyzer.troubles == {}
    assert analyzer.lost_samples == (0, 0, 0)
    assert steps.rows["step"][0] == before + 1  # counted on
    whole = analyze(samples, axes="+x+y+z")
    place = np.abs(whole.initial_contact_s[:, None] - steps.initial_contact_s).argmin(axis=0)
    settled = slice(12, None)
    for column, most in (("contact_time_ms", 6.0), ("sacral_lean_deg", 0.5)):
        off = np.abs(steps.rows[column] - whole.rows[column][place])[settled]
        assert off.max() < most, column


def test_what_was_measured_at_another_rate_is_compared_with_nothing() -> None:
    first, records = asyncio.run(recorded(SLOW[0]))
    usual = Baseline((IndicatorBaseline("impact_shock_g", 2.5, 5.0),), blocks=40)
    header = SessionHeader(0, "sim", baseline=usual)
    fold = SessionFold(header, first)
    found = fold.push_all(records) + fold.finish()
    assert [fact.reason for fact in found if isinstance(fact, BaselineGivenUp)] == ["another rate"]
    assert "at which shock is another" in " ".join(map(fact_words, found))
    ended = found[-1]
    assert isinstance(ended, Ended)
    assert ended.baseline is None
