"""The guide through a calibration: what to do now, what was seen, what is missing.

Lines that stay, in a terminal and in a pipe alike; in a terminal, below them, one line that lives.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from imu.calibration import FACES
from pipelines.sensors.calibrate import FACE_S, STAND_S, CalibrationStatus
from pipelines.views.terminal.cells import printable

if TYPE_CHECKING:
    from rich.status import Status

_WHAT_TO_DO = {
    "faces": f"lay the sensor still on each of its six sides, {FACE_S:g} s each; no key is needed.",
    "clip": "all six sides are seen: clip the sensor on as you wear it for running.",
    "stand": f"stand upright and still, as before a run, for {STAND_S:g} s.",
}


class CalibrationGuide:
    """Guide in a terminal, or as plain lines where the output is no terminal.

    Use it as a context manager around the calibration. An output that fails falls silent.

    Parameters
    ----------
    file : text file, optional
        Standard output by default.
    interactive : bool, optional
        Whether one line lives; by default what the output can do.
    """

    def __init__(self, file: IO[str] | None = None, *, interactive: bool | None = None) -> None:
        self._file = sys.stdout if file is None else file
        self._interactive = self._file.isatty() if interactive is None else interactive
        self._living: Status | None = None
        self._phase = self._hint = ""
        self._missing: tuple[str, ...] = FACES

    def __enter__(self) -> CalibrationGuide:
        if self._interactive:
            from rich.console import Console

            self._living = Console(file=self._file).status("", spinner="line")
            self._living.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._living is not None:
            with suppress(OSError):
                self._living.stop()

    def update(self, status: CalibrationStatus) -> None:
        """Show how far it is."""
        with suppress(OSError):
            for line in self._new_lines(status):
                self._say(line)
            if self._living is not None:
                self._living.update(printable(_alive(status)))

    def _new_lines(self, status: CalibrationStatus) -> list[str]:
        lines = []
        seen = [face for face in self._missing if face not in status.missing]
        if seen and self._phase == "faces":
            left = f"; missing: {' '.join(status.missing)}" if status.missing else ""
            lines.append(f"{' '.join(seen)} up: seen{left}")
        self._missing = status.missing
        if status.phase != self._phase and status.phase in _WHAT_TO_DO:
            lines.append(_WHAT_TO_DO[status.phase])
        self._phase = status.phase
        if status.hint and status.hint != self._hint:
            lines.append(status.hint)
        self._hint = status.hint
        return [printable(line) for line in lines]

    def _say(self, line: str) -> None:
        if self._living is not None:
            self._living.console.print(line, markup=False, highlight=False)
        else:
            self._file.write(line + "\n")
            self._file.flush()


def _alive(status: CalibrationStatus) -> str:
    left = f"{max(0.0, status.left_s):.0f} s left"
    if status.phase == "clip":
        return f"waiting for you to clip it on · {left}"
    still = "moving" if not status.still_s else f"still {status.still_s:.1f} of {status.needed_s:g}"
    missing = f" · missing: {' '.join(status.missing)}" if status.missing else ""
    return f"{still} s{missing} · {left}" if status.still_s else f"{still}{missing} · {left}"
