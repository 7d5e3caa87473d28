"""Pain as it was marked in a session, for whoever needs no more of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from pipelines.coaching.training.traffic_light import Rated

#: A rating so long after the last step is one after the run, s.
_AFTER_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class FeltPain:
    """Pain as rated in a session: level 0 to 10, when, and the runner's words for the place.

    ``noted``: the journal has it already, from another program.
    """

    time_s: float
    level: int
    when: Literal["before", "during", "after"]
    place: str = ""
    noted: bool = False


class Felt(msgspec.Struct, frozen=True):
    """Pain in a run up to now, for the session that goes on with it.

    Attributes
    ----------
    ratings : tuple of Rated
        In order.
    asked : bool
        Whether one of them called for the questions about red flags.
    stopped : bool
        Whether one of them has ended the run.
    """

    ratings: tuple[Rated, ...] = ()
    asked: bool = False
    stopped: bool = False


def moment_of(
    time_s: float, first_contact_s: float, last_contact_s: float
) -> Literal["before", "during", "after"]:
    """When in a session pain was rated whose moment nobody said; infinite contacts: nobody ran.

    Examples
    --------
    >>> [moment_of(time_s, 10.0, 600.0) for time_s in (5.0, 610.0, 640.0)]
    ['before', 'during', 'after']
    """
    if time_s < first_contact_s:
        return "before"
    return "after" if time_s > last_contact_s + _AFTER_S else "during"
