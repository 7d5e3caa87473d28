"""``backstride journal settings``."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from pipelines.coaching.training.cues import Cue
from pipelines.commands.checks import as_options
from pipelines.commands.journal.messages import opened_journal
from pipelines.commands.messages import say
from pipelines.runner.journal.words import settings_lines
from pipelines.units import (
    parse_distance,
    parse_height,
    parse_mass,
    parse_typed_height,
    parse_typed_mass,
)

#: Said of what is to be known no more.
_NONE = "none"
#: The option of a setting whose name is another.
_OPTIONS: Final = {
    "strength_days": "--strength",
    "stretches_per_day": "--stretches",
    "highest_heart_rate_bpm": "--highest-pulse",
}


def settings(
    height: Annotated[
        str, typer.Option(help="Such as '1.75 m' or '5 ft 9 in'; 'none' forgets it.")
    ] = "",
    mass: Annotated[str, typer.Option(help="Such as '70 kg' or '154 lb'; 'none' forgets it.")] = "",
    units: Annotated[str, typer.Option(help="metric or imperial.")] = "",
    ceiling: Annotated[str, typer.Option(help="Weekly distance, or 'default': 2 miles more.")] = "",
    strength: Annotated[int | None, typer.Option(help="Strength days a week.")] = None,
    stretches: Annotated[int | None, typer.Option(help="Stretches a day.")] = None,
    highest_pulse: Annotated[
        int | None,
        typer.Option(
            help="Highest heart rate that you know of yourself, beats a minute; 0 forgets it."
        ),
    ] = None,
) -> None:
    """Show or change your settings."""
    changes: dict[str, object] = {}
    if units:
        changes["units"] = units
    if ceiling:
        own = None if ceiling == "default" else parse_distance(ceiling, "--ceiling")
        changes["weekly_ceiling_m"] = own
    if strength is not None:
        changes["strength_days"] = strength
    if stretches is not None:
        changes["stretches_per_day"] = stretches
    if highest_pulse is not None:
        changes["highest_heart_rate_bpm"] = highest_pulse or None
    with opened_journal() as journal, as_options(_OPTIONS):
        # a number alone may be meant in those units, or in kg and cm
        in_doubt = (units or journal.settings().units) == "imperial"
        if height:
            read = parse_height if in_doubt else parse_typed_height
            changes["height_m"] = None if height == _NONE else read(height, name="--height")
        if mass:
            read = parse_mass if in_doubt else parse_typed_mass
            changes["mass_kg"] = None if mass == _NONE else read(mass, name="--mass")
        now = journal.change_settings(**changes) if changes else journal.settings()
        path = journal.path
    for line in settings_lines(now):
        say(line)
    say(f"journal           {path}")
    if now.weekly_ceiling_m is None:
        say(f"note: {Cue('weekly.why').message}")
