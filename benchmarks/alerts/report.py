"""The page of the alert study: ``ALERTS.md``, generated."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmarks.accuracy.report import versions
from benchmarks.alerts import model
from benchmarks.alerts.study import (
    FAMILY_FACTORS,
    REFERENCE,
    TIME_CONSTANTS_S,
    WANDERS_PERCENT,
    WARM_RUNS,
    Caught,
    FalseAlerts,
    Study,
)
from benchmarks.alerts.whole_chain import ChainRun
from imu.drift.indicators import INDICATORS

__all__ = ["GOAL_DELAY_S", "goal_rows", "to_markdown"]

GOAL_DELAY_S = {"peak": 90.0, "shock": 120.0, "lean": 100.0, "cadence": 75.0}
_WORDS = {
    "peak": "peak +10 %",
    "shock": "shock +15 %",
    "lean": "lean by 1.5 × gate",
    "cadence": "cadence −5 %",
    "ramp": "lean +4° over 20 min",
}
_PUBLISHED = {"peak": "73 s", "shock": "80 s", "lean": "80 s (+4°)"}
_PUBLISHED_FALSE = {
    "peak_10hz_bw": "1.4 %",
    "impact_shock_g": "1.6 %",
    "sacral_lean_deg": "1.1 % (gate 3°)",
}
_AT = f"{REFERENCE.wander_percent:g}"


def _percent(row: FalseAlerts, name: str = "any", *, told: bool = True) -> str:
    share, low, high = row.share(name, told=told)
    return f"{100 * share:.1f} ({100 * low:.1f}–{100 * high:.1f})"


def _delay(row: Caught) -> str:
    middle, low, high = row.median_s()
    return f"{_seconds(middle)} ({_seconds(low)}–{_seconds(high)})"


def _seconds(value: float) -> str:
    return f"{value:.0f}" if math.isfinite(value) else "never"


def _missed(row: Caught) -> str:
    return f"{100 * row.missed / max(row.trials, 1):.1f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|---" * len(head) + "|",
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
    ]


def goal_rows(study: Study) -> list[tuple[str, str, str, bool]]:
    """Each goal: what, found, wanted, and whether it is reached."""
    calm = study.quiet[f"stationary {_AT}"]
    rough = study.quiet[f"disturbed {_AT}"]
    worst = max(INDICATORS, key=lambda item: calm.told[item.name]).name
    rows = [
        (
            f"stationary hours with a false alert, worst indicator ({worst})",
            f"{_percent(calm, worst)} %",
            "≤ 2 %",
            calm.share(worst)[0] <= 0.02,
        ),
        (
            "disturbed hours with any false alert",
            f"{_percent(rough)} %",
            "≤ 6 %",
            rough.share()[0] <= 0.06,
        ),
    ]
    for kind, words in _WORDS.items():
        row = study.caught[f"stationary {_AT} {kind}"]
        if kind in GOAL_DELAY_S:
            goal = GOAL_DELAY_S[kind]
            rows.append(
                (
                    f"{words}: median delay",
                    f"{_delay(row)} s",
                    f"≤ {goal:.0f} s",
                    row.median_s()[0] <= goal,
                )
            )
        else:
            early = sum(excess <= 1.0 for excess in row.excesses_deg) / max(row.trials, 1)
            missing = row.trials - len(row.excesses_deg)
            ordered = sorted([*row.excesses_deg, *[math.inf] * missing])
            middle = ordered[(len(ordered) - 1) // 2] if ordered else math.inf
            rows.append(
                (
                    f"{words}: caught before gate + 1°",
                    f"{100 * early:.0f} % of {row.trials} (median gate + {middle:.2f}°)",
                    "≥ 95 %",
                    early >= 0.95,
                )
            )
        share = row.missed / max(row.trials, 1)
        told_as_slip = f", {row.as_slip} taken for a moved sensor" if row.as_slip else ""
        rows.append(
            (
                f"{words}: missed",
                f"{100 * share:.1f} % of {row.trials}{told_as_slip}",
                "≤ 5 %",
                share <= 0.05,
            )
        )
    return rows


def to_markdown(
    study: Study, chain: Sequence[ChainRun], seconds: float, figures: Sequence[str]
) -> str:
    """The page, ending with a line end."""
    lines = [
        *_head_lines(study, seconds),
        *_goal_lines(study),
        *_false_alert_lines(study),
        *_change_lines(study),
        *_wander_lines(study),
        *_joint_rule_lines(study),
        *_warm_start_lines(study),
        *_early_lines(study),
        *_chain_lines(chain),
        *[f"![{name}]({name})\n" for name in figures],
        "## The disturbance model",
        "",
        (model.__doc__ or "").partition("\n\n")[2].strip(),
        "",
        "## What this cannot see",
        "",
        "* Real wander over hours, and whether it is anything like an Ornstein-Uhlenbeck process.",
        "* Whether a change that is told matters to anyone's back.",
        "* A sensor that creeps by 2–5°: it reads as a lean, and is told as one.",
        "",
    ]
    return "\n".join(lines)


def _head_lines(study: Study, seconds: float) -> list[str]:
    """What the page is, and how it was made."""
    return [
        "# Alerts",
        "",
        "Written by `python -m benchmarks.alerts`; run it again rather than edit it. Simulation: "
        "good for ranking rules and for finding their limits, no evidence about people. Shares are "
        "of one-hour runs, with Wilson's 95 % interval; medians with that of their order "
        "statistics, a missed change counting as never. “Told” is what the runner hears, "
        "“reported” what the "
        "detector finds, both directions, shown but not told when it takes load away.",
        "",
        f"{study.hours} run-hours step by step through the detector and the coach as they ship, in "
        f"{seconds:.0f} s on two processes ({study.hours / max(seconds, 1e-9):.0f} run-hours a "
        f"second). Made with " + ", ".join(f"{k} {v}" for k, v in versions().items()) + ".",
        "",
    ]


def _goal_lines(study: Study) -> list[str]:
    """What was aimed at, and whether it was reached."""
    goals = goal_rows(study)
    return [
        f"## Goals: {sum(row[3] for row in goals)} of {len(goals)} reached "
        f"(wander {_AT} % of the peak, {_AT} · 5/3 % of the shock, 0.7° of the lean)",
        "",
        *_table(
            ("what", "found", "goal", "reached"),
            [(*row[:3], "yes" if row[3] else "**no**") for row in goals],
        ),
        "A false alert is one that is told. About fifty settings of the detector were tried, on 60 "
        "to 400 hours each with seeds below 100 000; the hours here are others. Disturbances were "
        "tuned for as well as wander, so the figures hold for this model and not beyond it.",
        "",
    ]


def _false_alert_lines(study: Study) -> list[str]:
    """How often each indicator says something where nothing changes."""
    calm, rough = study.quiet[f"stationary {_AT}"], study.quiet[f"disturbed {_AT}"]
    return [
        "## False alerts an indicator",
        "",
        f"% of one-hour runs at a wander of {_AT} %: {calm.hours} stationary, {rough.hours} "
        f"with disturbances. The sensor moved {rough.slips} times in the latter, by 5° or more in "
        f"two of three; {rough.slips_found} times it was said to have.",
        "",
        *_table(
            (
                "indicator",
                "stationary, reported",
                "told",
                "published",
                "disturbed, reported",
                "told",
            ),
            [
                (
                    name,
                    _percent(calm, name, told=False),
                    _percent(calm, name),
                    _PUBLISHED_FALSE.get(name, ""),
                    _percent(rough, name, told=False),
                    _percent(rough, name),
                )
                for name in ("any", *(indicator.name for indicator in INDICATORS))
            ],
        ),
    ]


def _change_lines(study: Study) -> list[str]:
    """How soon a change of form is found."""
    return [
        "## Changes of form",
        "",
        f"Imposed after half an hour, at a wander of {_AT} %. Delay in s to the detector's report, "
        "median with interval. A lean that comes within one step and exceeds 6° (5° where it is "
        "sideways too) is a moved sensor by definition, and told as that.",
        "",
        *_table(
            ("change", "run", "trials", "delay", "published", "missed, %", "as a moved sensor"),
            [
                (
                    _WORDS[row.kind],
                    run,
                    str(row.trials),
                    _delay(row),
                    _PUBLISHED.get(row.kind, ""),
                    _missed(row),
                    str(row.as_slip),
                )
                for run in ("stationary", "disturbed")
                for row in (study.caught[f"{run} {_AT} {kind}"] for kind in _WORDS)
            ],
        ),
    ]


def _wander_lines(study: Study) -> list[str]:
    """How all of it hangs on how much the runner wanders."""
    return [
        "## Over the amplitude of the runner's own wander",
        "",
        "Nobody has measured it over hours. False alerts in % of the hours; delays (median, s) and "
        "missed changes (%) in stationary runs.",
        "",
        *_table(
            (
                "wander, %",
                "stationary, any told",
                "disturbed, any told",
                *(f"{words}" for words in _WORDS.values()),
            ),
            [
                (
                    f"{w:g}",
                    _percent(study.quiet[f"stationary {w:g}"]),
                    _percent(study.quiet[f"disturbed {w:g}"]),
                    *(
                        f"{_seconds(row.median_s()[0])} s, {_missed(row)}"
                        for row in (study.caught[f"stationary {w:g} {kind}"] for kind in _WORDS)
                    ),
                )
                for w in WANDERS_PERCENT
            ],
        ),
        "Over the wander's time constant, stationary, at the same amplitude:",
        "",
        *_table(
            ("time constant, s", "any told, %", "lean told, %"),
            [
                (f"{tau:g}", _percent(row), _percent(row, "sacral_lean_deg"))
                for tau, row in ((t, study.quiet[f"tau {t:g}"]) for t in TIME_CONSTANTS_S)
            ],
        ),
    ]


def _joint_rule_lines(study: Study) -> list[str]:
    """What the rule over all indicators costs and gives."""
    return [
        "## The joint rule",
        "",
        "All indicators share one budget: `family_factor` widens all gates together; supporting "
        "indicators have to stay changed for three minutes; what follows from another indicator is "
        "not told beside it; and what the other indicators say of pace and slope is taken out of "
        "each before it is judged. False alerts with disturbances on, detection in stationary "
        "runs:",
        "",
        *_table(
            ("factor", "any told, %", *(_WORDS.values())),
            [
                (
                    f"{f:g}",
                    _percent(study.quiet[f"family {f:g}"]),
                    *(
                        f"{_seconds(row.median_s()[0])} s, {_missed(row)}"
                        for row in (study.caught[f"family {f:g} {kind}"] for kind in _WORDS)
                    ),
                )
                for f in FAMILY_FACTORS
            ],
        ),
        f"Without judging pace and slope by the other indicators: "
        f"{_percent(study.quiet['pace not judged'])} % of the disturbed hours. The pattern of the "
        "simulated hills is that of the detector, speed differs from runner to runner by 30 %: "
        "real runners will gain less.",
        "",
    ]


def _warm_start_lines(study: Study) -> list[str]:
    """What a baseline from earlier runs changes."""
    return [
        "## A baseline from earlier runs",
        "",
        "The mean of earlier runs of one hour; the runner differs from day to day, as the model "
        "says below, and the blocks of the day go on refining the mean. It watches from the end of "
        "warming up on, five minutes earlier than without. The first row is without.",
        "",
        *_table(
            (
                "runs",
                "stationary, any told",
                "disturbed, any told",
                *(f"{words}" for words in _WORDS.values()),
            ),
            [
                (
                    str(runs),
                    _percent(study.quiet[f"{name}stationary{at}"]),
                    _percent(study.quiet[f"{name}disturbed{at}"]),
                    *(
                        f"{_seconds(row.median_s()[0])} s, {_missed(row)}"
                        for row in (
                            study.caught[f"{name or f'stationary {_AT} '}{kind}"] for kind in _WORDS
                        )
                    ),
                )
                for runs, name, at in (
                    (0, "", f" {_AT}"),
                    *((n, f"warm {n} ", "") for n in WARM_RUNS),
                )
            ],
        ),
    ]


def _early_lines(study: Study) -> list[str]:
    """Changes while the baseline is young."""
    return [
        "## Changes that begin soon after the baseline",
        "",
        "From minute 11 instead of 30, stationary: the baseline is young, its gates are wide, and "
        "what drifts slowly is partly taken into it.",
        "",
        *_table(
            ("change", "trials", "delay", "missed, %"),
            [
                (_WORDS[row.kind], str(row.trials), _delay(row), _missed(row))
                for row in (study.caught[f"early {kind}"] for kind in _WORDS)
            ],
        ),
    ]


def _chain_lines(chain: Sequence[ChainRun]) -> list[str]:
    if not chain:
        return []
    minutes = sum(run.scenario.minutes for run in chain)
    return [
        "## Through the whole chain",
        "",
        f"{minutes / 60:.1f} h of simulated sensor samples at {chain[0].scenario.rate:g} Hz, from "
        "samples to cues. Fatigue sets in from minute 8 to 12. These runners have no slow wander.",
        "",
        *_table(
            ("seed", "speed, m/s", "minutes", "fatigue", "steps", "told"),
            [
                (
                    str(run.scenario.seed),
                    f"{run.scenario.speed:g}",
                    f"{run.scenario.minutes:g}",
                    run.scenario.fatigue,
                    str(run.steps),
                    ", ".join(f"{name} (min {at:.1f})" for at, name in run.told) or "nothing",
                )
                for run in chain
            ],
        ),
    ]
