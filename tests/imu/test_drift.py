"""Drift from the runner's own baseline: what is reported, what is not, the streaming promise."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.baseline_learning import EarlierRun, warm_start
from imu.drift.changes import SENSOR_POSITION
from imu.drift.covariates import Covariates
from imu.drift.detector import Change, DriftDetector, DriftParams, robust_mean
from imu.drift.indicators import INDICATORS, Indicator
from imu.errors import InputError, ParameterError
from imu.samples import Quality
from imu.steps import NO_STEPS, STEP_ROW, Steps, concatenate

Array = NDArray[np.float64]

#: Everything happens within a few dozen steps.
QUICK = DriftParams(
    skip_s=2.0,
    block_steps=6,
    baseline_blocks=5,
    cool_off_s=6.0,
    refined_blocks=9,
    gates=tuple(
        replace(
            indicator.gate,
            dwell_blocks={5: 2, 8: 2, 24: 4}[indicator.gate.dwell_blocks],
            limit=max(indicator.gate.limit, 1.5),
        )
        for indicator in INDICATORS
    ),
).with_gate("impact_shock_g", dwell_blocks=3)
#: The same without what leaves stretches out, adjusts, or learns on the way.
PLAIN = replace(
    QUICK,
    refined_blocks=4,
    cadence_adjustment=0.0,
    pace_adjustment=0.0,
    bend_rate_deg_s=360.0,
    contact_jump_percent=100.0,
    cadence_jump_percent=100.0,
    slip_deg=90.0,
    slip_lean_deg=90.0,
    unsteadiness_limit=1.0,
)


def correlated(rng: np.random.Generator, count: int, persistence: float) -> Array:
    """Unit variance, each value resembling the one before."""
    values, last = [], rng.standard_normal()
    for draw in rng.standard_normal(count).tolist():
        last = persistence * last + math.sqrt(1.0 - persistence**2) * draw
        values.append(last)
    return np.array(values)


def stationary_run(minutes: float, seed: int = 0) -> Steps:
    """Steps with the spread that runners show: step to step, left to right, slow wander."""
    rng = np.random.default_rng(seed)
    count = int(minutes * 60 * 2.85)
    slow = math.exp(-0.35 / 90.0)

    def spread(step_cv: float, wander: float = 0.01) -> Array:
        return wander * correlated(rng, count, slow) + step_cv * correlated(rng, count, 0.35)

    rows = np.zeros(count, STEP_ROW)
    side = np.where(np.arange(count) % 2, 0.5, -0.5)
    step_time = 0.35 * (1.0 + spread(0.025, wander=0.005))
    rows["step"] = np.arange(1, count + 1)
    rows["step_time_s"] = step_time
    rows["initial_contact_s"] = 10.0 + np.cumsum(step_time) - step_time
    rows["side"] = 2 + np.arange(count) % 2
    recent = np.lib.stride_tricks.sliding_window_view(np.pad(step_time, (27, 0), "edge"), 28)
    rows["cadence_spm"] = 60.0 / np.median(recent, axis=1)
    rows["peak_10hz_bw"] = 2.5 * (1.0 + spread(0.04) + 0.05 * side)
    rows["impact_shock_g"] = 3.1 * (1.0 + spread(0.094) + 0.10 * side)
    rows["sacral_lean_deg"] = 6.0 + 30.0 * spread(0.03)
    rows["vertical_oscillation_mm"] = 90.0 * (1.0 + spread(0.08))
    rows["lumbar_compression_bw"] = 2.0 * (1.0 + spread(0.04))
    rows["contact_time_ms"] = 240.0 * (1.0 + spread(0.035))
    rows["shock_power_g2"] = 0.14 * (1.0 + spread(0.2))
    rows["step_regularity"] = 0.9 + spread(0.03)
    for name, size in (("tilt", 6.0), ("obliquity", 8.5), ("rotation", 12.0)):
        rows[f"pelvic_{name}_range_deg"] = size * (1.0 + spread(0.1))
    return Steps(rows)


def changed_run(minutes: float, column: str, how: Callable[[Array, Array], Array]) -> Steps:
    """A stationary run with one column, as a function of its times and values, replaced."""
    steps = Steps(stationary_run(minutes).rows.copy())
    steps.rows[column] = how(steps.initial_contact_s, steps.rows[column])
    return steps


def ramp(time_s: Array, begin_s: float, end_s: float) -> Array:
    return np.clip((time_s - begin_s) / (end_s - begin_s), 0.0, 1.0)


# ------------------------------------------------------------------------ what is, and is not, told


@pytest.mark.parametrize("seed", range(5))
def test_an_hour_of_steady_running_reports_nothing(seed: int) -> None:
    detector = DriftDetector()
    assert detector.push(stationary_run(60, seed)) == []
    assert detector.status == "watching"


def test_lean_that_grows_in_four_minutes_is_reported_about_a_degree_above_the_gate() -> None:
    steps = changed_run(20, "sacral_lean_deg", lambda t, lean: lean + 4.0 * ramp(t, 600.0, 840.0))
    detector = DriftDetector()
    (change,) = detector.push(steps)
    assert (change.indicator, change.direction, change.severity) == (
        "sacral_lean_deg",
        "up",
        "raised",
    )
    # a degree a minute over a dwell of ten blocks, and the runner's own wander of 0.3°
    assert change.gate <= change.change <= change.gate + 1.5 + 0.3
    assert change.change == pytest.approx(change.value - change.baseline)
    assert change.baseline == pytest.approx(6.0, abs=0.7)
    assert 700.0 < change.time_s < 840.0
    assert detector.status == "pelvic lean changed"
    assert detector.current("sacral_lean_deg").changed == "up"


@pytest.mark.parametrize("sign", [1, -1])
def test_lean_that_grows_in_twenty_minutes_is_caught_before_gate_plus_one_degree(sign: int) -> None:
    """In most runs: the runner's own wander may hide it for a while."""
    beyond = []
    for seed in range(5):
        steps = stationary_run(50, seed)
        course = ramp(steps.initial_contact_s, 1200.0, 2400.0)
        steps.rows["sacral_lean_deg"] += sign * 4.0 * course
        change = DriftDetector().push(steps)[0]
        assert change.indicator == "sacral_lean_deg"
        assert change.direction == ("up" if sign > 0 else "down")
        true_lean = 4.0 * float(ramp(np.array([change.time_s]), 1200.0, 2400.0)[0])
        beyond.append(true_lean - change.gate)
    assert float(np.median(beyond)) < 1.0


@pytest.mark.parametrize(
    ("column", "indicator", "factor", "direction", "within_s"),
    [
        ("peak_10hz_bw", "peak_10hz_bw", 1.10, "up", 100.0),
        ("impact_shock_g", "impact_shock_g", 1.20, "up", 120.0),
        ("vertical_oscillation_mm", "vertical_oscillation_mm", 1.15, "up", 120.0),
        ("cadence_spm", "cadence_spm", 0.93, "down", 100.0),
        ("lumbar_compression_bw", "lumbar_index", 1.20, "up", 100.0),
    ],
)
def test_a_sudden_change_is_reported_soon(
    column: str, indicator: str, factor: float, direction: str, within_s: float
) -> None:
    if indicator == "cadence_spm":
        # blocks of steps know it sooner than the column's window of ten seconds
        steps = changed_run(20, "step_time_s", lambda t, x: np.where(t > 900.0, x / factor, x))
        rows = steps.rows
        rows["initial_contact_s"] = 10.0 + np.cumsum(rows["step_time_s"]) - rows["step_time_s"]
        # as a body in free fall for longer
        rows["vertical_oscillation_mm"][rows["initial_contact_s"] > 900.0] /= factor**2
    else:
        steps = changed_run(20, column, lambda t, x: np.where(t > 900.0, factor * x, x))
    change, *others = DriftDetector().push(steps)
    assert {other.indicator for other in others} <= {"dose_rate"}  # the lumbar index's fourth power
    assert (change.indicator, change.direction) == (indicator, direction)
    assert 900.0 < change.time_s < 900.0 + within_s
    assert change.change == pytest.approx(100.0 * (change.value / change.baseline - 1.0))
    assert change.gate < abs(change.change) < 100.0 * abs(factor - 1.0) + 4.0
    if indicator == "lumbar_index":
        assert change.baseline == 100.0


def test_less_than_eight_blocks_beyond_the_gate_are_not_reported() -> None:
    """A heavier stretch of 40 s is over before the dwell is."""
    steps = changed_run(
        20, "peak_10hz_bw", lambda t, x: np.where((t > 900.0) & (t < 940.0), 1.12 * x, x)
    )
    assert DriftDetector().push(steps) == []


def test_a_change_is_cleared_below_half_of_the_gate_and_not_reported_anew_for_five_minutes() -> (
    None
):
    def three_spells(t: Array, lean: Array) -> Array:
        spells = ((t > 600) & (t < 900)) | ((t > 980) & (t < 1200)) | ((t > 2000) & (t < 2300))
        return lean + 4.0 * spells

    changes = DriftDetector().push(changed_run(45, "sacral_lean_deg", three_spells))
    assert [change.severity for change in changes] == ["raised", "cleared"] * 2
    assert [change.direction for change in changes] == ["up"] * 4
    first, over, again, _ = changes
    assert 600 < first.time_s < 900 < over.time_s < 980  # the second spell falls into the cool-off
    assert 2000 < again.time_s < 2300
    assert over.change < 0.5 * over.gate


def test_a_flagged_stretch_reports_nothing_and_says_so() -> None:
    steps = changed_run(30, "impact_shock_g", lambda t, x: np.where(t > 900.0, 2.0 * x, x))
    steps.rows["quality"][steps.initial_contact_s > 900.0] = Quality.CLIPPED | Quality.NO_GYRO
    detector = DriftDetector()
    assert detector.push(steps) == []
    assert "not watching, because" in detector.status
    assert "most for a sensor at the end of its range" in detector.status


def test_without_a_gyroscope_it_watches_all_the_same() -> None:
    steps = changed_run(20, "sacral_lean_deg", lambda t, x: np.where(t > 900.0, x + 4.0, x))
    steps.rows["quality"] = Quality.NO_GYRO
    assert [c.indicator for c in DriftDetector().push(steps)] == ["sacral_lean_deg"]


def test_what_is_not_measurable_is_silent_and_leaves_the_rest_alone() -> None:
    steps = changed_run(20, "peak_10hz_bw", lambda t, x: np.where(t > 900.0, 1.12 * x, x))
    steps.rows["sacral_lean_deg"] = np.nan
    steps.rows["lumbar_compression_bw"] = np.nan
    detector = DriftDetector()
    assert [c.indicator for c in detector.push(steps)] == ["peak_10hz_bw"]
    baseline = detector.baseline
    assert baseline is not None
    assert baseline.of("sacral_lean_deg") is None
    assert baseline.of("lumbar_index") is None
    reading = detector.current("sacral_lean_deg")
    assert reading.changed is None
    assert math.isnan(reading.value) and math.isnan(reading.gate)


def test_a_wandering_runner_has_a_wider_gate_but_never_beyond_its_limit() -> None:
    def gate(swing_deg: float) -> float:
        steps = changed_run(
            10, "sacral_lean_deg", lambda t, x: x + swing_deg * np.sin(2 * np.pi * t / 120.0)
        )
        detector = DriftDetector()
        detector.push(steps)
        return detector.current("sacral_lean_deg").gate

    limit = DriftParams().gate_of("sacral_lean_deg").limit * 2.0
    assert 2.0 <= gate(0.0) < 2.2
    assert 2.2 < gate(0.7) <= limit
    assert gate(5.0) == pytest.approx(limit)


def test_pauses_and_restarted_numbers_do_not_break_blocks() -> None:
    """The same steps in bouts, with minutes between them, give the same figures."""
    steps = changed_run(20, "sacral_lean_deg", lambda t, x: np.where(t > 900.0, x + 4.0, x))
    bouts = Steps(steps.rows.copy())
    for start in range(997, len(bouts), 997):
        bouts.rows["initial_contact_s"][start:] += 120.0
        bouts.rows["step"][start:] -= bouts.rows["step"][start] - 1
    whole, parted = DriftDetector().push(steps), DriftDetector().push(bouts)
    assert [replace(c, time_s=0.0) for c in parted] == [replace(c, time_s=0.0) for c in whole]
    assert len(whole) == 1


# ------------------------------------------------------------------------------------ the baseline


def test_status_tells_how_far_the_baseline_is() -> None:
    steps = stationary_run(20)
    detector = DriftDetector()
    seen: list[str] = []
    for start in range(0, len(steps), 20):
        detector.push(steps[start : start + 20])
        seen.append(detector.status)
    assert seen[0] == "warming up: 0:06 of 2:30" or seen[0] == "warming up: 0:07 of 2:30"
    assert "learning your baseline: 12 of 40 blocks" in seen
    assert seen[-1] == "watching"
    kinds = [text.split(":")[0] for text in seen]
    assert list(dict.fromkeys(kinds)) == ["warming up", "learning your baseline", "watching"]
    first_watching = seen.index("watching")
    assert steps.initial_contact_s[first_watching * 20] == pytest.approx(10 + 150 + 280, abs=15)


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (NO_STEPS, "because no running step was seen"),
        (stationary_run(5), "because the run ended after 4:5"),
    ],
    ids=["nobody runs", "too short"],
)
def test_a_run_that_gives_no_baseline_says_why(steps: Steps, reason: str) -> None:
    detector = DriftDetector()
    detector.push(steps)
    detector.flush()
    assert detector.baseline is None
    assert detector.status.startswith("no baseline yet, because")
    assert reason in detector.status


def test_flagged_steps_give_no_baseline_and_it_says_why() -> None:
    steps = stationary_run(20)
    steps.rows["quality"][np.arange(len(steps)) % 20 > 3] = Quality.GAP
    detector = DriftDetector()
    assert detector.push(steps) == []
    assert detector.baseline is None
    assert detector.status.startswith("no baseline yet, because ")
    assert detector.status.endswith("steps are not trusted, most for lost samples")


def test_nothing_measurable_gives_no_baseline_until_it_is() -> None:
    steps = stationary_run(20)
    blind = steps.initial_contact_s < 600.0
    for indicator in INDICATORS:
        steps.rows[indicator.column][blind] = np.nan
    timeless = steps.rows["step_time_s"].copy()
    detector = DriftDetector(DriftParams(skip_s=0.0))
    steps.rows["step_time_s"][blind] = np.nan  # cadence is measured by it
    detector.push(steps[: int(blind.sum())])
    steps.rows["step_time_s"] = timeless
    assert detector.status == (
        "no baseline yet, because no indicator could be measured often enough"
    )
    detector.push(steps[int(blind.sum()) :])
    assert detector.baseline is not None
    assert detector.status == "watching"


def test_a_given_baseline_is_used_from_the_end_of_warming_up() -> None:
    learned = DriftDetector()
    learned.push(stationary_run(10))
    assert learned.baseline is not None
    baseline = Baseline.from_json(learned.baseline.to_json())
    assert baseline == learned.baseline
    assert baseline.blocks == 40
    today = changed_run(8, "sacral_lean_deg", lambda _, x: x + 4.0)
    detector = DriftDetector(baseline=baseline)
    (change,) = detector.push(today)
    assert change.direction == "up"
    assert 160.0 < change.time_s < 160.0 + 12 * 20 * 0.37
    assert detector.baseline == baseline
    detector.reset()
    assert detector.baseline == baseline
    assert detector.push(today) == [change]


def _spoil(**changes: Any) -> str:
    content: dict[str, Any] = {
        "format": "backstride-baseline",
        "version": 1,
        "blocks": 40,
        "indicators": {"cadence_spm": {"mean": 170.0, "wander_sd": 1.0}},
    }
    return json.dumps(content | changes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a baseline"),
        ("[" * 100_000, "not a baseline"),
        ("[1, 2]", "not a baseline"),
        ('{"format": "other"}', "not a baseline"),
        (_spoil(version=2), "version 2"),
        (_spoil(blocks="many"), "'many' blocks"),
        (_spoil(blocks=-1), "-1 blocks"),
        (_spoil(indicators=[]), "no table of indicators"),
        (_spoil(indicators={}), "no indicator"),
        (_spoil(indicators={"mood": {"mean": 1, "wander_sd": 1}}), "'mood'"),
        (_spoil(indicators={"cadence_spm": 170}), "lacks a mean"),
        (_spoil(indicators={"cadence_spm": {"mean": 0, "wander_sd": 1}}), "positive"),
        (_spoil(indicators={"cadence_spm": {"mean": math.nan, "wander_sd": 1}}), "nan"),
        (_spoil(indicators={"cadence_spm": {"mean": 10**400, "wander_sd": 1}}), "positive"),
        (_spoil(indicators={"cadence_spm": {"mean": True, "wander_sd": 1}}), "True"),
        (_spoil(indicators={"sacral_lean_deg": {"mean": "six", "wander_sd": 1}}), "'six'"),
        (_spoil(indicators={"cadence_spm": {"mean": 170, "wander_sd": -1}}), "wander_sd"),
    ],
)
def test_a_damaged_baseline_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        Baseline.from_json(text)
    message = str(caught.value)
    assert said in message
    assert message.endswith(".") and "\n" not in message


@given(
    text=st.text(max_size=40)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["format", "version", "blocks", "indicators", "cadence_spm", "mean"]
                ),
                inner,
                max_size=4,
            )
        ),
    ).map(json.dumps)
)
def test_no_text_makes_it_stumble(text: str) -> None:
    with pytest.raises(InputError):
        Baseline.from_json(text)


def test_an_indicator_named_twice_is_refused() -> None:
    item = IndicatorBaseline("cadence_spm", 170.0, 1.0)
    with pytest.raises(InputError, match="twice"):
        Baseline((item, item), 40)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("skip_s", -1.0),
        ("block_steps", 3),
        ("block_steps", 20.0),
        ("block_steps", True),
        ("baseline_blocks", 401),
        ("smoothing", 0.0),
        ("smoothing", 1.01),
        ("wander_multiple", math.nan),
        ("clear_share", 1.5),
        ("cool_off_s", math.inf),
    ],
)
def test_a_parameter_out_of_range_is_named(name: str, value: object) -> None:
    with pytest.raises(ParameterError) as caught:
        DriftParams(**{name: value})  # type: ignore[arg-type]
    assert caught.value.name == name
    assert str(caught.value).startswith(f"{name} is {value!r}: give a")


@pytest.mark.parametrize(
    ("name", "value"),
    [("floor", 0.0), ("floor", "6"), ("limit", 0.5), ("dwell_blocks", 0), ("least", math.nan)],
)
def test_a_gate_out_of_range_is_named(name: str, value: Any) -> None:
    with pytest.raises(ParameterError) as caught:
        DriftParams().with_gate("cadence_spm", **{name: value})
    assert str(caught.value).startswith(f"{name} is {value!r}: give a")


def test_an_unknown_indicator_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ParameterError, match="sacral_lean_deg"):
        DriftDetector().current("mood")


# ------------------------------------------------------------------------------- the robust mean


@given(
    outlier=st.floats(-1e6, 1e6),
    place=st.integers(0, 19),
    offset=st.floats(-1.0, 1.0),
)
def test_one_odd_step_and_a_left_right_difference_do_not_move_a_block(
    outlier: float, place: int, offset: float
) -> None:
    sides = [i % 2 for i in range(20)]
    values = [5.0 + (offset if side else -offset) for side in sides]
    values[place] = outlier
    assert robust_mean(values, sides) == pytest.approx(5.0)


def test_a_block_needs_half_of_its_values() -> None:
    assert math.isnan(robust_mean([1.0] * 9 + [math.nan] * 11, [0, 1] * 10))
    assert robust_mean([1.0] * 10 + [math.nan] * 10, [0, 1] * 10) == 1.0
    assert robust_mean([1.0] * 20, [0] * 20) == 1.0


# -------------------------------------------------------------------------- the streaming promise


@st.composite
def eventful_runs(draw: st.DrawFn) -> Steps:
    """Runs in which, with the quick parameters, much happens."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(0, 260))
    rows = np.zeros(count, STEP_ROW)
    rows["step_time_s"] = rng.uniform(0.3, 0.4, count)
    rows["initial_contact_s"] = np.cumsum(rows["step_time_s"] + (rng.random(count) < 0.02) * 40.0)
    rows["side"] = (np.arange(count) + (rng.random(count) < 0.05)) % 4
    for indicator in INDICATORS:
        level = np.repeat(rng.normal(0.0, draw(st.sampled_from([0.0, 0.1, 0.3])), 12), 24)[:count]
        values = 5.0 * (1.0 + level + rng.normal(0.0, 0.02, count))
        values[rng.random(count) < draw(st.sampled_from([0.0, 0.1, 0.45, 0.9]))] = np.nan
        rows[indicator.column] = values
    # a contact time that doubles is a change of speed under any parameters
    rows["contact_time_ms"] = np.clip(rows["contact_time_ms"], 3.5, 6.5)
    if draw(st.booleans()):  # bends and slips
        rows["yaw_rate_deg_s"] = np.repeat(rng.choice([0.0, 0.0, 20.0], 60), 5)[:count]
        rows["sacral_roll_deg"] = np.repeat(rng.choice([0.0, 0.0, 0.0, 9.0], 12), 30)[:count]
    flagged = rng.random(count) < draw(st.sampled_from([0.0, 0.05, 0.6]))
    rows["quality"] = np.where(flagged, 1 << rng.integers(0, 7, count), 0)
    return Steps(rows)


def cut(steps: Steps, cuts: list[int]) -> list[Steps]:
    edges = [0, *sorted(min(c, len(steps)) for c in cuts), len(steps)]
    return [steps[a:b] for a, b in pairwise(edges)]


CUTS = st.lists(st.integers(0, 260), max_size=12)


@settings(max_examples=60, deadline=None)
@given(steps=eventful_runs(), cuts=CUTS)
def test_any_cutting_gives_identical_changes_and_state(steps: Steps, cuts: list[int]) -> None:
    whole, parted = DriftDetector(QUICK), DriftDetector(QUICK)
    expected = whole.push(steps)
    found = [change for part in cut(steps, cuts) for change in parted.push(part)]
    assert found == expected
    assert parted.state.tobytes() == whole.state.tobytes()
    assert parted.status == whole.status
    assert parted.baseline == whole.baseline
    assert whole.flush() == parted.flush() == []


@settings(max_examples=60, deadline=None)
@given(steps=eventful_runs(), place=st.integers(0, 260))
def test_a_saved_state_goes_on_as_if_never_stopped(steps: Steps, place: int) -> None:
    before, after = cut(steps, [place])
    detector = DriftDetector(QUICK)
    expected = detector.push(before)
    saved = np.frombuffer(detector.state.tobytes(), detector.state.dtype)
    expected = detector.push(after)
    restored = DriftDetector(QUICK)
    restored.state = saved
    assert restored.push(after) == expected
    assert restored.status == detector.status
    for indicator in INDICATORS:
        assert str(restored.current(indicator.name)) == str(detector.current(indicator.name))


def test_the_state_is_a_copy_and_reset_forgets_all() -> None:
    steps = changed_run(20, "sacral_lean_deg", lambda t, x: np.where(t > 900.0, x + 4.0, x))
    detector = DriftDetector()
    fresh = detector.state
    first = detector.push(steps)
    assert first
    assert fresh.tobytes() == DriftDetector().state.tobytes()
    detector.reset()
    assert detector.state.tobytes() == fresh.tobytes()
    assert detector.baseline is None
    assert detector.push(steps) == first


def test_steps_pushed_are_not_altered() -> None:
    steps = stationary_run(10)
    before = steps.rows.tobytes()
    DriftDetector().push(steps)
    assert steps.rows.tobytes() == before


# --------------------------------------------------------------------------------- a plain oracle


def naive_mean(values: Array, sides: NDArray[np.uint8]) -> float:
    known = np.isfinite(values)
    if 2 * known.sum() < len(values):
        return math.nan
    groups = [np.sort(values[known & (sides % 2 == foot)]) for foot in (0, 1)]
    if min(len(group) for group in groups) < 3:
        groups = [np.sort(values[known])]
    means = []
    for group in groups:
        drop = len(group) // 5
        means.append(group[drop : len(group) - drop].mean())
    return float(np.mean(means))


def naive_block(indicator: Indicator, rows: NDArray[np.void]) -> float:
    sides, times = rows["side"], naive_mean(rows["step_time_s"], rows["side"])
    column = rows[indicator.column]
    if indicator.statistic == "rate":
        return 60.0 / times
    if indicator.statistic == "dose":
        return naive_mean(column**4, sides) / times
    if indicator.statistic == "difference":
        if (sides < 2).any() or not np.isfinite(column).all():
            return math.nan
        left, right = (np.sort(column[sides == code]) for code in (2, 3))
        if min(len(left), len(right)) < 3:
            return math.nan
        a, b = (foot[len(foot) // 5 : len(foot) - len(foot) // 5].mean() for foot in (left, right))
        return float(200.0 * (a - b) / (a + b))
    return naive_mean(column, sides)


def naive_changes(steps: Steps, p: DriftParams) -> list[Change]:
    """The whole recording at once, one indicator after the other, without adjustments."""
    rows = steps.rows
    running = np.cumsum(rows["step_time_s"])
    usable = running - rows["step_time_s"] >= p.skip_s - 1e-9
    judged_here = Quality.NO_GYRO | Quality.BEND | Quality.SLIP
    usable &= (rows["quality"] & ~np.uint8(judged_here)) == 0
    trusted = np.flatnonzero(usable)
    count = len(trusted) // p.block_steps
    index = trusted[: count * p.block_steps].reshape(count, p.block_steps)
    ends = rows["initial_contact_s"] + rows["step_time_s"]
    blocks = {i.name: np.array([naive_block(i, rows[b]) for b in index]) for i in INDICATORS}
    baselines: dict[str, tuple[float, float, float]] = {}
    learned = p.baseline_blocks
    while learned <= len(index) and not baselines:
        for indicator in INDICATORS:
            window = blocks[indicator.name][learned - p.baseline_blocks : learned]
            window = window[np.isfinite(window)]
            if len(window) < 0.75 * p.baseline_blocks:
                continue
            drop = len(window) // 5
            mean = np.sort(window)[drop : len(window) - drop].mean()
            if indicator.change_unit == "%" and not mean > 0.0:
                continue
            average, squares = window[0], 0.0
            for value in window:
                average = 0.7 * average + 0.3 * value
                squares += (average - mean) ** 2
            wander = math.sqrt(squares / (len(window) - 1))
            spread = math.sqrt(((window - mean) ** 2).sum() / (len(window) - 1))
            baselines[indicator.name] = mean, wander, spread
        learned += 1
    learned -= 1
    changes = []
    for order, indicator in enumerate(INDICATORS):
        if indicator.name not in baselines:
            continue
        mean, wander, spread = baselines[indicator.name]
        scale = 100.0 / mean if indicator.change_unit == "%" else 1.0
        limits = p.gate_of(indicator.name)
        floor = limits.floor
        wander *= math.sqrt(1.0 + p.short_wander_blocks / p.baseline_blocks)
        most = limits.limit * floor
        gate = p.family_factor * float(np.clip(p.wander_multiple * wander * scale, floor, most))
        spread = max(spread, floor / 6.0 / scale)
        dwell, least = limits.dwell_blocks, limits.least
        history: list[int] = []
        average, raised, quiet = math.nan, 0, -math.inf
        sums = [0.0, 0.0]
        for k, value in enumerate(blocks[indicator.name]):
            if math.isnan(value):
                continue
            average = value if math.isnan(average) else 0.7 * average + 0.3 * value
            if k < learned:
                continue
            z = (value - mean) / spread
            for side, sign in enumerate((1.0, -1.0)):
                total = sums[side] + sign * z - p.cusum_slack
                sums[side] = min(max(total, 0.0), 2.0 * p.cusum_limit)
            change = (average - mean) * scale
            severity = ""
            if raised:
                if change * raised < p.clear_share * gate:
                    severity, way = "cleared", raised
                    raised, history, quiet = 0, [], running[index[k][-1]] + p.cool_off_s
                    sums = [0.0, 0.0]
            else:
                history.append(int(np.sign(change)) if abs(change) > gate else 0)
                last = history[-dwell:]
                beyond = len(last) == dwell and abs(sum(last)) == dwell
                agreed = sums[0 if last[-1] > 0 else 1] >= p.cusum_limit
                late = running[index[k][-1]] >= quiet
                if beyond and agreed and late and abs(average) >= least:
                    raised = way = last[-1]
                    severity = "raised"
            if severity:
                told = 100.0 / mean if indicator.percent_of_baseline else 1.0
                changes.append(
                    (
                        k,
                        order,
                        Change(
                            float(ends[index[k][-1]]),
                            indicator.name,
                            "up" if way > 0 else "down",
                            average * told,
                            mean * told,
                            change,
                            gate,
                            "raised" if severity == "raised" else "cleared",
                        ),
                    )
                )
    return [change for _, _, change in sorted(changes, key=lambda item: item[:2])]


def assert_same_changes(found: list[Change], expected: list[Change]) -> None:
    def names(changes: list[Change]) -> list[tuple[float, str, str, str]]:
        return [(c.time_s, c.indicator, c.direction, c.severity) for c in changes]

    def figures(changes: list[Change]) -> list[tuple[float, ...]]:
        return [(c.value, c.baseline, c.change, c.gate) for c in changes]

    assert names(found) == names(expected)
    np.testing.assert_allclose(figures(found), figures(expected), rtol=1e-9, atol=1e-9)


@settings(max_examples=80, deadline=None)
@given(steps=eventful_runs())
def test_it_equals_the_plain_computation_over_the_whole_run(steps: Steps) -> None:
    assert_same_changes(DriftDetector(PLAIN).push(steps), naive_changes(steps, PLAIN))


def test_the_eventful_runs_do_have_events() -> None:
    """The comparisons above would be empty otherwise."""
    steps = concatenate([stationary_run(1, seed) for seed in range(6)])
    steps.rows["initial_contact_s"] = np.cumsum(steps.step_time_s)
    steps.rows["peak_10hz_bw"][400:700] *= 1.3
    steps.rows["sacral_lean_deg"][300:] -= 6.0
    found = DriftDetector(PLAIN).push(steps)
    assert {c.severity for c in found} == {"raised", "cleared"}
    assert {"peak_10hz_bw", "sacral_lean_deg"} <= {c.indicator for c in found}
    assert_same_changes(found, naive_changes(steps, PLAIN))


# ------------------------------------------------ what is left out, adjusted, and learned anew


def test_a_sensor_that_moves_is_said_once_and_the_baseline_is_learned_anew() -> None:
    steps = changed_run(30, "sacral_lean_deg", lambda t, x: np.where(t > 900.0, x + 9.0, x))
    detector = DriftDetector()
    before, after = cut(steps, [int(np.searchsorted(steps.initial_contact_s, 900.0))])
    changes = detector.push(before)
    (moved,) = detector.push(after)
    assert changes == []
    assert (moved.indicator, moved.severity) == (SENSOR_POSITION, "raised")
    assert 900.0 < moved.time_s < 912.0
    assert moved.change == pytest.approx(9.0, abs=1.5)
    assert detector.status == "watching"
    baseline = detector.baseline
    assert baseline is not None
    lean = baseline.of("sacral_lean_deg")
    assert lean is not None
    assert lean.mean == pytest.approx(15.0, abs=0.7)


def test_a_change_that_was_reported_is_withdrawn_when_the_sensor_moves() -> None:
    def course(t: Array, shock: Array) -> Array:
        return shock * np.where(t > 900.0, 1.3, 1.0)

    steps = changed_run(25, "impact_shock_g", course)
    steps.rows["sacral_roll_deg"][steps.initial_contact_s > 1200.0] = 12.0
    found = [(c.indicator, c.severity) for c in DriftDetector().push(steps)]
    assert found[0] == ("impact_shock_g", "raised")
    assert found[-2:] == [("impact_shock_g", "withdrawn"), (SENSOR_POSITION, "raised")]


def test_a_lean_in_bends_is_no_change() -> None:
    steps = changed_run(40, "sacral_lean_deg", lambda t, x: x + 3.0 * (t % 60.0 < 40.0))
    steps.rows["yaw_rate_deg_s"] = 5.0 * (steps.initial_contact_s % 60.0 < 40.0)
    assert DriftDetector().push(steps) == []
    straight = Steps(steps.rows.copy())
    straight.rows["yaw_rate_deg_s"] = 0.0
    detector = DriftDetector()
    detector.push(straight)
    # it was the turning that made the difference
    assert detector.current("sacral_lean_deg").baseline > 7.5


def test_a_marked_surface_is_given_a_minute() -> None:
    steps = changed_run(
        20, "peak_10hz_bw", lambda t, x: np.where((t > 900) & (t < 960), 1.5 * x, x)
    )
    before, after = cut(steps, [int(np.searchsorted(steps.initial_contact_s, 900.0))])
    told = DriftDetector()
    told.push(before)
    told.mark("surface", "grass")
    assert told.status == "waiting a moment after a new surface"
    assert told.push(after) == []
    untold = DriftDetector()
    untold.push(before)
    peak = [c.severity for c in untold.push(after) if c.indicator == "peak_10hz_bw"]
    assert peak == ["raised", "cleared"]


def test_a_reseat_learns_anew() -> None:
    detector = DriftDetector()
    detector.push(stationary_run(15))
    assert detector.baseline is not None
    detector.mark("reseat")
    assert detector.baseline is None
    assert "learning your baseline: 0 of 40 blocks" in detector.status


def test_a_faster_pace_is_not_told_as_a_change_of_form() -> None:
    """Half a metre a second more moves everything together."""
    steps = stationary_run(25)
    late = steps.initial_contact_s > 900.0
    for name, share in (
        ("peak_10hz_bw", 0.035),
        ("impact_shock_g", 0.10),
        ("shock_power_g2", 0.225),
        ("contact_time_ms", -0.11),
    ):
        steps.rows[name][late] *= 1.0 + share
    known = Covariates(np.where(late, 3.5, 3.0), np.zeros(len(steps)))
    for covariates in (None, known):
        raised = DriftDetector().push(steps, covariates)
        assert not {"peak_10hz_bw", "impact_shock_g"} & {c.indicator for c in raised}


def test_a_left_right_difference_below_twenty_percent_is_never_reported() -> None:
    def differing(percent: float) -> list[str]:
        steps = stationary_run(30)
        rows = steps.rows
        late = rows["initial_contact_s"] > 900.0
        left = rows["side"] == 2
        rows["impact_shock_g"][late & left] *= 1.0 + percent / 200.0
        rows["impact_shock_g"][late & ~left] *= 1.0 - percent / 200.0
        return [c.indicator for c in DriftDetector().push(steps)]

    assert "shock_difference_percent" not in differing(25.0)  # from −10 to +15 %
    assert "shock_difference_percent" in differing(40.0)


def test_the_whole_run_tells_more_of_the_wander_than_its_first_minutes() -> None:
    steps = changed_run(40, "sacral_lean_deg", lambda t, x: x + 0.7 * np.sin(t / 150.0))
    detector = DriftDetector()
    detector.push(steps)
    whole = detector.run_baseline
    assert whole is not None
    lean = whole.of("sacral_lean_deg")
    assert lean is not None
    assert lean.mean == pytest.approx(6.0, abs=0.2)
    assert 0.45 < lean.wander_sd < 0.75
    assert whole.blocks > 200


def test_earlier_runs_on_other_ground_or_in_other_shoes_do_not_count() -> None:
    def run(lean_deg: float, surface: str, shoe: str) -> EarlierRun:
        item = IndicatorBaseline("sacral_lean_deg", lean_deg, 0.3, 0.2)
        return EarlierRun(Baseline((item,), 40), surface, shoe)

    runs = [run(90.0, "road", "red"), *(run(v, "road", "blue") for v in (3.0, 4.0, 5.0, 6.0, 7.0))]
    runs += [run(50.0, "grass", "blue"), run(8.0, "road", "blue")]
    usual = warm_start(runs, surface="road", shoe="blue")
    assert usual is not None
    lean = usual.of("sacral_lean_deg")
    assert lean is not None
    assert lean.mean == 6.0  # of the last five
    assert lean.wander_sd == pytest.approx(0.3)
    # five runs of SD √2.5, two that were assumed at 0.5°, and what the mean of five leaves open
    assert lean.level_sd == pytest.approx(math.sqrt((4 * 2.5 + 2 * 0.25) / 6 * 1.2))
    assert usual.blocks == 200
    assert warm_start(runs, surface="grass", shoe="blue") is None
    assert warm_start([], surface="", shoe="") is None
    assert Baseline.from_json(usual.to_json()) == usual


def usual_of(lean_deg: float, wander_deg: float, level_deg: float) -> Baseline:
    item = IndicatorBaseline("sacral_lean_deg", lean_deg, wander_deg, 0.4, level_deg)
    return Baseline((item,), 1500)


def test_a_baseline_of_earlier_runs_moves_to_that_of_the_day() -> None:
    """A runner who leans 1° more today, as on other days too, is told nothing."""
    detector = DriftDetector(baseline=usual_of(5.0, 0.5, 0.8))
    steps = stationary_run(20)
    detector.push(steps[:800])
    early = detector.current("sacral_lean_deg")
    assert detector.push(steps[800:]) == []
    late = detector.current("sacral_lean_deg")
    assert early.baseline < 5.5
    assert late.baseline == pytest.approx(5.95, abs=0.2)
    assert late.gate < early.gate - 0.5  # the day is known by now


def test_a_change_from_earlier_runs_is_told_from_the_first_minutes_on() -> None:
    detector = DriftDetector(baseline=usual_of(1.0, 0.3, 0.3))
    (change,) = detector.push(stationary_run(6))
    assert (change.indicator, change.direction) == ("sacral_lean_deg", "up")
    assert change.time_s < 300.0


def test_a_runner_who_wanders_in_everything_has_wider_gates_in_all() -> None:
    def gate(columns: tuple[str, ...]) -> float:
        steps = stationary_run(30)
        for phase, column in enumerate(columns):
            course = np.sin(steps.initial_contact_s / 60.0 + phase)
            size = 2.5 if column == "sacral_lean_deg" else 0.06 * steps.rows[column]
            steps.rows[column] += size * course
        detector = DriftDetector()
        detector.push(steps)
        return detector.current("peak_10hz_bw").gate

    one = gate(("peak_10hz_bw",))
    assert one == pytest.approx(1.2 * 6.0, abs=1e-9)
    many = ("peak_10hz_bw", "impact_shock_g", "sacral_lean_deg", "contact_time_ms")
    assert gate((*many, "vertical_oscillation_mm")) > 1.5 * one


def test_a_jump_straight_forward_may_be_the_runner_a_crooked_one_is_the_sensor() -> None:
    def found(forward_deg: float, sideways_deg: float) -> set[str]:
        steps = stationary_run(25)
        late = steps.initial_contact_s > 900.0
        steps.rows["sacral_roll_deg"] = np.where(late, sideways_deg, 0.0)
        steps.rows["sacral_lean_deg"] += np.where(late, forward_deg, 0.0)
        return {change.indicator for change in DriftDetector().push(steps)}

    assert found(5.4, 0.0) >= {"sacral_lean_deg"}
    assert "sensor_position" not in found(5.4, 0.0)
    assert found(4.0, 4.0) == {"sensor_position"}
    assert found(7.5, 0.0) == {"sensor_position"}


def test_a_harder_landing_alone_is_not_taken_for_a_change_of_pace() -> None:
    steps = stationary_run(40)
    late = steps.initial_contact_s > 900.0
    for column, share in (("impact_shock_g", 0.3), ("shock_power_g2", 0.6)):
        steps.rows[column] *= np.where(late, 1.0 + share, 1.0)
    raised = {c.indicator for c in DriftDetector().push(steps) if c.severity == "raised"}
    assert raised == {"impact_shock_g", "shock_power_g2"}


def test_after_the_sensor_moved_a_run_tells_later_ones_nothing_of_the_lean() -> None:
    steps = changed_run(30, "sacral_lean_deg", lambda t, x: np.where(t > 900.0, x + 9.0, x))
    detector = DriftDetector()
    detector.push(steps)
    whole = detector.run_baseline
    assert whole is not None
    assert whole.of("sacral_lean_deg") is None
    assert whole.of("lumbar_index") is None
    assert whole.of("impact_shock_g") is not None
