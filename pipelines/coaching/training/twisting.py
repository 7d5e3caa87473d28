"""Twisting: turning of the pelvis faster than the runner's own 99.9th percentile.

Quick twists are what health article 004 asks to avoid. What is quick is told by the runner's own
movement, kept as counts over classes of the turning rate, which add up over sessions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from imu.errors import InputError, ParameterError
from pipelines.coaching.training.cues import Cue

#: Classes of 5 °/s up to 2000 °/s; the last one is open.
_WIDTH_DEG_S: Final = 5.0
_CLASSES: Final = 400
_QUANTILE: Final = 0.999


@dataclass(frozen=True, slots=True)
class TwistingHistory:
    """How often the pelvis turned how fast, over all sessions.

    Attributes
    ----------
    counts : tuple of int
        Samples in each class of 5 °/s of the absolute turning rate.
    """

    counts: tuple[int, ...] = (0,) * _CLASSES

    def __post_init__(self) -> None:
        if len(self.counts) != _CLASSES or min(self.counts) < 0:
            raise ParameterError("counts", len(self.counts), f"{_CLASSES} counts from 0")

    @property
    def samples(self) -> int:
        """How many samples were counted."""
        return sum(self.counts)


def add_rates(history: TwistingHistory, axial_rate_deg_s: ArrayLike) -> TwistingHistory:
    """Count the turning rates about the body's long axis, °/s, shape (N,), either sign.

    Raises
    ------
    InputError
        When a rate is not finite.
    """
    rates = np.abs(np.atleast_1d(np.asarray(axial_rate_deg_s, np.float64)))
    if not np.isfinite(rates).all():
        raise InputError("a turning rate is not finite: leave such samples out.")
    classes = np.minimum(rates / _WIDTH_DEG_S, _CLASSES - 1).astype(np.intp)
    added = np.bincount(classes, minlength=_CLASSES)
    return TwistingHistory(
        tuple(old + int(new) for old, new in zip(history.counts, added, strict=True))
    )


def limit_deg_s(history: TwistingHistory, least_samples: int = 100_000) -> float | None:
    """The personal 99.9th percentile, °/s, upper end of its class; None before enough samples.

    Examples
    --------
    >>> limit_deg_s(add_rates(TwistingHistory(), [10.0] * 1000), least_samples=1000)
    15.0
    """
    total = history.samples
    if total < max(least_samples, 1):
        return None
    below = np.cumsum(history.counts)
    return float((np.searchsorted(below, _QUANTILE * total) + 1) * _WIDTH_DEG_S)


def twist_cue(
    time_s: float,
    axial_rate_deg_s: float,
    limit: float | None,
    told_s: float | None = None,
    *,
    shortest_interval_s: float = 300.0,
) -> Cue | None:
    """Tell of a twist clearly faster than the personal limit, at most every five minutes.

    Parameters
    ----------
    time_s : float
        The time, s.
    axial_rate_deg_s : float
        Largest turning rate since the call before, °/s.
    limit : float, optional
        From :func:`limit_deg_s`, before this session; None: nothing is told.
    told_s : float, optional
        When something was last told, s; None before the first.
    shortest_interval_s : float
        Between two notes, s.
    """
    # once in a thousand samples the limit itself is passed: half as much again is unusual
    if limit is None or not abs(axial_rate_deg_s) > 1.5 * limit:
        return None
    if told_s is not None and 0.0 <= time_s - told_s < shortest_interval_s:
        return None
    return Cue("twisting.note", {}, time_s)
