"""What the last letter to a physiotherapist said: the next one compares with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipelines.files.stored import Store


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What the last letter said, for the next one to compare with.

    Attributes
    ----------
    day : str
        ISO date of its last day.
    runs : int
        In its four weeks.
    distance_m : float, optional
        Sum of known distances, m; None where runs have none.
    worst_pain : int, optional
        The highest rating.
    means : dict of str to float
        Mean over the runs by column.
    """

    day: str
    runs: int
    distance_m: float | None
    worst_pain: int | None = None
    means: dict[str, float] = field(default_factory=dict)


def handed_over_store(folder: Path) -> Store[HandedOver]:
    """Where the summary of the last letter is kept."""
    return Store(
        folder / "last_letter.json",
        HandedOver,
        version=1,
        what="what your last letter said",
        then="the next letter compares with nothing",
    )
