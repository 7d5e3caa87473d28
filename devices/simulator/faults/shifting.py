"""Faults as they look to a sensor that was switched on later than the others count from."""

from __future__ import annotations

from msgspec.structs import replace

from devices.simulator.faults.plan import Fault


def later(faults: tuple[Fault, ...], passed_s: float) -> tuple[Fault, ...]:
    """The faults with their times counted from so many seconds later; those over are left out.

    >>> [(f.onset_s, f.end_s) for f in later((Fault("loss", 4.0, 10.0), Fault("reset", 1.0)), 6.0)]
    [(0.0, 8.0)]
    """
    return tuple(
        replace(
            fault,
            onset_s=max(0.0, fault.onset_s - passed_s),
            duration_s=fault.end_s - max(fault.onset_s, passed_s),
        )
        for fault in faults
        if fault.end_s > passed_s
    )
