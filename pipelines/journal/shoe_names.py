"""Names of shoes: whether the journal knows the one that a run is to be tagged with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from imu.errors import BackstrideError

if TYPE_CHECKING:
    from pipelines.journal.database import Journal

__all__ = ["shoe_number", "unknown_shoe_note"]


def shoe_number(journal: Journal, name: str) -> int | None:
    """The number of the shoe in use that has a name; it is added when there is none.

    Parameters
    ----------
    journal : Journal
        Open.
    name : str
        Empty for no shoe, which has no number.
    """
    from pipelines.journal.entries import Shoe

    if not name:
        return None
    for shoe in journal.entries(Shoe, "retired IS NULL"):
        if shoe.name == name:
            return shoe.identifier
    return journal.add(Shoe(name))


def unknown_shoe_note(name: str, path: Path | None = None, *, filed: bool = True) -> str:
    """Say before a run that its shoe is new to the journal; a slip of the pen shows at once.

    Parameters
    ----------
    name : str
        As the user wrote it.
    path : Path, optional
        The journal; the user's own by default. None is created.
    filed : bool
        Whether the run goes into the journal at its end, which adds the shoe.

    Returns
    -------
    str
        One sentence; empty when the shoe is known, none is named, or the journal is in trouble,
        which is told elsewhere.
    """
    from pipelines.journal.database import Journal, journal_path
    from pipelines.journal.entries import Shoe

    wanted = "".join(character for character in name if character.isprintable()).strip()
    if not wanted:
        return ""
    place = journal_path() if path is None else path
    known: list[str] = []
    if place.exists():
        try:
            with Journal(place, busy_s=0.5) as journal:
                known = [shoe.name for shoe in journal.entries(Shoe, "retired IS NULL")]
        except BackstrideError:
            return ""
    if wanted in known:
        return ""
    others = f" (it has {', '.join(known)})" if known else ""
    command = f'backstride journal shoe "{wanted}"'
    if filed:
        return (
            f"your journal has no shoe {wanted!r} yet{others}: this run adds it, and "
            f"{command} --start '120 km' tells what it had run before."
        )
    return f"your journal has no shoe {wanted!r} yet{others}: add it with: {command}."
