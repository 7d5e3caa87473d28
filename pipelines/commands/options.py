"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imu.errors import ParameterError
from pipelines.units import (
    bare_number,
    parse_height,
    parse_mass,
    parse_typed_height,
    parse_typed_mass,
)


def given_file(text: str) -> Path:
    """The path of a file that is given; an empty one would be the folder at hand.

    Raises
    ------
    ParameterError
        When nothing stands there.
    """
    if not text.strip():
        raise ParameterError("FILE", text, "the name of a file: nothing stands there")
    return Path(text)


def _given_mass(words: str) -> float:
    return (parse_mass if _in_doubt(words) else parse_typed_mass)(words, name="--mass")


def _given_height(words: str) -> float:
    return (parse_height if _in_doubt(words) else parse_typed_height)(words, name="--height")


def _in_doubt(words: str) -> bool:
    """Whether a number has no unit, and the runner's units are imperial: both may be meant."""
    if bare_number(words) is None:
        return False
    from pipelines.commands.journal.messages import tell_notes
    from pipelines.runner.journal.at_hand import JournalAtHand

    with JournalAtHand() as journal:
        units = journal.ask(lambda it: it.settings().units, "metric")
        tell_notes(journal.take_notes())
    return units == "imperial"


Axes = Annotated[
    str,
    typer.Option(
        help="Signed sensor axes that point forward, left and up, such as +x+y+z, or auto."
    ),
]
Mass = Annotated[
    float | None,
    typer.Option(
        help="Body mass, such as 70, '70 kg' or '154 lb'.", parser=_given_mass, metavar="MASS"
    ),
]
Height = Annotated[
    float | None,
    typer.Option(
        help="Height, such as 1.75, '1.75 m' or '5 ft 9 in'; the lumbar index needs it.",
        parser=_given_height,
        metavar="HEIGHT",
    ),
]
Rate = Annotated[float | None, typer.Option(help="Sample rate in Hz of a recording without times.")]
Columns = Annotated[
    str,
    typer.Option(
        help="What the columns are, in their order, - for one to pass over: "
        "time_s,acc_x_g,acc_y_g,acc_z_g,-; auto forgets what you stated of earlier such files."
    ),
]
Units = Annotated[
    str, typer.Option(help="Units that go before what the file says: acc=g,gyr=deg_s,time=ms.")
]
Stream = Annotated[
    str, typer.Option(help="Name of the sensor that is meant, of several in one file.")
]
Beside = Annotated[
    Path | None,
    typer.Option(
        "--with", help="A second file of the same recording, with the other sensor; joined by time."
    ),
]
BaselineFile = Annotated[
    Path | None,
    typer.Option("--baseline", help="Baseline of an earlier run: the --summary of its replay."),
]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="How changes are found and told (.toml).")
]
# of a unit that is measured
JunitFile = Annotated[Path | None, typer.Option(help="JUnit report to write.")]
JsonFile = Annotated[Path | None, typer.Option(help="JSON report to write.")]
# of a run in the journal
RunDistance = Annotated[str, typer.Option(help="Distance run, such as '5 km'.")]
TreadmillDistance = Annotated[str, typer.Option(help="Distance the treadmill showed.")]
RunSpeed = Annotated[str, typer.Option(help="The treadmill's speed, such as '10 km/h'.")]
RunSurface = Annotated[str, typer.Option(help="Surface, a word.")]
RunShoe = Annotated[str, typer.Option(help="Name of the shoe.")]
Note = Annotated[str, typer.Option(help="Your own words.")]
