"""Devices beside the sensor are sought for as long as the session lasts, and let go with it."""

from __future__ import annotations

import asyncio

from devices.inbox import Inbox
from devices.records import LinkEvent, StreamRecord
from devices.simulator.virtual_clock import VirtualClock
from devices.streams.beside import Companions
from tests.devices.test_coming_back import INFO, _Connector, _Driver

_HOUR_S = 3600.0


class _Belt(_Connector):
    """Is on from a moment on."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock, lambda _: clock.monotonic_ns() * 1e-9 >= self.on_from_s)
        self.on_from_s = _HOUR_S


def test_a_belt_that_was_off_for_an_hour_is_found_and_let_go_at_the_end() -> None:
    """Off from the beginning, and once more in the middle: it ends no run, whenever it is on."""
    _Driver.infos, _Driver.closed = [INFO], []

    async def course() -> tuple[list[str], _Belt]:
        clock = VirtualClock()
        belt, inbox = _Belt(clock), Inbox(clock)
        beside = Companions({"treadmill": belt}, clock, inbox)
        beside.seek()
        await clock.sleep(_HOUR_S + 60.0)
        belt.on_from_s = 3 * _HOUR_S
        belt.links[0].lose("switched off")
        await clock.sleep(2 * _HOUR_S)
        assert (_Driver.closed, belt.ends) == ([], 0)
        await beside.close()
        await clock.sleep(60.0)
        said = [each.record for each in inbox.waiting() if isinstance(each, StreamRecord)]
        return [each.kind for each in said if isinstance(each, LinkEvent)], belt

    kinds, belt = asyncio.run(course())
    assert kinds == ["lost", "resumed", "lost", "resumed"]
    assert _Driver.closed == belt.links[1:]
    assert len(belt.links) == 2
    assert belt.ends == 1
