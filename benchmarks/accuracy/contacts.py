"""Contact, flight, cadence and vertical force of the chain against measured belt force."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.accuracy.tables import Missing, Row, Section, row_of_errors
from benchmarks.recordings import force_contacts, force_trials, marker_trials
from imu.analyzer import StepAnalyzer
from imu.samples import Samples
from imu.steps import Steps, concatenate
from imu.waveforms import Waveforms

__all__ = [
    "ForceErrors",
    "TrialWithForce",
    "errors_of",
    "match_times",
    "sections",
    "steps_and_waveforms",
    "trials_with_force",
]

Array = NDArray[np.float64]

#: Farther apart than this, an estimated and a true contact are not the same contact.
_SAME_CONTACT_S = 0.1
_CADENCE_WINDOW_S = 10.0

_PATOZ = "Patoz 2022, 100 runners, doi:10.3390/s22030784"
_LSTM = "0.16 BW, LSTM, Alcantara 2022, doi:10.7717/peerj.12752"


@dataclass(frozen=True, slots=True, eq=False)
class TrialWithForce:
    """A running trial of one runner with measured vertical force."""

    runner: str
    name: str
    samples: Samples
    rate_hz: float
    force_bw: Array
    force_rate_hz: float
    speed_m_s: float
    slope_deg: float


@dataclass(frozen=True, slots=True, eq=False)
class ForceErrors:
    """Estimate minus truth of the matched steps of one trial, and the steps that match nothing.

    ``means`` holds the mean of estimate and truth beside each error, ``truth`` the truth alone.
    """

    trial: TrialWithForce
    errors: dict[str, Array]
    means: dict[str, Array]
    truth: dict[str, Array]
    true_steps: int
    missed: int
    extra: int


def trials_with_force(data: Path) -> tuple[list[TrialWithForce], list[Missing]]:
    """Every trial with force found in the folder, and what is not there."""
    trials: list[TrialWithForce] = []
    missing: list[Missing] = []
    if (data / "sacral_force" / "trials.npz").is_file():
        trials += [
            TrialWithForce(
                "runner of Alcantara 2022",
                t.name,
                t.samples,
                t.rate_hz,
                t.force_bw,
                t.force_rate_hz,
                t.speed_m_s,
                t.slope_deg,
            )
            for t in force_trials(data)
        ]
    else:
        missing.append(Missing("force trials", "sacral_force/trials.npz"))
    markers = [t for t in marker_trials(directory=data) if t.force_bw is not None]
    if not markers:
        missing.append(Missing("marker trials with force", "treadmill_mocap/*.npz"))
    for m in markers:
        assert m.force_bw is not None
        # the name is the runner's, then the treadmill speed: RBDS001T25
        runner = m.name.rpartition("T")[0] or m.name
        trials.append(
            TrialWithForce(
                f"{runner} (virtual sensor)",
                m.name,
                m.samples,
                m.rate_hz,
                m.force_bw,
                m.force_rate_hz,
                m.speed_m_s,
                0.0,
            )
        )
    return trials, missing


def match_times(
    estimate_s: ArrayLike, truth_s: ArrayLike, tolerance_s: float = _SAME_CONTACT_S
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pair each estimated time with the true one that is nearest to it and it to that.

    Parameters
    ----------
    estimate_s, truth_s : array_like, shape (N,), (M,)
        Times in order, s.
    tolerance_s : float
        Largest distance of a pair, s.

    Returns
    -------
    tuple of ndarray
        Indices of the estimates and of the truths they belong to, in order.

    Examples
    --------
    >>> found, true = match_times([0.01, 0.5, 1.02], [0.0, 1.0, 2.0])
    >>> found.tolist(), true.tolist()
    ([0, 2], [0, 1])
    """
    estimate, truth = np.asarray(estimate_s, np.float64), np.asarray(truth_s, np.float64)
    if not estimate.size or not truth.size:
        nothing = np.empty(0, np.intp)
        return nothing, nothing
    apart = np.abs(estimate[:, None] - truth)
    to_truth, to_estimate = apart.argmin(axis=1), apart.argmin(axis=0)
    found = np.arange(estimate.size)
    kept = (to_estimate[to_truth] == found) & (apart[found, to_truth] <= tolerance_s)
    return found[kept], to_truth[kept]


def steps_and_waveforms(samples: Samples, rate_hz: float) -> tuple[Steps, Waveforms]:
    """The chain over samples in body axes."""
    analyzer = StepAnalyzer(rate_hz, axes="+x+y+z", waveforms=True)
    steps = concatenate([analyzer.push(samples), analyzer.flush()])
    return steps, analyzer.take_waveforms()


def _cadence_spm(contacts_s: Array) -> Array:
    """What the steps table calls cadence at each step, of true contacts.

    120 over the middle mean of the stride times of the last 10 s; the first step by itself.
    """
    times = np.diff(contacts_s)
    cadence = np.empty(len(times))
    for k in range(len(times)):
        first = int(np.searchsorted(contacts_s, contacts_s[k + 1] - _CADENCE_WINDOW_S))
        strides = np.sort(times[first : k + 1][1:] + times[first : k + 1][:-1])
        cut = len(strides) // 4
        middle = strides[cut : len(strides) - cut]
        cadence[k] = 120.0 / middle.mean() if len(strides) else 60.0 / times[k]
    return cadence


def errors_of(trial: TrialWithForce, steps: Steps, waveforms: Waveforms) -> ForceErrors:
    """Errors of the steps that match a true step closed by a next contact."""
    contacts, toe_offs = force_contacts(trial.force_bw, trial.force_rate_hz)
    begin, end, off = contacts[:-1], contacts[1:], toe_offs[: max(len(contacts) - 1, 0)]
    found, true = match_times(steps.initial_contact_s, begin)
    begin, end, off = begin[true], end[true], off[true]
    time = np.arange(len(trial.force_bw)) / trial.force_rate_hz
    peak = np.array(
        [
            trial.force_bw[(time >= a) & (time <= b)].max()
            for a, b in zip(begin, off, strict=True)
        ]
    )  # fmt: skip
    pairs: dict[str, tuple[Array, Array]] = {
        "initial contact": (1e3 * steps.initial_contact_s[found], 1e3 * begin),
        "toe-off": (1e3 * steps.toe_off_s[found], 1e3 * off),
        "contact time": (steps.contact_time_ms[found], 1e3 * (off - begin)),
        "flight time": (steps.flight_time_ms[found], 1e3 * (end - off)),
        "step time": (1e3 * steps.step_time_s[found], 1e3 * (end - begin)),
        "peak vertical force": (steps.peak_force_bw[found], peak),
    }
    # each with its truth of one definition: who slows down in a clip has no one cadence
    pairs["cadence told at a step"] = (steps.cadence_spm[found], _cadence_spm(contacts)[true])
    if found.size:
        pairs["cadence"] = (
            np.array([60.0 / steps.step_time_s[found].mean()]),
            np.array([60.0 / (end - begin).mean()]),
        )
    within = (waveforms.time_s >= time[0]) & (waveforms.time_s <= time[-1])
    measured = np.interp(waveforms.time_s[within], time, trial.force_bw)
    pairs["force waveform"] = (waveforms.vertical_force_bw[within], measured)
    seen = (
        (steps.initial_contact_s > contacts[0] - _SAME_CONTACT_S)
        & (steps.initial_contact_s < contacts[-1] - _SAME_CONTACT_S)
        if contacts.size
        else np.ones(len(steps), np.bool_)
    )
    return ForceErrors(
        trial=trial,
        errors={metric: a - b for metric, (a, b) in pairs.items()},
        means={metric: 0.5 * (a + b) for metric, (a, b) in pairs.items()},
        truth={metric: b for metric, (_, b) in pairs.items()},
        true_steps=max(len(contacts) - 1, 0),
        missed=max(len(contacts) - 1, 0) - found.size,
        extra=int(seen.sum()) - int(seen[found].sum()),
    )


@dataclass(frozen=True, slots=True)
class _Goal:
    text: str
    met: Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class _Metric:
    name: str
    unit: str
    reference: str = ""
    pooled: _Goal | None = None
    each_runner: _Goal | None = None


_METRICS = (
    _Metric("initial contact", "ms", pooled=_Goal("SD ≤ 12 ms", lambda r: r.sd <= 12.0)),
    _Metric("toe-off", "ms"),
    _Metric(
        "contact time",
        "ms",
        f"RMSE 20 ms ({_PATOZ})",
        _Goal("RMSE ≤ 16 ms", lambda r: r.rmse <= 16.0),
        _Goal("|bias| ≤ 15 ms", lambda r: abs(r.bias) <= 15.0),
    ),
    _Metric("flight time", "ms", f"RMSE 20 ms ({_PATOZ})"),
    _Metric("step time", "ms"),
    _Metric("cadence", "spm", pooled=_Goal("RMSE ≤ 0.3 spm", lambda r: r.rmse <= 0.3)),
    _Metric("cadence told at a step", "spm"),
    _Metric(
        "peak vertical force",
        "BW",
        f"RMSE 0.15 BW ({_PATOZ})",
        _Goal("RMSE ≤ 0.15 BW", lambda r: r.rmse <= 0.15),
        _Goal("|bias| ≤ 0.15 BW", lambda r: abs(r.bias) <= 0.15),
    ),
    _Metric(
        "force waveform",
        "BW",
        _LSTM,
        _Goal("RMSE ≤ 0.16 BW", lambda r: r.rmse <= 0.16),
    ),
)


def _row(metric: _Metric, condition: str, parts: Sequence[ForceErrors], goal: _Goal | None) -> Row:
    errors = [p.errors[metric.name] for p in parts if metric.name in p.errors]
    means = [p.means[metric.name] for p in parts if metric.name in p.means]
    row = row_of_errors(
        metric.name,
        condition,
        metric.unit,
        np.concatenate(errors) if errors else [],
        trials=errors,
        means=np.concatenate(means) if means else [],
        reference=metric.reference,
        goal=goal.text if goal else "",
    )
    if goal is None or row.n == 0:
        return row
    return row_of_errors(
        metric.name,
        condition,
        metric.unit,
        row.errors if row.errors is not None else [],
        trials=errors,
        means=row.means,
        reference=metric.reference,
        goal=goal.text,
        goal_met=goal.met(row),
    )


def _count_rows(condition: str, parts: Sequence[ForceErrors]) -> list[Row]:
    of = f"{condition} ({sum(p.true_steps for p in parts)} true steps)"
    return [
        row_of_errors("steps missed", of, "steps a trial", [p.missed for p in parts]),
        row_of_errors("steps that are none", of, "steps a trial", [p.extra for p in parts]),
    ]


def _grouped(
    parts: Sequence[ForceErrors], name: Callable[[TrialWithForce], str]
) -> dict[str, list[ForceErrors]]:
    groups: dict[str, list[ForceErrors]] = {}
    for part in parts:
        groups.setdefault(name(part.trial), []).append(part)
    return groups


def _rows_by(
    parts: Sequence[ForceErrors],
    name: Callable[[TrialWithForce], str],
    *,
    each_runner: bool = False,
) -> list[Row]:
    groups = _grouped(parts, name)
    rows = [
        _row(metric, group, groups[group], metric.each_runner if each_runner else None)
        for metric in _METRICS
        for group in sorted(groups)
    ]
    if each_runner:
        for group in sorted(groups):
            rows += _count_rows(group, groups[group])
    return rows


def without_sensor(parts: Sequence[ForceErrors], metric: str) -> list[Array]:
    """Errors of a value predicted from speed and slope alone, from the runner's other trials.

    A linear fit in speed, slope and slope² to the trial means, each trial predicted from the rest.
    """
    used = [p for p in parts if p.truth[metric].size]
    design = np.array(
        [[1.0, p.trial.speed_m_s, p.trial.slope_deg, p.trial.slope_deg**2] for p in used]
    )
    level = np.array([float(p.truth[metric].mean()) for p in used])
    errors: list[Array] = []
    for k, part in enumerate(used):
        others = np.arange(len(used)) != k
        fit = np.linalg.lstsq(design[others], level[others], rcond=None)[0]
        errors.append(float(design[k] @ fit) - part.truth[metric])
    return errors


def _without_sensor_rows(parts: Sequence[ForceErrors]) -> list[Row]:
    rows = []
    for runner, group in _grouped(parts, lambda t: t.runner).items():
        if len(group) < 8:
            continue
        for metric, unit in (("contact time", "ms"), ("peak vertical force", "BW")):
            errors = without_sensor(group, metric)
            rows.append(
                row_of_errors(
                    metric,
                    f"{runner}, no sensor: speed and slope, leave one trial out",
                    unit,
                    np.concatenate(errors),
                    trials=errors,
                )
            )
    return rows


_ABOUT = (
    "The chain runs over each trial's samples with stated axes; a step is matched to the nearest "
    "rise of the measured force through 0.1 body weight, at most 100 ms away. Toe-off is its fall "
    "through 0.1. Errors are estimate minus truth, one a step (one a trial for cadence, one a "
    "sample for the waveform, flight included). Cadence is 60 over the mean time of the trial's "
    "steps; what is told at a step is that of the strides of the 10 s before, true and estimated "
    "alike, so of few strides in a clip of 5 s. Within-trial SD leaves out each trial's own bias."
)


def sections(data: Path, *, quick: bool) -> list[Section]:
    """Tables of contact and force; a quick run takes every fourth trial of a runner."""
    trials, missing = trials_with_force(data)
    if quick:
        groups: dict[str, list[TrialWithForce]] = {}
        for trial in trials:
            groups.setdefault(trial.runner, []).append(trial)
        trials = [trial for group in groups.values() for trial in group[::4]]
    parts = [errors_of(t, *steps_and_waveforms(t.samples, t.rate_hz)) for t in trials]
    if not parts:
        return [Section("Contact and vertical force", _ABOUT, (), missing)]
    pooled = [_row(m, "all runners and slopes", parts, m.pooled) for m in _METRICS]
    level = [p for p in parts if p.trial.slope_deg == 0.0]
    if level:
        pooled += [_row(m, "level", level, None) for m in _METRICS]
    pooled += _count_rows("all runners and slopes", parts)
    tables = [
        Section(
            "Contact and vertical force",
            _ABOUT,
            pooled,
            missing,
            (
                "Sixteen of the force trials are one person, so pooled figures mostly repeat him; "
                "the table by runner counts for more.",
                "The force trials were low-passed at 20 Hz and cut at 0 g by their authors, the "
                "virtual sensors come from markers below 25 Hz: neither shows the first 10 ms of "
                "a hard landing.",
                "On a slope the belt-normal force is the truth while the sensor follows gravity: "
                "the two differ by 1.5 % at 10°.",
            ),
        ),
        Section(
            "Contact and vertical force, by runner",
            "The hard part: what suits one runner need not suit another.",
            _rows_by(parts, lambda t: t.runner, each_runner=True),
        ),
        Section(
            "Contact and vertical force, by speed",
            "All slopes and runners.",
            _rows_by(parts, lambda t: f"{t.speed_m_s:.2f} m/s"),
        ),
        Section(
            "Contact and vertical force, by slope",
            "All speeds and runners.",
            _rows_by(parts, lambda t: f"{t.slope_deg:+.0f}°"),
        ),
    ]
    no_sensor = [] if quick else _without_sensor_rows(parts)
    if no_sensor:
        tables.append(
            Section(
                "What speed and slope tell without a sensor",
                "Fitted to this runner's other trials, without a sensor: a figure near these says "
                "little unless it also holds for runners on whom nothing was chosen.",
                no_sensor,
            )
        )
    return tables
