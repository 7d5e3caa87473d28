"""How steps show themselves to people who work with them, and what data frames get of them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from imu import analyze
from imu.samples import Quality, Samples
from imu.steps import NO_STEPS, STEP_ROW, Steps


@pytest.fixture
def steps() -> Steps:
    rows = np.zeros(30, STEP_ROW)
    rows["step"] = np.arange(1, 31)
    rows["initial_contact_s"] = 2.0 + np.arange(30) / 2.5
    rows["cadence_spm"] = 150.0
    rows["contact_time_ms"] = np.linspace(240.0, 260.0, 30)
    rows["lumbar_index"] = np.nan
    rows["quality"][3] = Quality.GAP
    return Steps(rows)


def test_steps_say_in_a_line_what_they_are(steps: Steps) -> None:
    line = "<Steps: 30 from 2.0 to 13.6 s, 29 unflagged, median cadence 150 spm, contact 250 ms>"
    assert repr(steps) == line
    assert repr(NO_STEPS) == "<Steps: none>"
    at_rest = Samples(np.arange(400) / 200.0, np.tile([0.0, 0.0, 9.81], (400, 1)))
    assert repr(analyze(at_rest, axes="+x+y+z")) == "<Steps: none>"


def test_a_notebook_shows_the_ends_of_the_table(steps: Steps) -> None:
    page = steps._repr_html_()
    assert page.count("<tr>") == 1 + 5 + 1 + 5
    assert "<td>30</td>" in page
    assert "<td>15</td>" not in page
    assert "<td>gap</td>" in page
    assert "nan" not in page
    assert steps[:3]._repr_html_().count("<tr>") == 1 + 3


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames_have_moments_where_the_start_is_known(steps: Steps, library: str) -> None:
    pytest.importorskip(library)
    start = datetime(2026, 5, 1, 6, 30, tzinfo=UTC)
    start_ns = int(start.timestamp()) * 10**9
    frame = steps.to_pandas(start_ns) if library == "pandas" else steps.to_polars(start_ns)
    moment = frame["initial_contact_utc"][1]
    assert (moment - start).total_seconds() == pytest.approx(2.4)
    assert moment.utcoffset().total_seconds() == 0
    plain = steps.to_pandas() if library == "pandas" else steps.to_polars()
    assert "initial_contact_utc" not in plain.columns
