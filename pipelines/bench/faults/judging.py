"""Whether a session shows what its fault plan says, and nothing wrong that it calls trusted.

A session is held against the same session without faults, sample by sample and step by step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from devices.simulator.faults.plan import Consequence, Fault, FaultPlan
from devices.simulator.virtual_sensor import link_of
from imu.samples import Quality
from pipelines.bench.faults.finding_words import finding_words
from pipelines.bench.faults.session import PlanSession, run_plan, scenario_of
from pipelines.bench.faults.usual import consequence_of

Array = NDArray[np.float64]
Rows = NDArray[np.void]


class Untold(NamedTuple):
    """Wrong steps that may be called trusted after a fault: how many at most, and why."""

    most: int
    why: str


#: Faults that are known to leave such steps, by kind or protocol and kind: told by a bench rather
#: than failing it, up to somewhat more than in any of 64 plans drawn of each kind, and in the plans
#: 0 to 999. Any other kind, and any more, fails.
UNTOLD: Final[dict[str, Untold]] = {
    # plausible samples, of which some seconds are too few to be held against each other
    "bias_g": Untold(8, "under 1 g it is a force as any, contact goes first"),
    "gyro_bias_deg_s": Untold(6, "lean follows until the bias is learned"),
    "stuck_axis": Untold(4, "an axis may keep the value that it has on average"),
    "temperature_c": Untold(8, "a slow drift of the offsets, as real ones have it"),
    "clip_slip_deg": Untold(
        80,
        "lean is the sensor's: the step that it slips in, and all after less than 8°, or less than "
        "15° in the first 10 s of a run into which nobody stood",
    ),
    "polar/saturate": Untold(2, "a step beside samples at the end of the range, at 52 Hz"),
    # no number and no time: what is missing is known, and flagged, when it has added up
    "witmotion/loss": Untold(2, "steps before that"),
    "witmotion/nan": Untold(2, "steps before that"),
    "witmotion/reorder": Untold(4, "exchanged samples are samples"),
    "witmotion/duplicate": Untold(2, "repeated samples are samples"),
}

_KEPT_SESSIONS: Final = 256
#: What is still under way when a fault is over, and how long an instant shows, s; without number
#: and time what is missing is known when it has added up, or when the sensor, which is taken for
#: one that has lost its settings, is set up anew.
_AFTERWARDS_S: Final = 2.0
_ADDED_UP_S: Final = {"witmotion": 8.0}
_INSTANT_S: Final = 14.0
#: Samples are the same when they were taken within this, s.
_SAME_S: Final = 2e-4
#: Changes of a sample beyond rounding: m/s² and rad/s.
_CHANGED: Final = (0.02, 0.004)
#: A message is late when it comes this much later than without the fault, of the fault's size.
_LATE_SHARE: Final = 0.1
_LATE_LEAST_S: Final = 0.008
#: Of faults that have a flag of their own.
_FLAGS: Final = {
    "saturate": int(Quality.CLIPPED),
    "clip_slip_deg": int(Quality.SLIP),
    "gyro_dead": int(Quality.SENSOR | Quality.NO_GYRO),
    "gyro_frozen": int(Quality.SENSOR | Quality.NO_GYRO),
    **dict.fromkeys(
        ("bias_g", "gyro_bias_deg_s", "stuck_axis", "temperature_c"), int(Quality.SENSOR)
    ),
}
#: Blocks of samples that a clock needs to be judged.
_CLOCK_BLOCKS: Final = 5
#: Trusted steps may differ by this from those of the faultless session.
_TOLERANCES: Final = {
    "step_time_s": 0.03,
    "contact_time_ms": 25.0,
    "peak_force_bw": 0.3,
    "vertical_oscillation_mm": 15.0,
    "sacral_lean_deg": 6.0,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one fault."""

    fault: Fault
    consequence: Consequence
    holds: bool

    @property
    def words(self) -> str:
        """It in one sentence."""
        return finding_words(self.fault, self.consequence, holds=self.holds)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a plan's session came to.

    Attributes
    ----------
    findings : tuple of Finding
        One a fault.
    wrong_steps : int
        Steps called trusted that are not those of the faultless session.
    excused : bool
        Whether faults of :data:`UNTOLD` explain so many.
    end : str
        Why the session ended before its time, or did not begin.
    """

    findings: tuple[Finding, ...]
    wrong_steps: int
    excused: bool
    end: str

    @property
    def holds(self) -> bool:
        """Whether the session shows what the plan says."""
        told = all(finding.holds for finding in self.findings)
        return told and not self._ended_early and (self.excused or not self.wrong_steps)

    @property
    def _ended_early(self) -> bool:
        return bool(self.end) and all(each.consequence != "refused" for each in self.findings)

    @property
    def words(self) -> list[str]:
        """What fails, a line each."""
        lines = [each.words.rstrip(".") for each in self.findings if not each.holds]
        if self._ended_early:
            lines.append(f"the session ended: {self.end}")
        if self.wrong_steps and not self.excused:
            lines.append(f"{self.wrong_steps} wrong steps are called trusted")
        return lines


def judge(plan: FaultPlan, *, without: str = "") -> Verdict:
    """Run a plan and judge it.

    Parameters
    ----------
    plan : FaultPlan
    without : str
        A kind of fault that is switched off, though its consequence is still looked for.

    Raises
    ------
    ParameterError
        When the sensor's keys are no scenario, or it cannot have one of the faults.
    """
    scenario = scenario_of(plan)
    link = link_of(scenario) if scenario.protocol else ""
    acting = tuple(fault for fault in plan.faults if fault.kind != without)
    # the faulty one first: what such a sensor cannot have is refused before anything runs
    faulty = run_plan(replace(plan, faults=acting)) if acting else None
    faultless = _faultless(plan.sensor, plan.seed)
    session = faultless if faulty is None else faulty
    findings = []
    for fault in plan.faults:
        consequence = consequence_of(fault, scenario, link)
        holds = _CONSEQUENCES[consequence](_Case(fault, session, faultless))
        findings.append(Finding(fault, consequence, holds))
    names = {name for f in plan.faults for name in (f.kind, f"{scenario.protocol}/{f.kind}")}
    wrong = wrong_steps(session, faultless)
    excused = wrong <= sum(UNTOLD[name].most for name in names & set(UNTOLD))
    return Verdict(tuple(findings), wrong, excused, session.refusal or session.end)


@lru_cache(_KEPT_SESSIONS)
def _faultless(sensor: str, seed: int) -> PlanSession:
    return run_plan(FaultPlan(sensor=sensor, seed=seed))


def wrong_steps(session: PlanSession, faultless: PlanSession) -> int:
    """Trusted steps that differ from the faultless session's nearest, or are none of its own.

    The nearest in the session's time, and in the computer's: a restart, or a clock that was set,
    shifts the former, and a message that is late the latter. Either neighbour may be the same.
    """
    rows, true = session.steps.rows, faultless.steps.rows
    rows = rows[rows["quality"] == 0]
    if not len(rows) or len(true) < 2:
        return len(rows)
    wrong = np.ones(len(rows), np.bool_)
    for came in (_in_session, _at_computer):
        right = np.searchsorted(came(faultless, true), came(session, rows)).clip(1, len(true) - 1)
        for near in (right - 1, right):
            same = np.ones(len(rows), np.bool_)
            for name, tolerance in _TOLERANCES.items():
                away = np.abs(rows[name] - true[name][near])
                same &= ~(away > tolerance)
            wrong &= ~same
    return int(wrong.sum())


def _in_session(_: PlanSession, steps: Rows) -> Array:
    return np.asarray(steps["initial_contact_s"], np.float64)


def _at_computer(session: PlanSession, steps: Rows) -> Array:
    arrivals = session.arrivals
    came_s: Array = np.interp(steps["initial_contact_s"], arrivals.last_s, arrivals.arrival_s)
    return came_s


@dataclass(frozen=True, slots=True)
class _Case:
    """A fault, and the sessions with and without it."""

    fault: Fault
    session: PlanSession
    faultless: PlanSession

    @property
    def start_s(self) -> float:
        return self.fault.onset_s

    @property
    def stop_s(self) -> float:
        """When nothing more of it shows; s since the sensor was switched on, as ``start_s``."""
        lasts_s = _INSTANT_S if self.fault.about.is_instant else 0.0
        protocol = self.session.scenario.protocol
        return self.fault.end_s + lasts_s + _ADDED_UP_S.get(protocol, _AFTERWARDS_S)

    @property
    def switched_on_s(self) -> float:
        """Session time at which the sensor was switched on, s."""
        arrivals = self.faultless.arrivals
        return -float((arrivals.arrival_s - arrivals.last_s).min(initial=inf))

    def counted(self, name: str) -> int:
        """How many more of something were counted while it lasted, than without it."""

        def passed(session: PlanSession) -> int:
            arrivals = session.arrivals
            before, after = arrivals.losses_at(self.start_s), arrivals.losses_at(self.stop_s)
            return int(getattr(after, name) - getattr(before, name))

        return passed(self.session) - passed(self.faultless)

    def changed_share(self) -> float:
        """Share of the samples, while it lasts, that are others than without it."""
        there, here = self.faultless.samples, self.session.samples
        now = here.time_s - self.switched_on_s
        during = np.flatnonzero((now >= self.start_s) & (now <= self.stop_s))
        if not len(during) or not len(there):
            return 0.0
        near = np.searchsorted(there.time_s, here.time_s[during] - _SAME_S)
        near = near.clip(0, len(there) - 1)
        same = np.abs(there.time_s[near] - here.time_s[during]) <= _SAME_S
        changed = np.zeros(len(during), np.bool_)
        pairs: list[tuple[Array, Array]] = [(there.acceleration_m_s2, here.acceleration_m_s2)]
        if there.angular_velocity_rad_s is not None and here.angular_velocity_rad_s is not None:
            pairs.append((there.angular_velocity_rad_s, here.angular_velocity_rad_s))
        for (was, is_now), limit in zip(pairs, _CHANGED, strict=False):
            changed |= (np.abs(is_now[during] - was[near]) > limit).any(axis=1)
        return float(np.mean(changed & same))


def _flagged(case: _Case) -> bool:
    """More steps are flagged, for this reason where it has one, while it lasts than without it."""
    flags = _FLAGS.get(case.fault.kind, sum(Quality))

    def flagged(session: PlanSession) -> int:
        rows = session.steps.rows
        now = rows["initial_contact_s"] - case.switched_on_s
        during = (now >= case.start_s - 1.0) & (now <= case.stop_s)
        return int(np.sum(during & (rows["quality"] & flags != 0)))

    return flagged(case.session) > flagged(case.faultless)


def _reconnected(case: _Case) -> bool:
    events = case.session.link_events
    lost = [at_s for at_s, state in events if state == "lost" and at_s >= case.start_s - 0.1]
    return bool(lost) and any(state == "resumed" and at_s >= lost[0] for at_s, state in events)


def _late(case: _Case) -> bool:
    """Messages come later, while it lasts, than the same without it."""
    there, here = case.faultless.arrivals, case.session.arrivals
    during = (here.arrival_s >= case.start_s) & (here.arrival_s <= case.stop_s)
    if not during.any() or not len(there.last_s):
        return False
    last_s, arrival_s = here.last_s[during], here.arrival_s[during]
    # where the line of time is made of arrivals, messages are not the same: then by themselves
    own_s = np.quantile(arrival_s - last_s, 0.9) - np.quantile(there.arrival_s - there.last_s, 0.9)
    near = np.searchsorted(there.last_s, last_s - _SAME_S).clip(0, len(there.last_s) - 1)
    same = np.abs(there.last_s[near] - last_s) <= _SAME_S
    later_s = arrival_s[same] - there.arrival_s[near[same]]
    size_s = case.fault.amount * 1e-3 if case.fault.about.unit == "ms" else 0.0
    enough_s = max(_LATE_LEAST_S, _LATE_SHARE * size_s)
    return max(float(own_s), float(np.quantile(later_s, 0.9)) if len(later_s) else 0.0) >= enough_s


def _clock_found(case: _Case) -> bool:
    """The session's time runs faster than the computer's, by what the sensor's clock does."""
    here = case.session.arrivals
    during = (here.arrival_s >= case.start_s) & (here.arrival_s <= case.fault.end_s)
    if during.sum() < _CLOCK_BLOCKS:
        return False
    slope = np.polyfit(here.arrival_s[during], here.last_s[during], 1)[0]
    return bool(abs((slope - 1.0) * 1e6 / case.fault.amount - 1.0) < 0.3)


def _fewer_bytes(case: _Case) -> bool:
    most = case.fault.amount - 3
    return 0 < case.session.longest_message <= most < case.faultless.longest_message


def _in_parts(case: _Case) -> bool:
    """More messages come while it lasts, and none of their samples is missing."""

    def came(session: PlanSession) -> int:
        return sum(case.start_s <= at_s <= case.fault.end_s for at_s in session.packets_s)

    whole = case.counted("lost") <= 0 and case.counted("malformed_packets") <= 0
    return whole and came(case.session) > 1.02 * came(case.faultless)


def _battery_told(case: _Case) -> bool:
    told = case.session.battery_percent
    return told is not None and abs(told - case.fault.amount) <= 5.0


def _more(name: str) -> Callable[[_Case], bool]:
    return lambda case: case.counted(name) > 0


_CONSEQUENCES: Final[dict[str, Callable[[_Case], bool]]] = {
    "lost": _more("lost"),
    "malformed": _more("malformed_packets"),
    "duplicated": _more("duplicated"),
    "reordered": _more("reordered"),
    "restarted": _more("restarts"),
    "gap": _more("chain_restarts"),
    "flagged": _flagged,
    "shown": lambda case: case.changed_share() > 0.0,
    "reconnected": _reconnected,
    "refused": lambda case: bool(case.session.refusal),
    "late": _late,
    "fewer bytes": _fewer_bytes,
    "in parts": _in_parts,
    "clock found": _clock_found,
    "battery told": _battery_told,
}
