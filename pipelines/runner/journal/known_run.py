"""What the journal has of a run, laid over what its recording comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.runner.journal.entries import DistanceSource, Session, Shoe
from pipelines.runner.journal.queries import session_at, session_of_steps

if TYPE_CHECKING:
    from pipelines.runner.journal.database import Journal
    from pipelines.session.result import SessionResult


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run as it was recorded, or as the runner has said since.

    ``distance_m`` is None where no distance is known; surface and shoe are empty where not said.
    """

    distance_m: float | None = None
    distance_source: DistanceSource = ""
    surface: str = ""
    shoe: str = ""
    utc_start_ns: int = 0

    def laid_over(self, result: SessionResult) -> SessionResult:
        """What a recording comes to, with this in place of what was known while it went on."""
        source = self.distance_source
        said = "stated" if source == "user" or source == "mark" else source
        begun = result.begun(self.utc_start_ns)
        return begun.as_said(self.distance_m, said, self.surface, self.shoe)


def known_run(
    journal: Journal, result: SessionResult, number: int | None = None
) -> KnownRun | None:
    """What the journal has of the run of a number, else of a recording; None without.

    A recording is known by when it began, and one that does not say so by its steps.
    """
    if number is None:
        run = session_at(journal, result.header.utc_start_ns)
        run = run or session_of_steps(journal, len(result.steps), result.running_s)
    else:
        run = journal.entry(Session, number)
    if run is None:
        return None
    shoe = "" if run.shoe_id is None else journal.entry(Shoe, run.shoe_id).name
    return KnownRun(run.distance_m, run.distance_source, run.surface, shoe, run.utc_start_ns)
