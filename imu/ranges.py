"""Ranges of parameters: each stands beside its field, and one function checks them all.

::

    @dataclass(frozen=True, slots=True)
    class Params(Checked):
        cool_off_s: Annotated[float, Within(0.0, 3600.0, "s")] = 300.0
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from numbers import Real
from types import UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from imu.errors import ParameterError

#: Of a text that is refused, in characters.
_LONGEST_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class Within:
    """What a number may be.

    Attributes
    ----------
    low, high : float
        Lowest and highest value.
    unit : str
        Said behind the range.
    above : bool
        Whether the lowest value itself is too low.
    even : bool
        Whether a whole number has to be even.
    said : str
        What is accepted, in words of its own.
    """

    low: float
    high: float
    unit: str = ""
    above: bool = False
    even: bool = False
    said: str = ""

    def holds(self, value: object, *, whole: bool) -> bool:
        """Whether a value is a number of the range; neither NaN nor a truth value is."""
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            return False
        inside = self.low < value <= self.high if self.above else self.low <= value <= self.high
        return inside and not (self.even and value % 2)

    def words(self, *, whole: bool) -> str:
        """What is accepted, behind "give".

        Examples
        --------
        >>> Within(0.0, 3600.0, "s").words(whole=False)
        'a number from 0 to 3600 s'
        >>> Within(0.0, 1.0, above=True).words(whole=False)
        'a number above 0, at most 1'
        """
        if self.said:
            return self.said
        kind = "an even whole number" if self.even else "a whole number" if whole else "a number"
        span = f"above {self.low:g}, at most" if self.above else f"from {self.low:g} to"
        high = f"{self.high:.0f}" if whole else f"{self.high:g}"
        return f"{kind} {span} {high} {self.unit}".rstrip()


def is_between(value: object, low: float, high: float) -> bool:
    """Whether a value is a number from one to the other, also one of numpy; a text is none.

    Examples
    --------
    >>> is_between(70, 20.0, 250.0), is_between("70", 20.0, 250.0), is_between(True, 0.0, 1.0)
    (True, False, False)
    """
    return isinstance(value, Real) and not isinstance(value, bool) and low <= float(value) <= high


@dataclass(frozen=True, slots=True)
class Longest:
    """One line of printable text: how long it may be, and whether it must not be empty."""

    characters: int
    filled: bool = False

    def holds(self, value: object) -> bool:
        """Whether a value is such a text."""
        if not isinstance(value, str) or len(value) > self.characters:
            return False
        # no control characters and no halves of characters; joiners inside an emoji are welcome
        odd = any(
            one < " " or "\x7f" <= one < "\xa0" or "\ud800" <= one < "\ue000" for one in value
        )
        return not odd and (not self.filled or bool(value.strip()))

    def words(self) -> str:
        """What is accepted, behind "give"."""
        filled = ", not empty" * self.filled
        return f"one line of printable text{filled}, at most {self.characters} characters"


class Allowed(NamedTuple):
    """What one field may hold: a rule for numbers or texts, or a choice; or nothing at all.

    ``named`` are words that may stand in place of a number.
    """

    rule: Within | Longest | tuple[Any, ...]
    whole: bool
    optional: bool
    named: tuple[str, ...] = ()

    def holds(self, value: object) -> bool:
        """Whether the field may hold a value."""
        if (value is None and self.optional) or value in self.named:
            return True
        if isinstance(self.rule, Within):
            return self.rule.holds(value, whole=self.whole)
        if isinstance(self.rule, Longest):
            return self.rule.holds(value)
        return value in self.rule

    @property
    def words(self) -> str:
        """What is accepted, behind "give"."""
        if isinstance(self.rule, Within):
            return ", or ".join((self.rule.words(whole=self.whole), *map(repr, self.named)))
        if isinstance(self.rule, Longest):
            return self.rule.words()
        return "one of " + ", ".join(str(choice) for choice in self.rule if choice != "")


@cache
def allowed_of(kind: type) -> Mapping[str, Allowed]:
    """What the fields of a class may hold, by name; fields without a rule are missing.

    A rule is ``Annotated[float, Within(…)]``, ``Annotated[str, Longest(…)]`` or ``Literal[…]``,
    each of them perhaps ``| None``; or the first with ``| Literal[…]``.
    """
    found = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        parts = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
        optional = type(None) in parts
        literals = (get_args(part) for part in parts if get_origin(part) is Literal)
        named = tuple(one for choices in literals for one in choices)
        if named:
            found[name] = Allowed(named, False, optional)
        for part in parts:
            number, *rules = get_args(part) if get_origin(part) is Annotated else (part,)
            for rule in rules:
                if isinstance(rule, Within | Longest):
                    found[name] = Allowed(rule, number is int, optional, named)
    return found


def check_ranges(params: Any) -> None:
    """Check the fields of a frozen record against the rules that stand in its annotations.

    Raises
    ------
    ParameterError
        Names the first field that does not fit, its value and what is accepted.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class Params:
    ...     share: Annotated[float, Within(0.0, 1.0)] = 0.5
    >>> check_ranges(Params(2.0))
    Traceback (most recent call last):
    ...
    imu.errors.ParameterError: share is 2.0: give a number from 0 to 1.
    """
    kind: Any = type(params)
    for name, allowed in allowed_of(kind).items():
        value = getattr(params, name)
        if not allowed.holds(value):
            long = isinstance(value, str) and len(value) > _LONGEST_SHOWN
            raise ParameterError(name, f"{value[:20]}…" if long else value, allowed.words)


class Checked:
    """A frozen dataclass whose fields are checked by :func:`check_ranges` when it is made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        check_ranges(self)
