"""What a session comes to: a projection of its facts, for the journal, summaries and later runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, TypeVar

import numpy as np

from devices.records import DeviceInfo
from imu.drift.baseline import Baseline
from imu.drift.changes import Change
from imu.samples import Quality
from imu.step.trusted_steps import trusted_steps
from imu.steps import Steps, concatenate
from pipelines.coaching.alert import Alert
from pipelines.coaching.companion import red_flags_before
from pipelines.coaching.training.bends import bends_cue
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.intervals import Adherence, adherence_of
from pipelines.coaching.training.red_flags import judge_yes
from pipelines.coaching.training.warm_up import CoolDown
from pipelines.quantities import MEANS
from pipelines.session import facts
from pipelines.session.comparable import sensor_kind, surface_of_most
from pipelines.session.dose import EXPONENTS, Dose
from pipelines.session.facts import Fact, Gait, LossCounts, SensorClock, SensorDoubted, Source
from pipelines.session.felt_pain import FeltPain, moment_of
from pipelines.session.header import SessionHeader
from pipelines.session.one_rate import at_one_rate

_F = TypeVar("_F")

#: Troubles of how a sensor is mounted and what it measures in, which take some steps to be seen.
_OF_A_WHOLE_SESSION: Final = frozenset(
    {"gravity", "gyro_contradicts", "gyro_quiet", "gyro_scale", "levelled", "tilt"}
)
_FIRST_STEPS: Final = 60
_ALL: Final = 0.9


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of one gait, session time, s."""

    gait: Gait
    begin_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What a device beside the sensor measured: the mean over time, the lowest and the highest."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class SessionResult:
    """What a session comes to.

    Attributes
    ----------
    header : SessionHeader
        Its own.
    sensor : DeviceInfo, optional
        As it last described itself; None where the source has no packets.
    steps : Steps
        All of them.
    at_one_rate : Steps
        The same, with shock at the rate of most of them alone.
    steps_by_rate : dict of int
        How many there are at each rate of the sensor, Hz, the one that shock rests on first.
    means : dict of float
        Over the steps at one rate, by column; those that are not trusted are left out where there
        are others.
    duration_s, running_s : float
        From the first sample to the last, and spent in running steps, s.
    distance_m, distance_source
        As far as it is known, m, and how; None and empty otherwise.
    speed : Measured, optional
        While the belt, or the pod, moved, m/s; None where no device measured it.
    heart_rate : Measured, optional
        Beats a minute; likewise.
    surface, shoe : str
        As last said; empty where not.
    surface_of_most : str or None
        What nearly all of the running was on; None when there is no such surface.
    pains : tuple of FeltPain
        In order.
    stretches : tuple of Stretch
        Of gait, one after the other.
    alerts, cues, changes : tuple
        What the coach and the companion told, and all that changed, told or not, in order.
    warm_up_s, before_warm_up_m, cool_down, bends
        As in :class:`~pipelines.session.facts.Ended`.
    adherence : Adherence, optional
        Intervals of a run/walk plan against those that were run and walked.
    baseline : Baseline or None
        In use at the end.
    changed : tuple of str
        Indicators that are changed at the end.
    run_baseline : Baseline or None
        What later runs may start from; none of a simulated runner's, who is nobody's history.
    stopped : bool
        Whether red flags, or pain, stand at the end: then nothing is coached after the run either.
    warning : Cue or None
        What a sign for a doctor that stands at the end calls for.
    losses, clock, axes_found
        Accounting of samples, the sensor's clock, and whether the axes are known.
    loose_clip : bool
        Whether the sensor was found to ring on its clip.
    doubts : tuple of SensorDoubted
        What the sensor read that cannot be true.
    lean_is_relative : bool
        Whether the axes were found from the steps and nobody stood: lean compares within the run.
    uncounted_s : float
        Running time that the distance leaves out, as no speed was known then, s.
    judged_s : float
        How long it was compared with the baseline that was in use at the end, s.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from pipelines import ReplayOptions, replay_file
    >>> from pipelines.files.simulation import write_simulation
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "run.mcap"
    ...     _ = write_simulation(path, "minutes=0.2", lambda done, total: None)
    ...     result = replay_file(path, ReplayOptions(), lambda done, total: None).result
    >>> len(result.steps) > 25, 'run' in {stretch.gait for stretch in result.stretches}
    (True, True)
    """

    header: SessionHeader
    sensor: DeviceInfo | None
    steps: Steps
    at_one_rate: Steps
    steps_by_rate: dict[float, int]
    means: dict[str, float]
    duration_s: float
    running_s: float
    distance_m: float | None
    distance_source: Source | Literal[""]
    speed: Measured | None
    heart_rate: Measured | None
    surface: str
    shoe: str
    surface_of_most: str | None
    pains: tuple[FeltPain, ...]
    stretches: tuple[Stretch, ...]
    alerts: tuple[Alert, ...]
    cues: tuple[facts.CueTold, ...]
    changes: tuple[Change, ...]
    warm_up_s: float | None
    before_warm_up_m: float | None
    cool_down: CoolDown | None
    bends: tuple[int, int] | None
    adherence: Adherence | None
    baseline: Baseline | None
    changed: tuple[str, ...]
    run_baseline: Baseline | None
    stopped: bool
    warning: Cue | None
    losses: LossCounts
    clock: SensorClock | None
    axes_found: bool
    loose_clip: bool
    doubts: tuple[SensorDoubted, ...]
    lean_is_relative: bool
    uncounted_s: float
    judged_s: float

    @property
    def sensor_kind(self) -> str:
        """What has to be the same for figures of two runs to be compared."""
        return "" if self.sensor is None else sensor_kind(self.sensor)

    def doses_easy_km(self, distance_m: float | None) -> tuple[float | None, ...]:
        """Lumbar dose of a distance for each of the exponents, as equivalent easy kilometres.

        Parameters
        ----------
        distance_m : float or None
            Distance, m; None where it is not known.

        Returns
        -------
        tuple of float or None
            None where the lumbar index refers to no earlier easy runs: one that was learned in this
            run tells nothing across days.
        """
        dose = Dose()
        if self.header.index_of_earlier_runs:
            dose.take_steps(self.steps)
        return tuple(dose.easy_km(distance_m, exponent) for exponent in EXPONENTS)

    @property
    def closing_cues(self) -> tuple[Cue, ...]:
        """What to tell once the session is over: of a sign for a doctor, nothing else."""
        if self.warning is not None:
            return (self.warning,)
        if self.stopped:
            return ()
        said = [
            None if self.adherence is None else self.adherence.cue,
            None if self.bends is None else bends_cue(*self.bends),
            None if self.cool_down is None else self.cool_down.cue,
        ]
        return tuple(cue for cue in said if cue is not None)


def result_of(
    header: SessionHeader, found: Iterable[Fact], *, begin_s: float = 0.0
) -> SessionResult:
    """What all facts of a session come to.

    Parameters
    ----------
    header : SessionHeader
        Its own.
    found : iterable of Fact
        All of its facts, the end among them, in order.
    begin_s : float
        When the first stretch begins, s.

    Raises
    ------
    ValueError
        When there is no end among them.
    """
    finished: list[Steps] = []
    known: list[Fact] = []  # all but the steps, which are many
    for fact in found:
        if isinstance(fact, facts.StepsFinished):
            finished.append(fact.steps)
        else:
            known.append(fact)
    ended = _all(known, facts.Ended)
    if not ended:
        raise ValueError("the facts of a session have no end: finish its fold first")
    end = ended[-1]
    doubts = _all(known, facts.SensorDoubted)
    steps = _in_doubt_from_the_start(concatenate(finished), doubts)
    distances = _all(known, facts.DistanceKnown)
    distance_m = distances[-1].distance_m if distances else None
    surfaces = [(fact.time_s, fact.name) for fact in _all(known, facts.SurfaceKnown)]
    shoes = [fact.name for fact in _all(known, facts.ShoeKnown)]
    sensors = _all(known, facts.SensorKnown)
    comparable, by_rate = at_one_rate(steps, [(one.time_s, one.info.rate_hz) for one in sensors])
    stretches = _stretches(known, begin_s, end.time_s)
    return SessionResult(
        header,
        sensors[-1].info if sensors else None,
        steps,
        comparable,
        by_rate,
        _means(comparable),
        end.duration_s,
        float(np.nansum(steps.step_time_s)),
        distance_m,
        distances[-1].source if distances else "",
        _measured_speed(known, end.time_s),
        _measured_heart_rate(known, end.time_s),
        surfaces[-1][1] if surfaces else "",
        shoes[-1] if shoes else "",
        surface_of_most(steps, surfaces),
        tuple(_pain(fact, steps) for fact in _all(known, facts.PainReported)),
        tuple(stretches),
        tuple(fact.alert for fact in _all(known, facts.AlertTold)),
        tuple(_all(known, facts.CueTold)),
        tuple(fact.as_change for fact in _all(known, facts.Changed)),
        end.warm_up_s,
        end.before_warm_up_m,
        end.cool_down,
        end.bends,
        _adherence(known, stretches),
        end.baseline,
        end.changed,
        None if header.simulated else end.run_baseline,
        _is_held(known, header),
        _warning(known, header),
        end.losses,
        end.clock,
        end.axes_found,
        bool(_all(known, facts.ClipLoose)),
        tuple(doubts),
        _lean_is_relative(known),
        _uncounted_s(known, steps),
        _judged_s(known, end),
    )


def _in_doubt_from_the_start(steps: Steps, doubts: Sequence[SensorDoubted]) -> Steps:
    """The steps with those flagged in which it had not been seen yet what is wrong with a sensor.

    How it is mounted, and in which units it measures, does not change as the first steps end.
    """
    told_s = [doubt.time_s for doubt in doubts if doubt.trouble in _OF_A_WHOLE_SESSION]
    before = int(np.searchsorted(steps.initial_contact_s, min(told_s, default=-np.inf)))
    if not 0 < before <= _FIRST_STEPS:
        return steps
    later = steps.quality_bits[before:] & np.uint16(Quality.SENSOR) > 0
    if np.count_nonzero(later) < _ALL * len(later):  # it passed
        return steps
    rows = steps.rows.copy()
    rows["quality"][:before] |= np.uint16(Quality.SENSOR)
    return Steps(rows)


def _uncounted_s(found: Sequence[Fact], steps: Steps) -> float:
    distances = _all(found, facts.DistanceKnown)
    if not distances or any(fact.source == "stated" for fact in distances):
        return 0.0
    pace = [(-math.inf, False)]
    pace += [(f.time_s, f.speed_m_s is not None) for f in _all(found, facts.PaceKnown)]
    at = np.searchsorted([time_s for time_s, _ in pace], steps.initial_contact_s, "right") - 1
    unknown = ~np.array([is_known for _, is_known in pace])[at]
    return float(np.nansum(steps.step_time_s[unknown]))


def _judged_s(found: Sequence[Fact], end: facts.Ended) -> float:
    if end.baseline is None:
        return 0.0
    known_s = [fact.time_s for fact in found if isinstance(fact, facts.BaselineKnown)]
    return max(0.0, end.time_s - known_s[-1]) if known_s else 0.0


def _is_held(found: Sequence[Fact], header: SessionHeader) -> bool:
    """Whether red flags, or pain, keep training from being suggested at the end."""
    plan = header.plan
    held = plan is not None and bool(plan.stopped or plan.eased or plan.held)
    for fact in found:
        if isinstance(fact, facts.FlagsAnswered):
            held = fact.stopped or fact.eased
        elif isinstance(fact, facts.PainJudged):
            held = fact.holds
    return held


def _adherence(found: Sequence[Fact], stretches: Sequence[Stretch]) -> Adherence | None:
    phases = [(fact.phase, fact.time_s) for fact in _all(found, facts.PhaseBegan)]
    return adherence_of(phases, [(one.gait, one.begin_s, one.end_s) for one in stretches])


def _warning(found: Sequence[Fact], header: SessionHeader) -> Cue | None:
    """What the signs for a doctor that stand at the end call for; None without one."""
    flags = red_flags_before(header.plan)
    for fact in _all(found, facts.FlagsAnswered):
        flags = judge_yes(flags, fact.answers, cleared=fact.cleared)
    return flags.cue if flags.stopped or flags.eased else None


def _measured_heart_rate(found: Sequence[Fact], end_s: float) -> Measured | None:
    known = _all(found, facts.HeartRateKnown)
    return _measured([(fact.time_s, fact.heart_rate_bpm) for fact in known], end_s)


def _measured_speed(found: Sequence[Fact], end_s: float) -> Measured | None:
    devices = {"treadmill", "pod"}
    if any(doubt.reason == "units" for doubt in _all(found, facts.StreamDoubted)):
        devices = {"pod"}
    return _measured(
        [
            (fact.time_s, (fact.speed_m_s or None) if fact.source in devices else None)
            for fact in _all(found, facts.PaceKnown)
        ],
        end_s,
    )


def _measured(known: Sequence[tuple[float, float | None]], end_s: float) -> Measured | None:
    """Values, each from its time until the next; None where nobody knew any."""
    total = weight = 0.0
    values = []
    for (begin_s, value), (until_s, _) in pairwise([*known, (end_s, None)]):
        if value is not None and until_s > begin_s:
            total, weight = total + value * (until_s - begin_s), weight + until_s - begin_s
            values.append(value)
    return Measured(total / weight, min(values), max(values)) if values else None


def _lean_is_relative(found: Sequence[Fact]) -> bool:
    """Whether nobody stood for the lean of the last of the run."""
    told = [fact for fact in found if isinstance(fact, facts.AxesFound | facts.NeutralTaken)]
    last = told[-1] if told else None
    return isinstance(last, facts.AxesFound) and last.searched and not last.from_standing


def _all(found: Sequence[Fact], kind: type[_F]) -> list[_F]:
    return [fact for fact in found if isinstance(fact, kind)]


def _means(steps: Steps) -> dict[str, float]:
    rows = trusted_steps(steps).rows
    means: dict[str, float] = {}
    for name in MEANS:
        values = rows[name]
        values = values[np.isfinite(values)]
        if values.size:
            means[name] = round(float(values.mean()), 6)
    return means


def _pain(fact: facts.PainReported, steps: Steps) -> FeltPain:
    """When it was felt: as the runner said, else by the time of the mark."""
    when = fact.moment
    if not when:
        first_s, last_s = np.inf, np.inf
        if len(steps):
            first_s, last_s = steps.initial_contact_s[[0, -1]].tolist()
        when = moment_of(fact.time_s, first_s, last_s)
    return FeltPain(fact.time_s, fact.level, when, fact.place, fact.noted)


def _stretches(found: Sequence[Fact], begin_s: float, end_s: float) -> list[Stretch]:
    stretches: list[Stretch] = []
    gait: Gait = "still"
    for fact in _all(found, facts.GaitChanged):
        if fact.time_s > begin_s:
            stretches.append(Stretch(gait, begin_s, fact.time_s))
        gait, begin_s = fact.gait, fact.time_s
    if end_s > begin_s:
        stretches.append(Stretch(gait, begin_s, end_s))
    return stretches
