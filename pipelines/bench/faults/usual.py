"""What a session must show of a fault where its plan says nothing: by kind, sensor and link."""

from __future__ import annotations

from typing import Final

from devices.simulator.faults.plan import Consequence, Fault
from devices.simulator.scenario import Scenario
from imu.errors import ParameterError

#: By kind, what every sensor shows.
_USUAL: Final[dict[str, Consequence]] = {
    "saturate": "flagged",
    "nan": "lost",
    "bias_g": "shown",
    "gyro_bias_deg_s": "shown",
    "stuck_axis": "shown",
    "gyro_dead": "flagged",
    "gyro_frozen": "flagged",
    "temperature_c": "shown",
    "clip_slip_deg": "shown",
    "clock_ppm": "clock found",
    "clock_jump_s": "restarted",
    "reset": "reconnected",
    "battery_percent": "battery told",
    "loss": "lost",
    "duplicate": "duplicated",
    "reorder": "reordered",
    "corrupt": "malformed",
    "truncate": "malformed",
    "split": "malformed",
    "delay_ms": "late",
    "jitter_ms": "late",
    "disconnect": "reconnected",
    "blackout": "reconnected",
    "mtu": "fewer bytes",
    "interval_ms": "late",
    "retransmit": "late",
    "att_error": "refused",
    "pairing": "refused",
}
#: By protocol, or protocol and link, and kind: where that is another.
_OTHERWISE: Final[dict[tuple[str, str], Consequence]] = {
    # its numbers have a NaN, which no message may hold
    ("movesense", "nan"): "malformed",
    # they have no numbers: a leap of the clock forward is missing time
    ("movesense", "clock_jump_s"): "gap",
    ("polar", "clock_jump_s"): "gap",
    # nothing tells exchanged frames from others
    ("witmotion", "reorder"): "shown",
    # a cable goes on: the number, or the missing time, tells
    ("backstride/serial", "reset"): "restarted",
    ("witmotion/serial", "reset"): "lost",
    # a stream of bytes goes on over any border
    ("backstride/serial", "split"): "in parts",
    ("witmotion", "split"): "in parts",
    ("shimmer3", "split"): "in parts",
    # its stream of bytes has neither borders nor checksums
    ("shimmer3", "reorder"): "malformed",
}
#: By protocol and kind: no session can tell.
_NOTHING_SHOWS: Final = {
    ("witmotion", "clock_ppm"): "its frames carry no time",
    ("witmotion", "mtu"): "its frames fit into the smallest",
}


#: A Shimmer3 has no numbers either, but stamps that wrap: a longer leap is a clock that was set, s.
_WRAPPING_LEAP_S: Final = 5.0


def consequence_of(fault: Fault, scenario: Scenario, link: str) -> Consequence:
    """What a session with such a sensor must show of a fault.

    Raises
    ------
    ParameterError
        When it shows nothing of it, and the plan does not say what.

    Examples
    --------
    >>> consequence_of(Fault("reset"), Scenario(protocol="backstride"), "serial")
    'restarted'
    """
    if fault.consequence:
        return fault.consequence
    protocol = scenario.protocol
    if why := _NOTHING_SHOWS.get((protocol, fault.kind)):
        raise ParameterError(fault.kind, protocol, f"a consequence with it: {why}")
    if fault.kind == "clock_jump_s" and fault.amount < 0:
        return "restarted"
    if (protocol, fault.kind) == ("shimmer3", "clock_jump_s") and fault.amount <= _WRAPPING_LEAP_S:
        return "gap"
    for place in (f"{protocol}/{link}", protocol):
        if (place, fault.kind) in _OTHERWISE:
            return _OTHERWISE[place, fault.kind]
    return _USUAL[fault.kind]
