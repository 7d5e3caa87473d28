"""The unit under test: how its links and streams are opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from devices.addresses import SensorAddress
from devices.drivers.driver import Wanted
from devices.open_link import Connector
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from devices.simulator.virtual_sensor import VirtualSensorSource, virtual_connector, wanted_by
from devices.source import Source
from devices.sources import open_connector, open_source
from devices.timing.program_clock import ProgramClock, ScaledClock, SystemClock

#: What is done with the unit while it streams.
Handling = Literal["rest", "six_faces"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A sensor on the bench.

    Attributes
    ----------
    name : str
        What the user gave.
    open : callable
        A source for one handling over so many seconds.
    connect : callable
        What opens bare links to it.
    clock : callable
        The clock that goes with those links.
    needs_hands : bool
        Whether somebody has to turn it; a simulated unit turns itself.
    wanted : Wanted
        Rate and ranges that are asked for, over those links too.
    """

    name: str
    open: Callable[[Handling, float], Source]
    connect: Callable[[], Connector]
    clock: Callable[[], ProgramClock]
    needs_hands: bool = True
    wanted: Wanted = field(default_factory=Wanted)


def unit_at(url: str, tell: Callable[[str], None] | None = None) -> Unit:
    """The unit at a URL; ``tell`` is told what is tried where its streams take long to begin.

    A simulated one speaks the project's own profile, and no time passes while it is measured,
    unless its URL says otherwise: ``protocol``, ``time_scale``.

    Raises
    ------
    ParameterError
        When the URL has none of the accepted forms, or a key or a value of it is not valid.
    """
    kind, colon, query = url.partition(":")
    if not colon or kind.strip().lower() != "sim":
        open_connector(url)  # a mistyped URL is told at once
        wanted = SensorAddress.from_url(url).wanted

        def stream(_handling: Handling, _seconds: float) -> Source:
            return open_source(url, tell=tell)

        return Unit(url, stream, lambda: open_connector(url), SystemClock, wanted=wanted)
    scenario = Scenario.from_query(query, protocol="backstride", time_scale=0.0)

    def opened(handling: Handling, seconds: float) -> Source:
        minutes = max(0.1, seconds / 60)
        return VirtualSensorSource(
            replace(scenario, motion=handling, minutes=minutes, standing_s=0.0)
        )

    def clock() -> ProgramClock:
        if scenario.time_scale == 0.0:
            return VirtualClock()
        return ScaledClock(SystemClock(), scenario.time_scale)

    resting = replace(scenario, motion="rest")
    return Unit(
        url,
        opened,
        lambda: virtual_connector(resting),
        clock,
        needs_hands=False,
        wanted=wanted_by(scenario),
    )
