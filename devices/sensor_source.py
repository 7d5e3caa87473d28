"""A real sensor as a source: connects, keeps watch, and comes back after the link was lost.

Every connection has a new link and a new driver. What was lost while the sensor was away shows as a
gap; the session goes on in the same log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, Literal, Self

from devices.drivers.driver import Conversation, Wanted
from devices.inbox import Inbox
from devices.open_link import Connector, OpenLink
from devices.records import DeviceInfo, LinkEvent, Record
from devices.source import Source
from devices.timing.program_clock import ProgramClock, SystemClock, is_cancelled, within
from imu.errors import DeviceError, DeviceLost, OtherVersion, ProtocolError

#: A sensor that does not come back for this long ends the session, s.
GIVE_UP_S: Final = 600.0

_WATCH_S: Final = 0.25  # how often silence is looked for
_BACKOFF_S: Final = (0.5, 8.0)  # wait before the second try, and the longest
#: The first connection: tries, the time after which none is begun, and the wait between two, s.
_FIRST_TRIES: Final = 3
_FIRST_S: Final = 30.0
_FIRST_WAIT_S: Final = 1.0
_FAREWELL_S: Final = 2.0  # for telling the sensor to stop
_TELL_EVERY_S: Final = 3.0  # while it connects; sooner, there is no need


class SensorSource(Source):
    """A :class:`~devices.sources.Source` over a link of any kind.

    Parameters
    ----------
    connector : Connector
        Opens links to the sensor.
    wanted : Wanted, optional
        Rate and ranges.
    axes : str
        Which signed sensor axes point forward, left and up, where the user says so.
    clock : ProgramClock, optional
        The computer's by default.
    give_up_s : float
        Longest time away before the session ends, s.
    ends_after_s : float, optional
        Ends the session by itself this long after it was entered: simulated runs.
    inbox : Inbox, optional
        Where what arrives goes; one of its own by default.
    tell : callable, optional
        Is told what is tried, where connecting takes long.
    """

    def __init__(
        self,
        connector: Connector,
        *,
        wanted: Wanted | None = None,
        axes: str = "",
        clock: ProgramClock | None = None,
        give_up_s: float = GIVE_UP_S,
        ends_after_s: float | None = None,
        inbox: Inbox | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._tell = tell
        self._connector = connector
        self._wanted = wanted or Wanted()
        self._axes = axes
        self._clock: ProgramClock = SystemClock() if clock is None else clock
        self._give_up_s, self._ends_after_s = give_up_s, ends_after_s
        self._inbox = inbox or Inbox(self._clock)
        self._info: DeviceInfo | None = None
        self._known: DeviceInfo | None = None  # what the next connection begins with
        self._link: OpenLink | None = None
        self._driver: Conversation | None = None
        self._sampled_ns = 0  # when the latest samples came, or it was connected first
        self._told = ""  # why it is of no use though it is there
        self._tasks: list[asyncio.Task[None]] = []
        self._entered = self._closed = False

    @property
    def info(self) -> DeviceInfo:
        """What is known of the sensor.

        Raises
        ------
        DeviceError
            Before the source was entered.
        """
        if self._info is None:
            raise _not_open(self._connector.place)
        return self._info

    @property
    def inbox(self) -> Inbox:
        """What waits to be recorded."""
        return self._inbox

    @property
    def overflowed_packets(self) -> int:
        """Packets dropped since the session began because nobody took them in time."""
        return self._inbox.overflowed_packets

    def now_ns(self) -> int:
        """The host's time on the line of the records' ``arrival_ns``."""
        return self._clock.monotonic_ns()

    async def close(self) -> None:
        """Stop the sensor and let it go; iteration ends after what has already arrived."""
        if self._closed:
            return
        self._closed = True
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError, DeviceError):
                await task
        await self._let_go(stop=True)
        await self._connector.end()
        self._event("ended")
        self._inbox.end()

    async def __aenter__(self) -> Self:
        if self._entered or self._closed:
            raise DeviceError(
                "a source is entered once: open it again with open_source.",
                source=self._connector.place,
            )
        self._entered = True
        began_ns = self._clock.monotonic_ns()
        telling = asyncio.ensure_future(self._tell_what_is_tried())
        try:
            await self._connect_first()
        except BaseException:  # cancelled, too
            await self._connector.end()
            raise
        finally:
            telling.cancel()
        self._tasks.append(asyncio.create_task(self._keep_connected()))
        if self._ends_after_s is not None:
            left_s = self._ends_after_s - (self._clock.monotonic_ns() - began_ns) * 1e-9
            self._tasks.append(asyncio.create_task(self._end_after(max(0.0, left_s))))
        return self

    async def __anext__(self) -> Record:
        if not self._entered:
            raise _not_open(self._connector.place)
        return await self._inbox.get()

    async def _tell_what_is_tried(self) -> None:
        """Tell it every few seconds where it is something new."""
        told = ""
        while self._tell is not None:
            await self._clock.sleep(_TELL_EVERY_S)
            words, link = self._inbox.doing, self._link
            if link is not None:
                words = "it is connected, and is set up"
                if not self._inbox.has_packets():
                    words += f"; nothing has come from it so far: {link.silence_hint}"
            if words not in ("", told):
                told = words
                self._tell(f"{self._connector.place}: {words}.")

    async def _connect_first(self) -> None:
        """Connect, and again where that is known to help: the system's Bluetooth is moody."""
        began_ns, tries, was_there = self._clock.monotonic_ns(), 0, False
        while True:
            try:
                return await self._connect("connected")
            except DeviceError as error:
                # one that was lost while it was set up is there, and comes back
                tries, was_there = tries + 1, was_there or isinstance(error, DeviceLost)
                passed_s = (self._clock.monotonic_ns() - began_ns) * 1e-9
                more = was_there or (error.may_pass and tries < _FIRST_TRIES)
                if not more or passed_s > _FIRST_S:
                    raise
            await self._clock.sleep(_FIRST_WAIT_S)

    async def _connect(self, kind: Literal["connected", "resumed"]) -> None:
        link = await self._connector.connect(self._inbox)
        self._link, driver_type = link, self._connector.driver
        if driver_type is None:
            raise DeviceError(
                "nobody knows what it speaks: add '?protocol=…'.", source=self._connector.place
            )
        self._event(kind, link.name)
        self._driver = driver_type()
        self._inbox.holds_samples = self._driver.holds_samples
        try:
            info = await self._driver.open(link, replace(self._wanted, known=self._known))
        except BaseException as error:
            self._begin_next_at(self._driver.borne_hz)
            await self._let_go(stop=False)
            self._event("lost", str(error) or "closed")  # cancelled: no words
            if kind == "resumed" and isinstance(error, DeviceError):
                self._tell_once(error)
            damaged = isinstance(error, ProtocolError) and not isinstance(error, OtherVersion)
            if damaged:  # on its way: another time it may not be
                what = str(error).split(":")[0].rstrip(".")
                raise DeviceError(
                    f"answers what cannot be read ({what}): bring it nearer or check the cable, "
                    "and that its firmware is what it says.",
                    source=link.name,
                    may_pass=True,
                ) from None
            raise
        if self._axes:
            info = replace(info, axes=self._axes)
        if kind == "resumed" and info != self._info:
            self._inbox.put_event(info)
        self._info = self._known = info

    def _begin_next_at(self, borne_hz: float | None) -> None:
        """Let the next connection begin at a rate that the link bears, where that is known."""
        if self._known is not None and borne_hz is not None:
            self._known = replace(self._known, rate_hz=borne_hz)

    def _tell_once(self, error: DeviceError) -> None:
        """Tell why a sensor that is there is of no use; of a link that is lost people know."""
        words = str(error)
        if self._tell is not None and words != self._told and not isinstance(error, DeviceLost):
            self._told = words
            self._tell(words)

    async def _keep_connected(self) -> None:
        self._sampled_ns = self._clock.monotonic_ns()
        try:
            while True:
                why = await self._until_lost()
                if self._driver is not None:
                    self._begin_next_at(self._driver.borne_hz)
                await self._let_go(stop=False)
                self._event("lost", why)
                await self._come_back(why)
        except DeviceError as error:
            self._inbox.end(error)
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and is_cancelled():
                raise
            # a watch that ends must end the session, with its reason
            self._inbox.end(
                DeviceError(
                    f"the session ends here because of a fault in the program ({_what(error)}); "
                    "everything until then is kept: please report it.",
                    source=self._connector.place,
                )
            )

    async def _until_lost(self) -> str:
        """Watch the link until it is gone or silent; returns why."""
        link, driver = self._link, self._driver
        assert link is not None
        assert driver is not None
        lost = asyncio.ensure_future(link.lost())
        company = asyncio.ensure_future(_accompany(driver, link))
        begun_ns = self._inbox.latest_sample_ns = self._clock.monotonic_ns()
        try:
            while True:
                tick = asyncio.ensure_future(self._clock.sleep(_WATCH_S))
                waited: set[asyncio.Future[Any]] = {lost, tick}
                try:
                    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    tick.cancel()
                if lost.done():
                    return lost.result()
                # a mistake of ours is not kept quiet
                if company.done() and (why := company.result()):
                    return why
                silent_ns = self._clock.monotonic_ns() - self._inbox.latest_sample_ns
                silence_s = max(driver.silence_s, link.patience_s)
                if silent_ns > silence_s * 1e9:
                    if self._inbox.latest_sample_ns == begun_ns:
                        self._tell_once(_without_samples(link.name))
                    return f"the sensor sent no samples for {silence_s:g} s"
        finally:
            if self._inbox.latest_sample_ns > begun_ns:
                self._sampled_ns = self._inbox.latest_sample_ns
            lost.cancel()
            company.cancel()
            with suppress(asyncio.CancelledError):
                await company

    async def _come_back(self, why: str) -> None:
        """Try again and again; returns once it is connected.

        Raises
        ------
        DeviceLost
            When it stays away for too long.
        """
        wait_s, longest_s = _BACKOFF_S
        while (self._clock.monotonic_ns() - self._sampled_ns) * 1e-9 < self._give_up_s:
            try:
                await self._connect("resumed")
            except DeviceError as error:
                # the reason alone: what to do about it was said long ago
                why = str(error).removeprefix(f"{error.source}: ").split(":")[0].rstrip(".")
            except Exception as error:  # a backend raises what it likes at a reconnect
                why = _what(error)
            else:
                return
            await self._clock.sleep(wait_s)
            wait_s = min(2 * wait_s, longest_s)
        raise DeviceLost(
            f"the link was lost and did not come back within {_in_words(self._give_up_s)} "
            f"({why}); everything until then is kept.",
            source=self._connector.place,
        )

    async def _let_go(self, *, stop: bool) -> None:
        """End the link, telling the sensor to stop where it still listens."""
        link, driver = self._link, self._driver
        if link is None:
            return
        self._link = None
        if stop and driver is not None and not link.is_lost:
            with suppress(DeviceError, TimeoutError):
                await within(self._clock, _FAREWELL_S, driver.close(link))
        await link.close()

    async def _end_after(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._tasks[0].cancel()
        await asyncio.wait(self._tasks[:1])  # it may be about to connect
        await self._let_go(stop=True)
        await self._connector.end()
        self._event("ended", "the simulated session is over")
        self._closed = True
        self._inbox.end()

    def _event(
        self, kind: Literal["connected", "lost", "resumed", "gap", "ended"], detail: str = ""
    ) -> None:
        self._inbox.put_event(LinkEvent(self._clock.monotonic_ns(), kind, detail))


def _without_samples(name: str) -> DeviceError:
    return DeviceError(
        "it is connected, and no samples come that can be read: switch it off and on, charge it, "
        "and look for newer firmware.",
        source=name,
    )


def _not_open(place: str) -> DeviceError:
    return DeviceError("the source is not open: enter it with 'async with' first.", source=place)


def _what(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _in_words(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:g} minutes"


async def _accompany(driver: Conversation, link: OpenLink) -> str:
    with suppress(DeviceError):  # the link's own end is noticed elsewhere
        return await driver.accompany(link)
    return ""
