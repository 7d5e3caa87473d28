"""Text in the cells of a terminal: made harmless, measured, cut, wrapped, spelled in ASCII."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.text import Text

#: Pieces of text, each with its style.
Line = list[tuple[str, str]]

_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,:]\d+)*")
_TO_ASCII: Final = str.maketrans({"°": " deg", "·": "-", "–": "-", "−": "-", "…": "~"})


def printable(text: str) -> str:
    """Text from devices and files without anything that could steer a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def capital(text: str) -> str:
    """The text with a capital at its beginning; the rest as it is."""
    return text[:1].upper() + text[1:]


def cells_wide(text: str) -> int:
    """Cells that a text takes; some signs take two.

    Examples
    --------
    >>> cells_wide("5 °"), cells_wide("走")
    (3, 2)
    """
    from rich.cells import cell_len

    return cell_len(text)


def fit(text: str, width: int, *, pad: bool = False) -> str:
    """Cut to ``width`` cells, with an ellipsis where something is missing.

    A number is left out whole: a piece of it would be another.

    Examples
    --------
    >>> fit("learning your baseline: 18 of 40", 26)
    'learning your baseline:…'
    """
    from rich.cells import set_cell_size

    text = printable(text)
    if width <= 0:
        return ""
    if cells_wide(text) > width:
        kept = set_cell_size(text, width - 1)
        for number in _NUMBER.finditer(text):
            if number.start() < len(kept) < number.end():
                kept = kept[: number.start()]
        text = f"{kept.rstrip()}…"
    return set_cell_size(text, width) if pad else text


def cut(line: Line, width: int) -> Line:
    """Cut a line of pieces to ``width`` cells."""
    kept: Line = []
    for text, style in line:
        kept.append((fit(text, width), style))
        width -= cells_wide(kept[-1][0])
    return kept


def in_ascii(line: Line, width: int) -> Line:
    """Spell a line in ASCII, in at most ``width`` cells; what has no spelling becomes ``?``."""
    spelled = cut([(text.translate(_TO_ASCII), style) for text, style in line], width)
    return [
        (text.translate(_TO_ASCII).encode("ascii", "replace").decode(), style)
        for text, style in spelled
    ]


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells, broken at spaces where there are any."""
    rows: list[str] = []
    text = re.sub(r"(\d+) of (\d+)", "\\1\N{NO-BREAK SPACE}of\N{NO-BREAK SPACE}\\2", text)
    text = re.sub(r"(\d) %", "\\1\N{NO-BREAK SPACE}%", text)
    for kept in textwrap.wrap(text, max(1, width)) or [""]:
        row = kept.replace("\N{NO-BREAK SPACE}", " ")
        if cells_wide(row) <= width:
            rows.append(row)
        else:  # signs two cells wide
            rows += textwrap.wrap(row, max(1, width // 2))
    return rows


def in_rows(pieces: Sequence[str], width: int) -> list[str]:
    """Pieces side by side in rows of at most ``width`` cells; a piece is only cut where it must.

    Examples
    --------
    >>> in_rows(["cadence 166 /min", "contact 232 ms", "flight 128 ms"], 36)
    ['cadence 166 /min · contact 232 ms', 'flight 128 ms']
    """
    rows: list[str] = []
    for piece in pieces:
        longer = f"{rows[-1]} · {piece}" if rows else piece
        if rows and cells_wide(longer) <= width:
            rows[-1] = longer
        else:
            rows.append(fit(piece, width))
    return rows


def rich_text(lines: Sequence[Line]) -> Text:
    """Lines as one styled text that a console prints."""
    from rich.text import Text

    text = Text(no_wrap=True, overflow="crop")
    for number, line in enumerate(lines):
        text.append("\n" if number else "")
        for piece, style in line:
            text.append(piece, style)
    return text
