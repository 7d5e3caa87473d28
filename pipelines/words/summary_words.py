"""A summary for people: its title, its rows, its lines, and what should be known of how it sat."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import Final, cast

import numpy as np

from imu.drift.indicators import INDICATORS, indicator_named
from imu.samples import Quality
from imu.step.trusted_steps import tell_of_the_run
from imu.steps import MOST_OSCILLATION_MM
from pipelines.clock_words import clock_words
from pipelines.counted import counted
from pipelines.quantities import quantities_in
from pipelines.session.result import SessionResult
from pipelines.session.summary import Summary
from pipelines.units import Units, distance_words, speed_words
from pipelines.words.fact_words import (
    CLIP_IS_LOOSE,
    LEAN_IS_RELATIVE,
    NO_NEUTRAL,
    SEVERAL_SURFACES,
    doubt_words,
)

#: Note of a session whose mounting stayed unknown.
AXES_NOT_FOUND: Final = (
    "the sensor's forward axis could not be told from the run, so lean is empty: clip it to the "
    "middle of the back, or state its axes before the next run."
)
#: What may happen between sensor and host, as :class:`devices.sequence.Losses` counts it.
_TROUBLES: Final = (
    ("reordered", "sample too late", "samples too late"),
    ("duplicated", "sample twice", "samples twice"),
    ("malformed_packets", "damaged packet", "damaged packets"),
    ("restarts", "restart of the sensor", "restarts of the sensor"),
)
#: Devices that measure a distance, in words.
_DEVICES: Final = {"treadmill": "treadmill", "pod": "foot pod"}
#: More running than this, s and as a share, that the distance lacks is told.
_UNCOUNTED_S: Final = 60.0
_UNCOUNTED: Final = 0.05
_MOVED_S: Final = 20.0
#: Steps in doubt for missing samples from which on it is told, as a share, and how many gaps that
#: cannot be filled are more than a start and an end.
_GAPS: Final = 0.2
_SEVERAL: Final = 3
#: Steps without flight from which on it is told, as a share.
_GROUNDED: Final = 0.05
#: No crystal is off by more, ppm, nor most sensors that do without one.
_WRONG_CLOCK_PPM: Final = 30_000.0
#: A median of fewer of the steps that count, as a share, says of how many.
_NEARLY_ALL: Final = 0.95


def summary_title(summary: Summary) -> str:
    """How much it was."""
    return (
        f"{counted(summary.steps, 'running step')} in {clock_words(summary.duration_s)} "
        f"({summary.rate_hz:g} Hz){_medians(summary)}"
    )


def summary_lines(summary: Summary, width: int | None = None, units: Units = "metric") -> list[str]:
    """One line each, without line ends; in a narrow window wrapped between words.

    Parameters
    ----------
    summary : Summary
        What the session came to.
    width : int, optional
        Of the window, in characters.
    units : {"metric", "imperial"}
        Of the amounts.
    """
    rows = summary_rows(summary, units)
    head = f"{summary.source}: {summary_title(summary)}"
    lines = [head, *(f"  {label:<30} {value}" for label, value in rows)]
    if width is None or max(map(len, lines)) <= width:
        return lines
    narrow = _wrapped(head, width, "  ")
    for label, value in rows:
        narrow += _wrapped(f"  {label}: {value.strip()}", width, "    ")
    return narrow


def summary_rows(summary: Summary, units: Units = "metric") -> list[tuple[str, str]]:
    """Labels and values, one for each line below the title; their numbers end below one another.

    Parameters
    ----------
    summary : Summary
        What the session came to.
    units : {"metric", "imperial"}
        Of lengths.
    """
    rows = []
    for one in quantities_in("summary"):
        of_both_feet = one.indicator and indicator_named(one.indicator).percent_of_baseline
        value = (summary.mean if of_both_feet else summary.median).get(one.column)
        if value is not None and summary.median.get(one.column) is not None:
            number = f"{value:8.{one.decimals}f} {one.unit}"
            if units == "imperial" and one.imperial:
                number = _beneath(one.amount(value, units))
            if of_both_feet:  # which differ in it by more than their median tells
                number += ", mean"
            rows.append((one.name, f"{number}{_span(summary, one.column)}"))
    if summary.steps:
        rows.append(("steps that count", f"{summary.trusted_steps:8d}"))
    rows.append(("steps in doubt", ", ".join(f"{k} {n}" for k, n in summary.quality.items())))
    rows += _measured(summary, units)
    lost = summary.samples_lost_in_transit + summary.samples_quarantined
    lost = max(lost, summary.samples_filled)  # of a file, what times miss is not counted before
    if lost or summary.restarts:
        gaps = f"{counted(summary.restarts, 'gap')} too long to fill"
        filled = f"({summary.samples_filled} filled in, {gaps})"
        rows.append(("lost or unusable samples", f"{lost:8d} {filled}"))
    troubles = [counted(summary.link[k], *words) for k, *words in _TROUBLES if summary.link.get(k)]
    rows.append(("on the way", ", ".join(troubles)))
    if summary.clock is not None and summary.clock["basis"] != "arrival floor without beat":
        skew = "it is not known how fast"
        if summary.clock["skew_ppm"] is not None:
            ppm, sd = (cast("float", summary.clock[name]) for name in ("skew_ppm", "skew_sd_ppm"))
            skew = f"{abs(ppm):8.1f} ppm {'slow' if ppm < 0.0 else 'fast'} (± {sd:.1f})"
        offset = f"host time ± {summary.clock['offset_uncertainty_ms']:.1f} ms"
        rows.append(("sensor clock", f"{skew}, {offset}"))
    if summary.alerts:
        told = Counter(_indicator_words(name) for name in summary.alerts_told)
        names = [f"{name} {count} ×" if count > 1 else name for name, count in told.items()]
        which = f": {', '.join(names)}" if names else ""
        count = len(summary.alerts_told) or summary.alerts
        rows.append(("alerts told", f"{count:8d} (changes from the baseline{which})"))
    if summary.changed:
        listed = ", ".join(map(_indicator_words, summary.changed))
        rows.append(("changed at the end", f"{len(summary.changed):8d} ({listed})"))
    return [(label, value) for label, value in rows if value]


def run_notes(result: SessionResult) -> list[str]:
    """What should be known of how the sensor sat and how far was counted, one sentence each.

    Parameters
    ----------
    result : SessionResult
        What the session came to.
    """
    notes = [doubt_words(doubt) for doubt in result.doubts]
    clock = result.clock
    if clock is not None and clock.skew_is_known and abs(clock.skew_ppm) > _WRONG_CLOCK_PPM:
        percent, fast = 1e-4 * abs(clock.skew_ppm), "fast" if clock.skew_ppm > 0.0 else "slow"
        notes.append(
            f"the sensor's clock runs {percent:.0f} % {fast} against this computer's, and all times"
            " and rates are by it: cadence is off by as much, oscillation by twice that; have its "
            "firmware's sampling rate looked at."
        )
    if not len(result.steps):
        moved_s = sum(one.end_s - one.begin_s for one in result.stretches if one.gait == "walk")
        if moved_s > _MOVED_S and not notes:
            notes.append(
                f"in {clock_words(moved_s)} of moving no running step was found: a jog that "
                "hardly leaves the ground, below some 150 steps a minute, may be taken for walking."
            )
        return notes
    after_gaps = Quality.GAP
    if result.losses.chain_restarts >= _SEVERAL:  # else these are of the start and the end
        after_gaps |= Quality.SETTLING | Quality.EDGE
    gaps = int(np.count_nonzero(result.steps.quality_bits & np.uint16(after_gaps)))
    if gaps > _GAPS * len(result.steps):
        notes.append(
            f"samples are missing in or just before {gaps} of {len(result.steps)} steps, which do "
            "not count: keep the sensor near its receiver, or look at what writes the file."
        )
    moved_mm = result.steps.vertical_oscillation_mm
    beyond = int(np.count_nonzero(moved_mm > MOST_OSCILLATION_MM))
    if 2 * beyond > len(result.steps):
        notes.append(
            f"{beyond} of {len(result.steps)} steps go up and down by more than "
            f"{MOST_OSCILLATION_MM:.0f} mm, which no pelvis does, and do not count: is the sensor "
            "at the back of the waist?"
        )
    grounded = np.isnan(result.steps.contact_time_ms) & ~np.isnan(result.steps.impact_shock_g)
    if np.count_nonzero(grounded) > _GROUNDED * len(result.steps):
        notes.append(
            f"{np.count_nonzero(grounded)} of {len(result.steps)} steps have no flight: contact "
            "time and peak force, which are known of runners who fly, are left empty there."
        )
    if len(result.steps_by_rate) > 1:
        (rate_hz, count), *others = result.steps_by_rate.items()
        other = " and ".join(f"{other_hz:g}" for other_hz, _ in others)
        notes.append(
            f"the sensor measured at {other} Hz for a part of the run, where impact shock is "
            f"another: the figures of shock rest on the {counted(count, 'step')} at {rate_hz:g} Hz."
        )
    if result.loose_clip:
        notes.append(CLIP_IS_LOOSE)
    if not result.axes_found:
        notes.append(AXES_NOT_FOUND)
    elif result.lean_is_relative:
        notes.append(LEAN_IS_RELATIVE)
    elif result.lacks_neutral and result.baseline is not None and not result.header.simulated:
        notes.append(NO_NEUTRAL)
    elif result.run_baseline is not None and result.surface_of_most is None:
        notes.append(SEVERAL_SURFACES)
    if result.uncounted_s > max(_UNCOUNTED_S, _UNCOUNTED * result.running_s):
        notes.append(
            f"the distance leaves out {clock_words(result.uncounted_s)} of running at a speed "
            "that nobody knew: state all of it in the journal."
        )
    return notes


def _measured(summary: Summary, units: Units) -> list[tuple[str, str]]:
    """What devices beside the sensor measured."""
    rows, metric = [], units == "metric"
    if (distance_m := summary.distance_m) is not None and summary.distance_source in _DEVICES:
        words = (
            f"{distance_m / 1000.0:8.2f} km"
            if metric
            else _beneath(distance_words(distance_m, units))
        )
        rows.append(("distance", f"{words} ({_DEVICES[summary.distance_source]})"))
    if (speed_m_s := summary.speed_m_s) is not None:
        words = (
            f"{3.6 * speed_m_s:8.1f} km/h" if metric else _beneath(speed_words(speed_m_s, units))
        )
        rows.append(("measured speed", words))
    if summary.heart_rate_bpm is not None:
        rows.append(("heart rate", f"{summary.heart_rate_bpm:8.0f} beats/min"))
    return rows


def _beneath(amount: str) -> str:
    """An amount whose number ends below the others."""
    number, _, unit = amount.partition(" ")
    return f"{number:>8} {unit}"


def _medians(summary: Summary) -> str:
    """On which steps the medians below the title rest, if there are any."""
    if not summary.steps:
        return ""
    if summary.trusted_steps >= _NEARLY_ALL * summary.steps:
        return "; medians"
    if not tell_of_the_run(summary.trusted_steps, summary.steps):
        return "; too few count for medians" if summary.trusted_steps else "; no step counts"
    return f"; medians of the {summary.trusted_steps} that count"


def _span(summary: Summary, name: str) -> str:
    """On which steps a median rests, where these are not nearly all that count; else nothing."""
    count = summary.median_steps.get(name, summary.trusted_steps)
    last = summary.median_last_steps.get(name, summary.trusted_steps)
    if count >= _NEARLY_ALL * summary.trusted_steps:
        return ""
    if count >= _NEARLY_ALL * last:
        return f" (of the last {counted(last, 'step')})"
    return f" (of {counted(count, 'step')})"


def _wrapped(line: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(line, max(16, width), subsequent_indent=indent, break_on_hyphens=False)


def _indicator_words(name: str) -> str:
    """An indicator for people; one of another kind, as the sensor's seat, by its name."""
    return next((one.words for one in INDICATORS if one.name == name), name.replace("_", " "))
