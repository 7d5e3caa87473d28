"""Rows that a counter shows to be missing, where the rate is stated and rows have no time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines import read
from tests.pipelines.files.reading.tables import RUN, columns, written

KEPT = np.delete(np.arange(len(RUN.time_s)), [100, 101, 102, 400])


@pytest.mark.parametrize(
    ("name", "period", "first"),
    [("PacketCounter", 65536, 65400), ("seq", 256, 9), ("Frame", 10**9, 1), ("", 10**9, 0)],
)
def test_rows_keep_the_places_that_a_counter_gives_them(
    tmp_path: Path, name: str, period: int, first: int
) -> None:
    table = {name: [str((k + first) % period) for k in KEPT.tolist()]}
    table[name][200] = ""
    table |= {n: [held[k] for k in KEPT] for n, held in list(columns().items())[1:]}
    found = read(written(tmp_path / "run.csv", table), rate_hz=RUN.rate_hz)
    samples = found.samples.acceleration_m_s2
    np.testing.assert_allclose(samples[KEPT], RUN.acceleration_m_s2[KEPT], atol=1e-3)
    assert np.isnan(samples[[100, 101, 102, 400]]).all()
    assert "4 rows are missing" in " ".join(found.notes)


@pytest.mark.parametrize("count", ["1", "{k}", "{tens}"])
def test_what_counts_no_rows_takes_none_apart(tmp_path: Path, count: str) -> None:
    rows = range(len(RUN.time_s))
    table = {"sample": [count.format(k=k, tens=k // 10) for k in rows]}
    table |= dict(list(columns().items())[1:4])
    found = read(written(tmp_path / "run.csv", table), rate_hz=RUN.rate_hz)
    np.testing.assert_allclose(found.samples.acceleration_m_s2, RUN.acceleration_m_s2, atol=1e-3)
    assert "missing" not in " ".join(found.notes)


@pytest.mark.parametrize(
    ("first", "period", "begins"), [(0, 60, 0), (0, 100, 0), (1, 255, 0), (0, 10**9, 550)]
)
def test_a_counter_that_begins_anew_has_no_row_missing(
    tmp_path: Path, first: int, period: int, begins: int
) -> None:
    rows = len(RUN.time_s)
    counted = [*range(begins), *range(rows - begins)]
    table = {"seq": [str(first + k % period) for k in counted]} | dict(list(columns().items())[1:4])
    found = read(written(tmp_path / "run.csv", table), rate_hz=RUN.rate_hz)
    assert len(found.samples) == rows
    assert "missing" not in " ".join(found.notes)
