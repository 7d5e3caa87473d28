"""The plan of a run: everything besides the log that decides what the companion tells.

It is made from the journal before the run and goes into the recording's header, so that nothing
hidden influences a session.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imu.errors import ParameterError, RecordingError
from pipelines.coaching.training.intervals import RunWalkPlan
from pipelines.coaching.training.return_to_run import STAGES
from pipelines.coaching.training.single_session import LongestSession
from pipelines.coaching.training.warm_up import WarmUpParams
from pipelines.units import UNITS, Units

if TYPE_CHECKING:
    from imu.drift.baseline import Baseline
    from pipelines.runner.journal.database import Journal
    from pipelines.runner.journal.entries import Settings

__all__ = [
    "CompanionPlan",
    "UsualIntensity",
    "plan_for_run",
    "plan_from_journal",
    "plan_with_baseline",
    "settings_for_run",
]

_DAY_NS: Final = 86_400 * 10**9
#: Sessions that tell what is usual: the last ten of three months.
_USUAL_SESSIONS: Final = 10
_USUAL_DAYS: Final = 90
#: What may stop coaching before the run.
_STOPS: Final = ("", "red_flags.stop", "red_flags.urgent", "red_flags.still_stopped")


@dataclass(frozen=True, slots=True)
class UsualIntensity:
    """What is usual for one runner.

    Attributes
    ----------
    peak_10hz_bw : float
        Mean of the indicator of this name, above 1 and at most 10.
    cadence_spm : float
        Steps a minute, 100 to 240.
    """

    peak_10hz_bw: float
    cadence_spm: float

    def __post_init__(self) -> None:
        if not 1.0 < self.peak_10hz_bw <= 10.0:
            raise ParameterError("peak_10hz_bw", self.peak_10hz_bw, "a number above 1, at most 10")
        if not 100.0 <= self.cadence_spm <= 240.0:
            raise ParameterError("cadence_spm", self.cadence_spm, "a cadence from 100 to 240")


@dataclass(frozen=True, slots=True)
class CompanionPlan:
    """Parameters of :class:`~pipelines.coaching.companion.Companion`.

    Attributes
    ----------
    stopped : str
        Name of the text that stopped coaching before the run (red flags); empty: coaching is on.
    units : {"metric", "imperial"}
        Of the sentences.
    usual : UsualIntensity, optional
        None: warm-up, ceiling and metronome have nothing to go by and are silent.
    longest : LongestSession, optional
        Of the last 30 days; None: not known whether there was any, and nothing is told of it.
    intervals : RunWalkPlan, optional
        Run and walk in turn.
    walk_bends : bool
        Run the straights, walk the bends.
    return_stage : int, optional
        Index of :data:`pipelines.coaching.training.return_to_run.STAGES`; None without such a plan.
    rest_day : int, optional
        Which day of rest this would be, from 1.
    rest_days : int
        Days without running that the return begins with, 0 to 60.
    metronome_percent : float, optional
        How much quicker than usual, 5 to 10 %.
    warm_up : WarmUpParams
        Limits of warm-up and cool-down.

    Raises
    ------
    ParameterError
        When a value is out of range.

    Examples
    --------
    >>> CompanionPlan(return_stage=3)
    Traceback (most recent call last):
    ...
    imu.errors.ParameterError: return_stage is 3: give a number from 0 to 2.
    """

    stopped: str = ""
    units: Units = "metric"
    usual: UsualIntensity | None = None
    longest: LongestSession | None = None
    intervals: RunWalkPlan | None = None
    walk_bends: bool = False
    return_stage: int | None = None
    rest_day: int | None = None
    rest_days: int = 7
    metronome_percent: float | None = None
    warm_up: WarmUpParams = field(default_factory=WarmUpParams)

    def __post_init__(self) -> None:
        if self.stopped not in _STOPS:
            raise ParameterError("stopped", self.stopped, "one of " + ", ".join(_STOPS[1:]))
        if self.units not in UNITS:
            raise ParameterError("units", self.units, "one of " + ", ".join(UNITS))
        if self.return_stage is not None and self.return_stage not in range(len(STAGES)):
            raise ParameterError(
                "return_stage", self.return_stage, f"a number from 0 to {len(STAGES) - 1}"
            )
        if self.rest_days not in range(61):
            raise ParameterError("rest_days", self.rest_days, "a number of days from 0 to 60")
        if self.rest_day is not None and self.rest_day not in range(1, self.rest_days + 1):
            raise ParameterError("rest_day", self.rest_day, "a day of the rest, from 1")
        if self.metronome_percent is not None and not 5.0 <= self.metronome_percent <= 10.0:
            raise ParameterError("metronome_percent", self.metronome_percent, "5 to 10 %")


def plan_from_journal(
    journal: Journal, now: datetime, baseline: Baseline | None = None
) -> CompanionPlan:
    """The plan that the journal asks for.

    The stages of a return bring their own training: the treadmill runs and walks in turn, the track
    walks the bends. What is usual is that of the baseline, else the median of the latest sessions
    before a return began.

    Parameters
    ----------
    journal : Journal
        Open.
    now : datetime
        The time on the runner's clock, with its zone.
    baseline : Baseline, optional
        Of earlier easy runs, as the analysis uses it.

    Raises
    ------
    ParameterError
        When the time has no zone.
    RecordingError
        When the journal cannot be read.
    """
    from pipelines.coaching.training.return_to_run import rest_cues
    from pipelines.runner.journal.advice import return_state
    from pipelines.runner.journal.entries import utc_ns_of
    from pipelines.runner.journal.queries import longest_session, red_flag_state

    now_ns = utc_ns_of(now)
    settings = journal.settings()
    flags = red_flag_state(journal)
    since_ns = settings.return_since_ns
    state = return_state(journal)
    stage = None if state is None or state.finished else state.stage
    rest_day: int | None = None
    if since_ns is not None and rest_cues(since_ns, now_ns, rest_days=settings.rest_days):
        rest_day = (now_ns - since_ns) // _DAY_NS + 1
    return CompanionPlan(
        stopped=flags.cue.text_id if flags.stopped and flags.cue is not None else "",
        units=settings.units,
        usual=_usual_of(baseline) or _usual(journal, min(now_ns, since_ns or now_ns)),
        longest=longest_session(journal, now_ns),
        intervals=RunWalkPlan() if stage == 0 else None,
        walk_bends=stage == 1,
        return_stage=stage,
        rest_day=rest_day,
        rest_days=settings.rest_days,
    )


def plan_for_run(
    now: datetime, baseline: Baseline | None = None, path: Path | None = None
) -> tuple[CompanionPlan, list[str]]:
    """The plan of the user's journal, and what the user should know; a run never fails for it.

    Without a journal file none is made. One in trouble gives a plan that rests on nothing, and a
    sentence that says so.

    Parameters
    ----------
    now, baseline
        As for :func:`plan_from_journal`.
    path : Path, optional
        The journal; the user's own by default.
    """
    from pipelines.runner.journal.database import Journal, journal_path
    from pipelines.runner.journal.pending import pending_path

    place = journal_path() if path is None else path
    blank = CompanionPlan(usual=_usual_of(baseline))
    if not place.exists() and not pending_path(place).exists():
        return replace(blank, longest=LongestSession()), []
    try:
        with Journal(place, busy_s=0.5) as journal:
            return plan_from_journal(journal, now, baseline), list(journal.notes)
    except RecordingError as trouble:
        return blank, [f"{trouble} This run is accompanied without what the journal knows."]


def plan_with_baseline(plan: CompanionPlan, baseline: Baseline) -> CompanionPlan:
    """The plan of a run that starts from a baseline of earlier runs."""
    return replace(plan, usual=_usual_of(baseline) or plan.usual)


def settings_for_run(path: Path | None = None) -> Settings:
    """Body data and units as the journal has them; the defaults where it cannot be read."""
    from pipelines.runner.journal.database import Journal, journal_path
    from pipelines.runner.journal.entries import Settings

    place = journal_path() if path is None else path
    if not place.exists():
        return Settings()
    try:
        with Journal(place, busy_s=0.5) as journal:
            return journal.settings()
    except RecordingError:  # told once already, with the plan
        return Settings()


def _usual_of(baseline: Baseline | None) -> UsualIntensity | None:
    if baseline is None:
        return None
    peak, cadence = baseline.of("peak_10hz_bw"), baseline.of("cadence_spm")
    if peak is None or cadence is None:
        return None
    return _sensible(peak.mean, cadence.mean)


def _usual(journal: Journal, before_ns: int) -> UsualIntensity | None:
    from pipelines.runner.journal.entries import Session

    sessions = journal.entries(
        Session,
        "utc_start_ns >= ? AND utc_start_ns < ? AND steps > 0",
        (before_ns - _USUAL_DAYS * _DAY_NS, before_ns),
        newest=_USUAL_SESSIONS,
    )
    found = [
        (item.means["peak_10hz_bw"], item.means["cadence_spm"])
        for item in sessions
        if "peak_10hz_bw" in item.means and "cadence_spm" in item.means
    ]
    if not found:
        return None
    return _sensible(*(statistics.median(column) for column in zip(*found, strict=True)))


def _sensible(peak: float, cadence: float) -> UsualIntensity | None:
    """None where the figures are not those of running, which then are better not used."""
    if not (math.isfinite(peak) and math.isfinite(cadence)):
        return None
    try:
        return UsualIntensity(peak, cadence)
    except ParameterError:
        return None
