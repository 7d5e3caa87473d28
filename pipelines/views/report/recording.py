"""What a report is made of: one run as it was recorded, and earlier runs to compare it with."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from imu.drift.baseline import Baseline
from imu.steps import Steps
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.session.carried import Carried
from pipelines.session.marks import Mark

__all__ = [
    "DetectorMark",
    "LinkLoss",
    "Losses",
    "PreviousRun",
    "Recording",
    "Restart",
    "SessionMark",
]

#: Why a baseline was given up: the sensor was moved, a neutral was marked, the first steps showed
#: that lean of other days cannot be compared, or the sensor slipped.
Restart = Literal["moved", "neutral", "no standing", "slipped"]


@dataclass(frozen=True, slots=True)
class SessionMark:
    """Something the runner said during the run.

    Attributes
    ----------
    time_s : float
        Session time at which it arrived, s.
    kind, value : str
        What was said.
    sample_s : float
        Session time of the latest sample before it, s; −∞ before the first, NaN when not known.
    mark : Mark, optional
        The mark itself.
    """

    time_s: float
    kind: str
    value: str
    sample_s: float = math.nan
    mark: Mark | None = None

    @property
    def holds_from_s(self) -> float:
        """Session time from which it holds, s."""
        return self.time_s if math.isnan(self.sample_s) else self.sample_s


@dataclass(frozen=True, slots=True)
class DetectorMark:
    """Something the drift detector was told besides the steps.

    Attributes
    ----------
    time_s : float
        Session time of the latest sample before it, s.
    last_contact_s : float
        Initial contact of the last step that was finished before it, s; −∞ before the first.
    reason : Restart or None
        Why the baseline was given up; None for a new surface, on which it stays.
    """

    time_s: float
    last_contact_s: float
    reason: Restart | None


@dataclass(frozen=True, slots=True)
class LinkLoss:
    """A loss of the link: session times, s; ``resumed_s`` is None when it did not come back."""

    lost_s: float
    resumed_s: float | None


@dataclass(frozen=True, slots=True)
class Losses:
    """Samples that are not there or not sound; None where it is not known.

    Attributes
    ----------
    received : int
        Samples that came.
    lost_in_transit : int
        That never came, or too late.
    malformed_packets : int or None
        Packets that could not be decoded, and were dropped.
    device_restarts : int or None
        How often the sensor started again.
    filled, quarantined, chain_restarts : int or None
        Interpolated; unusable (not finite, clipped); gaps too long to fill. Known after a replay.
    """

    received: int
    lost_in_transit: int
    malformed_packets: int | None = None
    device_restarts: int | None = None
    filled: int | None = None
    quarantined: int | None = None
    chain_restarts: int | None = None

    @property
    def share(self) -> float:
        """Lost in transit, as a share of all that was sent, 0 to 1."""
        sent = self.received + self.lost_in_transit
        return self.lost_in_transit / sent if sent else 0.0


@dataclass(frozen=True, slots=True)
class Recording:
    """One run, ready to be reported.

    Attributes
    ----------
    name : str
        File name.
    utc_start_ns : int or None
        UTC at session time 0, ns since 1970; None where the recording does not say.
    duration_s : float
        First to last sample, s.
    rate_hz : float
        Nominal sample rate, Hz.
    source, device, firmware, protocol, software : str
        Where it came from and what wrote it; empty where not known.
    has_gyro : bool
        Whether the sensor measures angular velocity.
    axes : str
        Axes as stated, empty when found from the run.
    mass_kg, height_m : float or None
        The runner's.
    steps : Steps
        All running steps.
    alerts : tuple of dict
        As the runner was told, fields of :class:`pipelines.coaching.alert.Alert`.
    baseline : Baseline, optional
        Of earlier runs; None when it was learned in this one.
    settings, carried
        Settings of the alerts, and what an earlier session had taught, as in the session's header.
    detector_marks : tuple of DetectorMark
        What the drift detector was told, in order.
    marks, link_losses : tuple
        What was said and what happened, in order.
    losses : Losses
        Accounting of samples.
    recomputed : bool
        Whether steps and alerts were computed again rather than taken as written.
    cut_short : bool
        Whether the file lacks its end.
    clock : tuple of (str, str)
        Figures of the clock, name and value, as far as known.
    notes : tuple of str
        Sentences that the reader should know.
    """

    name: str
    utc_start_ns: int | None
    duration_s: float
    rate_hz: float
    steps: Steps
    source: str = ""
    device: str = ""
    firmware: str = ""
    protocol: str = ""
    software: str = ""
    has_gyro: bool = True
    axes: str = ""
    mass_kg: float | None = None
    height_m: float | None = None
    alerts: tuple[dict[str, object], ...] = ()
    baseline: Baseline | None = None
    settings: AlertSettings = field(default_factory=AlertSettings)
    carried: Carried | None = None
    detector_marks: tuple[DetectorMark, ...] = ()
    marks: tuple[SessionMark, ...] = ()
    link_losses: tuple[LinkLoss, ...] = ()
    losses: Losses = field(default_factory=lambda: Losses(0, 0))
    recomputed: bool = False
    cut_short: bool = False
    clock: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PreviousRun:
    """An earlier run: means of its trusted steps, by column, in the column's unit.

    Attributes
    ----------
    label : str
        How the run is named beside its dot.
    utc_start_ns : int or None
        Start, ns since 1970; None where not known.
    means : dict of float
        By column of the steps table.
    surface, shoe : str
        Tags, empty where not said.
    """

    label: str
    utc_start_ns: int | None
    means: dict[str, float]
    surface: str = ""
    shoe: str = ""
