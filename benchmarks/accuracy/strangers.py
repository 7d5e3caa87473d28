"""People whom the chain has not seen: 18 runners, each judged by what was learned from 17."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.accuracy.coverage import (
    COVERED_METRICS,
    metric_of_differences,
    metric_of_means,
)
from benchmarks.accuracy.left_out import JudgedTrial, judged, pairs_of
from benchmarks.accuracy.rules import CONTACT_RULE, SPEED_RULE, rule_pairs
from benchmarks.accuracy.sensors import CLEAN, SENSORS, Sensor
from benchmarks.accuracy.statistics import (
    DIFFERENCE_OF_SIDES,
    RESPONSE,
    RMSE,
    SHARE,
    Interval,
    TrialPairs,
    of_runners,
    runner_biases,
)
from benchmarks.accuracy.tables import (
    LEFT_OUT,
    NOT_LEARNED,
    Missing,
    Row,
    Score,
    Section,
    row_of_pairs,
    score_of_pairs,
)
from benchmarks.accuracy.truth import FORCE_METRICS, MOTION_METRICS, WATCHED_PEAK

_OURS: Final = "backstride"
_WITH_SPEED: Final = "backstride, speed given"
_RUNNERS: Final = 18
#: What nothing is learned for and may change with speed.
_RESPONDING: Final = (
    *("cadence", "vertical oscillation", "sacral lean"),
    *("pelvic tilt range", "pelvic obliquity range", "pelvic rotation range"),
)
#: Metrics that nothing is learned for.
_UNITS: Final = (
    FORCE_METRICS
    | {"force waveform": "BW", "braking": "m/s"}
    | MOTION_METRICS
    | {"steps missed": "%", "steps that are none": "%", "steps flagged": "%"}
)
_SHARES: Final = ("side wrong, named steps", "steps missed", "steps that are none", "steps flagged")

#: Largest RMSE of a step, without the speed and with it.
_GOALS: Final = {
    "contact time": 10.5,
    "initial contact": 6.0,
    "toe-off": 9.0,
    "flight time": 12.0,
    "peak vertical force": 0.13,
    "force waveform": 0.16,
    "cadence": 0.3,
    "vertical oscillation": 3.0,
    "sacral lean": 0.5,
}
_GOALS_WITH_SPEED: Final = {"peak vertical force": 0.12}
_RESPONSE_GOAL: Final = (0.85, 1.15)
_SIDES_GOAL: Final = (0.8, 1.0)
_LARGEST_RUNNER_BIAS_MS: Final = 15.0
_RUNNERS_WITHIN: Final = 16
_MOST_WRONG_SIDES: Final = 2.0
_MEANS_COVERED: Final = (93.0, 97.0)
_DIFFERENCES_COVERED: Final = (93.0, 100.0)
_MOST_FLAGGED_PERCENT: Final = 5.0
_STRAP_CONTACT_MS: Final = 16.0

_ABOUT: Final = (
    "Of 18 treadmill runners (Fukuchi 2017, doi:10.7717/peerj.3298) at 2.5, 3.5 and 4.5 m/s, 30 s "
    "each, as many as “runners” says. Each is judged by the chain as shipped, with weights learned "
    "from the 17 others alone. The sensor is a virtual one at the midpoint of the PSIS, 200 Hz; "
    "truth is the belt force, contact from 0.1 to 0.1 body weight, and the markers. Errors are of "
    "single steps (one a trial for cadence, one a sample for the waveform). The simple rules stand "
    "beside, their constants fitted to the others judged; those without a sensor are told each "
    "step's time."
)


#: What was tried on these people, and what came of it when groups of them were left out.
_COVERAGE_LIMIT: Final = (
    "The interval of a mean peak misses two of the 18 runners, whose peaks are off by 0.2 to "
    "0.3 body weights, one up and one down, at most of their speeds. Nothing in their steps "
    "foretells it: what the regression itself says of its doubt does not go along with the size "
    "of the errors (r = 0.01 over the trials). √(1 + 1/18) for one person more changes one of "
    "the 54 means at most; the largest error of the others as half a width covers 98 %."
)
_TIPPING_LIMIT: Final = (
    "How the pelvis tips forward and back, by a gyroscope, at the same phases, is not used. "
    "Learned from ideal sensors it makes contact and peak better by a tenth or more (10.2 to 9.4 "
    "ms, 0.134 to 0.109 body weights), and 13.5 ms of a sensor that tips on skin and belt by 1° "
    "for each g. Learned from sensors of which some tip by 0.3°, contact is no better (9.8 and "
    "10.1 ms), peak by 0.011 body weights; no recording of a real waist with gyroscope and force "
    "is at hand that would tell how far those tip."
)
_SIDES_LIMIT: Final = (
    "Left less right of contact time is within chance of its goal: with other draws of the "
    "sensors that were learned from, other windows of the step, or other settings of the "
    "regression r was 0.78 to 0.82."
)
_STRAP_LIMIT: Final = (
    "A strap at 10 Hz comes to 15.7 ms of contact time, chosen without each runner in turn, "
    "where it is told by the power at 1.5 to 7 cycles a step and its regressions are more local "
    "and lean less on the errors that a runner's trials share. Weights learned so are not "
    "shipped: with them two real accelerometers on one board disagree by 4.0 ms (RMS) instead "
    "of 3.5, and steps unlike those of the 18 are in part taken for ringing. More copies that "
    "ring make it no better (16.3 to 17.4 ms)."
)


def sections(data: Path, *, quick: bool) -> list[Section]:
    """Tables on the 18 runners; a quick run judges every third with the clean sensor alone."""
    if not list((data / "treadmill_runners").glob("*.npz")):
        missing = (Missing("treadmill runners with force", "treadmill_runners/*.npz"),)
        return [Section("People left out", _ABOUT, missing=missing)]
    runners = range(0, _RUNNERS, 3 if quick else 1)
    sensors = (CLEAN,) if quick else SENSORS
    trials = judged(data, runners, sensors)
    return [
        _contact_and_force(trials),
        _response(trials),
        _coverage(trials),
        _motion(trials),
        _by_speed(trials),
        _by_runner(trials),
        *([] if quick else [_by_sensor(trials, sensors)]),
    ]


def _rules(trials: Sequence[JudgedTrial]) -> dict[str, dict[str, list[TrialPairs]]]:
    return rule_pairs([trial.rules for trial in trials if trial.rules is not None])


def _row(metric: str, condition: str, pairs: Sequence[TrialPairs], most: float | None) -> Row:
    return row_of_pairs(metric, condition, _UNITS[metric], pairs, most=most)


def _contact_and_force(trials: Sequence[JudgedTrial]) -> Section:
    rules = _rules(trials)
    rows = []
    for metric in (*FORCE_METRICS, "force waveform", "braking"):
        ours = _row(metric, _OURS, pairs_of(trials, metric), _GOALS.get(metric))
        with_speed = pairs_of(trials, metric, speed_given=True)
        rows.append(ours)
        if with_speed:
            rows.append(_row(metric, _WITH_SPEED, with_speed, _GOALS_WITH_SPEED.get(metric)))
        rows += [_row(metric, rule, pairs, None) for rule, pairs in rules.get(metric, {}).items()]
    return Section(
        "People left out",
        _ABOUT,
        rows,
        cannot_see=(
            "The virtual sensors come from markers below 25 Hz: they do not show the first 10 ms "
            "of a hard landing, and pelvis markers move on the skin like a sensor does.",
            "Young trained runners on one level treadmill, 2.5 to 4.5 m/s: no hills, no bends, no "
            "sprints, no tired or injured people.",
        ),
        scores=[*_counts(trials, rules), *_margins(rules, trials)],
        notes=(_TIPPING_LIMIT,),
        people=LEFT_OUT,
    )


def _counts(
    trials: Sequence[JudgedTrial], rules: dict[str, dict[str, list[TrialPairs]]]
) -> list[Score]:
    """How many people have a contact time without a large error of their own."""
    told = {_OURS: pairs_of(trials, "contact time")} | rules["contact time"]
    scores = []
    for name, pairs in told.items():
        biases = np.array(list(runner_biases(pairs).values()))
        within = float(np.sum(np.abs(biases) <= _LARGEST_RUNNER_BIAS_MS))
        wanted = np.ceil(_RUNNERS_WITHIN / _RUNNERS * len(biases))
        scores.append(
            Score(
                f"people whose contact time has a bias within {_LARGEST_RUNNER_BIAS_MS:g} ms",
                name,
                "people",
                len(biases),
                Interval(within, np.nan, np.nan),
                f"{wanted:g} of {len(biases)}" if name == _OURS else "",
                bool(within >= wanted) if name == _OURS else None,
            )
        )
    return scores


def _margins(
    rules: dict[str, dict[str, list[TrialPairs]]], trials: Sequence[JudgedTrial]
) -> list[Score]:
    """RMSE over that of the rules that one has to beat."""
    scores = []
    for metric, rule in (
        ("contact time", CONTACT_RULE),
        ("contact time", SPEED_RULE),
        ("peak vertical force", SPEED_RULE),
    ):
        ours = of_runners(RMSE, pairs_of(trials, metric)).value
        theirs = of_runners(RMSE, rules[metric][rule]).value
        ratio = ours / theirs
        scores.append(
            Score(
                f"RMSE of {metric} over that of a rule",
                rule,
                "ratio",
                len({trial.runner for trial in trials}),
                Interval(ratio, np.nan, np.nan),
                "< 1",
                bool(ratio < 1.0),
            )
        )
    return scores


def _response(trials: Sequence[JudgedTrial]) -> Section:
    rules = _rules(trials)
    scores = []
    for metric in ("contact time", "flight time", "peak vertical force"):
        goal = metric != "flight time"
        told = {_OURS: pairs_of(trials, metric)}
        with_speed = pairs_of(trials, metric, speed_given=True)
        told |= {_WITH_SPEED: with_speed} if with_speed else {}
        for name, pairs in (told | rules[metric]).items():
            wanted = goal and name == _OURS
            scores.append(
                score_of_pairs(
                    RESPONSE,
                    f"response of {metric} to a true change of speed",
                    name,
                    "told of 1 that is true",
                    pairs,
                    within=_RESPONSE_GOAL if wanted else None,
                    goal="0.85 to 1.15" if wanted else "",
                )
            )
    scores += [
        score_of_pairs(
            RESPONSE,
            f"response of {metric} to a true change of speed",
            condition,
            "told of 1 that is true",
            pairs_of(trials, pairs),
            people=NOT_LEARNED,
        )
        for metric, condition, pairs in (
            ("peak vertical force", "the 10 Hz peak, as alerts watch it", WATCHED_PEAK),
            *((metric, _OURS, metric) for metric in _RESPONDING),
        )
    ]
    scores += [
        score_of_pairs(
            DIFFERENCE_OF_SIDES,
            f"left less right, {metric}",
            _OURS,
            "correlation of told and true",
            pairs_of(trials, metric),
            within=_SIDES_GOAL,
            goal="r ≥ 0.8",
        )
        for metric in ("contact time", "peak vertical force")
    ]
    return Section(
        "Does a true change show",
        "The response is the slope of the told on the true means of a runner's own trials at 2.5, "
        "3.5 and 4.5 m/s: 1 shows all of a change, 0 nothing. Left less right is the difference of "
        "the feet's means in each trial, over all trials.",
        scores=scores,
        notes=(_SIDES_LIMIT,),
        people=LEFT_OUT,
    )


def _share(
    metric: str, condition: str, pairs: Sequence[TrialPairs], most: float | None = None
) -> Score:
    within = None if most is None else (0.0, most)
    goal = "" if most is None else f"≤ {most:g} %"
    return score_of_pairs(SHARE, metric, condition, "%", pairs, within=within, goal=goal)


def _coverage(trials: Sequence[JudgedTrial]) -> Section:
    scores = []
    for name, bounds, goal in (
        (metric_of_means, _MEANS_COVERED, "93 to 97 %"),
        (metric_of_differences, _DIFFERENCES_COVERED, "at least 93 %"),
    ):
        for metric in COVERED_METRICS:
            for condition, given in ((_OURS, False), (_WITH_SPEED, True)):
                judged_now = not given and metric != "flight time"
                scores.append(
                    score_of_pairs(
                        SHARE,
                        name(metric),
                        condition,
                        "%",
                        pairs_of(trials, name(metric), speed_given=given),
                        within=bounds if judged_now else None,
                        goal=goal if judged_now else "",
                    )
                )
    return Section(
        "Do the printed intervals hold",
        "Share of the printed 95 % intervals of a mean that contain the true mean of the same "
        "steps, one a trial of 30 s, and of the differences of adjacent blocks of twenty steps.",
        scores=scores,
        people=LEFT_OUT,
    )


def _motion(trials: Sequence[JudgedTrial]) -> Section:
    rows = [
        _row(metric, _OURS, pairs_of(trials, metric), _GOALS.get(metric))
        for metric in MOTION_METRICS
        if metric not in _SHARES
    ]
    most = {"side wrong, named steps": _MOST_WRONG_SIDES, "steps flagged": _MOST_FLAGGED_PERCENT}
    return Section(
        "Motion of the pelvis",
        "The same trials; axes stated, lean and roll from each runner's own recorded standing, "
        "put before the run for 6 s. Truth is that of the sensor itself, over the told steps; "
        "braking above is that of the whole body by the belt, which the sensor does not feel.",
        rows,
        scores=[
            _share(metric, _OURS, pairs_of(trials, metric), most.get(metric)) for metric in _SHARES
        ],
        people=NOT_LEARNED,
    )


def _by_speed(trials: Sequence[JudgedTrial]) -> Section:
    speeds = sorted({trial.speed_m_s for trial in trials})
    return Section(
        "People left out, by speed",
        "The clean sensor, speed not given.",
        [
            _row(metric, f"{speed:g} m/s", pairs_of(trials, metric, speed_m_s=speed), None)
            for metric in _GOALS
            for speed in speeds
        ],
        people=LEFT_OUT,
    )


def _by_runner(trials: Sequence[JudgedTrial]) -> Section:
    names = sorted({trial.runner for trial in trials})
    return Section(
        "People left out, by runner",
        "The clean sensor, speed not given. What suits one runner need not suit another.",
        [
            _row(metric, name, [p for p in pairs_of(trials, metric) if p.runner == name], None)
            for metric in ("contact time", "peak vertical force")
            for name in names
        ],
        people=LEFT_OUT,
    )


def _by_sensor(trials: Sequence[JudgedTrial], sensors: Sequence[Sensor]) -> Section:
    rows = []
    for metric in (*_GOALS, "mediolateral oscillation", "sacral roll"):
        for sensor in sensors:
            pairs = pairs_of(trials, metric, sensor=sensor.title)
            strap = sensor.group == "strap" and metric == "contact time"
            most = _STRAP_CONTACT_MS if strap and "10.0 Hz" in sensor.title else None
            if pairs:
                rows.append(_row(metric, sensor.title, pairs, most))
    scores = [
        _share(metric, sensor.title, pairs_of(trials, metric, sensor=sensor.title))
        for metric in _SHARES
        for sensor in sensors
    ]
    return Section(
        "People left out, by sensor",
        "What mounting, strap, noise, range, rate, gaps and a missing gyroscope do, all runners "
        "and speeds. A strap is a mass on a spring with a damping of 0.1; noise and bias are of "
        "the class of the device.",
        rows,
        scores=scores,
        notes=(_STRAP_LIMIT,),
        people=LEFT_OUT,
    )
