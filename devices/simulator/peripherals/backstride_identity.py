"""What a simulated sensor of the project's own profile says it is: services, rates and ranges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from devices.drivers.backstride import SERVICE_UUID, BackstrideDriver
from devices.protocols.backstride import (
    ACCELERATION_RANGES_G,
    ANGULAR_VELOCITY_RANGES_DEG_S,
    RATES_HZ,
    Feature,
    InfoMessage,
    mask_of,
)
from devices.protocols.backstride_frames import (
    BULK_CHANNEL,
    CONTROL_CHANNEL,
    DATA_CHANNEL,
    INFO_CHANNEL,
    STATUS_CHANNEL,
)
from devices.simulator.scenario import Scenario
from imu.errors import ParameterError

#: Version of the simulated firmware.
FIRMWARE: Final = "0.1"

SERIAL_NUMBER_UUID: Final = "00002a25-0000-1000-8000-00805f9b34fb"
FIRMWARE_REVISION_UUID: Final = "00002a26-0000-1000-8000-00805f9b34fb"
BATTERY_LEVEL_UUID: Final = "00002a19-0000-1000-8000-00805f9b34fb"

_DEVICE_INFORMATION: Final = "0000180a-0000-1000-8000-00805f9b34fb"
_BATTERY: Final = "0000180f-0000-1000-8000-00805f9b34fb"
_UUIDS: Final = BackstrideDriver.characteristics

#: Characteristics of each service, with their properties.
SERVICES: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    SERVICE_UUID: {
        _UUIDS[INFO_CHANNEL]: frozenset({"read"}),
        _UUIDS[CONTROL_CHANNEL]: frozenset({"write", "write-without-response", "notify"}),
        _UUIDS[DATA_CHANNEL]: frozenset({"notify"}),
        _UUIDS[STATUS_CHANNEL]: frozenset({"notify", "read"}),
        _UUIDS[BULK_CHANNEL]: frozenset({"notify"}),
    },
    _DEVICE_INFORMATION: {
        SERIAL_NUMBER_UUID: frozenset({"read"}),
        FIRMWARE_REVISION_UUID: frozenset({"read"}),
    },
    _BATTERY: {BATTERY_LEVEL_UUID: frozenset({"read"})},
}

_FEATURES: Final = (
    Feature.ACCELERATION
    | Feature.ANGULAR_VELOCITY
    | Feature.TEMPERATURE
    | Feature.BATTERY
    | Feature.LOG
    | Feature.CALIBRATION
    | Feature.PING
    | Feature.UTC
)
_FLASH_BYTES: Final = 1 << 24


def info_of(scenario: Scenario) -> InfoMessage:
    """The Info message: rates of which the scenario's is a multiple, ranges up to its own.

    Raises
    ------
    ParameterError
        When the rate is none of the profile's.
    """
    if scenario.rate not in RATES_HZ:
        raise ParameterError("rate", scenario.rate, "one of " + ", ".join(map(str, RATES_HZ)))
    major, minor = map(int, FIRMWARE.split("."))
    return InfoMessage(
        hardware=1,
        firmware=major << 8 | minor,
        features=int(_FEATURES),
        rates_mask=mask_of(RATES_HZ, tuple(r for r in RATES_HZ if scenario.rate % r == 0)),
        acceleration_ranges_mask=mask_of(
            ACCELERATION_RANGES_G, _up_to(ACCELERATION_RANGES_G, scenario.acceleration_range_g)
        ),
        angular_velocity_ranges_mask=mask_of(
            ANGULAR_VELOCITY_RANGES_DEG_S,
            _up_to(ANGULAR_VELOCITY_RANGES_DEG_S, scenario.gyro_range_deg_s),
        ),
        flash_bytes=_FLASH_BYTES,
    )


def _up_to(offered: tuple[int, ...], largest: float) -> tuple[int, ...]:
    """Ranges that do not end beyond the sensor's; at least the smallest."""
    return tuple(each for each in offered if each <= largest) or offered[:1]
