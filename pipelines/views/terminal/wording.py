"""What is said of a live run in words, by the terminal and the page alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imu.drift.indicators import INDICATORS, indicator_named
from imu.drift.status import status_words
from pipelines.coaching.training.cues import Cue
from pipelines.counted import counted
from pipelines.quantities import QUANTITIES, Quantity, quantities_in
from pipelines.session.live_status import IndicatorStatus, LiveStatus
from pipelines.units import Units
from pipelines.views.terminal.cells import capital, printable
from pipelines.words.change_words import change_words
from pipelines.words.fact_words import light_parts, questions_words

#: ``waiting`` while there is nothing to judge by.
Standing = Literal["within", "outside", "changed", "waiting"]


#: Shown large and small.
LARGE: Final = tuple(quantity.live for quantity in quantities_in("large"))
SMALL: Final = tuple(quantity.live for quantity in quantities_in("small"))
#: Name of each column and each indicator for people.
NAMES: Final = {quantity.column: quantity.name for quantity in QUANTITIES} | {
    indicator.name: indicator.words for indicator in INDICATORS
}
_GAITS: Final = {
    "still": "standing still",
    "walk": "walking",
    "grounded run": "running low",
    "run": "running",
}
_LINKS: Final = {"lost": "lost, trying again", "resumed": "connected", "gap": "connected"}
_WITHIN: Final = "within your usual range"
_OUTSIDE: Final = "outside your usual range, watching it"
_SMOOTHED_STEPS: Final = 4  # of a trend: both feet twice


def gait_words(status: LiveStatus) -> str:
    """What the runner does."""
    return _GAITS.get(status.gait, printable(status.gait))


def link_words(status: LiveStatus) -> str:
    """How the link to the sensor is."""
    return printable(_LINKS.get(status.link, status.link)) or "connecting"


def loss_words(status: LiveStatus) -> str:
    """What never arrived.

    Examples
    --------
    >>> loss_words(LiveStatus(source="", device="", lost_samples=1))
    '1 sample lost'
    """
    return f"{counted(status.lost_samples, 'sample') if status.lost_samples else 'no samples'} lost"


def effort_words(status: LiveStatus) -> str:
    """How hard it is, with the talk test that goes with it; empty where nothing tells it.

    Examples
    --------
    >>> from pipelines.coaching.training.effort import effort_of
    >>> effort_words(LiveStatus(source="", device="", effort=effort_of(0.78)))
    'Effort 78 % of your usual. Light: you can talk in whole sentences.'
    """
    effort = status.effort
    if effort is None:
        return ""
    of = "your usual" if effort.by == "running" else "your highest heart rate"
    return f"Effort {effort.percent:.0f} % of {of}. {effort.cue.message}"


def is_changed(status: LiveStatus, name: str) -> bool:
    """Whether an indicator is changed, which not everything has."""
    indicator = status.indicators.get(name)
    return indicator is not None and indicator.changed


def warning_sign(status: LiveStatus) -> Cue | None:
    """What the answers about warning signs ask for, for as long as they stand."""
    flags = status.red_flags
    return flags.cue if flags.stopped or flags.eased else None


def _open_questions(status: LiveStatus) -> str:
    """That questions about warning signs wait for an answer; empty where none do."""
    return "" if status.asked_s is None else questions_words(status.pain)


def verdict(status: LiveStatus) -> tuple[Standing, str]:
    """The state of the run against the baseline, in words too; warning signs and pain go first."""
    if (sign := warning_sign(status)) is not None:
        return "changed", sign.message
    if status.pain is not None and status.pain.light != "go":
        said = (*light_parts(status.pain), _open_questions(status))
        return "changed", " ".join(filter(None, said))
    changed = [NAMES.get(name, name) for name, one in status.indicators.items() if one.changed]
    told = [f"changed from your baseline: {', '.join(changed)}"] if changed else []
    # they stay open for long, and may not hide it
    told += filter(None, [_open_questions(status)])
    if told:
        return "changed", ". ".join(told)
    judged = {name: one for name, one in status.indicators.items() if one.judged}
    if not status.standing.watching or not judged:
        return "waiting", status_words(status.standing, status.params)
    outside = [NAMES.get(name, name) for name, one in judged.items() if one.outside]
    return ("outside", f"{_OUTSIDE}: {', '.join(outside)}") if outside else ("within", _WITHIN)


class Condition(NamedTuple):
    """What holds at this moment: its state, what stands out, and what follows from it.

    ``urgent``: it is of the runner's body, and no pause of the run takes it away.
    """

    state: Standing
    headline: str
    detail: str = ""
    title: str = "your baseline"
    urgent: bool = False

    @property
    def words(self) -> str:
        """Headline and detail."""
        return f"{self.headline} {self.detail}".rstrip()


def condition(status: LiveStatus) -> Condition:
    """The one plain sentence of the moment: warning signs first, then pain, then what changed."""
    if (sign := warning_sign(status)) is not None:
        return Condition("changed", sign.headline, sign.detail, "warning signs", urgent=True)
    questions = _open_questions(status)
    if status.pain is not None and status.pain.light != "go":
        headline, detail = light_parts(status.pain)
        detail = f"{detail} {questions}".strip()
        return Condition("changed", headline, detail, "pain", urgent=True)
    if (alert := status.alert) is not None:
        headline = printable(alert.headline or alert.message)
        title = "changed from your baseline"
        return Condition(
            "changed", headline, f"{printable(alert.detail)} {questions}".strip(), title
        )
    if questions:
        return Condition("changed", questions, "", "pain", urgent=True)
    if not status.steps:
        return Condition("waiting", "Waiting for running steps.")
    state, words = verdict(status)
    if state == "within":
        return Condition(state, f"Everything is {_WITHIN}.")
    return Condition("waiting", f"{capital(printable(words))}.")


def shown_value(status: LiveStatus, quantity: Quantity) -> float:
    """The value that a number shows, in the unit of the column; NaN where it is not measured.

    What stands beside its usual range, or is a percentage of the baseline, is the value that is
    judged, once it is: the number agrees with gauge, words and alert. All else is the median of the
    last ten steps.
    """
    known, latest = status.indicators.get(quantity.column), status.typical(quantity.column)
    if known is None or not (known.judged and status.standing.watching):
        return latest
    indicator = indicator_named(quantity.column)
    if indicator.percent_of_baseline:
        latest = status.typical(indicator.column)
    elif "large" not in quantity.shown:
        return latest
    return known.value if math.isfinite(latest) else math.nan


def _amount(quantity: Quantity, known: IndicatorStatus) -> str:
    """By how much a quantity has changed, as an alert tells it; empty where that is not known."""
    change, unit = known.value - known.baseline, indicator_named(quantity.column).change_unit
    if unit == "%":
        change *= 100.0 / known.baseline if known.baseline else math.nan
    return f": {change_words(change, unit)}" if math.isfinite(change) else ""


def standing(status: LiveStatus, quantity: Quantity) -> tuple[Standing, str]:
    """How a number stands to the baseline: its state, and what is said of it.

    Examples
    --------
    >>> standing(LiveStatus(source="", device=""), LARGE[0])
    ('waiting', 'waiting for running steps')
    """
    indicator = status.indicators.get(quantity.column)
    if indicator is not None and indicator.changed:
        return "changed", f"changed from your baseline{_amount(quantity, indicator)}"
    if not status.steps:
        return "waiting", "waiting for running steps"
    if not math.isfinite(shown_value(status, quantity)):
        return "waiting", "not measured"
    if indicator is not None and indicator.judged and status.standing.watching:
        return ("outside", _OUTSIDE) if indicator.outside else ("within", _WITHIN)
    # the sentence below the numbers says it in full
    return "waiting", status_words(status.standing, status.params, brief=True)


def usual_words(
    quantity: Quantity, known: IndicatorStatus | None, units: Units = "metric"
) -> list[str]:
    """The usual range in words, the longest first; nothing where there is none."""
    if known is None or not known.known:
        return []
    low, high = known.range
    span = f"{quantity.number(low, units)} to {quantity.number(high, units)}"
    full = f"usual {quantity.number(low, units)} to {quantity.amount(high, units)}"
    return [full, f"usual {span}", span]


def smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A trend over both feet, without the first steps; as it is where there are too few.

    Parameters
    ----------
    values : ndarray, shape (N,)
        One value a step.
    """
    if len(values) < _SMOOTHED_STEPS:
        return values
    return np.convolve(values, np.full(_SMOOTHED_STEPS, 1.0 / _SMOOTHED_STEPS), "valid")


def span_of(
    finite: Sequence[float], quantity: Quantity, known: IndicatorStatus | None
) -> tuple[float, float]:
    """Lowest and highest value of the drawing of a trend; noise is not blown up."""
    if known is not None and known.known and known.gate > 0.0:
        low = min(known.baseline - 2.0 * known.gate, min(finite))
        return low, max(known.baseline + 2.0 * known.gate, max(finite))
    middle = float(np.median(finite))
    half = max(0.5 * quantity.least_span, max(abs(value - middle) for value in finite))
    return middle - half, middle + half
