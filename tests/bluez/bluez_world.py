"""The services inside the guest: message bus, BlueZ's daemon, and the air around its adapter.

Only for the guest: it starts system services.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from asyncio.subprocess import Process
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_RADIO: Final = Path(__file__).with_name("guest_radio.py")
_BUS_SOCKET: Final = Path("/run/dbus/system_bus_socket")
_BUS_CONFIGURATION: Final = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
_READY_S: Final = 120.0
_LOG_LINES: Final = 20


class BluezWorld:
    """BlueZ with one adapter, and the sensors of :mod:`tests.bluez.guest_radio`.

    ``async with`` switches on the adapter and the sensors; the services are started by name.

    Parameters
    ----------
    root : Path
        Where BlueZ is unpacked.
    """

    def __init__(self, root: Path) -> None:
        self.addresses: dict[str, str] = {}  # of the sensors, by name
        self._root = root
        self._services: dict[str, Process] = {}
        self._radio: Process | None = None

    async def __aenter__(self) -> Self:
        """Switch on; returns when the sensors advertise."""
        self._radio = await asyncio.create_subprocess_exec(
            sys.executable, str(_RADIO), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._radio.stdout is not None
        addresses = await asyncio.wait_for(self._radio.stdout.readline(), _READY_S)
        self.addresses = dict(each.split("=") for each in addresses.decode().split())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything."""
        for name in reversed(list(self._services)):
            await self.stop(name)
        if self._radio is not None:
            self._radio.terminate()
            await self._radio.wait()

    def lose(self, name: str) -> None:
        """Lose the link of a sensor."""
        self._order(f"lose {name}")

    def renew(self, name: str) -> None:
        """Lose the link of a sensor, whose handles are others from then on."""
        self._order(f"renew {name}")

    def _order(self, words: str) -> None:
        assert self._radio is not None
        assert self._radio.stdin is not None
        self._radio.stdin.write(f"{words}\n".encode())

    async def start_bus(self) -> None:
        """Start the message bus."""
        configuration = Path("/run/bus.conf")
        configuration.write_text(_BUS_CONFIGURATION)
        await self._start(
            "bus", "/usr/bin/dbus-daemon", f"--config-file={configuration}", "--nofork"
        )
        loop = asyncio.get_running_loop()
        end_s = loop.time() + _READY_S
        while not _BUS_SOCKET.exists():
            assert loop.time() < end_s, "the message bus does not start"
            await asyncio.sleep(0.1)

    async def start_bluetooth(self) -> None:
        """Start BlueZ's daemon, and wait until the adapter is on."""
        await self._start("bluetooth", "/usr/libexec/bluetooth/bluetoothd", "--nodetach")
        loop = asyncio.get_running_loop()
        end_s = loop.time() + _READY_S
        while "Powered: yes" not in (state := await self.bluetoothctl("show")):
            assert loop.time() < end_s, f"the adapter does not come on: {state}"
            await asyncio.sleep(0.5)

    async def start_agent(self) -> None:
        """Start what answers for the user when a sensor pairs, as a desktop has it."""
        await self._start("agent", "/usr/bin/bluetoothctl", "--agent", "NoInputNoOutput")
        agent = self._services["agent"]
        assert agent.stdin is not None
        await asyncio.sleep(2.0)  # it registers
        agent.stdin.write(b"default-agent\n")
        await agent.stdin.drain()
        await asyncio.sleep(1.0)

    async def stop(self, name: str) -> None:
        """Stop "bus" or "bluetooth"."""
        service = self._services.pop(name)
        service.terminate()
        await service.wait()

    async def bluetoothctl(self, *words: str) -> str:
        """What BlueZ's own command line says."""
        asked = await asyncio.create_subprocess_exec(
            *self._inside("/usr/bin/bluetoothctl", "--timeout", "5", *words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(asked.communicate(), 30)
        return said.decode(errors="replace")

    def log(self) -> str:
        """The last things that the services said."""
        said = [path.read_text(errors="replace") for path in Path("/run").glob("*.log")]
        return "\n".join("".join(said).splitlines()[-_LOG_LINES:])

    async def _start(self, name: str, *command: str) -> None:
        with Path(f"/run/{name}.log").open("ab") as log:
            self._services[name] = await asyncio.create_subprocess_exec(
                *self._inside(*command), stdin=subprocess.PIPE, stdout=log, stderr=log
            )

    def _inside(self, *command: str) -> list[str]:
        return [shutil.which("chroot") or "/usr/sbin/chroot", str(self._root), *command]
