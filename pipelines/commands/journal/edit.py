"""``backstride journal edit``."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from imu.errors import ParameterError
from pipelines.commands.journal.messages import opened_journal, say_session
from pipelines.commands.options import (
    Note,
    RunDistance,
    RunShoe,
    RunSpeed,
    RunSurface,
    TreadmillDistance,
)
from pipelines.runner.journal.recorded import AddOptions, stated_in
from pipelines.runner.journal.runs import edit_run
from pipelines.runner.journal.stated import SAID, Said, Stated


def edit(
    session: Annotated[int, typer.Argument(help="Number of a run, as 'journal list' shows it.")],
    distance: RunDistance = "",
    treadmill: TreadmillDistance = "",
    speed: RunSpeed = "",
    surface: RunSurface = "",
    shoe: RunShoe = "",
    note: Note = "",
    effort: Annotated[
        int | None, typer.Option(min=0, max=10, help="How hard it was, 0 (rest) to 10.")
    ] = None,
    forget: Annotated[
        list[str] | None,
        typer.Option(help=f"Take back {', '.join(SAID)}, one each time it is given."),
    ] = None,
) -> None:
    """Say otherwise what a run was; it stays said when the run is computed anew."""
    options = AddOptions(distance, treadmill, speed, surface, shoe, note=note)
    taken_back = frozenset(map(_sayable, forget or ()))
    with opened_journal() as journal:
        said = stated_in(options, journal, number=session)
        said = replace(said, effort=effort, taken_back=taken_back)
        if said == Stated():
            raise ParameterError("what to change", "none", "at least one of the options")
        say_session(edit_run(journal, session, said), journal)


def _sayable(words: str) -> Said:
    for one in SAID:
        if one == words:
            return one
    raise ParameterError("--forget", words, f"one of {', '.join(SAID)}")
