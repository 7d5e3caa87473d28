"""Text of a file that somebody wrote by hand, and that has no business being large."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_MOST_BYTES: Final = 1_000_000


def short_text(path: str | Path) -> str:
    """The text of a file.

    Raises
    ------
    OSError
        When the system refuses it.
    ValueError
        When it is longer than any script or plan, or not UTF-8.
    """
    with Path(path).open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"it is larger than {_MOST_BYTES / 1e6:g} MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not text") from None
