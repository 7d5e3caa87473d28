"""What a report says is what the steps hold, and it never says more than that."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.detector import DriftDetector
from imu.samples import Quality
from imu.steps import NO_STEPS, Steps
from pipelines.coaching.alert import Alert
from pipelines.quantities import WATCHED
from pipelines.session.facts import AlertTold
from pipelines.views.report.content import Content, content_of
from pipelines.views.report.episodes import Episode
from pipelines.views.report.recording import PreviousRun
from pipelines.views.report.words import episode_words, summary_sentences
from tests.examples import few
from tests.pipelines.views.report.runs import HEADER, LEVELS, changed, recording_of, steps_of

HOUR = 10_000


def names(content: Content) -> list[tuple[str, str]]:
    return [(episode.measure.column, episode.direction) for episode in content.episodes]


def of_column(content: Content, column: str) -> Episode:
    """The only episode of a measure; others may follow from it."""
    (episode,) = [each for each in content.episodes if each.measure.column == column]
    return episode


def test_even_run_has_no_change_and_levels_as_they_were() -> None:
    content = content_of(recording_of(steps_of(HOUR)))

    assert content.episodes == ()
    assert {headline.state for headline in content.headlines} == {"within"}
    for headline in content.headlines:
        level = LEVELS[headline.measure.column]
        assert headline.level == pytest.approx(level, rel=0.002)
        assert headline.band is not None
        assert headline.band.low < level < headline.band.high
    for row in content.levels:
        assert abs(row.difference) <= 3.0 * row.difference_half_width + 1e-9


def test_shock_that_rises_for_good_is_one_episode_to_the_end() -> None:
    steps = changed(steps_of(HOUR), "impact_shock_g", 1.25, 4000)

    episode = of_column(content_of(recording_of(steps)), "impact_shock_g")

    begins_s = float(steps.initial_contact_s[4000])
    assert episode.measure.column == "impact_shock_g"
    assert episode.direction == "up"
    assert begins_s < episode.begin_s < begins_s + 120.0
    assert episode.end_s is None
    assert episode.change == pytest.approx(25.0, abs=1.5)
    assert episode.level == pytest.approx(3.75, rel=0.02)
    assert episode.told_s is None


def test_change_that_goes_back_has_an_end() -> None:
    steps = changed(steps_of(HOUR), "cadence_spm", 0.94, 4000, 6000)
    # the detector takes cadence from the step times
    steps = changed(steps, "step_time_s", 1.0 / 0.94, 4000, 6000)

    content = content_of(recording_of(steps))

    episode = of_column(content, "cadence_spm")
    assert episode.direction == "down"
    assert episode.end_s is not None
    assert episode.end_s == pytest.approx(float(steps.initial_contact_s[6000]), abs=120.0)


def test_alert_and_the_change_behind_it_are_one_episode() -> None:
    steps = changed(steps_of(HOUR), "impact_shock_g", 1.25, 4000)
    silent = of_column(content_of(recording_of(steps)), "impact_shock_g")
    told_s = silent.begin_s + 100.0
    alert = Alert(told_s, "impact_shock_g", "up", 3.7, 3.0, 23.0, 9.0, "raised", "Try this.")
    recording = recording_of(steps, AlertTold(told_s, alert))

    episode = of_column(content_of(recording), "impact_shock_g")

    assert episode.begin_s == silent.begin_s
    assert episode.told_s == told_s
    assert episode.message == "Try this."
    assert (episode.baseline, episode.level, episode.change) == (3.0, 3.7, 23.0)
    assert episode.mean_change == pytest.approx(25.0, abs=1.5)
    told = (
        "was 23 % higher than the baseline (3.70 g against 3.00 g) when it was told, and +24 % on"
    )
    assert told in episode_words(episode, "metric")
    assert "was on average 24 % higher" in episode_words(silent, "metric")


def test_given_baseline_is_judged_against_from_the_start() -> None:
    baseline = Baseline((IndicatorBaseline("impact_shock_g", 2.4, 0.01),), 40)

    content = content_of(
        recording_of(steps_of(3000), header=structs.replace(HEADER, baseline=baseline))
    )

    assert content.judgement.stretches[-1].origin in {"given", "earlier runs"}
    assert content.learned_s is None
    assert names(content) == [("impact_shock_g", "up")]
    shock, oscillation, _ = content.headlines
    assert shock.state == "changed"
    assert oscillation.state == "within"  # learned on the way


def test_band_is_the_detector_s_own() -> None:
    steps = steps_of(3000)
    detector = DriftDetector()
    detector.push(steps)

    for course in content_of(recording_of(steps)).courses:
        assert course.measure.watched is not None
        reading = detector.current(course.measure.watched.name)
        assert course.band is not None
        assert course.band.baseline == reading.baseline
        relative = course.measure.watched.relative
        half = reading.baseline * reading.gate / 100.0 if relative else reading.gate
        assert course.band.high - reading.baseline == pytest.approx(half)
        assert reading.baseline - course.band.low == pytest.approx(half)


def test_lumbar_index_is_a_percentage_of_the_baseline() -> None:
    steps = changed(steps_of(HOUR), "lumbar_compression_bw", 1.5, 5000)

    courses = content_of(recording_of(steps)).courses
    (course,) = [each for each in courses if each.measure.column == "lumbar_compression_bw"]

    assert np.median(course.mean[:100]) == pytest.approx(100.0, abs=2.0)
    assert np.median(course.mean[-100:]) == pytest.approx(150.0, abs=3.0)


def test_no_running_gives_an_empty_content() -> None:
    content = content_of(recording_of(NO_STEPS))

    assert not content.has_running
    assert content.recording.result.running_s == 0.0
    assert not (content.episodes or content.levels or content.sides or content.distributions)
    assert {headline.state for headline in content.headlines} == {"not measured"}


def test_short_run_says_its_means_and_no_more() -> None:
    content = content_of(recording_of(steps_of(15)))

    assert content.windows is None
    assert content.sides == ()
    assert {headline.state for headline in content.headlines} == {"no baseline"}
    assert all(math.isnan(headline.half_width) for headline in content.headlines)
    assert content.headlines[0].level == pytest.approx(3.0, rel=0.03)


def test_untrusted_steps_move_no_figure() -> None:
    steps = steps_of(3000)
    rows = steps.rows.copy()
    rows["impact_shock_g"][1000:1500] = 50.0
    rows["quality"][1000:1500] = int(Quality.CLIPPED)
    content = content_of(recording_of(Steps(rows)))

    assert content.trusted == 2500
    assert content.headlines[0].level == pytest.approx(3.0, rel=0.005)
    (flag,) = content.flags
    assert (flag.token, flag.steps) == ("clipped", 500)
    assert flag.share == pytest.approx(1 / 6)


@pytest.mark.parametrize("trusted", [0, 9])
def test_a_run_of_which_too_few_steps_count_has_no_figures(trusted: int) -> None:
    """As in the terminal, in the summary's file and in the journal."""
    rows = steps_of(400).rows.copy()
    rows["quality"][trusted:] = int(Quality.GAP)
    recording = recording_of(Steps(rows))

    content = content_of(recording)

    assert content.too_few
    assert {one.state for one in content.headlines} == {"not measured"}
    assert recording.result.means == {}
    assert "can be counted on, too few for figures" in " ".join(summary_sentences(content))


def test_missing_gyroscope_is_a_flag_and_no_reason_to_leave_steps_out() -> None:
    content = content_of(recording_of(steps_of(3000, gyro=False)))

    assert content.trusted == 3000
    assert [flag.token for flag in content.flags] == ["no_gyro"]
    assert all(not row.measure.column.startswith("pelvic") for row in content.levels)


@pytest.mark.parametrize(
    ("factor", "size"), [(1.05, "alike"), (1.15, "moderate"), (1.3, "large"), (0.75, "large")]
)
def test_difference_between_the_feet(factor: float, size: str) -> None:
    rows = steps_of(2000).rows.copy()
    rows["impact_shock_g"][1::2] *= factor

    row = content_of(recording_of(Steps(rows))).sides[0]

    expected = 100.0 * (factor - 1.0) / (0.5 * (factor + 1.0))
    assert (row.sides, row.size) == (("L", "R"), size)
    assert abs(row.percent - expected) < 2.0 * row.half_width
    assert 0.0 < row.half_width < 0.5


def test_feet_that_are_not_told_apart_are_sides_a_and_b() -> None:
    rows = steps_of(2000).rows.copy()
    rows["side"] -= 2

    content = content_of(recording_of(Steps(rows)))

    assert {row.sides for row in content.sides} == {("A", "B")}


def test_pause_breaks_the_line() -> None:
    rows = steps_of(2000).rows.copy()
    for name in ("initial_contact_s", "toe_off_s"):
        rows[name][1000:] += 300.0

    course = content_of(recording_of(Steps(rows))).courses[0]

    (gap,) = np.flatnonzero(np.isnan(course.mean))
    assert course.time_s[gap - 1] < 370.0 < course.time_s[gap] < 700.0 > course.time_s[gap]
    assert (np.diff(course.time_s) > 0).all()


def previous_runs(*shocks: float) -> list[PreviousRun]:
    return [PreviousRun(f"run {n}", n, {"impact_shock_g": s}) for n, s in enumerate(shocks)]


@pytest.mark.parametrize(
    ("shocks", "place"),
    [
        ((2.0, 2.2, 2.5), "above all"),
        ((3.5, 3.2, 3.6), "below all"),
        ((2.5, 3.6, 3.2), "among"),
    ],
)
def test_run_is_placed_among_earlier_ones(shocks: tuple[float, ...], place: str) -> None:
    content = content_of(recording_of(steps_of(2000)), previous_runs(*shocks))

    (comparison,) = content.previous
    assert comparison.measure.column == "impact_shock_g"
    assert comparison.place == place
    assert comparison.earlier == shocks


def test_two_earlier_runs_are_too_few_to_compare_with() -> None:
    content = content_of(recording_of(steps_of(2000)), previous_runs(2.0, 2.2))

    assert content.previous == ()
    assert len(content.previous_runs) == 2


@settings(max_examples=few(12), deadline=None)
@given(
    count=st.integers(0, 700),
    flags=st.integers(0, 127),
    emptied=st.sets(st.sampled_from(sorted(LEVELS)), max_size=6),
    seed=st.integers(0, 10),
)
def test_any_run_has_a_content(count: int, flags: int, emptied: set[str], seed: int) -> None:
    rows = steps_of(count, seed=seed).rows.copy()
    rows["quality"][: count // 2] = flags
    for name in emptied:
        rows[name] = math.nan

    content = content_of(recording_of(Steps(rows)))

    assert len(content.headlines) == 3
    assert len(content.courses) == len(WATCHED)
    assert {row.measure.column for row in content.levels}.isdisjoint(emptied)
    assert content.trusted <= count
