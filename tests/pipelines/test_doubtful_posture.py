"""A run on a track is as good as any: bends, and steps after a slip, cost only the posture."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.samples import Quality
from imu.steps import Steps
from pipelines.runner.journal.session_entry import entry_of
from pipelines.runner.journal.stated import Distance, Stated
from pipelines.session.header import SessionHeader
from pipelines.session.pace import Pace
from pipelines.session.progress import SessionProgress
from pipelines.session.summary import summarise
from pipelines.views.report.content import content_of
from tests.pipelines.results import result_from_steps
from tests.pipelines.views.report.runs import recording_of, steps_of

BEND, SLIP = int(Quality.BEND), int(Quality.SLIP)
COUNT = 3000


def on_a_track(flag: int = BEND) -> tuple[Steps, NDArray[np.bool_]]:
    """Sixty steps straight, sixty flagged, and so on; where flagged, lean and roll are far off."""
    rows = steps_of(COUNT).rows.copy()
    bend = np.arange(COUNT) // 60 % 2 == 1
    rows["quality"][bend] = flag
    rows["sacral_lean_deg"] = np.where(bend, 25.0, 5.0)
    rows["sacral_roll_deg"] = np.where(bend, 12.0, 1.0)
    rows["lumbar_index"] = np.where(bend, 130.0, 100.0)
    return Steps(rows), bend


@pytest.mark.parametrize("flag", [BEND, SLIP])
def test_the_summary_tells_the_posture_of_the_straights(flag: int) -> None:
    steps, bend = on_a_track(flag)
    summary = summarise(result_from_steps(steps), "run.csv", rate_hz=200.0)
    assert summary.median["sacral_lean_deg"] == 5.0
    assert summary.median["sacral_roll_deg"] == 1.0
    assert summary.median["contact_time_ms"] == pytest.approx(np.median(steps.contact_time_ms))
    assert summary.trusted_steps == COUNT
    assert summary.quality == {"bend" if flag == BEND else "slip": int(bend.sum())}


def test_a_run_all_in_bends_still_has_a_lean_in_the_summary() -> None:
    steps, _ = on_a_track()
    rows = steps.rows.copy()
    rows["quality"] = BEND
    summary = summarise(result_from_steps(Steps(rows)), "run.csv", rate_hz=200.0)
    assert summary.median["sacral_lean_deg"] == np.median(steps.sacral_lean_deg)


def test_the_report_rests_on_all_steps_and_the_posture_on_the_straights() -> None:
    steps, bend = on_a_track()
    content = content_of(recording_of(steps))
    assert content.trusted == COUNT
    assert not content.too_few
    (flag,) = content.flags
    assert (flag.token, flag.steps) == ("bend", int(bend.sum()))
    lean = next(h for h in content.headlines if h.measure.column == "sacral_lean_deg")
    assert lean.level == pytest.approx(5.0, abs=0.01)
    course = next(c for c in content.courses if c.measure.column == "sacral_lean_deg")
    # three blocks of each bend are left open
    assert np.isnan(course.mean).sum() == 3 * 25
    assert np.nanmax(course.mean) < 6.0


def test_the_journal_keeps_the_posture_of_the_straights() -> None:
    steps, _ = on_a_track()
    entry = entry_of(result_from_steps(steps), Stated())
    assert entry.means["sacral_lean_deg"] == 5.0
    assert entry.means["contact_time_ms"] == pytest.approx(steps.contact_time_ms.mean(), abs=1e-5)


@pytest.mark.parametrize(("flag", "index"), [(BEND, (1.0 + 1.3**4) / 2.0), (SLIP, 1.0)])
def test_bends_count_for_the_dose_and_steps_after_a_slip_as_the_others(
    flag: int, index: float
) -> None:
    steps, _ = on_a_track(flag)
    header = SessionHeader(
        10**18, "", baseline=Baseline((IndicatorBaseline("lumbar_index", 2.3, 0.1),), 40)
    )
    stated = Stated(Distance(3000.0, "treadmill"))
    entry = entry_of(result_from_steps(steps, header=header), stated)
    assert entry.dose_easy_km_m4 == pytest.approx(3.0 * index)
    pace = Pace()
    pace.take_speed(3000.0 / float(steps.step_time_s.sum()), -1.0)
    progress = SessionProgress(pace, index_of_earlier_runs=True)
    for start in range(0, COUNT, 7):
        progress.take_steps(steps[start : start + 7])
    assert progress.dose_easy_km == pytest.approx(entry.dose_easy_km_m4)
