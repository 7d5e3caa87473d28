"""The waveform table as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from imu.waveforms import NO_WAVEFORMS, WAVEFORM_COLUMNS, Waveforms
from pipelines.files.waveform_table import write_waveforms

HEADER = "time_s,vertical_force_bw,vertical_displacement_mm,sacral_lean_deg,sacral_roll_deg"


def waves(count: int) -> Waveforms:
    rng = np.random.default_rng(count)
    values = rng.normal(0, 30, (4, count))
    values[:, ::7] = np.nan
    return Waveforms(np.arange(count) / 200, *values)


def test_no_waveforms_give_the_header_alone(tmp_path: Path) -> None:
    write_waveforms(tmp_path / "w.csv", NO_WAVEFORMS)
    assert (tmp_path / "w.csv").read_bytes() == (HEADER + "\n").encode()


def test_rows_have_fixed_decimals_and_empty_cells(tmp_path: Path) -> None:
    nan = float("nan")
    write_waveforms(
        tmp_path / "w.csv", Waveforms([0, 0.005], [2.34567, nan], [-51.5, 1], [8, -1e-9], [nan, 2])
    )
    assert (tmp_path / "w.csv").read_text().splitlines()[1:] == [
        "0.000000,2.3457,-51.500,8.0000,",
        "0.005000,,1.000,0.0000,2.0000",
    ]


def test_long_waveforms_are_whole_in_both_forms(tmp_path: Path) -> None:
    """Longer than one piece of writing."""
    waveforms = waves(20_000)
    for name in ("w.csv", "w.parquet"):
        write_waveforms(tmp_path / name, waveforms)
    exact = pl.read_parquet(tmp_path / "w.parquet")
    rounded = pl.read_csv(tmp_path / "w.csv")
    assert tuple(exact.columns) == tuple(rounded.columns) == WAVEFORM_COLUMNS
    for name, values in waveforms.columns().items():
        np.testing.assert_array_equal(exact[name].to_numpy(), values)
        np.testing.assert_allclose(rounded[name].to_numpy(), values, rtol=0, atol=5.1e-4)
        assert exact[name].null_count() == np.isnan(values).sum()
