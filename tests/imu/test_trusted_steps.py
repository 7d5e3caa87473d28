"""The steps that figures rest on: a flag takes away what it puts in doubt, and nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from imu.samples import Quality
from imu.step.trusted_steps import RUNG_COLUMNS, trusted_steps, without_doubtful_columns
from imu.steps import NO_STEPS, STEP_ROW, Steps

POSTURE = {"sacral_lean_deg", "sacral_roll_deg"}
LOAD = {"lumbar_index", "lumbar_compression_bw"}
RUNG = set(RUNG_COLUMNS)


def steps_of(flags: list[int]) -> Steps:
    rows = np.zeros(len(flags), STEP_ROW)
    for place, name in enumerate(STEP_ROW.names or ()):
        rows[name] = place + np.arange(len(flags)) % 7
    rows["quality"] = flags
    return Steps(rows)


def emptied(flag: int) -> set[str]:
    """Columns that are NaN in a step with this flag."""
    row = without_doubtful_columns(steps_of([flag])).rows[0]
    return {name for name in STEP_ROW.names or () if np.isnan(row[name])}


def test_a_bend_puts_lean_and_roll_in_doubt_and_a_slip_the_load_too() -> None:
    assert emptied(0) == set()
    assert emptied(int(Quality.GAP)) == set()
    assert emptied(int(Quality.NO_GYRO)) == POSTURE | LOAD
    assert emptied(int(Quality.BEND)) == POSTURE
    assert emptied(int(Quality.SLIP)) == POSTURE | LOAD
    assert emptied(int(Quality.SLIP | Quality.BEND)) == POSTURE | LOAD


def test_a_loose_clip_puts_oscillation_and_shock_in_doubt_and_contact_not() -> None:
    assert emptied(int(Quality.LOOSE)) == RUNG
    assert {"vertical_oscillation_mm", "impact_shock_g"} < RUNG
    assert not RUNG & {"contact_time_ms", "cadence_spm", "sacral_lean_deg"}


@given(st.lists(st.integers(0, 255), max_size=40))
def test_a_step_is_trusted_unless_something_else_than_its_posture_is_in_doubt(
    flags: list[int],
) -> None:
    steps = steps_of(flags)
    before = steps.rows.copy()
    trusted = trusted_steps(steps)
    harmless = int(Quality.NO_GYRO | Quality.BEND | Quality.SLIP | Quality.LOOSE)
    kept = [k for k, flag in enumerate(flags) if flag & ~harmless == 0]
    assert trusted.quality_bits.tolist() == [flags[k] for k in kept]
    for name in set(STEP_ROW.names or ()) - POSTURE - LOAD - RUNG:
        assert trusted.rows[name].tolist() == before[name][kept].tolist()
    assert (steps.rows == before).all(), "the steps that are given do not change"


def test_no_steps_stay_none() -> None:
    assert len(trusted_steps(NO_STEPS)) == 0
