"""Pictures of runs and months: how runs stand among others, and form with pain, load and shoes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pipelines.quantities import QUANTITIES
from pipelines.units import LONG
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

if TYPE_CHECKING:
    from pipelines.quantities import Quantity
    from pipelines.runner.journal.entries import Session
    from pipelines.units import Units
    from pipelines.views.home.diary import Diary

#: Of the small picture, from the top.
_SMALL: Final = tuple(
    next(one for one in QUANTITIES if one.column == column)
    for column in ("sacral_lean_deg", "impact_shock_g", "vertical_oscillation_mm")
)
#: A pain from this level on is drawn as one that asks for a change.
_MORE_PAIN: Final = 4


def run_figure(session: Session, others: Sequence[Session], identifier: str) -> str:
    """How a run stands among others, as a small SVG: a line each for lean, shock, oscillation.

    Parameters
    ----------
    session : Session
        The run, a diamond.
    others : sequence of Session
        The band is their range; the run itself may be among them.
    identifier : str
        Unique within the page.
    """
    rows = []
    for quantity in _SMALL:
        known = [one.means[quantity.column] for one in others if quantity.column in one.means]
        rows.append((session.means.get(quantity.column), tuple(known)))
    return _run_figure(tuple(rows), identifier)


@lru_cache(maxsize=512)
def _run_figure(rows: tuple[tuple[float | None, tuple[float, ...]], ...], identifier: str) -> str:
    words = []
    for quantity, (value, known) in zip(_SMALL, rows, strict=True):
        if value is not None:
            among = f"others {quantity.number(min(known))} to {quantity.number(max(known))}"
            words.append(f"{quantity.title} {quantity.amount(value)}, {among}")

    def draw(figure: Any) -> None:
        axes = figure.add_axes((0.39, 0.02, 0.59, 0.96))
        axes.patch.set_visible(False)
        for place, (value, known) in enumerate(rows):
            axes.plot((0.0, 1.0), (place, place), color=GRID, linewidth=0.8)
            if value is None or not known:
                continue
            low, high = min(*known, value), max(*known, value)
            middle = 0.5 * (low + high)
            span = max(high - low, 0.5 * (_SMALL[place].least_span or 0.1 * abs(middle)))
            ends = [0.5 + 0.8 * (one - middle) / span for one in (min(known), max(known))]
            axes.plot(ends, (place, place), color=BAND, linewidth=8.0, solid_capstyle="butt")
            at = 0.5 + 0.8 * (value - middle) / span
            axes.plot(at, place, "D", color=LINE, markersize=5.0, markeredgewidth=0.0)
        axes.set_xlim(0.0, 1.0)
        axes.set_ylim(2.6, -0.6)
        axes.set_yticks(range(3), [one.title for one in _SMALL])
        axes.set_xticks([])
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)

    return svg_figure((2.4, 0.72), draw, identifier, "; ".join(words) or "no steps in this run")


def month_figure(
    diary: Diary, form: Sequence[Quantity], identifier: str, words: str, units: Units = "metric"
) -> str:
    """Form of each run by date, with pain, load, surfaces and shoes of the same days, as SVG.

    A day of more than a little pain is marked in every row.

    Parameters
    ----------
    diary : Diary
        Of the days that are drawn.
    form : sequence of Quantity
        A row each.
    identifier, words, units
        As for the figures of a report.
    """
    count = len(form)
    height = 0.85 * count + 3.0

    def draw(figure: Any) -> None:
        top, panels = height - 0.22, []
        for row in (*[0.85] * count, 0.75, 0.75):
            place = (0.16, (top - row + 0.3) / height, 0.80, (row - 0.3) / height)
            panels.append(figure.add_axes(place))
            top -= row
        strips = ((0.16, bottom / height, 0.80, 0.24 / height) for bottom in (0.86, 0.36))
        panels += map(figure.add_axes, strips)
        for axes, quantity in zip(panels, form, strict=False):
            _form(axes, diary, quantity, units)
        _pain(panels[-4], diary)
        _load(panels[-3], diary, units)
        _tags(panels[-2], diary, "surface", "surfaces")
        _tags(panels[-1], diary, "shoe", "shoes")
        hurt = {one.pain.day.toordinal() for one in diary.pains if one.pain.level >= _MORE_PAIN}
        for axes in panels:
            for day in hurt:
                axes.axvline(day, color=CHANGED, linewidth=0.8, linestyle=":", zorder=0.5)
            axes.patch.set_visible(False)
            axes.set_xlim(diary.first.toordinal() - 0.7, diary.last.toordinal() + 0.7)
            axes.set_xticks([])
        _dates(panels[-1], diary)

    return svg_figure((6.6, height), draw, identifier, words)


def _form(axes: Any, diary: Diary, quantity: Quantity, units: Units) -> None:
    factor = quantity.factor(units)
    known = [
        (one.day.toordinal(), one.means[quantity.column] * factor)
        for one in diary.sessions
        if quantity.column in one.means
    ]
    usual = diary.usual(quantity)
    if usual is not None:
        low, high = ((usual.mean + sign * usual.half_width) * factor for sign in (-1, 1))
        axes.axhspan(low, high, color=BAND, linewidth=0)
    if known:
        days, values = zip(*known, strict=True)
        axes.plot(days, values, "-", color=SOFT, linewidth=0.7)
        axes.plot(days, values, "o", color=LINE, markersize=4.0, markeredgewidth=0.0)
        middle = 0.5 * (min(values) + max(values))
        least = 0.5 * (quantity.least_span or 0.05 * abs(middle)) * factor
        reach = 0.6 * max(max(values) - min(values), least)
        axes.set_ylim(middle - reach, middle + reach)
    else:
        axes.set_yticks([])
    axes.set_title(f"{quantity.name}, {quantity.unit_in(units)}", weight="bold", pad=3.0)
    axes.grid(axis="y", color=GRID, linewidth=0.5)
    axes.locator_params(axis="y", nbins=4)


def _pain(axes: Any, diary: Diary) -> None:
    for pain in (one.pain for one in diary.pains):
        day, more = pain.day.toordinal(), pain.level >= _MORE_PAIN
        colour, marker = (CHANGED, "^") if more else (INK, "o")
        axes.plot((day, day), (0, pain.level), color=colour, linewidth=1.2)
        axes.plot(day, pain.level, marker, color=colour, markersize=4.5, markeredgewidth=0.0)
    axes.set_ylim(-0.5, 10.5)
    axes.set_yticks((0, 5, 10))
    axes.grid(axis="y", color=GRID, linewidth=0.5)
    axes.set_title("pain, 0 to 10", weight="bold", pad=3.0)


def _load(axes: Any, diary: Diary, units: Units) -> None:
    per, _ = LONG[units]
    for one in diary.sessions:
        day = one.day.toordinal()
        if one.distance_m is not None:
            axes.bar(day, one.distance_m / per, width=0.55, color=SOFT, linewidth=0)
        if one.dose_easy_km_m4 is not None:
            axes.plot(day, one.dose_easy_km_m4 * 1000.0 / per, "D", color=SECOND, markersize=3.5)
    unit = "km" if units == "metric" else "miles"
    axes.set_title(f"distance (bars) and load (diamonds), easy {unit}", weight="bold", pad=3.0)
    axes.margins(y=0.15)
    axes.set_ylim(bottom=0.0)
    if not axes.has_data():  # an axis of nothing has no numbers
        axes.set_yticks(())
        return
    axes.grid(axis="y", color=GRID, linewidth=0.5)
    axes.locator_params(axis="y", nbins=4)


def _tags(axes: Any, diary: Diary, tag: str, title: str) -> None:
    """What the runner said of each run, by a sign each."""
    runs = {name: found for name, found in diary.by_tag(tag).items() if name}
    names = list(runs)
    for place, found in enumerate(runs.values()):
        days, mark = [one.day.toordinal() for one in found], "sovDP"[place % 5]
        colour = (FIRST, SECOND, SOFT)[place % 3]
        axes.plot(days, [0.0] * len(days), mark, color=colour, markersize=5.0)
    signs = "■●▼◆✚"
    most = max(8, 62 // max(1, len(names[:5])) - 4)  # characters that there is room for
    said = ",  ".join(
        f"{signs[place % 5]} {name if len(name) <= most else name[: most - 1] + '…'}"
        for place, name in enumerate(names[:5])
    )
    axes.set_title(f"{title}: {said or 'not said'}", weight="bold", pad=3.0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _dates(axes: Any, diary: Diary) -> None:
    from datetime import date

    first, last = diary.first.toordinal(), diary.last.toordinal()
    step = max(1, math.ceil((last - first) / 6))
    days = range(first, last + 1, step)
    axes.set_xticks(days, [f"{one.day} {one:%b}" for one in map(date.fromordinal, days)])
    axes.tick_params(axis="x", labelcolor=MUTED)
