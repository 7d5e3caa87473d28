"""What the view of a live run shows, at one moment: plain data, handed from the run to the view."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imu.drift.indicators import INDICATORS
from imu.steps import NO_STEPS, Steps, concatenate

if TYPE_CHECKING:
    from imu.drift.detector import DriftDetector

__all__ = [
    "RECENT_STEPS",
    "IndicatorStatus",
    "LiveStatus",
    "Now",
    "indicator_statuses",
    "newest_steps",
]

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

    @property
    def judged(self) -> bool:
        """Whether there is both a value and a usual range."""
        return math.isfinite(self.value) and math.isfinite(self.baseline)

    @property
    def outside(self) -> bool:
        """Whether the value is beyond the gate; a change is one that stays there."""
        return abs(self.value - self.baseline) > self.gate


@dataclass(frozen=True, slots=True)
class Now:
    """What a session's fold knows at one moment, for display; see :class:`LiveStatus`.

    Distance, dose, speed, slope and heart rate are None while they are not known.
    """

    elapsed_s: float = 0.0
    gait: str = "still"
    battery_percent: float | None = None
    lost_samples: int = 0
    baseline_status: str = ""
    watching: bool = True
    indicators: Mapping[str, IndicatorStatus] = field(default_factory=dict)
    distance_m: float | None = None
    easy_km: float | None = None
    speed_m_s: float | None = None
    slope_deg: float | None = None
    heart_rate_bpm: float | None = None
    beside: Mapping[str, str] = field(default_factory=dict)


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
    watching : bool
        Whether the detector judges now, rather than warming up, learning or pausing.
    alert : str
        The alert condition in plain words; empty when there is none.
    notes : tuple of str
        Anything else worth telling, oldest first.
    recent : Steps
        The last steps, oldest first, see :func:`newest_steps`.
    indicators : mapping of str to IndicatorStatus
        By column of the steps table, see :func:`indicator_statuses`.
    easy_km : float
        Dose of the session so far, as kilometres of easy running; NaN while it is not known.
    speed_m_s, slope_deg, distance_m, heart_rate_bpm : float, optional
        As they are known now, by whoever knows them best; None while nobody does.
    beside : mapping of str to str
        State of the links of devices beside the sensor, by the name of their stream.

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
    watching: bool = True
    alert: str = ""
    notes: tuple[str, ...] = ()
    recent: Steps = NO_STEPS
    indicators: Mapping[str, IndicatorStatus] = field(default_factory=dict)
    easy_km: float = math.nan
    speed_m_s: float | None = None
    slope_deg: float | None = None
    distance_m: float | None = None
    heart_rate_bpm: float | None = None
    beside: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_run(
        cls,
        now: Now,
        *,
        source: str,
        device: str,
        link: str,
        recording: str,
        recording_note: str,
        alert: str,
        steps: Sequence[Steps],
    ) -> LiveStatus:
        """Gather the status of a run from its parts.

        ``steps`` are all steps so far, in parts. An alert is shown for as long as any indicator is
        changed.
        """
        recent = newest_steps(steps)
        return cls(
            source=source,
            device=device,
            elapsed_s=now.elapsed_s,
            gait=now.gait,
            steps=int(recent.step[-1]) if len(recent) else 0,
            link=link,
            battery_percent=now.battery_percent,
            lost_samples=now.lost_samples,
            recording=recording,
            recording_note=recording_note,
            baseline_status=now.baseline_status,
            watching=now.watching,
            alert=alert if any(one.changed for one in now.indicators.values()) else "",
            recent=recent,
            indicators=now.indicators,
            easy_km=math.nan if now.easy_km is None else now.easy_km,
            speed_m_s=now.speed_m_s,
            slope_deg=now.slope_deg,
            distance_m=now.distance_m,
            heart_rate_bpm=now.heart_rate_bpm,
            beside=now.beside,
        )

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


def newest_steps(parts: Sequence[Steps], limit: int = RECENT_STEPS) -> Steps:
    """The last ``limit`` steps, at least 1, of parts that follow one another.

    Examples
    --------
    >>> len(newest_steps([]))
    0
    """
    kept: list[Steps] = []
    count = 0
    for part in reversed(parts):
        if count >= limit:
            break
        kept.append(part)
        count += len(part)
    return concatenate(kept[::-1])[-limit:]


def indicator_statuses(drift: DriftDetector) -> dict[str, IndicatorStatus]:
    """Each indicator's smoothed value and usual range, in the unit of its column.

    Examples
    --------
    >>> from imu.drift.baseline import Baseline, IndicatorBaseline
    >>> from imu.drift.detector import DriftDetector
    >>> usual = Baseline((IndicatorBaseline("cadence_spm", 170.0, 0.0),), blocks=40)
    >>> indicator_statuses(DriftDetector(baseline=usual))["cadence_spm"]
    IndicatorStatus(value=nan, baseline=170.0, gate=5.1, changed=False)
    """
    statuses = {}
    for indicator in INDICATORS:
        reading = drift.current(indicator.name)
        unit = 0.01 * reading.baseline if indicator.relative else 1.0
        statuses[indicator.name] = IndicatorStatus(
            reading.baseline + reading.change * unit,
            reading.baseline,
            round(reading.gate * unit, 12),
            reading.changed is not None,
        )
    return statuses
