"""Surfaces and shoes for the run that begins: what the journal knows of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Session, Shoe
from pipelines.runner.journal.shoe_names import retired_shoe, shoe_of_day

#: The surface whose speed and slope can be read off.
TREADMILL: Final = "treadmill"
#: What may be run on.
SURFACES: Final = ("concrete", "asphalt", "track", TREADMILL, "trail", "grass")
_LONGEST_SHOE: Final = 60


@dataclass(frozen=True, slots=True)
class KnownTags:
    """What a run may be tagged with.

    Attributes
    ----------
    surface, shoe : str
        Of the last run; empty where not said, and where the shoe is in use no more.
    shoes : tuple of str
        Names of those in use.
    """

    surface: str = ""
    shoe: str = ""
    shoes: tuple[str, ...] = ()


def shoe_name(shoe: str | None) -> str:
    """The name of a shoe as it is marked: printable, and not longer than a line."""
    printed = "".join(x if x.isprintable() else " " for x in shoe or "")
    return " ".join(printed.split())[:_LONGEST_SHOE]


def known_tags(journal: Journal) -> KnownTags:
    """The tags that the journal knows."""
    in_use = {shoe.identifier: shoe.name for shoe in journal.entries(Shoe, "retired IS NULL")}
    last = journal.entries(Session, newest=1)
    shoes = tuple(dict.fromkeys(in_use.values()))
    if not last:
        return KnownTags(shoes=shoes)
    return KnownTags(last[0].surface, in_use.get(last[0].shoe_id, ""), shoes)


def unknown_shoe_note(
    journal: JournalAtHand, name: str, *, filed: bool = True, day: date | None = None
) -> str:
    """Say before a run that its shoe is new to the journal, or retired; a slip shows at once.

    Parameters
    ----------
    journal : JournalAtHand
        That of the program; none is created.
    name : str
        As the user wrote it.
    filed : bool
        Whether the run goes into the journal at its end, which adds the shoe.
    day : date, optional
        Of the run, today by default; a shoe retired since may have been worn.

    Returns
    -------
    str
        One sentence; empty when the shoe is in use, none is named, or the journal is in trouble,
        which is told elsewhere.
    """
    wanted = "".join(character for character in name if character.isprintable()).strip()
    if not wanted:
        return ""
    worn_on = date.today() if day is None else day
    known, retired, worn = journal.ask(
        lambda it: (
            _shoes_in_use(it),
            retired_shoe(it, wanted),
            shoe_of_day(it, wanted, worn_on),
        ),
        ([], None, None),
    )
    if worn is not None and worn.retired == worn_on:
        return (
            f"your shoe {wanted!r} was retired on the day of this run, which still counts for it; "
            "where the pair is in use again, bring it back in your journal."
        )
    if journal.trouble or worn is not None:
        return ""
    others = f" (it has {', '.join(known)})" if known else ""
    if retired is not None:
        return (
            f"your shoe {wanted!r} is retired since {retired.retired}: bring it back in your "
            f"journal{', else this run adds a second pair of that name' if filed else ''}."
        )
    if filed:
        return (
            f"your journal has no shoe {wanted!r} yet{others}: this run adds it; say there what it "
            "had run before."
        )
    return (
        f"your journal has no shoe {wanted!r} yet{others}: add it there, so that its distance is "
        "counted."
    )


def _shoes_in_use(journal: Journal) -> list[str]:
    return [shoe.name for shoe in journal.entries(Shoe, "retired IS NULL")]
