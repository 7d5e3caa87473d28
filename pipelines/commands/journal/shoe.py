"""``backstride journal shoe``: pairs of shoes, what they have run, and which are in use."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Final

import typer

from imu.errors import ParameterError
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.shoes import shoe_cue
from pipelines.commands.journal.messages import opened_journal
from pipelines.commands.messages import say
from pipelines.runner.journal.arguments import day_of
from pipelines.runner.journal.entries import Shoe
from pipelines.runner.journal.queries import odometers_m, unmeasured_runs
from pipelines.runner.journal.shoe_names import retired_shoe, shoe_in_use
from pipelines.runner.journal.tags import shoe_name
from pipelines.runner.journal.words import odometer_words
from pipelines.units import parse_distance

#: That a shoe may have run, m.
_MOST_M: Final = 50_000_000.0


def shoe(
    name: Annotated[str, typer.Argument(help="Name; none lists all.")] = "",
    bought: Annotated[str, typer.Option(help="Day, such as 2026-03-02.")] = "",
    start: Annotated[str, typer.Option(help="Distance it has already, such as '120 km'.")] = "",
    retire: Annotated[bool, typer.Option("--retire", help="It is not used any more.")] = False,
    back: Annotated[bool, typer.Option("--back", help="A retired one is used again.")] = False,
) -> None:
    """Add, correct, retire, bring back or list shoes."""
    if not name and (retire or back or start or bought):
        raise ParameterError("NAME", "none", "the name of the shoe; without one all are listed")
    if retire and back:
        raise ParameterError("--back", True, "it or --retire, not both")
    if back and (start or bought):
        raise ParameterError("--back", True, "it alone, and correct --start and --bought after it")
    if retire and (start or bought):
        raise ParameterError("--retire", True, "it alone, or first correct --start and --bought")
    name = shoe_name(name)
    with opened_journal() as journal:
        if name:
            found = shoe_in_use(journal, name)
            if retire:
                if found is None:
                    raise ParameterError("NAME", name, "the name of a shoe in use")
                journal.replace(replace(found, retired=date.today()))
            elif back:
                given_up = retired_shoe(journal, name)
                if given_up is None or found:
                    accepted = "the name of a retired shoe; this one is in use"
                    if not found:
                        accepted = "the name of a retired shoe, which 'journal shoe' lists"
                    raise ParameterError("NAME", name, accepted)
                journal.replace(replace(given_up, retired=None))
            elif found and not (start or bought):
                raise ParameterError(
                    "NAME", name, f"a new pair another name: {found.name!r} is in use already"
                )
            elif not found and retired_shoe(journal, name) is not None:
                raise ParameterError(
                    "NAME",
                    name,
                    "a new pair another name, such as "
                    f"{f'{name} 2'!r}: this one is retired, and --back brings it back",
                )
            else:
                pair = found or Shoe(name)
                start_km = pair.start_km
                if start:
                    start_km = (
                        parse_distance(start, "--start", most_m=_MOST_M, may_be_0=True) / 1000.0
                    )
                pair = replace(
                    pair, bought=day_of(bought, "--bought") or pair.bought, start_km=start_km
                )
                if found:
                    journal.replace(pair)
                else:
                    journal.add(pair)
                    say(Cue("words.shoe_fit").message)
        units = journal.settings().units
        distances, unmeasured = odometers_m(journal), unmeasured_runs(journal)
        shoes = journal.entries(Shoe)
    for item in shoes:
        distance_m = distances[item.identifier or 0]
        state = f"  retired {item.retired}" if item.retired else ""
        words = odometer_words(distance_m, unmeasured.get(item.identifier or 0, 0), units)
        say(f"{item.name:<24} {words:>12}{state}")
        worn = None if item.retired else shoe_cue(item.name, distance_m, units)
        if worn is not None:
            say(f"  {worn.message}")
    if not shoes:
        say("no shoes yet; add one with: backstride journal shoe NAME")
