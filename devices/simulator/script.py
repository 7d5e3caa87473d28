"""What changes within a simulated run: speed, slope, surface, lean and fatigue; breaks; mishaps.

Times are seconds of the run, from its first contact; ``90s``, ``5m`` and ``1h`` may be written.
Changes are ``VALUE@TIME``, happenings ``TIME+DURATION`` with ``VALUE@`` before where they have one,
several are separated by commas, and ``/PERIOD`` behind repeats one to the end of the run::

    speed=3.0,3.6@300,2.8@600        faster after five minutes, slower after ten
    speed=2.8,4.4@5m/3m,2.8@6m/3m    from minute 5, one minute fast in every three
    slope=0,4@600,-4@900             in degrees, up and down a hill
    surface=asphalt,trail@10m        another surface underfoot
    lean=5,9@20m · fatigue=lean@30m  what the runner does
    stop=120+30,400+10               stands still; walk, stairs and phone are breaks too
    bend=36.5@20+29/100              a bend to the left of that radius, m; negative to the right
    creep=2@600+300                  the sensor turns on its strap by so many degrees
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from devices.bounded_toml import read_toml
from devices.simulator.written_time import seconds_of
from imu.errors import ParameterError

#: Keys whose value may change within a run.
CHANGING: Final = ("speed", "slope", "surface", "lean", "fatigue")
#: Breaks: standing still, walking, stairs, and standing with a look at the telephone.
BREAKS: Final = ("stop", "walk", "stairs", "phone")
#: All that happens for a while, with the range of its value and unit.
HAPPENINGS: Final[dict[str, tuple[float, float, str] | None]] = {
    **dict.fromkeys(BREAKS),
    "bend": (-1000.0, 1000.0, "m of radius, 10 or more, negative to the right"),
    "creep": (-10.0, 10.0, "degrees"),
}
#: Shortest break, s, and shortest run between breaks.
LEAST_BREAK_S: Final = 3.0
LEAST_RUN_S: Final = 10.0

_LEAST_RADIUS_M: Final = 10.0
_MOST_ENTRIES: Final = 10000
_CHANGE_ACCEPTED: Final = "VALUE@TIME, such as 3.6@300 or 3.6@5m, with commas between several"


@dataclass(frozen=True, slots=True)
class Change:
    """From a time on, s of the run, a key has another value; again each ``every_s``, if not 0."""

    key: str
    value: float | str
    time_s: float
    every_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that lasts for a while, s of the run; ``value`` is 0 where it has none."""

    kind: str
    start_s: float
    duration_s: float
    value: float = 0.0
    every_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Script:
    """All that is not the same from the start to the end of a run.

    Parameters
    ----------
    changes : tuple of Change
    happenings : tuple of Happening

    Examples
    --------
    >>> Script((Change("speed", 3.6, 100.0, 200.0),)).changes_of("speed", 400.0)
    [(100.0, 3.6), (300.0, 3.6)]
    """

    changes: tuple[Change, ...] = ()
    happenings: tuple[Happening, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes or self.happenings)

    def changes_of(self, key: str, run_s: float) -> list[tuple[float, float | str]]:
        """Times and values of a key within a run of so many seconds, in order.

        Raises
        ------
        ParameterError
            When two fall on the same time, or there are far too many.
        """
        found = [
            (time_s, change.value)
            for change in self.changes
            if change.key == key
            for time_s in _repeated(key, change.time_s, change.every_s, run_s)
        ]
        found.sort(key=lambda entry: entry[0])
        for (time_s, _), (after_s, value) in pairwise(found):
            if after_s == time_s:
                raise ParameterError(key, f"{value}@{after_s:g}", "one value at each time")
        return found

    def breaks(self, run_s: float) -> list[tuple[str, float, float]]:
        """Kind, start and end, s of the run, of the breaks in order.

        Raises
        ------
        ParameterError
            When a break is too short, overlaps another, leaves too little running, or is not within
            the run.
        """
        found = [
            (happening.kind, start_s, start_s + happening.duration_s)
            for happening in self.happenings
            if happening.kind in BREAKS
            for start_s in _repeated(happening.kind, happening.start_s, happening.every_s, run_s)
            # a repetition that the end would cut is left out
            if start_s == happening.start_s or start_s + happening.duration_s <= run_s - LEAST_RUN_S
        ]
        found.sort(key=lambda entry: entry[1])
        last_end_s = 0.0
        for number, (kind, start_s, end_s) in enumerate(found):
            text = f"{start_s:g}+{end_s - start_s:g}"
            if end_s - start_s < LEAST_BREAK_S:
                raise ParameterError(kind, text, f"a break of {LEAST_BREAK_S:g} s or more")
            follows = number > 0 and start_s == last_end_s
            if start_s - last_end_s < LEAST_RUN_S and not follows:
                raise ParameterError(
                    kind,
                    text,
                    f"a start {LEAST_RUN_S:g} s or more after {last_end_s:g} s, when the run "
                    f"{'goes on' if number else 'begins'}, so that breaks do not overlap",
                )
            if end_s > run_s - LEAST_RUN_S:
                raise ParameterError(
                    kind, text, f"an end {LEAST_RUN_S:g} s or more before the run's, {run_s:g} s"
                )
            last_end_s = end_s
        return found

    def spans(self, kind: str, run_s: float) -> list[tuple[float, float, float]]:
        """Start, end and value of the bends or creeps that begin within the run, in order.

        Raises
        ------
        ParameterError
            When two overlap.
        """
        found = sorted(
            (start_s, start_s + happening.duration_s, happening.value)
            for happening in self.happenings
            if happening.kind == kind
            for start_s in _repeated(kind, happening.start_s, happening.every_s, run_s)
        )
        for (_, end_s, _), (start_s, after_s, value) in pairwise(found):
            if start_s < end_s:
                text = f"{value:g}@{start_s:g}+{after_s - start_s:g}"
                raise ParameterError(kind, text, f"a start at {end_s:g} s or later")
        return found


def _repeated(key: str, start_s: float, every_s: float, run_s: float) -> list[float]:
    if every_s <= 0.0:
        return [start_s]
    count = max(1, int((run_s - start_s) / every_s) + 1)
    if count > _MOST_ENTRIES:
        raise ParameterError(key, f"…/{every_s:g}", f"at most {_MOST_ENTRIES} repetitions")
    return [start_s + i * every_s for i in range(count) if i == 0 or start_s + i * every_s < run_s]


def parse_changes(
    key: str, text: str, read: Callable[[str, str], float | str]
) -> tuple[str, list[Change]]:
    """First value, as text (empty for none), and the changes that follow it.

    Parameters
    ----------
    key, text : str
        As ``speed`` and ``"3.0,3.6@300"``.
    read : callable
        Turns key and text into a value or raises.

    Raises
    ------
    ParameterError
        When an entry is no change; names the key and the entry.
    """
    first, changes = "", []
    for place, entry in enumerate(part.strip() for part in text.split(",")):
        value, at, when = entry.partition("@")
        if not at:
            if place:
                raise ParameterError(key, entry, _CHANGE_ACCEPTED)
            first = value
            continue
        when, repeats, period = when.partition("/")
        time_s = seconds_of(when, key, entry)
        every_s = seconds_of(period, key, entry) if repeats else 0.0
        if time_s == 0.0 and not repeats and not first:
            first = value
            continue
        if repeats and every_s < 1.0:
            raise ParameterError(key, entry, "a period of 1 s or more")
        changes.append(Change(key, read(key, value), time_s, every_s))
    return first, changes


def parse_happenings(kind: str, text: str) -> list[Happening]:
    """The happenings of a kind, of ``"120+30,400+10"`` or ``"36.5@20+29/100"``.

    Raises
    ------
    ParameterError
        When an entry has not that form; names the kind and the entry.
    """
    limits = HAPPENINGS[kind]
    form = "TIME+DURATION, such as 120+30" if limits is None else "VALUE@TIME+DURATION"
    found = []
    for entry in (part.strip() for part in text.split(",")):
        span, repeats, period = entry.partition("/")
        value, at, span = span.rpartition("@")
        start, plus, duration = span.partition("+")
        if not plus or bool(at) != (limits is not None):
            raise ParameterError(kind, entry, form)
        number = 0.0
        if limits is not None:
            number = _value(kind, value, entry, limits)
        every_s = seconds_of(period, kind, entry) if repeats else 0.0
        lasts_s = seconds_of(duration, kind, entry)
        if lasts_s < 1.0 or (repeats and every_s < lasts_s):
            raise ParameterError(kind, entry, "a duration of 1 s or more, and a period as long")
        found.append(Happening(kind, seconds_of(start, kind, entry), lasts_s, number, every_s))
    return found


def _value(kind: str, text: str, entry: str, limits: tuple[float, float, str]) -> float:
    low, high, unit = limits
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high or (kind == "bend" and abs(number) < _LEAST_RADIUS_M):
        raise ParameterError(kind, entry, f"a number from {low:g} to {high:g} {unit} before the @")
    return number


def read_script(path: str) -> list[tuple[str, str]]:
    """Keys and values, as in an address, of a TOML file: ``speed = "3.0,3.6@300"``.

    A list of texts is as good as one with commas.

    Raises
    ------
    ParameterError
        When the file cannot be read, is not TOML, or a value is neither text nor number.
    InputError
        When it is no text, too large or too deep, or a number or a key too long.
    """
    try:
        content = read_toml(path)
    except (OSError, ValueError) as error:  # what is not TOML is a ValueError
        reason = getattr(error, "strerror", None) or str(error)
        raise ParameterError("script", path, f"a TOML file that can be read ({reason})") from None
    pairs = []
    for key, value in content.items():
        entries = value if isinstance(value, list) else [value]
        if not entries or not all(
            isinstance(entry, str | int | float) and not isinstance(entry, bool)
            for entry in entries
        ):
            raise ParameterError(key, str(value), f"a number or a text in {path}")
        pairs.append((key, ",".join(str(entry) for entry in entries)))
    return pairs
