"""Phases of a stride that no runner has are told, and those near what people have are not."""

from __future__ import annotations

import numpy as np
import pytest

from imu.step.agreement import (
    _DROP_IM,
    _DROP_RE,
    _FORCE2,
    _PITCH2,
    _ROLL1,
    _TIP_IM,
    _TIP_RE,
    _YAW1,
    MEANS,
    _contradicts,
)


def contradicts(tip_deg: float, drop_deg: float = 40.0, *, tipped: bool = False) -> bool:
    """Of strides in which all is in one phase."""
    means = np.zeros(MEANS)
    means[[_FORCE2, _PITCH2, _ROLL1, _YAW1]] = 1.0
    for at, phase_deg in (((_TIP_RE, _TIP_IM), tip_deg), ((_DROP_RE, _DROP_IM), drop_deg)):
        means[list(at)] = np.cos(np.radians(phase_deg)), np.sin(np.radians(phase_deg))
    return bool(_contradicts(means, 0.01, tipped))


@pytest.mark.parametrize("turns", [-360.0, 0.0, 360.0])
def test_nobody_is_told_who_tips_within_25_degrees_of_what_people_do(turns: float) -> None:
    """People tip from −136 to 56° before the force, in 38 runners: others may reach further."""
    people = np.arange(-136.0 - 25.0, 56.0 + 25.0 + 1.0, 3.0)
    assert not any(contradicts(turns + tip_deg) for tip_deg in people)


def test_who_tips_against_the_force_is_told_unless_both_sensors_tipped_alike() -> None:
    opposite = np.arange(105.0, 176.0, 5.0)
    assert all(contradicts(tip_deg) for tip_deg in opposite)
    assert not any(contradicts(tip_deg, tipped=True) for tip_deg in opposite)


@pytest.mark.parametrize(("drop_deg", "told"), [(-60.0, False), (140.0, False), (220.0, True)])
def test_dropping_against_turning_is_told_of_a_sensor_at_the_sacrum(
    drop_deg: float, told: bool
) -> None:
    """People drop from −30 to 110° before they turn; where the tipping is another nobody asks."""
    for tipped in (False, True):
        assert contradicts(-60.0, drop_deg, tipped=tipped) is told
        assert not contradicts(20.0, drop_deg, tipped=tipped)
