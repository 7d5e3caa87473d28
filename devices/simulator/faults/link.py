"""Faults of the link: what becomes of a radio or of a cable."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final

from devices.simulator.faults.plan import Fault
from devices.simulator.link_params import LinkParams, Spell

_NOTIFICATION_HEADER_BYTES: Final = 3
#: Faults that change a property of the link while they last, and that property.
_PROPERTIES: Final = {
    "jitter_ms": "jitter_ms",
    "interval_ms": "connection_interval_ms",
    "retransmit": "retransmit_percent",
    "att_error": "att_error",
    "pairing": "demands_pairing",
    "mtu": "notification_bytes_max",
}


def radio_params(faults: Sequence[Fault]) -> LinkParams:
    """How a radio with these faults treats a sensor; those of other levels do nothing here.

    Examples
    --------
    >>> params = radio_params([Fault("interval_ms", 10.0, 5.0, 60.0), Fault("disconnect", 30.0)])
    >>> params.at(12.0).connection_interval_ms, params.drops_s, params.blackouts_s
    (60.0, (30.0,), ((30.0, 35.0),))
    """
    spells = []
    for fault in faults:
        name = _PROPERTIES.get(fault.kind)
        if name is not None:
            value = fault.amount
            if fault.kind == "mtu":
                value -= _NOTIFICATION_HEADER_BYTES
            if fault.kind in {"mtu", "att_error", "pairing"}:
                value = 1 if fault.kind == "pairing" else round(value)
            spells.append(Spell(fault.onset_s, fault.end_s, name, value))
    away = [fault for fault in faults if fault.kind in {"disconnect", "blackout"}]
    return LinkParams(
        spells=tuple(spells),
        blackouts_s=tuple((each.onset_s, each.end_s) for each in away if each.end_s < inf),
        drops_s=tuple(each.onset_s for each in away if each.kind == "disconnect"),
        absent_after_s=min((each.onset_s for each in away if each.end_s == inf), default=inf),
    )
