"""Shoes by name: the number of one in the journal, where it is added when it is new."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pipelines.runner.journal.entries import Shoe

if TYPE_CHECKING:
    from pipelines.runner.journal.database import Journal


def retired_shoe(journal: Journal, name: str) -> Shoe | None:
    """The retired shoe of a name, the last one where there are several; None without one."""
    alike = "name = ? COLLATE NOCASE AND retired IS NOT NULL"
    found = journal.entries(Shoe, alike, (name,), newest=1)
    return found[0] if found else None


def shoe_in_use(journal: Journal, name: str) -> Shoe | None:
    """The shoe in use that has a name, in whatever case; None without one."""
    found = journal.entries(Shoe, "name = ? COLLATE NOCASE AND retired IS NULL", (name,))
    return found[0] if found else None


def shoe_of_day(journal: Journal, name: str, day: date) -> Shoe | None:
    """The shoe of a name that a run of a day may be in: that in use, else one retired since."""
    retired = retired_shoe(journal, name)
    since = retired is not None and retired.retired is not None and retired.retired >= day
    return shoe_in_use(journal, name) or (retired if since else None)


def shoe_number(journal: Journal, name: str, day: date) -> int | None:
    """The number of the shoe of a name that a run of a day may be in; one is added without any.

    Parameters
    ----------
    journal : Journal
        Open.
    name : str
        Empty for no shoe, which has no number.
    day : date
        Of the run.
    """
    if not name:
        return None
    known = shoe_of_day(journal, name, day)
    return journal.add(Shoe(name)) if known is None else known.identifier
