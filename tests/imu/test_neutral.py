"""A neutral that is taken during a run: lean counts from it, now and after a restart."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from imu.analyzer import StepAnalyzer
from imu.errors import ParameterError
from imu.steps import Steps, concatenate
from tests.examples import few
from tests.imu.synthetic import Run, running

CLIP = Rotation.from_euler("y", 12.0, degrees=True)  # clipped on askew
RUN = running(steps=24, lean_deg=6.0, standing_s=4.0, mounting=CLIP)
UP = CLIP.apply([0.0, 0.0, 9.81])
CUT = 700  # 3.5 s: still standing


def analyzed(run: Run, axes: str, *, neutral: bool) -> Steps:
    analyzer = StepAnalyzer(run.rate_hz, axes=axes)
    parts = [analyzer.push(run.samples[:CUT])]
    if neutral:
        analyzer.take_neutral(UP)
    parts += [analyzer.push(run.samples[CUT:]), analyzer.flush()]
    return concatenate(parts)


def bits(state: NDArray[np.void]) -> str:
    """All fields of a state, exactly; the bytes between them mean nothing."""
    return repr(state.tolist())


def test_lean_is_measured_from_the_neutral_once_it_is_taken() -> None:
    before = analyzed(RUN, "+x+y+z", neutral=False)
    after = analyzed(RUN, "+x+y+z", neutral=True)
    assert abs(float(np.median(before.sacral_lean_deg)) - 6.0) > 8.0
    assert float(np.median(after.sacral_lean_deg)) == pytest.approx(6.0, abs=0.7)
    # contact is told from the force along forward too, which tips with the neutral
    np.testing.assert_allclose(before.initial_contact_s, after.initial_contact_s, atol=1e-5)


def test_taken_while_standing_it_equals_one_that_was_given_from_the_start() -> None:
    given_before = StepAnalyzer(RUN.rate_hz, axes="+x+y+z", neutral_up=UP)
    steps = concatenate([given_before.push(RUN.samples), given_before.flush()])
    taken = analyzed(RUN, "+x+y+z", neutral=True)
    assert taken.rows.tobytes() == steps.rows.tobytes()


def test_axes_that_are_still_searched_take_it_as_the_standing() -> None:
    stood = RUN.samples.acceleration_m_s2[:600].mean(axis=0)
    running_only = RUN.samples[int(4.2 * RUN.rate_hz) :]  # no standing before
    ups = []
    for neutral in (False, True):
        analyzer = StepAnalyzer(RUN.rate_hz)
        if neutral:
            analyzer.take_neutral(stood)
        analyzer.push(running_only)
        assert analyzer.mounting is not None
        ups.append(analyzer.mounting[2] @ stood / np.linalg.norm(stood))
    assert ups[0] < 0.9999
    assert ups[1] == pytest.approx(1.0, abs=1e-12)


def test_axes_that_were_found_are_tilted() -> None:
    analyzer = StepAnalyzer(RUN.rate_hz)
    analyzer.push(RUN.samples)
    leaned = Rotation.from_euler("y", 3.0, degrees=True).apply(UP)
    analyzer.take_neutral(leaned)
    assert analyzer.mounting is not None
    np.testing.assert_allclose(analyzer.mounting[2], leaned / np.linalg.norm(leaned), atol=1e-9)
    np.testing.assert_allclose(analyzer.mounting @ analyzer.mounting.T, np.eye(3), atol=1e-12)


@given(cuts=st.lists(st.integers(0, len(RUN.samples)), max_size=6))
@settings(max_examples=few(8))
def test_however_the_stream_is_cut_or_resumed_it_does_the_same(cuts: list[int]) -> None:
    expected = analyzed(RUN, "+x+y+z", neutral=True)
    analyzer = StepAnalyzer(RUN.rate_hz, axes="+x+y+z")
    parts = []
    for start, stop in pairwise(sorted({0, CUT, *cuts, len(RUN.samples)})):
        if start == CUT:
            analyzer.take_neutral(UP)
        parts.append(analyzer.push(RUN.samples[start:stop]))
        following = StepAnalyzer(RUN.rate_hz, axes="+x+y+z")
        following.state = analyzer.state
        analyzer = following
    parts.append(analyzer.flush())
    assert concatenate(parts).rows.tobytes() == expected.rows.tobytes()


def test_a_reset_forgets_it() -> None:
    analyzer = StepAnalyzer(RUN.rate_hz, axes="+x+y+z")
    fresh = analyzer.state
    analyzer.take_neutral(UP)
    assert bits(analyzer.state) != bits(fresh)
    analyzer.reset()
    assert bits(analyzer.state) == bits(fresh)


@pytest.mark.parametrize("axes", ["auto", "+x+y+z"])
@pytest.mark.parametrize("up", [[0, 0, 0], [np.nan, 0, 9.8], [0, 9.8]])
def test_what_is_no_direction_is_refused_and_changes_nothing(axes: str, up: list[float]) -> None:
    analyzer = StepAnalyzer(200.0, axes=axes)
    before = analyzer.state
    with pytest.raises(ParameterError, match="up"):
        analyzer.take_neutral(up)
    assert bits(analyzer.state) == bits(before)


def test_a_sensor_that_hangs_upside_down_is_refused() -> None:
    with pytest.raises(ParameterError, match="within 60°"):
        StepAnalyzer(200.0, axes="+x+y+z").take_neutral([0.0, 0.0, -9.81])
