"""WitMotion: the text that its program and its app record.

``Time(s) ax(g) ay(g) az(g) wx(deg/s) …`` under a line ``StartTime: …``, with tabs; newer ones
``time, DeviceName, …, Acceleration X(g), …, Angular velocity X(°/s)``. With several sensors in one
table their rows take turns.
"""

from __future__ import annotations

from typing import Final

from pipelines.files.formats.format import TextFormat
from pipelines.files.reading.raw_columns import RawColumns


def _refine(raw: RawColumns) -> RawColumns | None:
    names = [name.lower().replace(" ", "") for name in raw.names]
    older = "ax(g)" in names and "wx(deg/s)" in names
    newer = "devicename" in names and any(n.startswith(("accelerationx(", "accx(")) for n in names)
    return raw if older or newer else None


WITMOTION_TEXT: Final = TextFormat(
    "WitMotion (text)", "`.txt`, `.csv` of the program", False, _refine, "one sensor a file"
)
