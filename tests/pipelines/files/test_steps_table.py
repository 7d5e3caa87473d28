"""The steps table as a file: fixed bytes out, the same steps back, Parquet in full."""

from __future__ import annotations

import builtins
import importlib.util
import os
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imu.errors import ParameterError, RecordingError
from imu.samples import Quality
from imu.steps import NO_STEPS, STEP_COLUMNS, STEP_ROW, Steps
from pipelines.files.steps_table import write_steps
from tests.pipelines.files.sentences import one_sentence
from tests.pipelines.files.steps_in import steps_in

HEADER = (
    "step,initial_contact_s,toe_off_s,side,step_time_s,contact_time_ms,flight_time_ms,cadence_spm,"
    "peak_force_bw,impact_shock_g,vertical_oscillation_mm,mediolateral_oscillation_mm,braking_m_s,sacral_lean_deg,"
    "sacral_roll_deg,pelvic_tilt_range_deg,pelvic_obliquity_range_deg,pelvic_rotation_range_deg,"
    "lumbar_index,quality"
)
NUMBERS = [name for name in STEP_COLUMNS if STEP_ROW[name] == np.float64]


def steps_of(count: int, seed: int = 0) -> Steps:
    rng = np.random.default_rng(seed)
    rows = np.zeros(count, STEP_ROW)
    for name in STEP_ROW.names or ():
        if STEP_ROW[name] == np.float64:
            rows[name] = rng.normal(0, 100, count)
            rows[name][rng.random(count) < 0.2] = np.nan
    rows["step"] = np.arange(1, count + 1)
    rows["initial_contact_s"] = np.cumsum(rng.uniform(0.3, 0.4, count))
    rows["side"] = rng.integers(0, 4, count)
    rows["quality"] = rng.integers(0, 128, count)
    return Steps(rows)


# --------------------------------------------------------------------------------------- CSV


def test_the_columns_are_those_promised(tmp_path: Path) -> None:
    """No steps give the header alone; others build on the order."""
    path = tmp_path / "steps.csv"
    write_steps(path, NO_STEPS)
    assert path.read_bytes() == (HEADER + "\n").encode()
    assert len(steps_in(path)) == 0


def test_a_row_is_written_with_fixed_decimals_and_empty_cells(tmp_path: Path) -> None:
    rows = np.zeros(1, STEP_ROW)
    for name in NUMBERS:
        rows[name] = np.nan
    rows["step"], rows["side"] = 12, 3
    rows["quality"] = Quality.GAP | Quality.NO_GYRO
    rows["initial_contact_s"] = 3.0000004
    rows["toe_off_s"] = 1234.5
    rows["contact_time_ms"] = 234.56789
    rows["peak_force_bw"] = 2.5
    rows["braking_m_s"] = 0.123456
    rows["sacral_lean_deg"] = -0.00001
    path = tmp_path / "steps.csv"
    write_steps(path, Steps(rows))
    assert path.read_text().splitlines()[1] == (
        "12,3.000000,1234.500000,R,,234.568,,,2.5000,,,,0.12346,0.0000,,,,,,gap;no_gyro"
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_steps_read_back_as_written(tmp_path: Path, count: int, seed: int) -> None:
    """To the decimals of the file; and writing what was read gives the same bytes."""
    steps = steps_of(count, seed)
    path, again = tmp_path / "steps.csv", tmp_path / "again.csv"
    write_steps(path, steps)
    back = steps_in(path)
    for name in NUMBERS:
        np.testing.assert_allclose(getattr(back, name), getattr(steps, name), atol=5.1e-4, rtol=0)
    for name in ("step", "side", "quality"):
        np.testing.assert_array_equal(getattr(back, name), getattr(steps, name))
    np.testing.assert_allclose(back.initial_contact_s, steps.initial_contact_s, atol=5.1e-7, rtol=0)
    write_steps(again, back)
    assert again.read_bytes() == path.read_bytes()


def test_other_programs_read_the_csv(tmp_path: Path) -> None:
    steps = steps_of(50)
    path = tmp_path / "steps.csv"
    write_steps(path, steps)
    frame = pd.read_csv(path)
    assert tuple(frame.columns) == STEP_COLUMNS
    np.testing.assert_allclose(frame["peak_force_bw"], steps.peak_force_bw, atol=5.1e-5)


# ----------------------------------------------------------------------------------- Parquet


def test_parquet_has_full_precision_and_null(tmp_path: Path) -> None:
    steps = steps_of(60)
    path = tmp_path / "steps.parquet"
    write_steps(path, steps)
    frame = pl.read_parquet(path)
    assert tuple(frame.columns) == STEP_COLUMNS
    for name in NUMBERS:
        np.testing.assert_array_equal(frame[name].to_numpy(), getattr(steps, name))
        assert frame[name].null_count() == int(np.isnan(getattr(steps, name)).sum())
    for name in ("step", "side", "quality"):
        assert frame[name].to_list() == getattr(steps, name).tolist()
    assert frame.schema["step"] == pl.Int64 and frame.schema["side"] == pl.String


def test_no_steps_give_a_parquet_of_the_same_types(tmp_path: Path) -> None:
    write_steps(tmp_path / "none.parquet", NO_STEPS)
    write_steps(tmp_path / "some.parquet", steps_of(3))
    none, some = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("none", "some"))
    assert len(none) == 0
    assert none.schema == some.schema


def test_parquet_without_pyarrow_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_spec = importlib.util.find_spec

    def without(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "pyarrow" else find_spec(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    path = tmp_path / "steps.parquet"
    with pytest.raises(RecordingError) as caught:
        write_steps(path, steps_of(1))
    one_sentence(caught.value, str(path), 'python -m pip install ".[lab]"')
    assert not path.exists()


def test_csv_needs_no_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = builtins.__import__

    def refuse(name: str, *args: object, **kwargs: object) -> object:
        assert name.partition(".")[0] not in {"pyarrow", "pandas", "polars"}
        return load(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    write_steps(tmp_path / "steps.csv", steps_of(2))
    assert len(steps_in(tmp_path / "steps.csv")) == 2


# ---------------------------------------------------------------------------------- elsewhere


@pytest.mark.parametrize("name", ["steps.xlsx", "steps", "steps.csv.gz"])
def test_another_extension_names_the_choices(tmp_path: Path, name: str) -> None:
    with pytest.raises(ParameterError, match=r"\.csv or \.parquet") as caught:
        write_steps(tmp_path / name, NO_STEPS)
    one_sentence(caught.value, name, "-")
    assert list(tmp_path.iterdir()) == []


def test_a_dash_is_standard_output(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    steps = steps_of(5)
    write_steps(tmp_path / "steps.csv", steps)
    capfdbinary.readouterr()
    write_steps("-", steps)
    assert capfdbinary.readouterr().out == (tmp_path / "steps.csv").read_bytes()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_standard_output() -> None:
    code = """
import sys
from imu.errors import RecordingError
from imu.steps import NO_STEPS
from pipelines.files.steps_table import write_steps
try:
    write_steps("-", NO_STEPS)
except RecordingError as error:
    sys.stderr.write(str(error))
    sys.stderr.flush()
    import os
    os._exit(error.exit_code)
"""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        )
    assert done.returncode == 1
    assert done.stderr == ("standard output: the disk is full: free some space and try again.")
