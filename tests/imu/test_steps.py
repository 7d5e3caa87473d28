"""The steps table as arrays and as data frames."""

from __future__ import annotations

import numpy as np
import pytest

from imu.steps import NO_STEPS, STEP_COLUMNS, STEP_ROW, Steps, concatenate

PROMISED = [
    "step",
    "initial_contact_s",
    "toe_off_s",
    "side",
    "step_time_s",
    "contact_time_ms",
    "flight_time_ms",
    "cadence_spm",
    "peak_force_bw",
    "impact_shock_g",
    "vertical_oscillation_mm",
    "mediolateral_oscillation_mm",
    "braking_m_s",
    "sacral_lean_deg",
    "sacral_roll_deg",
    "pelvic_tilt_range_deg",
    "pelvic_obliquity_range_deg",
    "pelvic_rotation_range_deg",
    "lumbar_index",
    "quality",
]


def steps(n: int) -> Steps:
    rows = np.zeros(n, STEP_ROW)
    rows["step"] = np.arange(1, n + 1)
    rows["side"] = np.arange(n) % 4
    rows["quality"] = [0, 3, 12, 64][:n]
    rows["lumbar_index"] = np.nan
    return Steps(rows)


def test_the_columns_are_the_promised_ones_in_order() -> None:
    assert list(STEP_COLUMNS) == PROMISED
    assert list(steps(4).columns()) == PROMISED


def test_letters_and_tokens_are_words() -> None:
    table = steps(4)
    assert table.side.tolist() == ["A", "B", "L", "R"]
    assert table.quality.tolist() == ["", "gap;clipped", "no_gyro;settling", "edge"]


def test_every_field_of_a_row_has_a_column_of_that_name() -> None:
    for name in STEP_ROW.names or ():
        assert len(getattr(steps(3), name)) == 3


def test_a_loop_a_place_and_a_mask_give_steps() -> None:
    table = steps(4)
    assert [one.step.item() for one in table] == [1, 2, 3, 4]
    assert table[-1].quality.tolist() == ["edge"]
    assert table[np.int64(1)].step.tolist() == [2]
    assert table[table.quality_bits == 0].step.tolist() == [1]
    with pytest.raises(IndexError):
        table[4]


def test_slices_joined_are_the_whole() -> None:
    whole = steps(4)
    joined = concatenate([whole[:1], NO_STEPS, whole[1:]])
    assert joined.rows.tobytes() == whole.rows.tobytes()
    # and a copy of its own
    joined.rows["step"] = 0
    assert whole.step.tolist() == [1, 2, 3, 4]
    assert len(concatenate([])) == 0


@pytest.mark.parametrize("count", [0, 4])
def test_data_frames_hold_the_same(count: int) -> None:
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    table = steps(count)
    for frame in (table.to_pandas(), table.to_polars()):
        assert list(frame.columns) == PROMISED
        assert len(frame) == count
        assert list(frame["side"]) == table.side.tolist()
        assert list(frame["quality"]) == table.quality.tolist()
    assert pandas.api.types.is_integer_dtype(table.to_pandas()["step"])
    assert table.to_polars()["step"].dtype == polars.Int64
