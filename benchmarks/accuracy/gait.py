"""Still, walking or running, on people whom the weights have not seen.

Each person of ``waist_daily/`` is judged with weights that all others trained
(:mod:`benchmarks.gait_model`). What counts is the steps table: the time that its steps cover.
Beside it stand what release 0.1 did and what cadence alone would say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.tables import LEFT_OUT, SEEN, Missing, Row, Section, row_of_errors
from benchmarks.gait_model import fit_weights, training_steps
from benchmarks.recordings import (
    WaistTrial,
    force_trials,
    raw_sacral_clip,
    waist_trials,
    walking_trials,
)
from benchmarks.virtual_sensor import runner_trials
from imu.analyzer import AnalyzerParams, StepAnalyzer
from imu.chain.filters import SosFilter, butterworth_low_pass
from imu.chain.gait import GaitParams
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from imu.steps import concatenate

Array = NDArray[np.float64]

_PACKET_S: Final = 0.02
#: Standard deviation of the vertical force over a second that is moving, g.
_MOVING_G: Final = 0.3
#: Steps a minute from which on cadence alone says running.
_CADENCE_SPM: Final = 140.0

_ACTIVITIES: Final = (
    # code, what was done, goal in percent of the time, whether that is at least
    ("D01", "slow walking", 1.0, False),
    ("D02", "brisk walking", 2.0, False),
    ("D05", "stairs, slowly", 1.0, False),
    ("D06", "stairs, quickly", 1.0, False),
    ("D18", "walking, a stumble", 1.0, False),
    ("D19", "jumping", 1.0, False),
    ("D03", "slow jogging", 98.0, True),
    ("D04", "quick jogging", 98.0, True),
)
_LEAST_OF_ANYBODY: Final = 90.0


@dataclass(frozen=True)
class GaitOverTime:
    """The gait a recording was said to be, packet by packet, and the time of its running steps."""

    time_s: Array  # of the end of each packet, from the recording's begin
    running: NDArray[np.bool_]
    spans_s: Array  # (steps, 2), from the recording's begin

    @property
    def steps(self) -> int:
        """Running steps in the table."""
        return len(self.spans_s)

    @property
    def decision_s(self) -> float:
        """Time after which it was first called running; NaN when never."""
        return float(self.time_s[np.argmax(self.running)]) if self.running.any() else float("nan")

    @property
    def table_percent(self) -> float:
        """Share of the time that the steps of the table cover."""
        return 100.0 * float(np.sum(self.spans_s[:, 1] - self.spans_s[:, 0]) / self.time_s[-1])


def gait_over_time(
    samples: Samples, rate_hz: float, axes: str, params: AnalyzerParams | None = None
) -> GaitOverTime:
    """Feed a recording in packets and note the gait after each."""
    analyzer = StepAnalyzer(rate_hz, axes=axes, params=params)
    size = max(1, round(_PACKET_S * rate_hz))
    begin_s = float(samples.time_s[0])
    running, ends, steps = [], [], []
    for begin in range(0, len(samples), size):
        packet = samples[begin : begin + size]
        steps.append(analyzer.push(packet))
        running.append(analyzer.activity == "run")
        ends.append(float(packet.time_s[-1]) - begin_s)
    table = concatenate([*steps, analyzer.flush()])
    first = table.initial_contact_s - begin_s
    spans = np.column_stack([first, first + table.step_time_s])
    return GaitOverTime(np.array(ends), np.array(running, np.bool_), spans)


def _contacts(samples: Samples, rate_hz: float, up: int, fall_g: float) -> tuple[Array, Array]:
    """Low-passed force along a sensor axis, g, and the samples at which it rises through 1 g."""
    sign = 1.0 if up > 0 else -1.0
    force = sign * samples.acceleration_m_s2[:, abs(up) - 1] / STANDARD_GRAVITY_M_S2
    b0, b1, b2, a1, a2 = butterworth_low_pass(6.0, rate_hz)
    low = SosFilter(((b0, b1, b2, 1.0, a1, a2),)).push(force - 1.0) + 1.0
    found, armed = [], False
    for k in range(1, len(low)):
        armed = armed or bool(low[k] < 1.0 - fall_g)
        if armed and low[k - 1] < 1.0 <= low[k]:
            found.append(k)
            armed = False
    return low, np.array(found, np.int64).astype(np.float64)


def levels_of_release_0_1(samples: Samples, rate_hz: float, up: int) -> Array:
    """Steps (N, 2), s, of four and more in a row that fall under 0.6 g and rise over 1.4 g."""
    low, contacts = _contacts(samples, rate_hz, up, 0.4)
    good = [
        0.22 <= (b - a) / rate_hz <= 0.6 and float(low[int(a) : int(b)].max()) >= 1.4
        for a, b in pairwise(contacts)
    ]
    spans, streak = [], 0
    for k, fits in enumerate([*good, False]):
        if fits:
            streak += 1
            continue
        if streak >= 4:
            spans += [(contacts[j], contacts[j + 1]) for j in range(k - streak, k)]
        streak = 0
    return np.array(spans).reshape(-1, 2) / rate_hz


def cadence_alone(samples: Samples, rate_hz: float, up: int) -> Array:
    """Steps (N, 2), s, that are quicker than 140 a minute."""
    _, contacts = _contacts(samples, rate_hz, up, 0.1)
    spans = np.column_stack([contacts[:-1], contacts[1:]]) / rate_hz
    return spans[np.diff(spans, axis=1)[:, 0] < 60.0 / _CADENCE_SPM]


def _moving_percent(samples: Samples, rate_hz: float, spans_s: Array) -> float:
    """Share of the seconds that somebody moves in, first and last left out, covered by steps."""
    covered = np.zeros(len(samples))
    for first, last in np.rint(spans_s * rate_hz).astype(np.int64):
        covered[first:last] = 1.0
    second = round(rate_hz)
    whole = len(samples) // second * second
    size = np.linalg.norm(samples.acceleration_m_s2[:whole], axis=1) / STANDARD_GRAVITY_M_S2
    moving = np.flatnonzero(size.reshape(-1, second).std(axis=1) > _MOVING_G)[1:-1]
    return 100.0 * float(covered[:whole].reshape(-1, second)[moving].mean())


def _percent(trial: WaistTrial, spans_s: Array, *, ran: bool) -> float:
    samples = trial.samples[0]
    if ran:
        return _moving_percent(samples, trial.rate_hz, spans_s)
    seconds = len(samples) / trial.rate_hz
    return 100.0 * float(np.sum(spans_s[:, 1] - spans_s[:, 0])) / seconds


def _daily(data: Path, *, quick: bool) -> tuple[list[Row], list[Missing]]:
    trials = waist_trials(data)
    if not trials:
        return [], [Missing("walking and jogging with a waist sensor", str(data / "waist_daily"))]
    steps = training_steps(data)
    people = sorted({trial.person for trial in trials})[:: 4 if quick else 1]
    weights = {
        person: tuple(fit_weights(steps[steps.person != person]).tolist()) for person in people
    }

    def chain(trial: WaistTrial) -> Array:
        params = AnalyzerParams(gait=GaitParams(weights=weights[trial.person]))
        found = gait_over_time(trial.samples[0], trial.rate_hz, "auto", params)
        return found.spans_s

    rules: dict[str, Callable[[WaistTrial], Array]] = {
        "": chain,
        "; levels of release 0.1": lambda t: levels_of_release_0_1(t.samples[0], t.rate_hz, -2),
        "; cadence alone": lambda t: cadence_alone(t.samples[0], t.rate_hz, -2),
    }
    rows = []
    for code, what, goal, ran in _ACTIVITIES:
        some = [t for t in trials if t.activity == code and t.person in weights]
        for rule, spans_of in rules.items():
            shares = np.array([_percent(t, spans_of(t), ran=ran) for t in some])
            if not len(shares):
                continue
            rows.append(_share_row(f"{what}{rule}", shares, goal, ran=ran, judged=not rule))
    return rows, []


def _share_row(condition: str, shares: Array, goal: float, *, ran: bool, judged: bool) -> Row:
    """Shares of the time against 0 or 100 %, one value a recording."""
    mean = float(shares.mean())
    met = mean <= goal
    said = f"≤ {goal:g} % of the time"
    if ran:
        met = mean >= goal and float(shares.min()) >= _LEAST_OF_ANYBODY
        said = f"≥ {goal:g} % found, nobody under {_LEAST_OF_ANYBODY:g} %"
    return row_of_errors(
        "time called running",
        condition,
        "%",
        shares - (100.0 if ran else 0.0),
        goal=said if judged else "",
        goal_met=met if judged else None,
    )


def _walking(data: Path) -> tuple[list[Row], list[Missing]]:
    recordings = walking_trials(data)
    if not recordings:
        return [], [Missing("walking and standing recordings", str(data / "walking"))]
    shares = [
        gait_over_time(samples, rate, axes).table_percent for _, samples, rate, axes in recordings
    ]
    row = _share_row("laboratory walk", np.array(shares), 0.0, ran=False, judged=True)
    return [row], []


def _running(data: Path, *, quick: bool) -> tuple[list[Row], list[Missing]]:
    kinds: dict[str, Iterable[tuple[Samples, float, str]]] = {}
    missing = []
    some = slice(None, None, 4 if quick else 1)
    runners = runner_trials(200.0, data)[some]
    if runners:
        kinds["treadmill, virtual sensor"] = [(r.samples, r.rate_hz, "+x+y+z") for r in runners]
    else:
        missing.append(Missing("running with force plate", str(data / "treadmill_runners")))
    force_file = data / "sacral_force" / "trials.npz"
    if force_file.is_file():
        kinds["treadmill, 16 × 5 s, no gyroscope"] = [
            (trial.samples, trial.rate_hz, "+x+y+z") for trial in force_trials(data)[some]
        ]
    else:
        missing.append(Missing("running trials with force", str(force_file)))
    clip_file = data / "sacral_force" / "raw_512hz.npz"
    if clip_file.is_file():
        kinds["raw clip, 6 s, no gyroscope"] = [raw_sacral_clip(data)]
    else:
        missing.append(Missing("unfiltered running clip", str(clip_file)))
    rows: list[Row] = []
    times: dict[str, Array] = {}
    for kind, recordings in kinds.items():
        shares, decisions = [], []
        for samples, rate, axes in recordings:
            found = gait_over_time(samples, rate, axes)
            shares.append(_moving_percent(samples, rate, found.spans_s))
            decisions.append(found.decision_s)
        rows.append(_share_row(kind, np.array(shares), 98.0, ran=True, judged=True))
        times[kind] = np.array(decisions)
    rows += [
        row_of_errors("time until running is believed", kind, "s", seconds)
        for kind, seconds in times.items()
    ]
    return rows, missing


def sections(data: Path, *, quick: bool) -> list[Section]:
    """Score the gait on daily activities, walking and every running recording."""
    daily, daily_missing = _daily(data, quick=quick)
    walk, walk_missing = _walking(data)
    run, run_missing = _running(data, quick=quick)
    return [
        Section(
            title="Walk, run or still",
            about=(
                "The time that the running steps of the table cover, against 0 % for who does not "
                "run and 100 % for who runs; n counts recordings. Of the daily activities each "
                "person is left out of what the weights were learned from; the treadmill "
                "recordings were learned from. Of running, the seconds in which somebody moves "
                "count, all but the first and the last. The time until running is believed is "
                "what a live display waits; the steps before it are listed all the same."
            ),
            rows=[
                *(replace(row, people=LEFT_OUT) for row in (*daily, *walk)),
                *(replace(row, people=SEEN) for row in run),
            ],
            missing=[*daily_missing, *walk_missing, *run_missing],
            cannot_see=(
                "What is called jogging in the daily activities is what the person was asked to "
                "do: some walk for a few steps where they turn round.",
                "Changes between walking and running within one recording, cycling, driving and "
                "hopping are in none of these sets.",
                "Nobody measured the flight of the joggers: what is called a grounded run rests "
                "on an argument, not on data.",
            ),
        )
    ]
