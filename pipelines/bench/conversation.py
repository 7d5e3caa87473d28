"""Conversations with a unit over bare links: found, configured, read back, logged, come back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from itertools import pairwise
from typing import Final

from devices.drivers.backstride_requests import ask, read_info
from devices.drivers.backstride_storage import (
    download_log,
    erase_log,
    list_logs,
    start_log,
    stop_log,
)
from devices.drivers.driver import Driver, Wanted
from devices.drivers.registry import driver_named
from devices.inbox import Inbox
from devices.open_link import Connector, OpenLink
from devices.protocols.backstride import (
    SEQUENCE_MODULUS,
    Feature,
    InfoMessage,
    Layout,
    decode_data,
    decode_status,
)
from devices.protocols.backstride_control import (
    Configuration,
    Operation,
    decode_configuration,
    encode_configuration,
)
from devices.protocols.backstride_frames import STATUS_CHANNEL, MessageReader
from devices.protocols.backstride_log import PartialLog, split_log
from devices.readings import Reading
from devices.records import DeviceInfo, Packet
from devices.timing.program_clock import ProgramClock, within
from imu.errors import DeviceError, ProtocolError
from pipelines.bench import limits
from pipelines.bench.item import Item, failed, judged, skipped
from pipelines.bench.unit import Unit

_TITLES: Final = {
    "discovery": "found, recognised and connected in",
    "configuration": "settings that read back otherwise",
    "log": "samples of a new log missing or wrong",
    "battery": "charge of the battery",
    "reconnect": "samples again after the link was let go in",
}
_OWN: Final = ("configuration", "log", "battery")
_LOG_S: Final = 5.0  # how long is logged
_SAMPLES_S: Final = 10.0  # longest wait for the first samples
_STATUS_S: Final = 5.0  # and for a status, which comes every second
_PERCENT_UNKNOWN: Final = 255


async def conversation_items(unit: Unit) -> list[Item]:
    """Everything that needs no long stream; a unit that is not found fails the first item alone."""
    clock, connector = unit.clock(), unit.connect()
    begun_ns = clock.monotonic_ns()
    try:
        link = await connector.connect(Inbox(clock))
    except DeviceError as error:
        await connector.end()
        return _not_found(str(error))
    driver = connector.driver
    if driver is None or not issubclass(driver, Driver):
        await link.close()
        await connector.end()
        return _not_found("no motion sensor known here speaks like it: add '?protocol=…'.")
    seconds = (clock.monotonic_ns() - begun_ns) * 1e-9
    told = f"{link.name}: {driver.protocol} over {link.kind}"
    items = [Item("discovery", _TITLES["discovery"], round(seconds, 3), "s", "pass", None, told)]
    try:
        if driver.protocol == "backstride":
            items += await _own_items(link)
        else:
            items += _skipped(_OWN, "only a sensor of the Backstride profile is asked for it")
        await link.close()
        work = _come_back(connector, driver_named(driver.protocol), clock, unit.wanted)
        items.append(await _guarded("reconnect", work))
    finally:
        await link.close()
        await connector.end()
    return items


def _not_found(why: str) -> list[Item]:
    rest = _skipped([name for name in _TITLES if name != "discovery"], "it was not found")
    return [failed("discovery", _TITLES["discovery"], why), *rest]


def _skipped(names: Iterable[str], why: str) -> list[Item]:
    return [skipped(name, _TITLES[name], why) for name in names]


async def _guarded(name: str, work: Awaitable[Item]) -> Item:
    """An item that the unit refuses, or does not answer, has failed."""
    try:
        return await work
    except DeviceError as error:
        return failed(name, _TITLES[name], str(error))


async def _own_items(link: OpenLink) -> list[Item]:
    try:
        info = await read_info(link)
        await ask(link, Operation.STOP)
    except DeviceError as error:
        return [failed(name, _TITLES[name], str(error)) for name in _OWN]
    works: dict[str, Callable[[], Awaitable[Item]]] = {
        "configuration": lambda: _round_trip(link, info),
        "log": lambda: _logged(link),
        "battery": lambda: _battery(link),
    }
    needs = {"log": Feature.LOG, "battery": Feature.BATTERY}
    items = []
    for name, work in works.items():
        if name in needs and not info.features & needs[name]:
            items.append(skipped(name, _TITLES[name], "its Info message says that it has none"))
        else:
            items.append(await _guarded(name, work()))
    return items


async def _round_trip(link: OpenLink, info: InfoMessage) -> Item:
    """Set every rate and range on offer, read each back, and leave it as it was found."""
    before = (await ask(link, Operation.GET_CONFIG)).parameters
    gyros = info.angular_velocity_ranges_deg_s or (0,)
    asked = [
        Configuration(
            float(rate),
            acceleration,
            angular_velocity_range_deg_s=gyro,
            streams=1 << (Layout.IMU6 if gyro else Layout.ACCELERATION),
        )
        for rate in info.rates_hz
        for acceleration in info.acceleration_ranges_g
        for gyro in gyros
    ]
    wrong = []
    for wanted in asked:
        reply = await ask(link, Operation.SET_CONFIG, encode_configuration(wanted))
        agreed = decode_configuration(reply.parameters)
        reply = await ask(link, Operation.GET_CONFIG)
        found = decode_configuration(reply.parameters)
        chosen = (wanted.rate_hz, wanted.acceleration_range_g, wanted.angular_velocity_range_deg_s)
        kept = (agreed.rate_hz, agreed.acceleration_range_g, agreed.angular_velocity_range_deg_s)
        if found != agreed or chosen != kept:
            wrong.append(f"{wanted.rate_hz:g} Hz, {chosen[1]} g, {chosen[2]} °/s")
    await ask(link, Operation.SET_CONFIG, before)
    detail = f"of {len(asked)} on offer" + (f"; first {wrong[0]}" if wrong else "")
    return judged(
        "configuration", _TITLES["configuration"], len(wrong), "", limits.ROUND_TRIP, detail
    )


async def _logged(link: OpenLink) -> Item:
    """Log some seconds, fetch them, and erase that log alone."""
    number = await start_log(link)
    await link.sleep(_LOG_S)
    await stop_log(link)
    entry = next((each for each in await list_logs(link) if each.log_id == number), None)
    if entry is None:
        return failed("log", _TITLES["log"], f"log {number} is not in its list")
    content = split_log(await download_log(link, PartialLog(entry)))
    await erase_log(link, number)
    packets = [decode_data(packet.payload) for packet in content.packets]
    came = sum(len(packet.counts) for packet in packets)
    gaps = sum(
        (after.sequence - before.sequence - len(before.counts)) % SEQUENCE_MODULUS
        for before, after in pairwise(packets)
    )
    wrong = abs(entry.samples - came) + gaps + content.malformed_packets + content.unread_bytes
    due = _LOG_S * entry.rate_hz
    detail = f"{came} samples in {_LOG_S:g} s, {due:.0f} are due; {entry.size_bytes} bytes"
    return judged("log", _TITLES["log"], wrong, "", limits.LOG, detail)


async def _battery(link: OpenLink) -> Item:
    messages = MessageReader()

    def percent(packet: Packet) -> int | None:
        for channel, payload in messages.push(packet):
            if channel == STATUS_CHANNEL:
                try:
                    return decode_status(payload).battery_percent
                except ProtocolError:
                    continue
        return None

    if link.kind == "ble":
        await link.subscribe(STATUS_CHANNEL)
    found = await link.ask(STATUS_CHANNEL, b"", percent, timeout_s=_STATUS_S)
    if found == _PERCENT_UNKNOWN:
        return skipped("battery", _TITLES["battery"], "it does not know it")
    return judged("battery", _TITLES["battery"], found, "%", limits.BATTERY)


async def _come_back(
    connector: Connector, driver: type[Driver], clock: ProgramClock, wanted: Wanted
) -> Item:
    """Stream, let go, and stream again."""
    seconds = 0.0
    for _ in range(2):
        begun_ns, inbox = clock.monotonic_ns(), Inbox(clock)
        link = await connector.connect(inbox)
        try:
            conversation = driver()
            info = await conversation.open(link, wanted)
            try:
                await within(clock, _SAMPLES_S, _first_samples(inbox, driver, info))
            except TimeoutError:
                raise DeviceError(
                    f"sends no samples within {_SAMPLES_S:g} s of its start: try 'backstride live' "
                    "with it.",
                    source=link.name,
                ) from None
            seconds = (clock.monotonic_ns() - begun_ns) * 1e-9
            await conversation.close(link)
        finally:
            await link.close()
    return judged("reconnect", _TITLES["reconnect"], seconds, "s", limits.RECONNECT)


async def _first_samples(inbox: Inbox, driver: type[Driver], info: DeviceInfo) -> None:
    """Read on from what came during the set-up: decoders need it."""
    decoder = driver.decoder(info)
    while True:
        record = await inbox.get()
        if isinstance(record, Packet) and any(
            isinstance(each, Reading) for each in decoder.push(record)
        ):
            return
