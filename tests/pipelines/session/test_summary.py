"""A session in a few numbers: what is counted, what is left out, how people read it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.drift.changes import Severity
from imu.samples import Quality
from imu.steps import NO_STEPS, STEP_COLUMNS, STEP_ROW, Steps
from pipelines.coaching.alert import Alert
from pipelines.files.summary_file import read_summary
from pipelines.session.facts import LossCounts, SensorClock
from pipelines.session.summary import Summary, summarise
from pipelines.words.summary_words import run_notes, summary_lines, summary_rows
from tests.pipelines.results import result_from_steps

GAP: Final = int(Quality.GAP)


def some_steps(contact_ms: list[float], quality: list[int] | None = None) -> Steps:
    rows = np.zeros(len(contact_ms), STEP_ROW)
    for name in STEP_ROW.names or ():
        if STEP_ROW[name] == np.float64:
            rows[name] = np.nan
    rows["contact_time_ms"] = contact_ms
    rows["quality"] = quality or [0] * len(contact_ms)
    return Steps(rows)


def summary(steps: Steps, **others: object) -> Summary:
    result = result_from_steps(steps, duration_s=61.5, **others)  # type: ignore[arg-type]
    return summarise(result, "run.csv", rate_hz=200.0)


def test_medians_leave_out_what_was_not_measurable() -> None:
    result = summary(some_steps([200.0, float("nan"), 240.0, 220.0]))
    assert result.median["contact_time_ms"] == 220.0
    assert result.median["sacral_lean_deg"] is None
    assert result.steps == 4


@pytest.mark.parametrize(
    ("counting", "title", "median"),
    [
        (100, "medians", 200.0),
        (60, "medians of the 60 that count", 200.0),
        (4, "too few count for medians", None),
        (0, "no step counts", None),
    ],
)
def test_medians_are_of_the_steps_that_count(
    counting: int, title: str, median: float | None
) -> None:
    doubtful = 100 - counting
    contact_ms = [200.0] * counting + [320.0] * doubtful
    result = summary(some_steps(contact_ms, [0] * counting + [GAP] * doubtful))
    assert result.median["contact_time_ms"] == median
    head, *rows = summary_lines(result)
    assert head.endswith(f"(200 Hz); {title}")
    assert any("contact time" in row for row in rows) == (counting >= 60)
    assert not any("(of" in row for row in rows)


def test_running_time_is_that_of_all_steps_and_survives_json(tmp_path: Path) -> None:
    steps = some_steps([320.0] * 50, [GAP] * 50)
    steps.rows["step_time_s"] = 0.4
    file = tmp_path / "summary.json"
    file.write_text(summary(steps).to_json())
    assert read_summary(file).running_s == pytest.approx(20.0)


@given(st.lists(st.floats(100, 400) | st.just(float("nan")), max_size=30))
def test_the_summary_survives_json(values: list[float]) -> None:
    result = summary(some_steps(values))
    text = result.to_json()
    assert "NaN" not in text
    assert "Infinity" not in text
    assert json.loads(text)["steps"] == len(values)
    assert Summary(**json.loads(text)) == result


def test_steps_in_doubt_are_counted_by_kind() -> None:
    edge = int(Quality.EDGE)
    result = summary(some_steps([200.0] * 5, [0, GAP, GAP | edge, 0, edge]))
    assert result.quality == {"edge": 2, "gap": 2}
    assert result.trusted_steps == 2
    text = "\n".join(summary_lines(result))
    assert "edge 2, gap 2" in text


def test_every_measure_of_the_table_has_a_median() -> None:
    told = set(summary(NO_STEPS).median)
    counted = {"step", "initial_contact_s", "toe_off_s", "side", "quality"}
    assert told == set(STEP_COLUMNS) - counted


def test_no_steps_are_one_line() -> None:
    result = summary(NO_STEPS)
    assert summary_lines(result) == ["run.csv: 0 running steps in 1:01 (200 Hz)"]
    assert set(result.median.values()) == {None}


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        (LossCounts(filled=3, quarantined=5, chain_restarts=1), "5 (3 filled in, 1 gap too long"),
        (LossCounts(lost=70), "70 (0 filled in"),
        (LossCounts(filled=151, quarantined=7), "151 (151 filled in"),
        (LossCounts(malformed_packets=3, restarts=1), "3 damaged packets, 1 restart of the sensor"),
        (LossCounts(malformed_packets=1, restarts=2), "1 damaged packet, 2 restarts"),
    ],
)
def test_losses_are_told(losses: LossCounts, words: str) -> None:
    assert words in "\n".join(summary_lines(summary(some_steps([210.0]), losses=losses)))


def test_the_head_says_what_the_numbers_are() -> None:
    head, contact, *_ = summary_lines(summary(some_steps([200.0] * 40)))
    assert head == "run.csv: 40 running steps in 1:01 (200 Hz); medians"
    assert contact == f"  {'contact time':<30} {200:8d} ms"


def test_a_row_that_rests_on_other_steps_says_so() -> None:
    rows = some_steps([200.0] * 100).rows.copy()
    rows["lumbar_index"][60:85], rows["lumbar_index"][85:] = 121.0, 153.0  # of either foot
    rows["sacral_lean_deg"] = 5.4
    rows["quality"][10:30] = int(Quality.BEND)
    rows["flight_time_ms"][1:] = 90.0  # a step alone is not worth a word
    rows["impact_shock_g"][:-9] = np.nan  # nine of a hundred tell nothing of the run
    result = summary(Steps(rows))
    shown = "\n".join(summary_lines(result))
    assert "133 % of baseline, mean (of the last 40 steps)\n" in shown
    assert "5.4 ° (of 80 steps)\n" in shown
    assert "200 ms\n" in shown
    assert "90 ms\n" in shown
    assert "impact shock" not in shown
    assert result.median_steps["sacral_lean_deg"] == 80


def an_alert(indicator: str, severity: Severity = "raised") -> Alert:
    return Alert(600.0, indicator, "up", 9.0, 6.0, 3.0, 2.0, severity, "It changed.")


def test_alerts_are_counted_as_told_and_changes_are_named_by_their_words() -> None:
    alerts = [
        an_alert("sacral_lean_deg"),
        an_alert("sacral_lean_deg", "cleared"),
        an_alert("impact_shock_g"),
        an_alert("sacral_lean_deg"),
    ]
    result = summary(
        some_steps([210.0]), alerts=alerts, changed=["sacral_lean_deg", "lumbar_index"]
    )
    *_, told, changed = summary_lines(result)
    assert told.split()[:3] == ["alerts", "told", "3"]
    assert told.endswith("(changes from the baseline: pelvic lean 2 ×, impact shock)")
    assert changed.split()[:5] == ["changed", "at", "the", "end", "2"]
    assert changed.endswith("(pelvic lean, lumbar index)")
    assert result.alerts == 4  # the lines of the alerts file
    assert Summary(**json.loads(result.to_json())) == result


def test_lines_are_short_and_have_units() -> None:
    rows = np.ones(4, STEP_ROW)
    rows["quality"] = 0
    lines = summary_lines(summary(Steps(rows)))
    assert all(len(line) < 100 for line in lines)
    text = "\n".join(lines)
    for words in ("steps/min", "ms", "BW", " g", "mm", "°", "% of baseline"):
        assert words in text


@given(st.integers(30, 60))
def test_a_narrow_window_breaks_no_word_and_no_number(width: int) -> None:
    rows = np.ones(4, STEP_ROW)
    rows["quality"] = 0
    result = summary(Steps(rows), alerts=[an_alert("sacral_lean_deg")])
    narrow = summary_lines(result, width)
    assert all(len(line) <= width for line in narrow)
    plain = re.sub(r"[ :]+", " ", " ".join(narrow)).split()
    assert plain == re.sub(r"[ :]+", " ", " ".join(summary_lines(result))).split()
    assert "  cadence: 1.0 steps/min" in narrow


def test_a_wide_window_changes_nothing() -> None:
    result = summary(some_steps([200.0]))
    assert summary_lines(result, 200) == summary_lines(result)


def test_what_devices_measured_is_told_in_the_units_of_the_reader() -> None:
    clock = {"skew_ppm": -17.4, "skew_sd_ppm": 18.4, "offset_uncertainty_ms": 19.9, "basis": "x"}
    known = replace(
        summary(some_steps([200.0] * 5)),
        distance_m=1609.344,
        distance_source="treadmill",
        speed_m_s=2.5,
        clock=clock,
    )
    metric, imperial = dict(summary_rows(known)), dict(summary_rows(known, "imperial"))
    assert metric["distance"].strip() == "1.61 km (treadmill)"
    assert metric["measured speed"].strip() == "9.0 km/h"
    assert imperial["distance"] == "     1.0 miles (treadmill)"
    assert imperial["measured speed"] == "     5.6 mph"
    assert "17.4 ppm slow (± 18.4)" in metric["sensor clock"]
    unknown = replace(known, clock=clock | {"skew_ppm": None, "skew_sd_ppm": None})
    assert "it is not known how fast" in dict(summary_rows(unknown))["sensor clock"]


def test_a_clock_that_no_crystal_has_is_told() -> None:
    for skew_ppm, told in (
        (99_999.7, "runs 10 % fast"),
        (-60_000.0, "runs 6 % slow"),
        (20_000.0, ""),
    ):
        clock = SensorClock(skew_ppm, 16.2, 0.6, "pings")
        result = result_from_steps(some_steps([200.0] * 5), clock=clock)
        notes = [note for note in run_notes(result) if "clock" in note]
        assert len(notes) == bool(told)
        assert all(told in note for note in notes)


def test_without_a_gyroscope_there_is_no_figure_of_lean() -> None:
    def of(flag: Quality) -> Summary:
        steps = some_steps([200.0] * 5, [int(flag)] * 5)
        steps.rows["sacral_lean_deg"] = 5.0
        return summary(steps)

    bends, blind = of(Quality.BEND), of(Quality.NO_GYRO)
    assert bends.median["sacral_lean_deg"] == 5.0
    assert blind.median["sacral_lean_deg"] is None
    assert blind.median["contact_time_ms"] == 200.0
