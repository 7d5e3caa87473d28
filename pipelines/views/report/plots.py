"""The figures of a report: small SVG pictures to stand inside a page.

Decimated to blocks and histograms, a figure takes some kilobytes whatever the run's length.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.quantities import Quantity
from pipelines.session.facts import (
    NeutralTaken,
    PainReported,
    Paused,
    Resumed,
    SensorMoved,
    ShoeKnown,
    SurfaceKnown,
)
from pipelines.views.report.svg import (
    BAND,
    CHANGED,
    FIRST,
    GRID,
    INK,
    LINE,
    MUTED,
    SECOND,
    SOFT,
    svg_figure,
)
from pipelines.views.report.words import measure_title, side_name

if TYPE_CHECKING:
    from pipelines.units import Units
    from pipelines.views.report.comparisons import PreviousComparison, SideRow
    from pipelines.views.report.content import Content, Course, Distribution
    from pipelines.views.report.episodes import Episode
    from pipelines.views.report.judgement import Stretch

#: Points of a line; more blocks than this are drawn as means of several.
_MOST_POINTS: Final = 600
_BINS: Final = 36

Column = NDArray[np.float64]
#: Pain, and marks of a run that are drawn as ticks.
_DRAWN: Final = (
    PainReported, NeutralTaken, Paused, Resumed, SensorMoved, ShoeKnown, SurfaceKnown,
)  # fmt: skip


def course_figure(
    course: Course, content: Content, identifier: str, words: str, units: Units
) -> str:
    """A time course with its usual range, its 95 % interval and its changes, as SVG."""

    def draw(figure: Any) -> None:
        axes = _axes(figure, (0.09, 0.15, 0.82, 0.71))
        factor = course.measure.factor(units)
        time, mean, half = _thinned(course.time_s / 60.0, course.mean * factor, course.half_width)
        half = half * factor
        end = content.recording.result.duration_s / 60.0
        for stretch in course.stretches:
            _usual_range(axes, stretch, course.measure, end, factor)
        axes.fill_between(time, mean - half, mean + half, color=LINE, alpha=0.22, linewidth=0)
        axes.plot(time, mean, color=LINE, linewidth=1.1)
        for episode in course.episodes:
            begin, stop = _minutes_of(episode, end)
            within = (time >= begin) & (time <= stop)
            axes.plot(time, np.where(within, mean, np.nan), color=CHANGED, linewidth=1.4)
            axes.axvline(begin, color=CHANGED, linewidth=0.8, dashes=(2, 2))
            axes.plot(
                (begin, stop), (1.0, 1.0), color=CHANGED, linewidth=4.0, clip_on=False,
                transform=axes.get_xaxis_transform(), solid_capstyle="butt",
            )  # fmt: skip
        _limits(axes, mean, half, course, factor)
        _said(axes, content)
        _titled(axes, course.measure, units)
        _minutes(axes, end)

    return svg_figure((4.4, 1.8), draw, identifier, words)


def timeline_figure(content: Content, identifier: str, words: str) -> str:
    """What changed and when, one row a measure, with marks and link losses, as SVG."""
    measures = list(dict.fromkeys(episode.measure for episode in content.episodes))
    recording = content.recording
    height = 0.52 + 0.27 * max(len(measures), 1)  # inches

    def draw(figure: Any) -> None:
        axes = _axes(figure, (0.40, 0.26 / height, 0.51, 1.0 - 0.46 / height))
        end = recording.result.duration_s / 60.0
        for row, measure in enumerate(measures):
            axes.plot((0.0, end), (row, row), color=GRID, linewidth=0.8, zorder=0)
            for episode in content.episodes:
                if episode.measure is measure:
                    begin, stop = _minutes_of(episode, end)
                    axes.barh(
                        row, stop - begin, left=begin, height=0.42,
                        color=CHANGED, alpha=0.9 if episode.told_s is not None else 0.4,
                    )  # fmt: skip
                    if episode.told_s is not None:
                        axes.plot(
                            episode.told_s / 60.0, row - 0.40, marker="v", markersize=5.0,
                            color=INK, markeredgewidth=0.0,
                        )  # fmt: skip
        for stretch in content.judgement.stretches:
            begin = max(stretch.begin_s / 60.0, 0.0)
            if stretch.learned_s is not None:
                learned = stretch.learned_s / 60.0
                axes.axvspan(begin, learned, color=BAND, linewidth=0, zorder=-1)
            if stretch.reason is not None:
                axes.axvline(begin, color=MUTED, linewidth=0.8)
        for loss in recording.link_losses:
            axes.axvline(loss.lost_s / 60.0, color=MUTED, linewidth=0.8, dashes=(2, 2))
        _rows_named(axes, measures, (len(measures) - 0.4, -0.75))
        _said(axes, content)
        _minutes(axes, end)

    return svg_figure((4.4, height), draw, identifier, words)


def sides_figure(rows: Sequence[SideRow], identifier: str, words: str) -> str:
    """Differences between the feet in percent, with what is usual in healthy runners, as SVG."""
    height = 0.62 + 0.25 * len(rows)

    def draw(figure: Any) -> None:
        axes = _axes(figure, (0.40, 0.46 / height, 0.585, 1.0 - 0.50 / height))
        reach = max(24.0, *(1.15 * (abs(row.percent) + _finite(row.half_width)) for row in rows))
        axes.axvspan(-10.0, 10.0, color=BAND, linewidth=0)
        for limit in (-20.0, 20.0):
            axes.axvline(limit, color=MUTED, linewidth=0.7, dashes=(3, 3))
        axes.axvline(0.0, color=MUTED, linewidth=0.6)
        for place, row in enumerate(rows):
            half = _finite(row.half_width)
            axes.plot(
                (row.percent - half, row.percent + half), (place, place), color=LINE, linewidth=2.0
            )
            axes.plot(row.percent, place, "o", color=LINE, markersize=5.0, markeredgewidth=0.0)
        _rows_named(axes, [row.measure for row in rows], (len(rows) - 0.5, -0.5))
        axes.set_xlim(-reach, reach)
        first, second = _side_names(rows[0].sides)
        for at, side, text in (
            (0.0, "left", f"← {first} higher"),
            (1.0, "right", f"{second} higher →"),
        ):
            _say(axes, (at, -0.28 / (height - 0.5)), text, ha=side, va="top", color=MUTED)
        axes.xaxis.set_major_formatter("{x:.0f} %")
        axes.locator_params(axis="x", nbins=6)

    return svg_figure((4.4, height), draw, identifier, words)


def distribution_figure(
    distribution: Distribution, identifier: str, words: str, units: Units
) -> str:
    """Histogram of single steps, one outline a side, as SVG."""

    def draw(figure: Any) -> None:
        axes = _axes(figure, (0.04, 0.20, 0.92, 0.62))
        factor = distribution.measure.factor(units)
        everything = np.concatenate(distribution.values) * factor
        if not everything.size:
            return
        low, high = np.percentile(everything, (0.2, 99.8))
        edges = np.linspace(low, high if high > low else low + 1.0, _BINS + 1)
        names = _side_names(distribution.sides)
        styles = zip(distribution.values, names, (FIRST, SECOND), strict=True)
        for place, (values, name, colour) in enumerate(styles):
            counts, _ = np.histogram(values * factor, edges)
            axes.stairs(counts, edges, color=colour, fill=True, alpha=0.16, linewidth=0)
            axes.stairs(
                counts, edges, color=colour, linewidth=1.3, linestyle="-" if place == 0 else "--"
            )
            at = (1.0, 0.98 - 0.15 * place)
            _say(axes, at, name, color=colour, ha="right", va="top", size=8.0)
        middle = distribution.quantiles[1] * factor
        axes.axvline(middle, color=INK, linewidth=0.8)
        axes.set_yticks([])
        axes.set_ylim(bottom=0.0)
        axes.spines["left"].set_visible(False)
        axes.set_title(measure_title(distribution.measure, units), weight="bold")

    return svg_figure((3.5, 1.65), draw, identifier, words)


def previous_figure(
    comparison: PreviousComparison, identifier: str, words: str, units: Units
) -> str:
    """Draw this run beside earlier ones, a dot a run, as SVG."""

    def draw(figure: Any) -> None:
        axes = _axes(figure, (0.13, 0.17, 0.84, 0.64))
        factor = comparison.measure.factor(units)
        earlier = np.array(comparison.earlier) * factor
        places = np.arange(len(earlier)) - len(earlier)
        known = earlier[np.isfinite(earlier)]
        axes.axhspan(known.min(), known.max(), color=BAND, linewidth=0)
        axes.plot(places, earlier, "-", color=SOFT, linewidth=0.8)
        axes.plot(places, earlier, "o", color=SOFT, markersize=4.0, markeredgewidth=0.0)
        axes.plot(
            0.0, comparison.this * factor, "D", color=LINE, markersize=6.5, markeredgewidth=0.0
        )
        values = np.append(known, comparison.this * factor)
        middle, reach = 0.5 * (values.min() + values.max()), 0.6 * np.ptp(values)
        reach = max(reach, _least_span(comparison.measure, middle / factor) * factor / 2.0)
        axes.set_ylim(middle - reach, middle + reach)
        axes.set_xlim(-len(earlier) - 0.5, 0.6)
        axes.set_xticks((-len(earlier), 0.0), ("earliest", "this run"))
        axes.get_xticklabels()[0].set_ha("left")
        axes.get_xticklabels()[1].set_ha("right")
        axes.locator_params(axis="y", nbins=5)
        _titled(axes, comparison.measure, units)

    return svg_figure((3.5, 1.7), draw, identifier, words)


def _side_names(sides: tuple[str, str]) -> tuple[str, str]:
    first, second = map(side_name, sides)
    return first, second


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _axes(figure: Any, place: tuple[float, float, float, float]) -> Any:
    axes = figure.add_axes(place)
    axes.set_axisbelow(True)
    axes.patch.set_visible(False)
    return axes


def _least_span(measure: Quantity, level: float) -> float:
    """A span of values below which a figure would blow up noise."""
    return 2.0 if measure.unit == "°" else 0.05 * abs(level)


def _minutes_of(episode: Episode, end: float) -> tuple[float, float]:
    """Begin and end of an episode in a run of so many minutes."""
    return episode.begin_s / 60.0, end if episode.end_s is None else episode.end_s / 60.0


def _minutes(axes: Any, end: float) -> None:
    """The run along the axis, with the unit of time at its end."""
    axes.set_xlim(0.0, max(end, 0.1))
    _say(axes, (1.008, 0.0), "min", va="center", color=MUTED)


def _rows_named(axes: Any, measures: Sequence[Quantity], limits: tuple[float, float]) -> None:
    """A row for each measure, by its name."""
    axes.set_yticks(range(len(measures)), [measure.name for measure in measures])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(*limits)
    axes.spines["left"].set_visible(False)


def _titled(axes: Any, measure: Quantity, units: Units) -> None:
    axes.set_title(measure_title(measure, units), weight="bold")
    axes.grid(axis="y", color=GRID, linewidth=0.5)


def _say(axes: Any, place: tuple[float, float], text: str, **style: Any) -> None:
    """Words at a place between (0, 0) and (1, 1) of the axes."""
    axes.text(*place, text, transform=axes.transAxes, **style)


def _usual_range(axes: Any, stretch: Stretch, measure: Quantity, end: float, factor: float) -> None:
    """The usual range of one baseline, paler while it was being learned."""
    band = stretch.bands.get(measure.column)
    if band is None:
        return
    low, high = band.low * factor, band.high * factor
    begin, stop = max(stretch.begin_s / 60.0, 0.0), min(stretch.end_s / 60.0, end)
    learned = begin if stretch.learned_s is None else stretch.learned_s / 60.0
    axes.fill_between((begin, learned), low, high, color=BAND, alpha=0.4, linewidth=0)
    axes.fill_between((learned, stop), low, high, color=BAND, linewidth=0)
    level = band.baseline * factor
    axes.plot((begin, stop), (level, level), color=MUTED, linewidth=0.6, dashes=(4, 3))
    if stretch.reason is not None:
        axes.axvline(begin, color=MUTED, linewidth=0.8)


def _said(axes: Any, content: Content) -> None:
    """What the runner said meanwhile: pain by its number, other marks as ticks at the foot."""
    place = axes.get_xaxis_transform()
    for fact in content.recording.facts:
        if not isinstance(fact, _DRAWN):  # ten thousand steps, in each picture
            continue
        at = fact.time_s / 60.0
        if isinstance(fact, PainReported):
            axes.axvline(at, color=INK, linewidth=0.6, dashes=(1, 2))
            axes.text(
                at, 0.98, f" pain {fact.level}", transform=place, color=INK, size=7.0, va="top"
            )
        elif at > 0.0:
            axes.plot((at, at), (0.0, 0.09), color=MUTED, linewidth=1.4, transform=place)


def _limits(axes: Any, mean: Column, half: Column, course: Course, factor: float) -> None:
    """Room for the line, its shade and the usual range; single odd blocks may leave the frame."""
    known = mean[np.isfinite(mean)]
    low, high = np.percentile(known, (0.5, 99.5))
    spread, half = high - low, np.nan_to_num(half)
    low = max(float(np.nanmin(mean - half)), low - spread)
    high = min(float(np.nanmax(mean + half)), high + spread)
    for stretch in course.stretches:
        band = stretch.bands.get(course.measure.column)
        if band is not None:
            low, high = min(low, band.low * factor), max(high, band.high * factor)
    middle = 0.5 * (low + high)
    span = max(high - low, _least_span(course.measure, middle / factor) * factor)
    axes.set_ylim(middle - 0.54 * span, middle + 0.54 * span)
    axes.locator_params(axis="y", nbins=4)


def _thinned(time: Column, mean: Column, half: Column) -> tuple[Column, Column, Column]:
    """Every so many blocks as one where there are too many; the interval is the widest of them."""
    each = -(-len(time) // _MOST_POINTS)
    if each <= 1:
        return time, mean, half
    count = len(time) // each * each
    grouped = [column[:count].reshape(-1, each) for column in (time, mean, half)]
    return grouped[0].mean(axis=1), grouped[1].mean(axis=1), grouped[2].max(axis=1)
