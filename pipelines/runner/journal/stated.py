"""What a runner says of a run, apart from what its recording gives."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.runner.journal.entries import DistanceSource


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance, m, and how it is known."""

    distance_m: float | None = None
    source: DistanceSource = ""


@dataclass(frozen=True, slots=True)
class Stated:
    """What the user says of a run when it is filed; empty and None leave it to the run itself."""

    distance: Distance | None = None
    surface: str = ""
    shoe: str = ""
    note: str = ""
    effort: int | None = None

    def over(self, earlier: Stated) -> Stated:
        """The same where something is said here, as earlier where not."""
        return Stated(
            earlier.distance if self.distance is None else self.distance,
            self.surface or earlier.surface,
            self.shoe or earlier.shoe,
            self.note or earlier.note,
            earlier.effort if self.effort is None else self.effort,
        )
