"""What is told of times that were mended: one thing of a kind, with its number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

#: What can be mended: packets whose rows stand newest first, rows without a time or with one far
#: from those around, rows that stand twice, at one time or as a copy with a time of its own, or in
#: the place of lost ones, that are out of order or in reverse, a counter that
#: wrapped, a clock that was turned back by its hours, by laps or set, equal stamps, stamps of
#: arrival, jitter, a stated rate that the stamps contradict, a stream that is slower than the
#: other, and a rate beyond what is needed. Rows that are missing, and a rate that changes, are told
#: alone.
MendKind = Literal[
    "newest first",
    "no time",
    "lone time",
    "double",
    "held",
    "written again",
    "in place",
    "out of order",
    "reversed",
    "wrapped",
    "turned back",
    "laps",
    "set back",
    "set forward",
    "equal stamps",
    "arrival",
    "jitter",
    "irregular",
    "missing",
    "rate changes",
    "stated rate",
    "slower stream",
    "faster stream",
    "one alone",
    "decimated",
]

_SENTENCES: Final[dict[MendKind, str]] = {
    "newest first": "the rows of each packet of {count} stood newest first and have been turned "
    "round.",
    "no time": "{count} rows without a time were left out.",
    "lone time": "{count} rows whose time is up to {duration} from those around were left out.",
    "double": "{count} rows stood twice; the copies were left out.",
    "held": "{count} rows repeat the one before them while the sensor moved; they were left out, "
    "as lost.",
    "written again": "{count} rows were written a second time, with their times counted on; the "
    "copies were left out, and the times behind them brought back.",
    "in place": "{count} rows repeat earlier ones to the last digit, in the place of others that "
    "were lost; they were left out.",
    "out of order": "{count} rows were out of order and have been sorted by time.",
    "reversed": "{count} rows stood in reverse order and have been turned round.",
    "wrapped": "the clock wrapped around {count} times, at {number:g} s, and was counted on.",
    "turned back": "the clock was turned back {count} times, by {duration}, and was counted on.",
    "laps": "the clock began anew {count} times while the readings went on, as laps do, and was "
    "counted on.",
    "set back": "the clock was set back {count} times, by {duration} at most: what follows "
    "is a new segment, one second later.",
    "set forward": "the clock was set forward {count} times, by {duration} at most: what "
    "follows is a new segment, one second later.",
    "equal stamps": "{count} rows shared a time with the row before; they were spread evenly, at "
    "{number:.6g} Hz.",
    "arrival": "the times of {count} rows are those at which packets arrived; they were spread "
    "evenly, at {number:.6g} Hz.",
    "jitter": "the times of {count} rows jitter by more than a quarter of the interval; they were "
    "smoothed, at {number:.6g} Hz.",
    "irregular": "the sensor measured at uneven times, on the mean {number:.6g} a second; its "
    "{count} samples were interpolated at even ones.",
    "missing": "{count} % of the rows are missing by the times of the others, which were measured "
    "at {number:.6g} Hz: record without losses.",
    "rate changes": "the times of {count} % of the rows are those of {number:.6g} Hz, the others' "
    "of another rate: cut the recording where it changes, and read each part alone.",
    "stated rate": "the times tell {number:.6g} Hz, which was used, and not the rate that was "
    "stated.",
    "slower stream": "{count} values of the slower stream were interpolated, from {number:.6g} Hz.",
    "faster stream": "{count} rows without acceleration, which comes at {number:.6g} Hz, were left "
    "out.",
    "one alone": "{count} rows were left out, {duration} in which one of the sensors alone "
    "measured.",
    "decimated": "every {count} samples were averaged into one, {number:.6g} Hz: more is not "
    "needed.",
}

_DAY_S: Final = 86_400.0
#: A clock that is set back more often is a counter's, and no other run's.
_SELDOM: Final = 3


@dataclass(frozen=True, slots=True)
class Mend:
    """One thing that was mended, and how much of it.

    Attributes
    ----------
    kind : str
        What, one of :data:`MendKind`.
    count : int
        How many rows or times; for ``missing`` and ``rate changes`` their share, %.
    number : float
        The rate, Hz, or for ``wrapped`` the period and for ``set back`` the jump, s.

    Examples
    --------
    >>> Mend("double", 3).sentence
    '3 rows stood twice; the copies were left out.'
    """

    kind: MendKind
    count: int
    number: float = 0.0

    @property
    def sentence(self) -> str:
        """What is told, once."""
        text = _SENTENCES[self.kind].format(
            count=self.count, number=self.number, duration=_duration(self.number)
        )
        if self.kind == "set back" and self.count <= _SELDOM:
            text = f"{text[:-1]}; if it is another run, give it as a file of its own."
        if self.count == 1:
            for many, one in (("1 rows were", "1 row was"), ("1 rows", "1 row")):
                text = text.replace(many, one)
            text = text.replace("1 times", "once").replace("the copies were", "the copy was")
            text = text.replace("1 row whose time is up to", "1 row whose time is")
            text = text.replace("from those around were", "from those around was")
            text = text.replace("times of 1 row are", "time of 1 row is")
            text = text.replace("a time were", "a time was")
            text = text.replace("; they were", "; it was").replace("have been", "has been")
        return text


def _duration(seconds: float) -> str:
    """As people say it.

    Examples
    --------
    >>> _duration(12.0), _duration(3600.0), _duration(43_200.0), _duration(3e8)
    ('12 s', '1 h', '12 h', '3472 days')
    """
    if not seconds >= 120.0:
        return f"{seconds:.3g} s"
    if seconds < 3599.0:
        return f"{seconds / 60.0:.3g} min"
    return f"{seconds / 3600.0:.3g} h" if seconds < 2 * _DAY_S else f"{seconds / _DAY_S:.0f} days"
