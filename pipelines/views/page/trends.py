"""Trends as lines: the last steps, and the whole run in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from imu.steps import Steps
from pipelines.clock_words import clock_words
from pipelines.quantities import Quantity
from pipelines.session.live_status import RECENT_STEPS, IndicatorStatus, LiveStatus
from pipelines.units import Units
from pipelines.views.terminal.wording import LARGE, smoothed, span_of

#: Size of a trend in its own units; the page stretches it.
WIDTH: Final = 300.0
HEIGHT: Final = 60.0
_MARGIN: Final = 3.0  # keeps the line's own width inside


def step_trend(
    values: NDArray[np.float64], quantity: Quantity, known: IndicatorStatus | None, units: Units
) -> dict[str, Any]:
    """The recent steps as a line, newest at the right, smoothed over both feet.

    Parameters
    ----------
    values : ndarray, shape (N,)
        One value a step, oldest first.
    quantity : Quantity
        How it is written.
    known : IndicatorStatus or None
        With the usual range, where there is one.
    units : {"metric", "imperial"}
        Of the words.

    Returns
    -------
    dict
        ``path`` as SVG draws it, ``band`` as ``[top, height]`` of the usual range or None, and
        ``label`` in words.
    """
    values = smoothed(values)
    step_px = WIDTH / (len(smoothed(np.zeros(RECENT_STEPS))) - 1)
    places = [WIDTH - (len(values) - 1 - index) * step_px for index in range(len(values))]
    return _line(places, values.tolist(), quantity, known, units, "the last 60 steps")


class RunTrends:
    """The course of the large numbers over the whole run, in bounded memory.

    Keeps means of equal spans of time; when there are too many, two become one, so that an hour
    and a day take the same room.

    Parameters
    ----------
    span_s : float
        Length of a mean at first, s.
    most : int
        Means kept, at least 2, even.

    Examples
    --------
    >>> from imu.steps import NO_STEPS
    >>> trends = RunTrends()
    >>> trends.push(NO_STEPS)
    >>> trends.lines(LiveStatus(source="", device=""))[0]["path"]
    ''
    """

    def __init__(self, span_s: float = 5.0, most: int = 360) -> None:
        self.span_s = span_s
        self._most = most
        self._columns = [quantity.column for quantity in LARGE]
        self._sums = np.zeros((most, len(LARGE)))
        self._counts = np.zeros((most, len(LARGE)))
        self._used = 0

    @property
    def drawn(self) -> tuple[int, float]:
        """Changes whenever a line gets another point."""
        return self._used, self.span_s

    def push(self, steps: Steps) -> None:
        """Take the next steps; those before the session's start are left out."""
        if not len(steps):
            return
        times_s = steps.rows["initial_contact_s"]
        rows = np.column_stack([steps.rows[column] for column in self._columns])
        ahead = np.isfinite(times_s) & (times_s >= 0.0)
        for time_s, row in zip(times_s[ahead].tolist(), rows[ahead], strict=True):
            while time_s >= self.span_s * self._most:
                self._halve()
            at = int(time_s / self.span_s)
            finite = np.isfinite(row)
            self._sums[at, finite] += row[finite]
            self._counts[at, finite] += 1.0
            self._used = max(self._used, at + 1)

    def lines(self, status: LiveStatus, units: Units = "metric") -> list[dict[str, Any]]:
        """One line a large number, from the start of the run at the left to now at the right.

        Each is as :func:`step_trend` gives it, with its ``name`` and, in words, how ``long`` it is.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            means = self._sums[: self._used] / self._counts[: self._used]
        pixel = WIDTH / max(self._used - 1, 1)
        places = [index * pixel for index in range(self._used)]
        long = clock_words(self._used * self.span_s)
        lines = []
        for number, quantity in enumerate(LARGE):
            indicator = status.indicators.get(quantity.column)
            values = means[:, number].tolist()
            line = _line(places, values, quantity, indicator, units, "the whole run")
            lines.append({"name": quantity.title, "long": long, **line})
        return lines

    def _halve(self) -> None:
        half = self._most // 2
        for table in (self._sums, self._counts):
            table[:half] = table[0::2] + table[1::2]
            table[half:] = 0.0
        self._used = (self._used + 1) // 2
        self.span_s *= 2.0


def _line(
    places: Sequence[float],
    values: Sequence[float],
    quantity: Quantity,
    known: IndicatorStatus | None,
    units: Units,
    of_what: str,
) -> dict[str, Any]:
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return {"path": "", "band": None, "label": f"{quantity.name}: nothing to show yet"}
    label = (
        f"{quantity.name} over {of_what}: from {quantity.number(min(finite), units)} "
        f"to {quantity.amount(max(finite), units)}, now {quantity.amount(finite[-1], units)}"
    )
    low, high = span_of(finite, quantity, known)
    if not 0.0 < high - low < math.inf:  # numbers beyond all measure
        return {"path": "", "band": None, "label": label}

    def y(value: float) -> float:
        return round(_MARGIN + (HEIGHT - 2 * _MARGIN) * ((high - value) / (high - low)), 1)

    band = None
    if known is not None and known.known and known.gate > 0.0:
        bottom, top = map(y, known.range)
        band = [top, round(bottom - top, 1)]
    parts, drawing = [], False
    for place, value in zip(places, values, strict=True):
        if math.isfinite(value):
            # a lone point shows as a dot: the line has round ends
            parts.append(f"{'L' if drawing else 'M'}{place:.1f} {y(value)}")
            if not drawing:
                parts.append("l0 0")
        drawing = math.isfinite(value)
    return {"path": "".join(parts), "band": band, "label": label}
