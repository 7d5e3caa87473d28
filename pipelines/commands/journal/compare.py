"""``backstride journal compare``."""

from __future__ import annotations

from typing import Annotated

import typer

from imu.errors import ParameterError
from pipelines.coaching.training.comparisons import comparison_cues
from pipelines.commands.journal.messages import opened_journal, say_cues
from pipelines.runner.journal.queries import runs_by_shoe, runs_by_surface


def compare(
    kind: Annotated[str, typer.Argument(help="surface or shoe.")],
    first: Annotated[str, typer.Argument(help="The one to start from.")],
    second: Annotated[str, typer.Argument(help="The other one.")],
) -> None:
    """Compare two surfaces, or the runs before and after a change of shoes."""
    if kind not in {"surface", "shoe"}:
        raise ParameterError("KIND", kind, "surface or shoe")
    if first == second:
        raise ParameterError("SECOND", second, f"another {kind} than the first")
    with opened_journal() as journal:
        runs = runs_by_surface(journal) if kind == "surface" else runs_by_shoe(journal)
    say_cues(comparison_cues(runs, first, second, before_and_after=kind == "shoe"))
