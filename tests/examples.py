"""How many examples hypothesis looks at: few here, many where new ones are asked for."""

from __future__ import annotations

from typing import Final

from hypothesis import settings

#: Of a property that says no number; and how many times as many ``--hypothesis-profile=random``
#: looks at, of every property.
USUAL: Final = 40
MANY_TIMES: Final = 10


def few(count: int) -> int:
    """So many examples of a property that takes long; more in a profile that looks for more."""
    return max(1, count * settings().max_examples // USUAL)
