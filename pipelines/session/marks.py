"""Marks: what a runner or a program says during a session, each kind a record of its own.

A mark is made from people's words (:func:`mark_from_words`, which refuses in one sentence what
makes no sense), or from a log (:func:`mark_from_log` for those that hold kind and value as text,
:func:`~pipelines.session.json_form.from_plain` for later ones). In both places ranges are checked;
code that works on marks does not check them again, and compares no text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal, cast

import msgspec

from devices.records import Record
from imu.errors import ParameterError
from pipelines.units import FASTEST_M_S, parse_distance, parse_slope, parse_speed

#: When pain was felt; empty: as the time of the mark tells.
PainMoment = Literal["before", "during", "after", ""]

_STEEPEST_DEG: Final = 22.0  # a little more than 40 %
_LONGEST_WORDS: Final = 100

Words = Annotated[str, msgspec.Meta(max_length=_LONGEST_WORDS)]


class Mark(msgspec.Struct, frozen=True, tag_field="kind"):
    """Something that was said; each of the classes that follow is a kind of it."""


class Surface(Mark, frozen=True, tag="surface"):
    """What is run on from here, in the runner's own word; empty: not said."""

    name: Words


class Shoe(Mark, frozen=True, tag="shoe"):
    """The shoe, by the runner's own name for it; empty: not said."""

    name: Words


class Speed(Mark, frozen=True, tag="speed"):
    """The speed from here on, m/s: 0 for a belt that stands, None where it is not known."""

    speed_m_s: Annotated[float, msgspec.Meta(ge=0.0, le=FASTEST_M_S)] | None


class Slope(Mark, frozen=True, tag="slope"):
    """The slope from here on, degrees, positive uphill; None where it is not known."""

    slope_deg: Annotated[float, msgspec.Meta(ge=-_STEEPEST_DEG, le=_STEEPEST_DEG)] | None


class Distance(Mark, frozen=True, tag="distance"):
    """The distance covered so far, m."""

    distance_m: Annotated[float, msgspec.Meta(ge=0.0, le=500_000.0)]


class Pain(Mark, frozen=True, tag="pain"):
    """Pain: 0 (none) to 10, when it was felt, and the runner's words for the place.

    ``noted``: it was written into the journal by another program, and is there already, with the
    words for its ``feeling`` and for what it came with, ``beside``.
    """

    level: Annotated[int, msgspec.Meta(ge=0, le=10)]
    moment: PainMoment = ""
    place: Words = ""
    noted: bool = False
    feeling: Words = ""
    beside: Words = ""


class Neutral(Mark, frozen=True, tag="neutral"):
    """The runner stands upright and still."""


class Reseat(Mark, frozen=True, tag="reseat"):
    """The sensor was moved."""


class Pause(Mark, frozen=True, tag="pause"):
    """Nothing is judged from here on; it is recorded."""


class Resume(Mark, frozen=True, tag="resume"):
    """Judge again."""


class RedFlags(Mark, frozen=True, tag="red_flags"):
    """The questions of :data:`pipelines.coaching.training.red_flags.QUESTIONS`, all of them asked.

    Attributes
    ----------
    answers : tuple of str
        Names of those answered with yes.
    cleared : bool
        Whether a professional has said that running may go on.
    """

    answers: tuple[str, ...] = ()
    cleared: bool = False


class Told(Mark, frozen=True, tag="told"):
    """A cue that the companion told, in logs of which it was no part: it used up the budget."""

    text_id: str


class Coaching(Mark, frozen=True, tag="coaching"):
    """Whether a red flag stood before the run, in logs whose header does not say so."""

    stopped: bool


class Unknown(Mark, frozen=True, tag="unknown"):
    """A mark that this version cannot read: what it was called, and what it said."""

    name: str
    value: str = ""


#: By the name under which a mark is written.
MARKS: Final = {str(kind.__struct_config__.tag): kind for kind in Mark.__subclasses__()}


@dataclass(frozen=True, slots=True)
class LoggedMark:
    """A mark in its place in the log, stamped as a packet is."""

    arrival_ns: int
    mark: Mark


#: A session's log, in the order in which everything happened: what came from its sensor and from
#: the devices beside it, and what was said.
SessionRecord = Record | LoggedMark


def mark_from_words(kind: str, words: str = "") -> Mark:
    """A mark from what a person typed or pressed.

    Parameters
    ----------
    kind : str
        One of :data:`MARK_KINDS`.
    words : str
        What it says, with its unit.

    Raises
    ------
    ParameterError
        When the kind is unknown, or the words say nothing that can be.

    Examples
    --------
    >>> mark_from_words("speed", "9 km/h"), mark_from_words("speed", "0.0 km/h")
    (Speed(speed_m_s=2.5), Speed(speed_m_s=0.0))
    >>> mark_from_words("pain", "4 before left hip")
    Pain(level=4, moment='before', place='left hip', noted=False, feeling='', beside='')
    >>> mark_from_words("slope", "steep")
    Traceback (most recent call last):
    ...
    imu.errors.ParameterError: slope is 'steep': give a slope from -40 to 40 % with its unit, \
such as '2 %', '-3 %' downhill or '2 deg'.
    """
    if kind not in _FROM_WORDS:
        raise ParameterError("mark", kind, "one of " + ", ".join(MARK_KINDS))
    return _FROM_WORDS[kind](words, kind)


def mark_from_log(kind: str, value: str) -> Mark:
    """A mark from a log that holds it as text; what cannot be read is :class:`Unknown`.

    Examples
    --------
    >>> mark_from_log("speed", "fast"), mark_from_log("told", "cool_down.walk")
    (Unknown(name='speed', value='fast'), Told(text_id='cool_down.walk'))
    """
    if kind == "told":
        return Told(value)
    if kind == "coaching":
        return Coaching(value == "stopped")
    try:
        return mark_from_words(kind, value)
    except ParameterError:
        return Unknown(kind, value)


def one_line(words: str) -> str:
    r"""Words as they are kept: one printable line of at most 100 characters.

    Examples
    --------
    >>> one_line(" old\ntrack ")
    'oldtrack'
    """
    return "".join(x for x in words if x.isprintable()).strip()[:_LONGEST_WORDS]


_PAIN: Final = re.compile(r"\s*(10|\d)\s*(before|during|after)?\b\s*(.*)", re.ASCII | re.DOTALL)
_STANDS: Final = re.compile(r"0+([.,]0*)?(\s|$)")


def _is_unknown(words: str) -> bool:
    return words.strip().lower() in {"", "unknown"}


def _speed(words: str, name: str) -> Mark:
    if _is_unknown(words):
        return Speed(None)
    return Speed(0.0 if _STANDS.match(words.strip()) else parse_speed(words.strip(), name))


def _slope(words: str, name: str) -> Mark:
    return Slope(None if _is_unknown(words) else parse_slope(words, name))


def _pain(words: str, name: str) -> Mark:
    found = _PAIN.fullmatch(words)
    if found is None:
        raise ParameterError(name, words, "a level from 0 to 10, such as '4 before left hip'")
    return Pain(int(found[1]), cast(PainMoment, found[2] or ""), one_line(found[3]))


def _red_flags(words: str, name: str) -> Mark:
    del name
    names = [item.strip() for item in words.split(",")]
    yes = tuple(item for item in names if item not in {"", "none", "cleared"})
    return RedFlags(yes, "cleared" in names)


def _always(mark: Mark) -> Callable[[str, str], Mark]:
    return lambda _words, _name: mark


_FROM_WORDS: Final[dict[str, Callable[[str, str], Mark]]] = {
    "distance": lambda words, name: Distance(parse_distance(words, name)),
    "neutral": _always(Neutral()),
    "pain": _pain,
    "pause": _always(Pause()),
    "red_flags": _red_flags,
    "reseat": _always(Reseat()),
    "resume": _always(Resume()),
    "shoe": lambda words, _name: Shoe(one_line(words)),
    "slope": _slope,
    "speed": _speed,
    "surface": lambda words, _name: Surface(one_line(words)),
}

#: What people may mark.
MARK_KINDS: Final = tuple(_FROM_WORDS)
