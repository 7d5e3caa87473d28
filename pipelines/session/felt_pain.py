"""Pain as it was marked in a session, for whoever needs no more of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["FeltPain"]


@dataclass(frozen=True, slots=True)
class FeltPain:
    """Pain as rated in a session: level 0 to 10, when, and the runner's words for the place."""

    time_s: float
    level: int
    when: Literal["before", "during", "after"]
    place: str = ""
