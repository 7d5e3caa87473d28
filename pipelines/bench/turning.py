"""A unit that is turned over by hand: whether its gyroscope, zero at rest, reads anything then."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from imu.samples import Samples
from pipelines.bench import limits
from pipelines.bench.item import Item, judged, skipped

#: Longest time for it, s, and how far its acceleration has to turn for it to be believed, degrees.
TURN_S: Final = 30.0
_TURNED_DEG: Final = 60.0

_TITLE: Final = "axes of the gyroscope that read nothing while it is turned"


def reads_zero(samples: Samples) -> bool:
    """Whether an axis of its gyroscope reads exactly zero in all samples."""
    rate = samples.angular_velocity_rad_s
    return rate is not None and len(rate) > 0 and bool((rate == 0.0).all(axis=0).any())


def turn_item(samples: Samples) -> Item:
    """Judge a unit by what it read while it was turned over about each of its axes."""
    turned_deg = _turned_deg(samples)
    silent, most = _silent(samples), _most_deg_s(samples)
    detail = " ".join(f"{each:.3g}" for each in most) + " °/s at most"
    if turned_deg < _TURNED_DEG:
        why = f"it was turned by {turned_deg:.0f}° only: take it into your hand when you are asked"
        return skipped("gyro_turn", _TITLE, why)
    if silent and len(silent) < len(most):
        why = f"{' '.join(silent)} read nothing, and may not have been turned about; {detail}"
        return skipped("gyro_turn", _TITLE, why)
    return judged("gyro_turn", _TITLE, len(silent), "", limits.GYRO_TURN, detail)


def _most_deg_s(samples: Samples) -> list[float]:
    rate = samples.angular_velocity_rad_s
    return [] if rate is None else np.degrees(np.nanmax(np.abs(rate), axis=0)).tolist()


def _silent(samples: Samples) -> list[str]:
    least = limits.GYRO_TURN_DEG_S
    return [a for a, most in zip("xyz", _most_deg_s(samples), strict=True) if most < least]


def _turned_deg(samples: Samples) -> float:
    """How far the force is from its first direction, at most."""
    force = samples.acceleration_m_s2[np.isfinite(samples.acceleration_m_s2).all(axis=1)]
    up = force / np.maximum(np.linalg.norm(force, axis=1), 1e-9)[:, None]
    return (
        math.degrees(math.acos(float(np.clip((up @ up[0]).min(), -1.0, 1.0)))) if len(up) else 0.0
    )
