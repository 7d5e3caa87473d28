"""Waveforms between the steps."""

from __future__ import annotations

import numpy as np
import pytest

from imu.errors import InputError
from imu.waveforms import NO_WAVEFORMS, WAVEFORM_COLUMNS, Waveforms


def waves(count: int) -> Waveforms:
    return Waveforms(*np.arange(5.0 * count).reshape(5, count))


def test_columns_stand_in_the_promised_order() -> None:
    assert WAVEFORM_COLUMNS == (
        "time_s",
        "vertical_force_bw",
        "vertical_displacement_mm",
        "sacral_lean_deg",
        "sacral_roll_deg",
    )
    columns = waves(3).columns()
    assert tuple(columns) == WAVEFORM_COLUMNS
    np.testing.assert_array_equal(np.array(list(columns.values())), np.arange(15.0).reshape(5, 3))


def test_parts_join_to_the_whole() -> None:
    whole = waves(7)
    joined = Waveforms.concatenate([whole[:2], whole[2:2], whole[2:]])
    assert len(joined) == 7
    for name in WAVEFORM_COLUMNS:
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))
    assert Waveforms.concatenate([]) is NO_WAVEFORMS


@pytest.mark.parametrize(
    ("bad", "name"),
    [([1.0], "sacral_roll_deg"), ([[1.0, 2.0]], "sacral_roll_deg"), (["a"], "roll")],
)
def test_unequal_or_wordy_columns_are_refused(bad: list[float], name: str) -> None:
    with pytest.raises(InputError, match=name):
        Waveforms([0, 1], [0, 1], [0, 1], [0, 1], bad)
