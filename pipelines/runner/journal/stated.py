"""What a runner says of a run, apart from what its recording gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, TypeVar, get_args

from imu.errors import ParameterError
from pipelines.clock_words import clock_words
from pipelines.runner.journal.entries import DistanceSource, Session
from pipelines.units import Units, distance_words, parse_distance

#: What can be said of a run, and taken back.
Said: TypeAlias = Literal["distance", "surface", "shoe", "note", "effort"]
SAID: Final[tuple[Said, ...]] = get_args(Said)

#: What may lie outside of a recording, m, and speeds that nobody runs at for minutes.
UNRECORDED_M: Final = 20_000.0
_FASTEST_M_S: Final = 8.0
_SLOWEST_M_S: Final = 0.5
_FARTHEST_M: Final = 500_000.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance, m, and how it is known."""

    distance_m: float | None = None
    source: DistanceSource = ""


@dataclass(frozen=True, slots=True)
class Stated:
    """What the user says of a run when it is filed; empty and None leave it to the run itself.

    Attributes
    ----------
    taken_back : frozenset of str
        What is not to be known, whatever the run itself or an earlier word gives.

    Examples
    --------
    >>> earlier = Stated(surface="track", note="slow")
    >>> now = Stated(taken_back=frozenset({"surface"})).over(earlier)
    >>> now.word("surface", "trail"), now.word("note", ""), Stated().word("surface", "trail")
    ('', 'slow', 'trail')
    """

    distance: Distance | None = None
    surface: str = ""
    shoe: str = ""
    note: str = ""
    effort: int | None = None
    taken_back: frozenset[Said] = frozenset()

    def word(self, what: Literal["surface", "shoe", "note"], otherwise: T) -> str | T:
        """What is said, empty where that was taken back; ``otherwise`` where nothing is."""
        said: str = getattr(self, what)
        return said if said or what in self.taken_back else otherwise

    @property
    def said(self) -> frozenset[Said]:
        """What something is said of."""
        return frozenset(one for one in SAID if getattr(self, one) not in ("", None))

    def over(self, earlier: Stated) -> Stated:
        """The same where something is said or taken back here, as earlier where not."""
        here = self.taken_back | self.said
        of: dict[str, Any] = {one: getattr(self if one in here else earlier, one) for one in SAID}
        return Stated(**of, taken_back=self.taken_back | (earlier.taken_back - here))


def most_in(taken_s: float) -> float:
    """The farthest that anybody runs in a time, m."""
    return _FASTEST_M_S * taken_s


def distance_run(
    words: str, name: str, taken_s: float | None, unrecorded_m: float = UNRECORDED_M
) -> float:
    """A distance as typed, m.

    Parameters
    ----------
    words : str
        With its unit.
    name : str
        What it is called in a refusal.
    taken_s : float, optional
        How long the run took, s.
    unrecorded_m : float
        What may have been run outside of that time, m.

    Raises
    ------
    ParameterError
        When it is none, or one that nobody runs in that time.

    Examples
    --------
    >>> distance_run("5 km", "distance", 1800.0)
    5000.0
    """
    most_m = _FARTHEST_M if taken_s is None else most_in(taken_s) + unrecorded_m
    distance_m = parse_distance(words, name)
    if distance_m > most_m:
        most = distance_words(most_m, "metric")
        outside = "" if taken_s is None or not unrecorded_m else " and outside of it"
        raise ParameterError(
            name, words, f"a distance that can be run in that time{outside}, at most {most}"
        )
    return distance_m


def odd_distance_words(session: Session, units: Units) -> str:
    """Say where a distance fits the time of a run badly, which keeps it all the same; else nothing.

    Examples
    --------
    >>> run = Session(1_772_474_400 * 10**9, 1800.0, distance_m=4.0, distance_source="user")
    >>> odd_distance_words(run, "metric")
    '4 m in 30:00 is less than anybody runs: was another unit meant?'
    """
    if session.distance_m is None:
        return ""
    taken_s = session.running_s or session.duration_s
    if session.distance_m > most_in(taken_s):
        return (
            f"nobody runs more than {distance_words(most_in(taken_s), units)} in the time of this "
            "recording; the rest counts as run outside of it."
        )
    if session.distance_source == "user" and session.distance_m < _SLOWEST_M_S * taken_s:
        metres = session.distance_m
        told = f"{metres:.0f} m" if metres < 1000.0 else distance_words(metres, units)
        return (
            f"{told} in {clock_words(taken_s)} is less than anybody runs: was another unit meant?"
        )
    return ""
