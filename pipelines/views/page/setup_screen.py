"""The first screen: which sensors are near, and which of them the run is to use."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from devices.scan import Found, scan_bluetooth, scan_serial
from imu.errors import BackstrideError
from pipelines.views.terminal.cells import printable

#: What a sensor is chosen for.
Purpose = Literal["run", "calibrate", "desk"]

#: The simulated sensor, always offered.
SIMULATED: Final = (
    Found("sim:?speed=3.0&minutes=30", "An easy half hour", sold_as="in real time"),
    Found(
        "sim:?speed=3.0&minutes=30&fatigue=lean&time_scale=20",
        "A runner who begins to lean",
        sold_as="20 times as fast, to see an alert",
    ),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A source, and what for."""

    url: str
    purpose: Purpose = "run"


class SaidBefore(NamedTuple):
    """What stands on the first screen before a run: a warning, and what is worth a note."""

    warning: str = ""
    said: tuple[str, ...] = ()


class SetupScreen:
    """Looks for sensors and waits for the choice.

    Parameters
    ----------
    changed : callable
        Called when :meth:`pieces` would give something else.
    scans : sequence of callables
        Each gives what it finds; Bluetooth and serial by default.
    """

    def __init__(
        self,
        changed: Callable[[], None],
        scans: tuple[Callable[[], Awaitable[list[Found]]], ...] = (scan_bluetooth, scan_serial),
    ) -> None:
        self._changed, self._scans = changed, scans
        self._found: list[Found] = []
        self._troubles: list[str] = []
        self._address = ""
        self._scanning: asyncio.Task[None] | None = None
        self._scanned = False
        self._choice: asyncio.Future[Choice] | None = None

    def pieces(self) -> dict[str, Any]:
        """What the page shows: ``found``, ``simulated``, ``scanning``, ``words``, ``trouble``.

        And ``address``, one that was typed and chosen last.
        """
        return {
            "found": [_shown(found) for found in self._found],
            "simulated": [_shown(found) | {"details": found.sold_as} for found in SIMULATED],
            "scanning": self._is_scanning,
            "words": self._words(),
            "trouble": " ".join(self._troubles),
            "address": self._address,
        }

    async def chosen(self) -> Choice:
        """What the runner chooses."""
        self._choice = asyncio.get_running_loop().create_future()
        return await self._choice

    def fail(self, why: str) -> None:
        """Say why the last choice did not work; the runner may choose again."""
        self._troubles = [why]
        self._changed()

    def scan(self) -> None:
        """Look for sensors, unless that is under way."""
        if not self._is_scanning:
            self._scanning = asyncio.get_running_loop().create_task(self._scan())

    def choose(self, url: str, purpose: Purpose = "run") -> None:
        """Take this one; a mistyped address is told."""
        from pipelines.sensors.opening import open_source

        if url not in {one.url for one in (*self._found, *SIMULATED)}:
            self._address = printable(url).strip()
        try:
            if not url.lstrip().lower().startswith("sim:"):  # which would be generated twice
                open_source(url)
        except BackstrideError as error:
            self.fail(str(error))
            return
        if self._choice is not None and not self._choice.done():
            self._troubles = []
            self._choice.set_result(Choice(url.strip(), purpose))

    def close(self) -> None:
        """Stop looking."""
        if self._scanning is not None:
            self._scanning.cancel()

    @property
    def _is_scanning(self) -> bool:
        return self._scanning is not None and not self._scanning.done()

    async def _scan(self) -> None:
        self._found, self._troubles = [], []
        self._changed()

        async def look(scan: Callable[[], Awaitable[list[Found]]]) -> None:
            try:
                found = await scan()
            except BackstrideError as error:
                self._troubles.append(str(error))
            else:
                # those that are known first
                self._found = sorted([*self._found, *found], key=lambda one: not one.protocol)
            self._changed()

        try:
            await asyncio.gather(*(look(scan) for scan in self._scans))
        finally:
            self._scanned = True
            self._scanning = None
            self._changed()

    def _words(self) -> str:
        if self._is_scanning:
            return "Looking for sensors …"
        if not self._scanned:
            return ""
        count = len(self._found)
        if not count:
            return "No sensor found. Is it switched on, and not connected to a phone?"
        return f"{count} {'sensor or port' if count == 1 else 'sensors and ports'} found."


def _shown(found: Found) -> dict[str, str]:
    signal = "" if found.signal_dbm is None else f"signal {found.signal_dbm} dBm"
    details = (found.sold_as or found.protocol, found.url, signal)
    return {
        "url": found.url,
        "name": printable(found.name) or "without a name",
        "details": printable(" · ".join(filter(None, details))),
    }
