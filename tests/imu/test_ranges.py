"""Ranges beside their fields: what is accepted, and what is said of anything else."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.errors import ParameterError
from imu.ranges import Longest, Within, check_ranges


@dataclass(frozen=True)
class Ranged:
    """One field of each kind."""

    share: Annotated[float, Within(0.0, 1.0, above=True)] = 0.5
    steps: Annotated[int, Within(4, 1000, even=True)] = 20
    height_m: Annotated[float, Within(1.0, 2.5, "m")] | None = None
    name: Annotated[str, Longest(10, filled=True)] = "x"
    units: Literal["", "metric", "imperial"] = ""
    free: str = ""

    def __post_init__(self) -> None:
        check_ranges(self)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("share", 0.0, "share is 0.0: give a number above 0, at most 1."),
        ("share", math.nan, "share is nan: give a number above 0, at most 1."),
        ("share", True, "share is True: give a number above 0, at most 1."),
        ("share", "1", "share is '1': give a number above 0, at most 1."),
        ("share", None, "share is None: give a number above 0, at most 1."),
        ("steps", 5, "steps is 5: give an even whole number from 4 to 1000."),
        ("steps", 6.0, "steps is 6.0: give an even whole number from 4 to 1000."),
        ("height_m", 3, "height_m is 3: give a number from 1 to 2.5 m."),
        ("name", " ", "name is ' ': give one line of printable text, not empty, at most 10"),
        ("name", "a\nb", "name is 'a\\nb': give one line of printable text"),
        ("name", "long" * 99, f"name is '{'long' * 5}…': give one line"),
        ("units", "miles", "units is 'miles': give one of metric, imperial."),
    ],
)
def test_what_does_not_fit_is_named_with_what_is_accepted(
    field: str, value: Any, said: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        Ranged(**{field: value})
    assert str(caught.value).startswith(said)
    assert caught.value.name == field


def test_what_fits_is_taken_as_it_is() -> None:
    assert Ranged(1, 4, 1, "ten 字 👩‍🚀", "metric", "\x00").height_m == 1
    assert Ranged(height_m=None) == Ranged()


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_is_held_exactly_within_its_ends(value: float) -> None:
    assert Within(-1.5, 2.0).holds(value, whole=False) == (-1.5 <= value <= 2.0)


@given(st.text(st.characters(), max_size=5))
def test_a_text_holds_no_control_characters_and_no_halves(text: str) -> None:
    odd = any(unicodedata.category(one) in {"Cc", "Cs"} for one in text)
    assert Longest(5).holds(text) == (not odd)
