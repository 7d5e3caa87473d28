"""What a live run has come to so far, for whoever shows it: a projection of its facts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imu.drift.changes import SENSOR_POSITION
from imu.drift.indicators import INDICATORS
from imu.drift.params import DriftParams
from imu.drift.status import DriftStatus
from imu.steps import NO_STEPS, Steps, concatenate
from pipelines.coaching.alert import Alert
from pipelines.coaching.plan import CompanionPlan
from pipelines.coaching.training.effort import Effort
from pipelines.coaching.training.intervals import Phase
from pipelines.coaching.training.red_flags import RedFlagState, judge_marked
from pipelines.coaching.training.traffic_light import CHANGE_FROM, judge_pain
from pipelines.session import facts
from pipelines.session.facts import Fact
from pipelines.units import Units

if TYPE_CHECKING:
    from imu.drift.detector import DriftDetector  # a view needs no compiler

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
    def known(self) -> bool:
        """Whether there is a usual range."""
        return math.isfinite(self.baseline)

    @property
    def judged(self) -> bool:
        """Whether there is both a value and a usual range."""
        return math.isfinite(self.value) and self.known

    @property
    def outside(self) -> bool:
        """Whether the value is beyond the gate; a change is one that stays there."""
        return abs(self.value - self.baseline) > self.gate

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest usual value."""
        return self.baseline - self.gate, self.baseline + self.gate

    @property
    def place(self) -> float:
        """Where the value stands: 0 two gates below the baseline, 1 two above; NaN if unknown."""
        if not (self.judged and self.gate > 0.0):
            return math.nan
        return 0.5 + 0.25 * (self.value - self.baseline) / self.gate


class Compared(NamedTuple):
    """What a run is compared with.

    ``words`` is the sentence that the runner is told at its start, empty for none; ``learning``
    tells that there is nothing yet, and ``why``, where there is a reason.
    """

    words: str = ""
    learning: bool = False
    why: str = ""


_BEGINNING: Final = DriftStatus("warming up")
_UNTOLD: Final = Compared()
_LOW_BATTERY_PERCENT: Final = 15.0


@dataclass(slots=True)
class Now:
    """A fact of the moment, made when it is asked for and kept nowhere: the next makes it void.

    Attributes
    ----------
    elapsed_s : float
        Time since the first sample, in the session's own time, s.
    gait : str
        ``still``, ``walk`` or ``run``.
    battery_percent : float, optional
        0 to 100; None when the sensor does not say.
    lost_samples : int
        Samples that never arrived.
    standing : DriftStatus
        What the detector is doing.
    params : DriftParams
        How it looks for changes.
    indicators : mapping of str to IndicatorStatus
        By column of the steps table, see :func:`indicator_statuses`.
    easy_km : float, optional
        Dose of the session so far, as kilometres of easy running; None while it is not known.
    speed_m_s, slope_deg, distance_m, heart_rate_bpm : float, optional
        As they are known now, by whoever knows them best; None while nobody does.
    effort : Effort, optional
        How hard it is now; None where nothing tells it.
    phase : Phase, optional
        Where a run/walk plan stands; None without one, and while nothing is suggested.
    beside : mapping of str to str
        State of the links of devices beside the sensor, by the name of their stream.
    """

    elapsed_s: float = 0.0
    gait: str = "still"
    battery_percent: float | None = None
    lost_samples: int = 0
    standing: DriftStatus = _BEGINNING
    params: DriftParams = field(default_factory=DriftParams)
    indicators: Mapping[str, IndicatorStatus] = field(default_factory=dict)
    easy_km: float | None = None
    speed_m_s: float | None = None
    slope_deg: float | None = None
    distance_m: float | None = None
    heart_rate_bpm: float | None = None
    effort: Effort | None = None
    phase: Phase | None = None
    beside: Mapping[str, str] = field(default_factory=dict)

    @property
    def battery_is_low(self) -> bool:
        """Whether the sensor wants to be charged after the run."""
        return self.battery_percent is not None and self.battery_percent < _LOW_BATTERY_PERCENT


def pain_before(plan: CompanionPlan | None) -> facts.PainJudged | None:
    """The rating that holds training back as a run starts; None where none does."""
    held = None if plan is None else plan.held
    if held is None or held.level < CHANGE_FROM:
        return None
    light = judge_pain(held.level, moment="before").light
    return facts.PainJudged(0.0, held.level, light, "before", holds=True)


def asked_before(plan: CompanionPlan | None) -> float | None:
    """When questions that nobody has answered were called for, as a run starts; None without."""
    held = None if plan is None else plan.held
    return 0.0 if held is not None and held.unanswered else None


@dataclass(slots=True, kw_only=True)
class LiveStatus(Now):
    """The state of a live run: what its facts come to, and what the program does with it.

    What is known at the moment it has of :class:`Now`.

    Parameters
    ----------
    source, device : str
        The source URL and the sensor's name.
    steps : int
        Finished running steps so far.
    link : str
        State of the link as in :class:`~pipelines.session.facts.LinkChanged`, and ``connecting``
        before.
    recording, recording_note : str
        Path of the session file, empty when nothing is recorded, and what is worth saying of it.
    told : Alert, optional
        The change that was told last, until its indicator is no longer changed.
    pain : PainJudged, optional
        The latest rating, as the traffic light has it.
    asked_s : float, optional
        When the questions about warning signs were called for; None without, and once answered.
    red_flags : RedFlagState
        What the questions about warning signs have come to.
    compared : Compared
        What the run is compared with.
    axes_known : bool
        Whether the sensor's axes are: before the first step they are stated or calibrated, and
        standing still teaches nothing more.
    notes : tuple of str
        Anything else worth telling, oldest first.
    recent : Steps
        The last steps, oldest first.

    Examples
    --------
    >>> status = LiveStatus(source="sim:?seed=1", device="simulated sensor")
    >>> status.take(facts.LinkChanged(0.0, 0.0, "lost"))
    >>> status.link, status.typical("cadence_spm")
    ('lost', nan)
    """

    source: str
    device: str
    steps: int = 0
    link: str = "connecting"
    recording: str = ""
    recording_note: str = ""
    told: Alert | None = None
    pain: facts.PainJudged | None = None
    asked_s: float | None = None
    red_flags: RedFlagState = field(default_factory=RedFlagState)
    compared: Compared = _UNTOLD
    axes_known: bool = False
    notes: tuple[str, ...] = ()
    units: Units = "metric"
    recent: Steps = NO_STEPS

    def take(self, fact: Fact | Now) -> None:
        """Take a fact into account, or what is known at this moment."""
        match fact:
            case Now():
                for one in fields(Now):
                    setattr(self, one.name, getattr(fact, one.name))
                if self.alert is None:  # another change of it is another alert
                    self.told = None
            case facts.StepsFinished() if len(fact.steps):
                self.recent = concatenate([self.recent, fact.steps])[-RECENT_STEPS:]
                self.steps = int(fact.steps.step[-1])
            case facts.AlertTold():
                alert = fact.alert
                if alert.severity == "raised" and alert.indicator != SENSOR_POSITION:
                    self.told = alert
            case facts.PainJudged():
                self.pain = fact
                self.asked_s = fact.time_s if fact.asks else self.asked_s
            case facts.FlagsAnswered():
                self.asked_s = None
                self.red_flags = judge_marked(self.red_flags, fact.answers, cleared=fact.cleared)
            case facts.AxesFound():
                self.axes_known = True
            case facts.SensorKnown():
                self.device = fact.info.name
            case facts.LinkChanged():
                self.link = fact.state
            case facts.Ended():
                self.link = "ended"

    @property
    def alert(self) -> Alert | None:
        """The alert that holds: for as long as what it tells of is changed."""
        told = self.told
        known = None if told is None else self.indicators.get(told.indicator)
        return told if known is not None and known.changed else None

    def typical(self, column: str, steps: int = 10) -> float:
        """Median of the last ``steps`` steps (even, so that both feet count alike); NaN if none."""
        values = self.history(column)[-steps:]
        values = values[np.isfinite(values)]
        return float(np.median(values)) if len(values) else math.nan

    def history(self, column: str) -> NDArray[np.float64]:
        """Values of the recent steps, oldest first, shape (N,)."""
        values: NDArray[np.float64] = self.recent.rows[column]
        return values


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
    for indicator, reading in zip(INDICATORS, drift.readings, strict=True):
        unit = 0.01 * reading.baseline if indicator.relative else 1.0
        statuses[indicator.name] = IndicatorStatus(
            reading.baseline + reading.change * unit,
            reading.baseline,
            round(reading.gate * unit, 12),
            reading.changed is not None,
        )
    return statuses
