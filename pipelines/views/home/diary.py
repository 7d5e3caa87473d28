"""What the journal holds of some days, gathered once for every page that shows it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from pipelines.intervals import half_width_95
from pipelines.quantities import QUANTITIES, Quantity
from pipelines.runner.journal.entries import Session, Shoe, moment
from pipelines.runner.journal.queries import PlacedPain, placed_pains
from pipelines.units import Units, distance_words

if TYPE_CHECKING:
    from pipelines.coaching.training.pain_moments import Moment
    from pipelines.runner.journal.database import Journal
    from pipelines.runner.journal.entries import Pain

#: The measures of form that pages show of a whole run, in their order.
FORM: Final[tuple[Quantity, ...]] = tuple(
    next(one for one in QUANTITIES if one.column == column)
    for column in ("sacral_lean_deg", "impact_shock_g", "vertical_oscillation_mm", "cadence_spm")
)
_LEAST_RUNS: Final = 3
#: Said of runs where nobody knows how far they were.
NO_DISTANCE: Final = "no known distance"


@dataclass(frozen=True, slots=True)
class Usual:
    """What runs have in common: the mean of their means, and its 95 % interval over the runs."""

    mean: float
    half_width: float
    runs: int


@dataclass(frozen=True, slots=True)
class Diary:
    """Runs, pain and shoes from one day to another.

    Attributes
    ----------
    first, last : date
        Days on the runner's clock, both within.
    sessions : tuple of Session
        In order of time; none that nobody ran.
    pains : tuple of PlacedPain
        In order of time, each with the runs that it belongs to.
    ratings : dict of int to tuple
        Of runs by number: each rating that belongs to one, whenever it was made, and its moment.
    shoes : dict of int to Shoe
        All of the journal, by number.
    """

    first: date
    last: date
    sessions: tuple[Session, ...]
    pains: tuple[PlacedPain, ...]
    ratings: dict[int, tuple[tuple[Pain, Moment], ...]]
    shoes: dict[int, Shoe]

    @property
    def distance_m(self) -> float:
        """Sum of the known distances, m."""
        return math.fsum(one.distance_m or 0.0 for one in self.sessions)

    @property
    def worst_pain(self) -> int | None:
        """The highest rating; None where there is none."""
        return max((one.pain.level for one in self.pains), default=None)

    def shoe_name(self, session: Session) -> str:
        """Name of the shoe of a run; empty where it was not said."""
        shoe = self.shoes.get(session.shoe_id or 0)
        return "" if shoe is None else shoe.name

    def pains_of(self, session: Session) -> tuple[tuple[Pain, Moment], ...]:
        """The ratings that belong to a run, as was said or by their time, each with its moment."""
        return self.ratings.get(session.identifier or 0, ())

    def by_tag(self, tag: str) -> dict[str, list[Session]]:
        """Runs by surface or by shoe; those of the longest distance first.

        Parameters
        ----------
        tag : {"surface", "shoe"}
            Empty where it was not said.
        """
        found: dict[str, list[Session]] = {}
        for one in self.sessions:
            name = one.surface if tag == "surface" else self.shoe_name(one)
            found.setdefault(name, []).append(one)
        return dict(
            sorted(found.items(), key=lambda item: -sum(one.distance_m or 0.0 for one in item[1]))
        )

    def usual(self, quantity: Quantity) -> Usual | None:
        """What is usual in these runs; None in fewer than three that have the measure."""
        values = [
            one.means[quantity.column] for one in self.sessions if quantity.column in one.means
        ]
        if len(values) < _LEAST_RUNS:
            return None
        return Usual(statistics.fmean(values), half_width_95(values), len(values))


def distance_of(sessions: Sequence[Session], units: Units = "metric") -> str:
    """The distance of some runs; those that have none are told, and never taken for none.

    Examples
    --------
    >>> from dataclasses import replace
    >>> typed = Session(1_772_474_400 * 10**9, 1800.0)
    >>> run = replace(typed, distance_m=5000.0, distance_source="user")
    >>> distance_of([run]), distance_of([run, typed]), distance_of([typed]), distance_of([])
    ('5.0 km', '5.0 km (1 not known)', 'no known distance', '0.0 km')
    """
    return _of_those_known([one.distance_m for one in sessions], units, NO_DISTANCE)


def load_of(sessions: Sequence[Session], units: Units = "metric") -> str:
    """The same of their load, as a distance of easy running."""
    doses = [one.dose_easy_km_m4 for one in sessions]
    return _of_those_known([None if one is None else one * 1000.0 for one in doses], units, "–")


def _of_those_known(amounts_m: Sequence[float | None], units: Units, none: str) -> str:
    known = [one for one in amounts_m if one is not None]
    if amounts_m and not known:
        return none
    unknown = len(amounts_m) - len(known)
    rest = f" ({unknown} not known)" if unknown else ""
    return f"{distance_words(math.fsum(known), units)}{rest}"


def diary_of(journal: Journal, first: date, last: date) -> Diary:
    """What a journal holds of these days, both within."""
    days = (first.toordinal(), last.toordinal())
    # a rating has its moment alone; its day is that of the clock it was made by
    since = (first - timedelta(days=1)).toordinal() - date(1970, 1, 1).toordinal()
    pains = placed_pains(journal, since * 86_400 * 10**9)
    ratings: dict[int, tuple[tuple[Pain, Moment], ...]] = {}
    for one in pains:
        for place in one.places:
            ratings[place.number] = (*ratings.get(place.number, ()), (one.pain, place.moment))
    return Diary(
        first,
        last,
        tuple(journal.entries(Session, "day BETWEEN ? AND ? AND NOT simulated", days)),
        tuple(one for one in pains if first <= one.pain.day <= last),
        ratings,
        {one.identifier or 0: one for one in journal.entries(Shoe)},
    )


def day_and_time(session: Session) -> str:
    """When a run began, on the runner's clock.

    Examples
    --------
    >>> day_and_time(Session(1_772_474_400 * 10**9, 1800.0))
    '2026-03-02 18:00'
    """
    return f"{moment(session.utc_start_ns, session.utc_offset_minutes):%Y-%m-%d %H:%M}"
