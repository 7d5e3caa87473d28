"""How long a test waits before it calls something hung: never how fast anything has to be."""

from __future__ import annotations

from typing import Final

#: Far longer than anything here takes on a machine that is busy with ten other things, s; shorter
#: than the limit of pytest itself, which tells less.
HANG_S: Final = 240.0
