"""``backstride scan``."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from devices.scan import Found, scan_bluetooth, scan_serial
from imu.errors import DeviceError
from pipelines.commands.messages import complain, say


def scan(
    seconds: Annotated[
        float, typer.Option(min=0.5, max=60.0, help="How long to listen for Bluetooth sensors.")
    ] = 6.0,
    listen: Annotated[
        bool,
        typer.Option(
            "--listen", help="Also open every serial port and listen; this restarts some boards."
        ),
    ] = False,
) -> None:
    """List the Bluetooth LE sensors and serial ports at hand."""
    found: list[Found] = []
    trouble: DeviceError | None = None
    try:
        found += asyncio.run(scan_bluetooth(seconds))
    except DeviceError as error:
        trouble = error
    found += asyncio.run(scan_serial(2.0 if listen else 0.0))
    for item in found:
        signal = "" if item.signal_dbm is None else f"{item.signal_dbm} dBm"
        say(f"{item.url:<28} {item.protocol or '-':<11} {signal:>8}  {item.sold_as or item.name}")
    if trouble is not None:
        complain(f"backstride: {trouble}")
        raise typer.Exit(1)
    if not found:
        complain(
            "backstride: nothing was found: wake the sensor, bring it nearer, end other programs "
            "that are connected to it; or try the simulated one: backstride live sim:"
        )
        raise typer.Exit(1)
