"""The page of the alert study: ``ALERTS.md``, generated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np

from benchmarks.accuracy.report import versions
from benchmarks.alerts import measured
from benchmarks.alerts.hours import RealRun, told_by_indicator
from benchmarks.alerts.ordinary import RAMP, Listened, Searched
from benchmarks.alerts.study import Study
from benchmarks.alerts.whole_chain import ChainRun
from imu.drift.indicators import INDICATORS

#: Median delay that is aimed at, s.
GOAL_DELAY_S: Final = {"peak +10 %": 120.0, "shock +15 %": 120.0, "lean by 1.5 × gate": 100.0}
_MOST_MISSED: Final = 0.08
_STEADY: Final = "steady treadmill"
#: Shares an hour that are aimed at, one indicator and all together.
_MOST_FALSE: Final = {False: (0.04, 0.10), True: (0.02, 0.06)}
_HISTORY: Final = {False: "first run", True: "four earlier runs"}


def _percent(share: tuple[float, float, float]) -> str:
    middle, low, high = (100.0 * value for value in share)
    return f"{middle:.0f} ({low:.0f}–{high:.0f})"


def _seconds(row: Searched) -> str:
    return " – ".join(f"{v:.0f}" if math.isfinite(v) else "never" for v in row.median_s())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|---" * len(head) + "|",
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
    ]


def _verdict(interval: tuple[float, float, float], goal: float, *, least: bool = False) -> str:
    """A goal is reached, or missed, when the whole interval is on one side of it."""
    _, low, high = interval
    if least:
        return "yes" if low >= goal else "**no**" if high < goal else "open"
    return "yes" if high <= goal else "**no**" if low > goal else "open"


def goal_rows(study: Study) -> list[tuple[str, str, str, str]]:
    """Each goal: what, found, wanted, and whether it is reached."""
    rows = []
    for heard in study.listened:
        one, together = _MOST_FALSE[heard.history]
        name, share = heard.most_told
        where = f"{heard.scenario}, {_HISTORY[heard.history]}"
        rows.append(
            (
                f"{where}: told falsely, worst indicator ({name or 'none'})",
                f"{_percent(share)} % an hour",
                f"≤ {100 * one:.0f} %",
                _verdict(share, one),
            )
        )
        rows.append(
            (
                f"{where}: told falsely, any",
                f"{_percent(heard.share())} % an hour",
                f"≤ {100 * together:.0f} %",
                _verdict(heard.share(), together),
            )
        )
    for row in study.searched:
        rows += _found(row)
    return rows


def _found(row: Searched) -> list[tuple[str, str, str, str]]:
    where = f"{row.scenario}, {_HISTORY[row.history]}: {row.change}"
    rows = []
    if row.change in GOAL_DELAY_S:
        most_s = GOAL_DELAY_S[row.change]
        rows.append(
            (
                f"{where}, median delay (95 %)",
                f"{_seconds(row)} s",
                f"≤ {most_s:.0f} s",
                _verdict(row.median_s(), most_s),
            )
        )
    elif row.change == RAMP:
        early = row.before_a_degree
        goal = "≥ 90 %"
        rows.append(
            (f"{where}, told before gate + 1°", f"{_percent(early)} %", goal,
             _verdict(early, 0.90, least=True))
        )  # fmt: skip
    else:
        within = row.within(90.0)
        rows.append(
            (f"{where}, told within 90 s", f"{_percent(within)} %", "≥ 90 %",
             _verdict(within, 0.90, least=True))
        )  # fmt: skip
    missed = row.missed
    rows.append(
        (f"{where}, missed", f"{_percent(missed)} %", f"≤ {100 * _MOST_MISSED:.0f} %",
         _verdict(missed, _MOST_MISSED))
    )  # fmt: skip
    return rows


def to_markdown(study: Study, chain: Sequence[ChainRun], real: Sequence[RealRun]) -> str:
    """The page, ending with a line end."""
    goals = goal_rows(study)
    count = {word: sum(row[3] == word for row in goals) for word in ("yes", "open", "**no**")}
    lines = [
        "# Alerts",
        "",
        "Written by `python -m benchmarks.alerts`; run it again rather than edit it. Each run "
        f"draws new people (here {study.people} from {study.first_seed} on), and a goal is "
        "reached, or not, when the whole 95 % interval is on its side; between, it is open. "
        "A change counts as found when it is told. False alerts and detections come from the "
        "same settings. "
        f"Made with {versions()}.",
        "",
        *_measured_words(),
        "## Real hours",
        "",
        *_real(real),
        "## Simulated: ordinary runs of the measured model",
        "",
        "Simulation: its wander, drift and couplings are those that were measured, where that has "
        "been done (cadence, oscillation, contact); shock, peak and lean are assumed. No evidence "
        "about people. Runs told of a change though there was none, % an hour with Wilson's 95 % "
        "interval; the worst indicator in brackets.",
        "",
        *_table(
            ("scenario", "first run", "worst", "four earlier runs", "worst"),
            [_false_row(study, name) for name in dict.fromkeys(s.scenario for s in study.listened)],
        ),
        f"Means over the scenarios: {_means(study.listened)}.",
        "",
        *_detections(study),
        f"## Goals: {count['yes']} reached, {count['open']} open, {count['**no**']} not",
        "",
        *_table(("what", "found", "goal", "reached"), goals),
        *_worths(),
        *_old(study),
        *_through_the_chain(chain),
        "## The measured model",
        "",
        (measured.__doc__ or "").partition("\n\n")[2].strip(),
        "",
        "## What this cannot see",
        "",
        "* Whether a change that is told matters to anyone's back.",
        "* A strap that creeps by 1–3°: it reads as a lean of that size, and only its size and "
        "pace tell it from one.",
        "* A hill of some minutes that nobody states, in the shock alone: a few minutes of 3° down "
        "are +15 %, and lean and oscillation tell of the slope little better than they wander.",
        "* Real shock, peak and lean over hours.",
        "",
    ]
    return "\n".join(lines)


def _measured_words() -> list[str]:
    return [
        "## Measured",
        "",
        "On 159 outdoor runs at one speed (14 people, 102 hours; watches, straps and waistband "
        "pods) one-minute means 20 min apart differ by 1.6 % (cadence), 3.4 % (oscillation) and "
        "1.9 % (contact), RMS. On those runs release 0.1 told a false cadence change in 18 % of "
        "steady first runs, and one of three changes in 49 % of whole runs whose speed nobody "
        "stated.",
        "",
    ]


def _real(real: Sequence[RealRun]) -> list[str]:
    if not real:
        return [
            "None were at hand when this page was made: "
            "`python -m benchmarks.alerts --hours DIR` reads a folder of `PERSON_RUN.csv`.",
            "",
        ]
    return _table(("", "indicator", "of", "told, % an hour", "reported"), told_by_indicator(real))


def hours_table(real: Sequence[RealRun]) -> str:
    """Told and reported on real hours, by indicator, with intervals over people."""
    rows = [("", "indicator", "of", "told, % an hour", "reported"), *told_by_indicator(real)]
    widths = [max(len(row[k]) for row in rows) for k in range(5)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _false_row(study: Study, scenario: str) -> list[str]:
    cells = [scenario]
    for history in (False, True):
        (heard,) = [
            one for one in study.listened if (one.scenario, one.history) == (scenario, history)
        ]
        name, share = heard.most_told
        cells += [_percent(heard.share()), f"{name} {100 * share[0]:.0f}" if name else "–"]
    return cells


def _means(listened: Sequence[Listened]) -> str:
    words = []
    for history in (False, True):
        own = [one for one in listened if one.history == history]
        any_told = np.mean([one.share()[0] for one in own])
        names = sorted({name for one in own for run in one.runs for name in run.told})
        shares = {name: np.mean([one.share(name)[0] for one in own]) for name in names}
        each = ", ".join(f"{name} {100 * share:.1f}" for name, share in shares.items())
        words.append(f"{_HISTORY[history]} {100 * any_told:.1f} % ({each or 'nothing told'})")
    return "; ".join(words)


def _detections(study: Study) -> list[str]:
    rows = []
    for row in study.searched:
        best = study.bounds.get(row.change)
        ramp = row.change == RAMP
        rows.append(
            (
                row.scenario,
                _HISTORY[row.history],
                row.change,
                _percent(row.before_a_degree) + " before gate + 1°" if ramp else _seconds(row),
                "–" if ramp else _percent(row.within(90.0)),
                _percent(row.missed),
                "–"
                if best is None
                else f"{best.median_s:.0f} s, {100 * best.within_90_s:.0f} %, "
                f"{100 * best.missed:.0f} %",
            )
        )
    return [
        "### True changes put into such runs",
        "",
        "From a moment between 40 and 60 % of the run on, to their being told; missed when not "
        "told within ten minutes, the ramp by its end. Beside it the oracle: it knows the person's "
        "wander, the true level and pace, and the size of the change, tells 2 % of the hours "
        "falsely, and lacks only the moment. What a detector has to learn first is between both.",
        "",
        *_table(
            ("run", "", "change", "median delay, s (95 %)", "within 90 s, %", "missed, %",
             "oracle: median, within 90 s, missed"),
            rows,
        ),
    ]  # fmt: skip


def _worths() -> list[str]:
    def figure(value: float | None, unit: str) -> str:
        return "unknown" if value is None else f"{value:g}{'' if unit == '°' else ' '}{unit}"

    unit_of: Callable[[str], str] = {"%": "%", "deg": "°", "points": "points"}.__getitem__
    return [
        "## What each indicator is worth",
        "",
        "Response: what is told of a true change of 1 when 18 treadmill runners changed speed "
        "(`ACCURACY.md`). Smallest change that is more than chance (95 %): within a run from "
        "one-minute means 20 min apart, measured on people where it says so, else from what is "
        "assumed. An indicator whose response is below 0.5 raises no alert; where it is unknown, "
        "the alert stays relative. The lumbar index, the dose and equivalent kilometres have no "
        "truth: simulator and estimator share a formula, so their rows elsewhere are "
        "self-consistency.",
        "",
        *_table(
            ("indicator", "told", "response", "smallest change within a run", "between days",
             "evidence for a link with backs"),
            [
                (
                    one.words,
                    ", ".join(one.told) or "never",
                    "unknown" if one.worth.response is None else f"{one.worth.response:.2f}",
                    figure(one.worth.within_run, unit_of(one.change_unit))
                    + (" (measured)" if one.worth.measured else " (assumed)"),
                    figure(one.worth.between_days, unit_of(one.change_unit)),
                    one.worth.backs,
                )
                for one in INDICATORS
            ],
        ),
    ]  # fmt: skip


def _old(study: Study) -> list[str]:
    return [
        "## The older model",
        "",
        "Hours of release 0.1's own model (`benchmarks/alerts/model.py`), first runs, with "
        "anything told falsely: "
        + "; ".join(
            f"{'disturbed' if one.disturbed else 'stationary'} "
            f"{_percent(one.share)} % of {one.hours}"
            for one in study.old
        )
        + ".",
        "",
    ]


def _through_the_chain(chain: Sequence[ChainRun]) -> list[str]:
    if not chain:
        return []
    return [
        "## Through the whole chain",
        "",
        "Simulated sensor samples at 200 Hz, from samples to cues. These runners have no slow "
        "wander.",
        "",
        *_table(
            ("seed", "speed, m/s", "minutes", "fatigue", "steps", "told"),
            [
                (
                    str(one.scenario.seed),
                    f"{one.scenario.speed:g}",
                    f"{one.scenario.minutes:g}",
                    one.scenario.fatigue,
                    str(one.steps),
                    ", ".join(f"{name} (min {minute:.1f})" for minute, name in one.told)
                    or "nothing",
                )
                for one in chain
            ],
        ),
    ]
