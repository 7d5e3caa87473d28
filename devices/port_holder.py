"""Who has a serial port open, as far as Linux tells."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

#: Looks at each new port whether there is a modem, and lets go of it: within half a minute.
MODEM_MANAGER: Final = "ModemManager"
_PROCESSES: Final = Path("/proc")


def holder_of(path: str, processes: Path = _PROCESSES) -> str:
    """The program that has a port open; empty where that cannot be told.

    Other users' programs do not show what they have open: where ModemManager runs, it is taken for
    the one.

    Examples
    --------
    >>> holder_of("/dev/ttyACM0", Path("/nowhere"))
    ''
    """
    names = {}
    port = Path(path).resolve()
    for process in processes.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            names[process] = (process / "comm").read_text().strip()
    for process, name in names.items():
        with contextlib.suppress(OSError):
            if any(each.resolve() == port for each in (process / "fd").iterdir()):
                return name
    return MODEM_MANAGER if MODEM_MANAGER in names.values() else ""
