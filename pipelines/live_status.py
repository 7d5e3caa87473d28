"""What the view of a live run shows, at one moment: plain data, handed from the run to the view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imu.steps import NO_STEPS, Steps, concatenate

__all__ = ["RECENT_STEPS", "IndicatorStatus", "LiveStatus", "keep_recent"]

#: Steps that a status carries for trends.
RECENT_STEPS: Final = 60


class IndicatorStatus(NamedTuple):
    """One indicator against the runner's own baseline, in the unit of its column.

    ``value`` is what the detector compares, ``baseline`` is NaN while it is being learned, the
    usual range is ``baseline ± gate``, and ``changed`` is the detector's decision, not the
    view's.
    """

    value: float
    baseline: float
    gate: float
    changed: bool = False


@dataclass(slots=True)
class LiveStatus:
    """The state of a live run.

    Parameters
    ----------
    source, device : str
        The source URL and the sensor's name.
    elapsed_s : float
        Time since the first sample, in the session's own time, s.
    gait : str
        ``still``, ``walk`` or ``run``.
    steps : int
        Finished running steps so far.
    link : str
        ``connected``, or what is the matter in plain words: ``lost, trying again``.
    battery_percent : float, optional
        0 to 100; None when the sensor does not say.
    lost_samples : int
        Samples that never arrived.
    recording, recording_note : str
        Path of the session file, empty when nothing is recorded, and what is worth saying of it.
    baseline_status : str
        How far the baseline is, in plain words: ``learning your baseline 12 of 40``.
    alert : str
        The alert condition in plain words; empty when there is none.
    notes : tuple of str
        Anything else worth telling, oldest first.
    recent : Steps
        The last steps, oldest first, see :func:`keep_recent`.
    indicators : mapping of str to IndicatorStatus
        By column of the steps table.

    Examples
    --------
    >>> status = LiveStatus(source="sim:?seed=1", device="simulated sensor")
    >>> status.gait, status.latest("cadence_spm")
    ('still', nan)
    """

    source: str
    device: str
    elapsed_s: float = 0.0
    gait: str = "still"
    steps: int = 0
    link: str = "connecting"
    battery_percent: float | None = None
    lost_samples: int = 0
    recording: str = ""
    recording_note: str = ""
    baseline_status: str = ""
    alert: str = ""
    notes: tuple[str, ...] = ()
    recent: Steps = NO_STEPS
    indicators: Mapping[str, IndicatorStatus] = field(default_factory=dict)

    def latest(self, column: str) -> float:
        """Value of the last step; NaN before the first and where it is not measurable."""
        values = self.history(column)
        return float(values[-1]) if len(values) else float("nan")

    def typical(self, column: str, steps: int = 10) -> float:
        """Median of the last ``steps`` steps (even, so that both feet count alike); NaN if none."""
        values = self.history(column)[-steps:]
        values = values[np.isfinite(values)]
        return float(np.median(values)) if len(values) else float("nan")

    def history(self, column: str) -> NDArray[np.float64]:
        """Values of the recent steps, oldest first, shape (N,)."""
        values: NDArray[np.float64] = self.recent.rows[column]
        return values


def keep_recent(recent: Steps, finished: Steps, limit: int = RECENT_STEPS) -> Steps:
    """Add newly finished steps and keep the last ``limit``, at least 1.

    Examples
    --------
    >>> len(keep_recent(NO_STEPS, NO_STEPS))
    0
    """
    if not len(finished):
        return recent
    return concatenate([recent, finished])[-limit:]
