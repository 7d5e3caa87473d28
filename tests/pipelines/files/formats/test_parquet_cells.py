"""Parquet as others write it: cells that are empty, rows in groups."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from pipelines import read


def test_a_parquet_file_with_empty_cells_in_several_groups_is_read_as_it_is(
    tmp_path: Path,
) -> None:
    """NaN where a cell is empty, wherever in the file; and no library is loaded for nothing."""
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    time_s = np.arange(1200) / 100.0
    up: list[float | None] = (9.81 + np.sin(17.0 * time_s)).tolist()
    level: list[int | None] = [k % 3 for k in range(1200)]
    for missing in (0, 7, 499, 500, 1199):
        up[missing] = level[missing] = None
    columns = {
        "time_s": pa.array(time_s.tolist()),
        "acc_x_m_s2": pa.array(level, pa.int16()),
        "acc_y_m_s2": pa.array([0.5] * 1200, pa.float32()),
        "acc_z_m_s2": pa.array(up),
    }
    path = tmp_path / "cells.parquet"
    parquet.write_table(pa.table(columns), path, row_group_size=500)
    found = read(path).samples.acceleration_m_s2
    empty = np.isnan(found)
    assert np.flatnonzero(empty[:, 2]).tolist() == [0, 7, 499, 500, 1199]
    assert (empty[:, 0] == empty[:, 2]).all()
    whole = ~empty[:, 2]
    expected = [[x, 0.5, z] for x, z in zip(level, up, strict=True) if z is not None]
    np.testing.assert_array_equal(found[whole], expected)
    code = f"import sys, pipelines; pipelines.read({str(path)!r}); print('pandas' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "False"


def test_decimals_and_dictionaries_of_databases_are_numbers(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    time_s = np.arange(600) / 100.0
    up = np.round(9.81 + np.sin(17.0 * time_s), 2)
    level = pa.array(np.full(600, 0.5)).dictionary_encode()
    columns = {
        "time_s": pa.array([Decimal(f"{t:.3f}") for t in time_s], pa.decimal128(12, 3)),
        "acc_x_m_s2": level,
        "acc_y_m_s2": pa.array(np.zeros(600)),
        "acc_z_m_s2": pa.array(up).dictionary_encode(),
    }
    parquet.write_table(pa.table(columns), tmp_path / "run.parquet")
    table = read(tmp_path / "run.parquet")
    assert table.rate_hz == 100.0
    np.testing.assert_array_equal(table.samples.acceleration_m_s2[:, 2], up)
    np.testing.assert_array_equal(table.samples.acceleration_m_s2[:, 0], 0.5)


def test_units_that_a_file_keeps_beside_its_names_are_taken(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {
        "t": np.arange(600) * 10.0,
        "acc x": np.zeros(600),
        "acc y": np.zeros(600),
        "acc z": np.full(600, 3000.0),
        "gyr x": np.full(600, 1.0),
        "gyr y": np.sin(np.arange(600)),
        "gyr z": np.zeros(600),
    }
    said = {"t": "ms", "acc": "1/3000 g", "gyr": "deg/s"}
    fields = [
        pa.field(name, pa.float64(), metadata={"units": said[name.split()[0]]}) for name in columns
    ]
    path = tmp_path / "run.parquet"
    parquet.write_table(pa.table([*columns.values()], schema=pa.schema(fields)), path)
    table = read(path)
    assert table.rate_hz == 100.0
    np.testing.assert_allclose(table.samples.acceleration_m_s2[:, 2], 9.80665)
    turning = table.samples.angular_velocity_rad_s
    assert turning is not None
    np.testing.assert_allclose(turning[:, 0], np.radians(1.0))
