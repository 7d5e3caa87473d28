"""The air inside the guest: BlueZ's adapter, a Backstride at 200 Hz and Movesenses at 208 Hz.

BlueZ drives a virtual controller through the kernel (``/dev/vhci``); the sensors are those of
:mod:`devices.simulator.bumble_radio`, on controllers in the same air. A program of its own, as the
kernel gives up on an adapter that is busy with something else. It writes the sensors' addresses,
then takes ``lose NAME`` and ``renew NAME`` line by line until its input ends.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from devices.simulator.bumble_radio import BumbleRadio
from devices.simulator.generate import SimulatedRun
from devices.simulator.peripherals.backstride import BackstridePeripheral
from devices.simulator.peripherals.movesense import MovesensePeripheral
from devices.simulator.scenario import Scenario
from devices.timing.program_clock import SystemClock

if TYPE_CHECKING:
    from bumble.controller import Controller

_ADAPTER_ADDRESS: Final = "F0:00:00:00:00:02"
_MINUTES: Final = 20  # of samples, from the start on


async def _serve() -> None:
    from bumble.transport import open_transport

    clock = SystemClock()
    async with AsyncExitStack() as stack:
        radio = await stack.enter_async_context(BumbleRadio())

        def run(rate_hz: float) -> SimulatedRun:
            return SimulatedRun(Scenario(minutes=_MINUTES, rate=rate_hz))

        sensors = {
            "backstride": await radio.place(BackstridePeripheral(run(200.0), clock)),
            "movesense": await radio.place(MovesensePeripheral(run(208.0), clock)),
            "guarded": await radio.place(
                MovesensePeripheral(run(208.0), clock), demands_pairing=True
            ),
            "shy": await radio.place(MovesensePeripheral(run(208.0), clock), drops=2),
        }
        air = sensors["backstride"].link
        kernel = await stack.enter_async_context(await open_transport("vhci"))
        adapter_type = _adapter_type(type(next(iter(air.controllers))))
        adapter_type(
            "adapter",
            host_source=kernel.source,
            host_sink=kernel.sink,
            link=air,
            public_address=_ADAPTER_ADDRESS,
        )
        print(*(f"{name}={s.address}" for name, s in sensors.items()), flush=True)  # noqa: T201
        while line := await asyncio.to_thread(sys.stdin.readline):
            verb, name = line.split()
            {"lose": sensors[name].lose, "renew": sensors[name].renew_firmware}[verb]()


def _adapter_type(kind: type[Controller]) -> type[Controller]:
    """The radio's kind of controller, as the kernel can use it.

    Bumble delivers data in the name of the random address, where the kernel connects with the
    public one; and what it says of extended advertising does not suit BlueZ.
    """
    from bumble.hci import HCI_LE_Advertising_Report_Event, HCI_Packet, LeFeatureMask

    unsuited = (
        LeFeatureMask.LL_PRIVACY
        | LeFeatureMask.LE_EXTENDED_ADVERTISING
        | LeFeatureMask.LE_PERIODIC_ADVERTISING
    )

    answer = HCI_LE_Advertising_Report_Event.EventType.SCAN_RSP

    def send_hci_packet(controller: Controller, packet: HCI_Packet) -> None:
        if isinstance(packet, HCI_LE_Advertising_Report_Event):
            packet = HCI_LE_Advertising_Report_Event(
                [
                    replace(report, data=_share(report.data, answer=report.event_type == answer))
                    for report in packet.reports
                ]
            )
        kind.send_hci_packet(controller, packet)

    return type(
        "Adapter",
        (kind,),
        {
            "le_features": kind.le_features & ~unsuited,
            "random_address": property(lambda self: self.public_address, lambda _self, _new: None),
            "send_hci_packet": send_hci_packet,
        },
    )


def _share(data: bytes, *, answer: bool) -> bytes:
    """What of an advertisement is in it, and what in the answer to a scan.

    Each holds 31 bytes; the kernel drops longer ones. As sensors do, the name is in the answer.
    """
    from bumble.core import AdvertisingData

    name = AdvertisingData.COMPLETE_LOCAL_NAME
    said = AdvertisingData.from_bytes(data)
    said.ad_structures = [part for part in said.ad_structures if (part[0] == name) == answer]
    return bytes(said)


if __name__ == "__main__":
    asyncio.run(_serve())
