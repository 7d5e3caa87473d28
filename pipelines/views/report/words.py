"""The sentences of a report: plain, relative to the runner's own baseline, never a diagnosis."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pipelines.clock_words import clock_words
from pipelines.counted import counted
from pipelines.quantities import Quantity
from pipelines.views.report.comparisons import LEAST_PREVIOUS_RUNS
from pipelines.views.terminal.cells import capital
from pipelines.words.change_words import change_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.session.facts import GivenUp
    from pipelines.units import Units
    from pipelines.views.report.comparisons import LevelRow, PreviousComparison, SideRow
    from pipelines.views.report.content import Content, Course, Distribution, Headline
    from pipelines.views.report.episodes import Episode
    from pipelines.views.report.recording import Recording

_NO_BASELINE: Final = "no baseline to compare with"

_RESTARTS: Final[dict[GivenUp, str]] = {
    "moved": "The sensor was moved at {}",
    "neutral": "The standing neutral was marked at {}",
    "no standing": "At {} lean turned out not to be measured from a standing as on other days",
    "slipped": "The sensor seems to have slipped at {}",
    "another rate": "At {} the sensor went on at another rate, at which shock is another",
    "older definitions": (
        "The earlier baseline is of an older version, whose contact times and forces do not "
        "compare with those of this one"
    ),
}

BOTH_READINGS: Final = (
    "A slump, an arched back and a strap that has slid can all read as a change of lean: the "
    "sensor sees the pelvis, not the chest."
)


def duration_words(seconds: float) -> str:
    """A duration in words.

    Examples
    --------
    >>> duration_words(42.0), duration_words(3540.0), duration_words(3672.0)
    ('42 s', '59 min', '1 h 1 min')
    """
    if seconds < 60.0:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60.0), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def count_words(count: int) -> str:
    """A number of things, its thousands apart.

    Examples
    --------
    >>> count_words(731073)
    '731\u202f073'
    """
    return f"{count:,}".replace(",", "\u202f")


def date_words(utc_ns: int | None, *, local: bool = False) -> str:
    """A moment for people; the local one as this computer's clock has it.

    Examples
    --------
    >>> date_words(0), date_words(None)
    ('Thursday 1 January 1970, 00:00 UTC', 'not recorded')
    """
    if utc_ns is None:
        return "not recorded"
    when = datetime.fromtimestamp(utc_ns // 10**9, tz=UTC)
    if not local:
        return f"{when:%A} {when.day} {when:%B %Y, %H:%M} UTC"
    when = when.astimezone()
    return f"{when:%A} {when.day} {when:%B %Y, %H:%M} ({when:%Z})"


def _joined(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]


def episode_words(episode: Episode, units: Units) -> str:
    """What changed, by how much, from when to when: as it was told, and on average."""
    measure = episode.measure
    size = abs(episode.change)
    if episode.change_unit == "deg":
        way = "further forward" if episode.direction == "up" else "further back"
        what = f"{size:.1f}° {way}"
    else:
        way = "higher" if episode.direction == "up" else "lower"
        what = f"{size:.0f} % {way}"
    level, baseline = (measure.amount(x, units) for x in (episode.level, episode.baseline))
    levels = f"{level} against {baseline}"
    if measure.column == "lumbar_compression_bw":
        levels = "a modelled value"
    told = episode.told_s is not None
    average = change_words(episode.mean_change, episode.change_unit)
    rest = f" when it was told, and {average} on average" if told else ""
    until = "to the end of the run" if episode.end_s is None else f"to {clock_words(episode.end_s)}"
    if episode.given_up:
        until += ", when the baseline began anew"
    return (
        f"{capital(measure.name)} was {'' if told else 'on average '}{what} than the baseline "
        f"({levels}){rest}, from {clock_words(episode.begin_s)} {until}."
    )


def summary_sentences(content: Content) -> list[str]:
    """The run in plain words, the most important first."""
    recording = content.recording
    if not content.has_running:
        return [
            "No running was found in this recording, so there is nothing to report about form.",
            "Walking and standing are left out on purpose; below is what the recording holds.",
        ]
    rows = {row.measure.column: row for row in content.levels}
    cadence = rows.get("cadence_spm")
    rhythm = "" if cadence is None else f", at {cadence.mean:.0f} steps a minute"
    sentences = [
        f"{duration_words(recording.result.running_s)} of running in "
        f"{count_words(len(recording.steps))} steps{rhythm}."
    ]
    if not content.baseline_blocks:
        sentences.append(
            f"The run could not be compared with a baseline ({content.judgement.status})."
        )
    elif not content.episodes:
        sentences.append(
            "No change from the baseline was found: of impact shock, peak force, lean, "
            "oscillation, cadence and lumbar index none, as far as they could be measured, was "
            "outside its usual range for long enough to count."
        )
        if content.learned_s is not None:
            sentences.append(
                f"The baseline was learned up to {clock_words(content.learned_s)}; what came after "
                "it was judged."
            )
    else:
        names = list(dict.fromkeys(episode.measure.name for episode in content.episodes))
        first = content.episodes[0]
        lasting = list(dict.fromkeys(e.measure.name for e in content.episodes if e.end_s is None))
        sentences.append(
            f"Changed from the baseline: {_joined(names)}. The first change was seen at "
            f"{clock_words(first.begin_s)}"
            + (
                f", and {_joined(lasting)} stayed changed to the end of the run."
                if lasting
                else ", and the baseline began anew later in the run."
                if any(episode.given_up for episode in content.episodes)
                else ", and all of them went back before the end of the run."
            )
        )
        if any(episode.measure.column == "sacral_lean_deg" for episode in content.episodes):
            sentences.append(BOTH_READINGS)
    large = [row for row in content.sides if row.size == "large"]
    if large:
        sentences.append(
            f"Left and right differ by 20 % or more in {_joined([r.measure.name for r in large])}: "
            "see below for what that can and cannot mean."
        )
    flagged = len(recording.steps) - content.trusted
    if content.too_few:
        count = content.trusted or "none"
        sentences.append(
            f"Of {len(recording.steps)} steps {count} can be counted on, too few for figures of "
            "the run: see the data quality."
        )
    elif 4 * flagged > len(recording.steps):
        sentences.append(
            f"{flagged} of {len(recording.steps)} steps are in doubt and left out of the figures: "
            "see the data quality."
        )
    if recording.cut_short:
        sentences.append(
            "The recording was cut short or is damaged; this covers what could be read."
        )
    what = "These are changes from the runner's own baseline. They are"
    if not content.episodes:
        what = "This is a description of one run. It is"
    sentences.append(f"{what} no diagnosis, and running is not shown to harm backs.")
    return sentences


def early_late_words(headline: Headline, content: Content, units: Units) -> str:
    """Early and late level of a large number; empty where the run is too short."""
    for row in content.levels:
        if row.measure is headline.measure and math.isfinite(row.difference):
            return (
                f"early {row.measure.number(row.early, units)}, "
                f"late {row.measure.amount(row.late, units)}"
            )
    return ""


def chance_words(headline: Headline, units: Units) -> str:
    """How sure a large number is."""
    if not math.isfinite(headline.half_width):
        return "Mean of the run; too few steps for an interval."
    run = small_amount(headline.measure, headline.half_width, units)
    block = small_amount(headline.measure, headline.block_half_width, units)
    return f"Mean of the run, ± {run} (95 %). Twenty steps: ± {block}."


def _span(measure: Quantity, low: float, high: float, units: Units) -> str:
    return f"{measure.number(low, units)} to {measure.amount(high, units)}"


def headline_words(headline: Headline, units: Units) -> str:
    """How a large number stands to its usual range."""
    band, measure = headline.band, headline.measure
    if headline.state == "not measured":
        return "not measured in this run"
    if band is None:
        return _NO_BASELINE
    usual = f"usual range {_span(measure, band.low, band.high, units)}"
    return {
        "within": f"no change from the baseline was found; {usual}",
        "changed": f"changed from the baseline at the end; {usual}",
        "returned": f"changed for a while and came back; {usual}",
        "given up": f"changed until the baseline began anew; since then {usual}",
    }[headline.state]


def watch_words(content: Content) -> str:
    """Where the baseline comes from, and what became of those before it."""
    judgement = content.judgement
    params, last = judgement.params, judgement.stretches[-1]
    restarts = [
        f"{_RESTARTS[stretch.reason].format(clock_words(stretch.begin_s))}, so the baseline was "
        "learned anew."
        for stretch in judgement.stretches
        if stretch.reason is not None
    ]
    if not content.baseline_blocks:
        rest = f"There is no baseline for {'the rest of ' if restarts else ''}this run"
        return " ".join([*restarts, f"{rest}: {judgement.status}."])
    blocks = f"{content.baseline_blocks * params.block_steps} steps"
    if last.learned_s is not None:
        since = (
            f"from {blocks} between {clock_words(last.begin_s)} and {clock_words(last.learned_s)}"
            if restarts
            else f"from {blocks} up to {clock_words(last.learned_s)}, after "
            f"{clock_words(params.skip_s)} of warming up"
        )
        if judgement.continued:
            since = f"from {blocks}, with those of the session before, up to "
            since += clock_words(last.learned_s)
        return " ".join(
            [
                *restarts,
                f"The {'present ' if restarts else ''}baseline was learned in this run, {since}. "
                "Changes are judged from then on, so what was already different "
                f"{'before that' if restarts else 'at the start of the run'} is not seen.",
            ]
        )
    if last.origin == "session before" and not content.baseline_refined:
        return (
            f"The baseline ({blocks}) is that of the session before, which this one goes on from."
        )
    where = f"The baseline comes from earlier running ({blocks})"
    if not content.baseline_refined:
        return f"{where}."
    return (
        f"{where}, and this run went on refining it as long as it was near. Changes are judged "
        f"after {clock_words(params.skip_s)} of warming up; a change that came about slowly, "
        "over several runs, is not seen."
    )


def course_words(course: Course, units: Units) -> str:
    """What a time course shows, for those who cannot see it."""
    known = course.mean[[math.isfinite(value) for value in course.mean]]
    name = course.measure.name
    if not known.size:
        return f"{capital(name)} was not measured."
    first, last, least = (
        course.measure.number(float(x), units) for x in (known[0], known[-1], known.min())
    )
    text = (
        f"{capital(name)}, twenty steps at a time: {first} at first, {last} at the end, between "
        f"{least} and {course.measure.amount(float(known.max()), units)}."
    )
    if course.band is not None:
        text += f" Usual range {_span(course.measure, course.band.low, course.band.high, units)}."
    for episode in course.episodes:
        end = "the end" if episode.end_s is None else clock_words(episode.end_s)
        text += f" Changed from {clock_words(episode.begin_s)} to {end}."
    return text


def distribution_words(distribution: Distribution, units: Units) -> str:
    """What a distribution shows, for those who cannot see it."""
    measure = distribution.measure
    low, middle, high = distribution.quantiles
    return (
        f"{capital(measure.name)} of single steps: half of them below "
        f"{measure.amount(middle, units)}, nine in ten between {measure.number(low, units)} and "
        f"{measure.amount(high, units)}."
    )


def difference_words(row: LevelRow, units: Units) -> str:
    """Late minus early with its 95 % interval."""
    if not math.isfinite(row.difference):
        return "–"
    if row.measure.difference == "%":
        change, half = row.percent
        if math.isfinite(change):
            decimals = 0 if abs(change) >= 10.0 else 1
            return f"{change:+.{decimals}f} ± {half:.{decimals}f} %".replace("-", "−")
    half_text = small_amount(row.measure, row.difference_half_width, units)
    return f"{row.measure.number(row.difference, units, sign=True)} ± {half_text}"


def side_words(row: SideRow) -> str:
    """How the feet compare, without judging below 20 %."""
    if row.size == "alike":
        return "up to 10 %: as in healthy runners"
    if row.size == "moderate":
        return "10 to 20 %: not judged"
    return "20 % or more: worth checking that the sensor sits in the middle, and a talk"


def previous_words(comparison: PreviousComparison, units: Units) -> str:
    """Where this run stands among earlier ones."""
    known = [value for value in comparison.earlier if math.isfinite(value)]
    measure = comparison.measure
    span = _span(measure, min(known), max(known), units)
    this = measure.amount(comparison.this, units)
    count = len(known)
    if count < LEAST_PREVIOUS_RUNS:
        return f"{this}; measured in {counted(count, 'earlier run')} only."
    place = {
        "above all": f"higher than in each of {count} earlier runs ({span})",
        "below all": f"lower than in each of {count} earlier runs ({span})",
        "among": f"among {count} earlier runs ({span})",
    }[comparison.place]
    return f"{this}: {place}."


def measure_title(measure: Quantity, units: Units) -> str:
    """A measure's name with its unit, for a figure or a table.

    Examples
    --------
    >>> from pipelines.quantities import quantity_named
    >>> measure_title(quantity_named("impact_shock_g"), "metric")
    'Impact shock, g'
    """
    unit = measure.unit_in(units)
    return f"{capital(measure.name)}, {unit}" if unit else capital(measure.name)


def title_words(recording: Recording) -> str:
    """The page's title."""
    if recording.utc_start_ns is None:
        return f"Running report, {recording.name}"
    return f"Running report, {date_words(recording.utc_start_ns)}"


def side_name(side: str) -> str:
    """A foot: left or right, or one of the sides A and B."""
    return {"L": "left", "R": "right"}.get(side, f"side {side}")


def sides_words(rows: Sequence[SideRow]) -> str:
    """What the comparison of the feet shows, for those who cannot see it."""
    parts = [
        f"{row.measure.name} {abs(row.percent):.1f} % higher on the "
        f"{side_name(row.sides[row.percent >= 0.0])}"
        for row in rows
    ]
    return "Differences between the feet: " + "; ".join(parts) + "."


def small_amount(measure: Quantity, value: float, units: Units) -> str:
    """An uncertainty with its unit, to two figures where the measure's own decimals show none.

    Examples
    --------
    >>> from pipelines.quantities import quantity_named
    >>> small_amount(quantity_named("impact_shock_g"), 0.0042, "metric")
    '0.004 g'
    >>> small_amount(quantity_named("sacral_lean_deg"), 0.31, "metric")
    '0.3°'
    """
    shown = value * measure.factor(units)
    if not math.isfinite(shown):
        return "–"
    decimals = measure.imperial[2] if units == "imperial" and measure.imperial else measure.decimals
    if 0.0 < shown < 10.0**-decimals:
        decimals = min(decimals + 1, 4)
    unit = measure.unit_in(units)
    return f"{shown:.{decimals}f}" + (unit if unit == "°" else f" {unit}")


def percent_words(percent: float, half_width: float) -> str:
    """A percentage with its 95 % interval, where there is one.

    Examples
    --------
    >>> percent_words(-3.21, 0.4), percent_words(12.0, float("nan"))
    ('−3.2 ± 0.4 %', '+12.0 %')
    """
    text = f"{percent:+.1f}".replace("-", "−")
    return f"{text} ± {half_width:.1f} %" if math.isfinite(half_width) else f"{text} %"


def tags_differ(content: Content) -> str:
    """A warning when earlier runs were marked with another surface or shoe; empty otherwise."""
    others = []
    for kind in ("surface", "shoe"):
        this = getattr(content.recording.result, kind)
        if this and any(getattr(run, kind) not in {"", this} for run in content.previous_runs):
            others.append(kind)
    return f"Some of them were on another {' or with another '.join(others)}." if others else ""
