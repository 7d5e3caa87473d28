"""Floor 2, where samples come from: transports, wire formats, the device clock, the simulator.

What is named here is kept and documented in full; all else in ``devices`` is internal and may
change. Names are loaded on first use, so that ``import devices`` costs little.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devices.receiver import Receiver
    from devices.records import DeviceInfo, LinkEvent, Packet
    from devices.scan import Found, scan_bluetooth, scan_serial
    from devices.sequence import Losses
    from devices.simulator.generate import SimulatedRun, simulate
    from devices.simulator.scenario import Scenario
    from devices.simulator.virtual_clock import VirtualClock
    from devices.source import Source
    from devices.sources import open_source
    from devices.timing.program_clock import ProgramClock, ScaledClock
    from imu.errors import DeviceError, DeviceLost, DeviceNotFound, ProtocolError

__all__ = [
    "DeviceError",
    "DeviceInfo",
    "DeviceLost",
    "DeviceNotFound",
    "Found",
    "LinkEvent",
    "Losses",
    "Packet",
    "ProgramClock",
    "ProtocolError",
    "Receiver",
    "ScaledClock",
    "Scenario",
    "SimulatedRun",
    "Source",
    "VirtualClock",
    "open_source",
    "scan_bluetooth",
    "scan_serial",
    "simulate",
]

_HOME = {
    "DeviceError": "imu.errors",
    "DeviceInfo": "devices.records",
    "DeviceLost": "imu.errors",
    "DeviceNotFound": "imu.errors",
    "Found": "devices.scan",
    "LinkEvent": "devices.records",
    "Losses": "devices.sequence",
    "Packet": "devices.records",
    "ProgramClock": "devices.timing.program_clock",
    "ProtocolError": "imu.errors",
    "Receiver": "devices.receiver",
    "ScaledClock": "devices.timing.program_clock",
    "Scenario": "devices.simulator.scenario",
    "SimulatedRun": "devices.simulator.generate",
    "Source": "devices.source",
    "VirtualClock": "devices.simulator.virtual_clock",
    "open_source": "devices.sources",
    "scan_bluetooth": "devices.scan",
    "scan_serial": "devices.scan",
    "simulate": "devices.simulator.generate",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'devices' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
