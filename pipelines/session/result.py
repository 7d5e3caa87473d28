"""What a session comes to: a projection of its facts, for the journal, summaries and later runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final, Literal, TypeVar

import numpy as np
from msgspec.structs import replace

from devices.records import DeviceInfo
from imu.drift.baseline import Baseline
from imu.drift.changes import Change
from imu.samples import Quality
from imu.step.trusted_steps import tell_of_the_run, trusted_steps
from imu.steps import Steps, concatenate
from pipelines.coaching.alert import Alert
from pipelines.coaching.companion import red_flags_before
from pipelines.coaching.training.bends import bends_cue
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.intervals import Adherence, adherence_of
from pipelines.coaching.training.red_flags import judge_marked
from pipelines.quantities import MEANS
from pipelines.session import facts
from pipelines.session.comparable import at_one_rate, sensor_kind, surface_of_most
from pipelines.session.dose import EXPONENTS, Dose
from pipelines.session.facts import Fact, Gait, SensorDoubted, Source
from pipelines.session.felt_pain import FeltPain, moment_of
from pipelines.session.header import SessionHeader

_F = TypeVar("_F")

#: Troubles of how a sensor is mounted and what it measures in, which take some steps to be seen.
_OF_A_WHOLE_SESSION: Final = frozenset(
    {"gravity", "gyro_contradicts", "gyro_quiet", "gyro_scale", "levelled", "tilt"}
)
_FIRST_STEPS: Final = 60
_ALL: Final = 0.9


@dataclass(frozen=True, slots=True)
class GaitStretch:
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


def lacks_neutral(known: Iterable[Fact]) -> bool:
    """Whether lean is measured in axes that were stated, and from no posture of standing."""
    found = _without_standing(known)
    return found is not None and not found.searched


def _without_standing(known: Iterable[Fact]) -> facts.AxesFound | None:
    """The finding of the axes that lean rests on, where that compares with no other day."""
    last = None
    for one in known:
        if isinstance(one, facts.AxesFound | facts.NeutralTaken):
            last = one
    return last if isinstance(last, facts.AxesFound) and not last.from_standing else None


class SessionResult:
    """What all facts of a session come to; a figure is computed when somebody first asks for it.

    Parameters
    ----------
    header : SessionHeader
        Its own.
    found : iterable of Fact
        All of its facts, the end among them, in order.
    begin_s : float
        When the first stretch begins, s.

    Attributes
    ----------
    duration_s : float
        From the first sample to the last, s.
    warm_up_s, before_warm_up_m, cool_down, bends
        As in :class:`~pipelines.session.facts.Ended`.
    baseline : Baseline or None
        In use at the end.
    changed : tuple of str
        Indicators that are changed at the end.
    losses, clock, axes_found
        Accounting of samples, the sensor's clock, and whether the axes are known.

    Raises
    ------
    ValueError
        When there is no end among the facts.

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

    def __init__(
        self, header: SessionHeader, found: Iterable[Fact], *, begin_s: float = 0.0
    ) -> None:
        self.header = header
        self._begin_s = begin_s
        self._finished: list[Steps] = []
        self._known: list[Fact] = []  # all but the steps, which are many
        for fact in found:
            if isinstance(fact, facts.StepsFinished):
                self._finished.append(fact.steps)
            else:
                self._known.append(fact)
        end = self._last(facts.Ended)
        if end is None:
            raise ValueError("the facts of a session have no end: finish its fold first")
        self._end = end
        self.duration_s = end.duration_s
        self.warm_up_s, self.before_warm_up_m = end.warm_up_s, end.before_warm_up_m
        self.cool_down, self.bends = end.cool_down, end.bends
        self.baseline, self.changed = end.baseline, end.changed
        self.losses, self.clock, self.axes_found = end.losses, end.clock, end.axes_found

    def begun(self, utc_start_ns: int) -> SessionResult:
        """The same of a session that began at another time.

        Parameters
        ----------
        utc_start_ns : int
            ns since 1970.

        Returns
        -------
        SessionResult
        """
        other = copy(self)
        other.header = replace(self.header, utc_start_ns=utc_start_ns)
        return other

    def as_said(
        self, distance_m: float | None, source: Source | Literal[""], surface: str, shoe: str
    ) -> SessionResult:
        """The same with what is known now in place of what was while it went on.

        Parameters
        ----------
        distance_m : float or None
            m; None where it is not known.
        source : str
            How it is known.
        surface, shoe : str
            Empty where nobody has said.

        Returns
        -------
        SessionResult
        """
        other = copy(self)
        other.distance_m, other.distance_source = distance_m, source
        other.surface, other.shoe = surface, shoe
        return other

    def _all(self, kind: type[_F]) -> list[_F]:
        return [fact for fact in self._known if isinstance(fact, kind)]

    def _last(self, kind: type[_F]) -> _F | None:
        return next((fact for fact in reversed(self._known) if isinstance(fact, kind)), None)

    # -------------------------------------------------------------------------------- the steps

    @cached_property
    def steps(self) -> Steps:
        """All of them, with those flagged in which it had not been seen yet what is wrong.

        How a sensor is mounted, and in which units it measures, does not change as the first steps
        end.
        """
        steps, self._finished = concatenate(self._finished), []
        told_s = [doubt.time_s for doubt in self.doubts if doubt.trouble in _OF_A_WHOLE_SESSION]
        before = int(np.searchsorted(steps.initial_contact_s, min(told_s, default=-np.inf)))
        if not 0 < before <= _FIRST_STEPS:
            return steps
        later = steps.quality_bits[before:] & np.uint16(Quality.SENSOR) > 0
        if np.count_nonzero(later) < _ALL * len(later):  # it passed
            return steps
        rows = steps.rows.copy()
        rows["quality"][:before] |= np.uint16(Quality.SENSOR)
        return Steps(rows)

    @cached_property
    def _at_one_rate(self) -> tuple[Steps, dict[float, int]]:
        rates = [(one.time_s, one.info.rate_hz) for one in self._all(facts.SensorKnown)]
        return at_one_rate(self.steps, rates)

    @property
    def at_one_rate(self) -> Steps:
        """The steps, with shock at the rate of most of them alone."""
        return self._at_one_rate[0]

    @property
    def steps_by_rate(self) -> dict[float, int]:
        """How many there are at each rate of the sensor, Hz, the one that shock rests on first."""
        return self._at_one_rate[1]

    @cached_property
    def means(self) -> dict[str, float]:
        """Over the trusted steps at one rate, by column; none where too few of them have it."""
        rows, steps = trusted_steps(self.at_one_rate).rows, len(self.steps)
        known = {name: rows[name][np.isfinite(rows[name])] for name in MEANS}
        return {
            name: round(float(it.mean()), 6)
            for name, it in known.items()
            if tell_of_the_run(it.size, steps)
        }

    @cached_property
    def running_s(self) -> float:
        """Time spent in running steps, s."""
        return float(np.nansum(self.steps.step_time_s))

    # ------------------------------------------------------------------------- sensor and ground

    @cached_property
    def sensor(self) -> DeviceInfo | None:
        """As it last described itself; None where the source has no packets."""
        known = self._last(facts.SensorKnown)
        return None if known is None else known.info

    @property
    def sensor_kind(self) -> str:
        """What has to be the same for figures of two runs to be compared."""
        return "" if self.sensor is None else sensor_kind(self.sensor)

    @property
    def loose_clip(self) -> bool:
        """Whether the sensor was found to ring on its clip."""
        return self._last(facts.ClipLoose) is not None

    @cached_property
    def doubts(self) -> tuple[SensorDoubted, ...]:
        """What the sensor read that cannot be true."""
        return tuple(self._all(SensorDoubted))

    @cached_property
    def lean_is_relative(self) -> bool:
        """Whether lean compares within the run alone: axes found from steps, and nobody stood."""
        found = _without_standing(self._known)
        return found is not None and found.searched

    @cached_property
    def lacks_neutral(self) -> bool:
        """Whether lean is of stated axes, so that the run leaves no later one anything to go by."""
        return lacks_neutral(self._known)

    @cached_property
    def surface(self) -> str:
        """As last said; empty where it was not."""
        known = self._last(facts.SurfaceKnown)
        return "" if known is None else known.name

    @cached_property
    def surface_of_most(self) -> str | None:
        """What nearly all of the running was on; None when there is no such surface."""
        marked = [(fact.time_s, fact.name) for fact in self._all(facts.SurfaceKnown)]
        return surface_of_most(self.steps, marked)

    @cached_property
    def shoe(self) -> str:
        """As last said; empty where it was not."""
        known = self._last(facts.ShoeKnown)
        return "" if known is None else known.name

    # --------------------------------------------------------------------- how far and how fast

    @cached_property
    def _distance(self) -> facts.DistanceKnown | None:
        return self._last(facts.DistanceKnown)

    @cached_property
    def distance_m(self) -> float | None:
        """As far as it is known, m; None otherwise."""
        return None if self._distance is None else self._distance.distance_m

    @cached_property
    def distance_source(self) -> Source | Literal[""]:
        """How the distance is known; empty where it is not."""
        return "" if self._distance is None else self._distance.source

    @cached_property
    def uncounted_s(self) -> float:
        """Running time that the distance leaves out, as no speed was known then, s."""
        stated = any(fact.source == "stated" for fact in self._all(facts.DistanceKnown))
        if self._distance is None or stated:
            return 0.0
        pace = [(-math.inf, False)]
        pace += [(fact.time_s, fact.speed_m_s is not None) for fact in self._all(facts.PaceKnown)]
        steps = self.steps
        at = np.searchsorted([time_s for time_s, _ in pace], steps.initial_contact_s, "right") - 1
        unknown = ~np.array([is_known for _, is_known in pace])[at]
        return float(np.nansum(steps.step_time_s[unknown]))

    @cached_property
    def speed(self) -> Measured | None:
        """While the belt, or the pod, moved, m/s; None where no device measured it."""
        devices = {"treadmill", "pod"}
        if any(doubt.reason == "units" for doubt in self._all(facts.StreamDoubted)):
            devices = {"pod"}
        known = [
            (fact.time_s, (fact.speed_m_s or None) if fact.source in devices else None)
            for fact in self._all(facts.PaceKnown)
        ]
        return _measured(known, self._end.time_s)

    @cached_property
    def heart_rate(self) -> Measured | None:
        """Beats a minute; None where no device measured it."""
        known = self._all(facts.HeartRateKnown)
        return _measured([(fact.time_s, fact.heart_rate_bpm) for fact in known], self._end.time_s)

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

    # ----------------------------------------------------------------- what was done, felt, told

    @cached_property
    def stretches(self) -> tuple[GaitStretch, ...]:
        """Of gait, one after the other."""
        stretches: list[GaitStretch] = []
        gait: Gait = "still"
        begin_s, end_s = self._begin_s, self._end.time_s
        for fact in self._all(facts.GaitChanged):
            if fact.time_s > begin_s:
                stretches.append(GaitStretch(gait, begin_s, fact.time_s))
            gait, begin_s = fact.gait, fact.time_s
        if end_s > begin_s:
            stretches.append(GaitStretch(gait, begin_s, end_s))
        return tuple(stretches)

    @cached_property
    def pains(self) -> tuple[FeltPain, ...]:
        """In order; felt when the runner said, else by the time of the mark."""
        contacts = self.steps.initial_contact_s
        first_s, last_s = contacts[[0, -1]].tolist() if len(contacts) else (math.inf, math.inf)
        return tuple(
            FeltPain(
                fact.time_s,
                fact.level,
                fact.moment or moment_of(fact.time_s, first_s, last_s),
                fact.place,
                fact.noted,
            )
            for fact in self._all(facts.PainReported)
        )

    @cached_property
    def alerts(self) -> tuple[Alert, ...]:
        """What the coach told, in order."""
        return tuple(fact.alert for fact in self._all(facts.AlertTold))

    @cached_property
    def cues(self) -> tuple[facts.CueTold, ...]:
        """What the companion told, in order."""
        return tuple(self._all(facts.CueTold))

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """All that changed, told or not, in order."""
        return tuple(fact.as_change for fact in self._all(facts.Changed))

    @cached_property
    def adherence(self) -> Adherence | None:
        """Intervals of a run/walk plan against those that were run and walked."""
        phases = [(fact.phase, fact.time_s) for fact in self._all(facts.PhaseBegan)]
        return adherence_of(phases, [(one.gait, one.begin_s, one.end_s) for one in self.stretches])

    @property
    def run_baseline(self) -> Baseline | None:
        """What later runs may start from; none of a simulated runner's, who is nobody's history."""
        return None if self.header.simulated else self._end.run_baseline

    @cached_property
    def judged_s(self) -> float:
        """How long it was compared with the baseline that was in use at the end, s."""
        known = self._last(facts.BaselineKnown)
        if self.baseline is None or known is None:
            return 0.0
        return max(0.0, self._end.time_s - known.time_s)

    @cached_property
    def stopped(self) -> bool:
        """Whether red flags, or pain, stand at the end: then nothing is coached after the run."""
        plan = self.header.plan
        held = plan is not None and bool(plan.stopped or plan.eased or plan.held)
        for fact in self._known:
            if isinstance(fact, facts.FlagsAnswered):
                held = fact.stopped or fact.eased
            elif isinstance(fact, facts.PainJudged):
                held = fact.holds
        return held

    @cached_property
    def warning(self) -> Cue | None:
        """What the signs for a doctor that stand at the end call for; None without one."""
        flags = red_flags_before(self.header.plan)
        for fact in self._all(facts.FlagsAnswered):
            flags = judge_marked(flags, fact.answers, cleared=fact.cleared)
        return flags.cue if flags.stopped or flags.eased else None

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


def _measured(known: Sequence[tuple[float, float | None]], end_s: float) -> Measured | None:
    """Values, each from its time until the next; None where nobody knew any."""
    total = weight = 0.0
    values = []
    for (begin_s, value), (until_s, _) in pairwise([*known, (end_s, None)]):
        if value is not None and until_s > begin_s:
            total, weight = total + value * (until_s - begin_s), weight + until_s - begin_s
            values.append(value)
    return Measured(total / weight, min(values), max(values)) if values else None
