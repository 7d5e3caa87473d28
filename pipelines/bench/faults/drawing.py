"""Fault plans drawn by chance: sensor, faults, times and sizes, such that each fault must show."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from random import Random
from typing import Final

from devices.simulator.faults.kinds import FAULT_KINDS, require_possible
from devices.simulator.faults.plan import FAULTS_MAX, Fault, FaultPlan
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_sensor import link_of
from imu.errors import ParameterError
from pipelines.bench.faults.usual import consequence_of

#: Every protocol over every link that it has: the keys of their addresses.
SENSORS: Final = tuple(
    f"{keys}&minutes=0.45&standing_s=4"
    for keys in (
        "rate=100",
        "protocol=backstride&rate=100",
        "protocol=backstride&link=serial&rate=100",
        "protocol=movesense&rate=104",
        "protocol=polar&rate=52",
        "protocol=witmotion&rate=50",
        "protocol=witmotion&link=serial&rate=50",
        "protocol=shimmer3&rate=102.4",
    )
)
#: How often each is drawn: those less often that take long.
_WEIGHTS: Final = (2, 3, 3, 3, 3, 1, 1, 2)
#: Runners and radios that are drawn from; the faultless session of each is run once.
_SEEDS: Final = 4
#: Windows of faults, start and length in s: apart, so that what one shows is not the other's.
_WINDOWS: Final = ((9.0, 3.5), (14.5, 3.5))
_LAST_S: Final = 20.0  # what changes the line of time, or ends the link, comes last
#: Kinds by their place in a session.
_WHOLE: Final = ("mtu", "battery_percent")
_ALONE: Final = ("att_error", "pairing")  # no session begins
_LAST: Final = ("clock_ppm", "clock_jump_s", "reset", "disconnect", "blackout")
#: Smallest and largest size; other kinds have what is usual.
_SIZES: Final[dict[str, tuple[float, float]]] = {
    "saturate": (5, 12),
    "nan": (10, 40),
    "bias_g": (0.2, 2),
    "gyro_bias_deg_s": (10, 100),
    "stuck_axis": (0, 5),
    "temperature_c": (20, 60),
    "clip_slip_deg": (10, 45),
    "clock_ppm": (10_000, 30_000),
    "clock_jump_s": (3, 5),
    "battery_percent": (0, 8),
    "loss": (60, 80),
    "duplicate": (20, 40),
    "reorder": (20, 40),
    "corrupt": (20, 40),
    "truncate": (20, 40),
    "split": (20, 40),
    "delay_ms": (60, 200),
    "jitter_ms": (60, 300),
    "interval_ms": (60, 120),
    "retransmit": (50, 80),
    "att_error": (1, 17),
}
#: Of samples without a value, where neither number nor time tells that they are missing.
_UNNUMBERED_NAN: Final = (30, 40)
_MTU: Final = {"backstride": 23, "movesense": 140, "polar": 100}
#: One fault of theirs moves where the samples of later ones lie in messages or in time.
_ONE_WINDOW: Final = ("polar", "witmotion")
#: What such sensors show too seldom, or too late, for a session this short.
_TOO_SHORT: Final = frozenset({("polar", "clock_ppm"), ("witmotion", "delay_ms")})
#: Messages of a second of samples: few are sent, so that many have to be hit, or be very late.
_SLOW_PROTOCOL: Final = "polar"
_SLOW_PERCENT: Final = (90, 100)
_SLOW_RETRANSMIT_PERCENT: Final = (85, 95)
_SLOW_LATE_MS: Final = (300, 600)


def kinds_of(sensor: str) -> list[str]:
    """The faults that such a sensor can have, and shows within a drawn session."""
    scenario = Scenario.from_query(sensor)
    link = link_of(scenario) if scenario.protocol else ""
    found = []
    for kind in FAULT_KINDS:
        if (scenario.protocol, kind) in _TOO_SHORT:
            continue
        try:
            require_possible(kind, scenario.protocol, link)
            consequence_of(Fault(kind), scenario, link)
        except ParameterError:
            continue
        found.append(kind)
    return found


def drawn_fault(kind: str, sensor: str, random: Random, window: int = 0) -> Fault:
    """A fault of a kind, strong enough for such a sensor to show it."""
    scenario = Scenario.from_query(sensor)
    onset_s, lasts_s = _WINDOWS[min(window, len(_WINDOWS) - 1)]
    if kind in _WHOLE or kind in _ALONE:
        onset_s, lasts_s = 0.0, inf
    elif kind in _LAST or FAULT_KINDS[kind].is_instant:
        onset_s = _LAST_S if kind in _LAST else onset_s
        lasts_s = {"disconnect": 3.0, "blackout": 5.0, "clock_ppm": inf}.get(kind, 0.0)
    else:
        lasts_s -= random.random()
    if onset_s:
        onset_s += round(random.random(), 2)
    return Fault(
        kind,
        onset_s,
        None if FAULT_KINDS[kind].is_instant or lasts_s == inf else round(lasts_s, 2),
        _size(kind, scenario, random),
    )


def _size(kind: str, scenario: Scenario, random: Random) -> float | None:
    if kind == "mtu":
        return _MTU[scenario.protocol]
    if kind not in _SIZES:
        return None
    low, high = _SIZES[kind]
    if scenario.protocol == _SLOW_PROTOCOL and FAULT_KINDS[kind].unit.startswith("percent of mess"):
        low, high = _SLOW_PERCENT
    if scenario.protocol == "witmotion" and kind == "nan":
        low, high = _UNNUMBERED_NAN
    if scenario.protocol == _SLOW_PROTOCOL and kind == "retransmit":
        low, high = _SLOW_RETRANSMIT_PERCENT
    if scenario.protocol == _SLOW_PROTOCOL and kind in {"delay_ms", "jitter_ms"}:
        low, high = _SLOW_LATE_MS
    size = random.uniform(low, high)
    if FAULT_KINDS[kind].low < 0 and random.random() < 0.5:
        size = -size
    whole = kind in {"stuck_axis", "att_error", "battery_percent"}
    return float(round(size)) if whole else float(f"{size:.3g}")


def drawn_plan(seed: int) -> FaultPlan:
    """The plan of a number; the same number gives the same plan.

    Examples
    --------
    >>> drawn_plan(7) == drawn_plan(7), 1 <= len(drawn_plan(7).faults) <= FAULTS_MAX
    (True, True)
    """
    random = Random(seed)
    (sensor,) = random.choices(SENSORS, _WEIGHTS)
    kinds = kinds_of(sensor)
    first = random.choice(kinds)
    protocol = Scenario.from_query(sensor).protocol
    windows = 1 if protocol in _ONE_WINDOW else len(_WINDOWS)
    chosen = [first] if first in _ALONE else [first, *_others(first, kinds, windows, random)]
    return FaultPlan(
        faults=tuple(_laid_out(chosen, sensor, random)),
        seed=random.randrange(1, 1 + _SEEDS),
        sensor=sensor,
    )


def _others(first: str, kinds: list[str], windows: int, random: Random) -> Iterator[str]:
    """Up to three more, each of which leaves the others to be seen."""
    room = {"whole": 1, "last": 1, "window": windows}
    room[_place(first)] -= 1
    for kind in random.sample(kinds, len(kinds))[: random.randrange(FAULTS_MAX)]:
        place = _place(kind)
        if kind != first and kind not in _ALONE and room[place]:
            room[place] -= 1
            yield kind


def _place(kind: str) -> str:
    return "whole" if kind in _WHOLE else "last" if kind in _LAST else "window"


def _laid_out(kinds: list[str], sensor: str, random: Random) -> Iterator[Fault]:
    """In time: what the chip does first, since what the link does may move samples in time."""
    order = ("samples", "messages", "link", "clock", "sensor")
    window = 0
    for kind in sorted(kinds, key=lambda kind: order.index(FAULT_KINDS[kind].level)):
        yield drawn_fault(kind, sensor, random, window)
        window += _place(kind) == "window"
