"""Tables of one run as text, a column of cells by name, and the check that they are read as it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines import SampleTable
from tests.pipelines.files.reading.shapes import Run, a_run

RUN = a_run()
Columns = dict[str, list[str]]


def cells(values: np.ndarray, digits: int = 6) -> list[str]:
    return [f"{value:.{digits}f}" for value in values.tolist()]


def columns(
    time: list[str] | None = None,
    time_name: str = "time_s",
    acc: str = "acc_{x}_m_s2",
    gyr: str = "gyr_{x}_rad_s",
    *,
    per_acc: float = 1.0,
    per_gyr: float = 1.0,
    run: Run = RUN,
) -> Columns:
    """A table of the run, as text."""
    found = {time_name: cells(run.time_s) if time is None else time}
    for name, values in (
        (acc, run.acceleration_m_s2 * per_acc),
        (gyr, run.angular_velocity_rad_s * per_gyr),
    ):
        for k, axis in enumerate("xyz"):
            found[name.format(x=axis, X=axis.upper(), n=k + 1)] = cells(values[:, k])
    return found


def written(path: Path, table: Columns, separator: str = ",", encoding: str = "utf-8") -> Path:
    rows = [separator.join(row) for row in zip(*table.values(), strict=True)]
    path.write_text("\n".join([separator.join(table), *rows]) + "\n", encoding=encoding)
    return path


def assert_is_the_run(
    table: SampleTable, *, run: Run = RUN, rows: slice | list[int] = slice(None)
) -> None:
    turning = table.samples.angular_velocity_rad_s
    assert turning is not None
    np.testing.assert_allclose(
        table.samples.acceleration_m_s2, run.acceleration_m_s2[rows], atol=2e-3
    )
    np.testing.assert_allclose(turning, run.angular_velocity_rad_s[rows], atol=2e-3)
    assert table.rate_hz == pytest.approx(run.rate_hz, rel=2e-3)
