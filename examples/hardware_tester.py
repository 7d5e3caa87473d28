"""A hardware tester: a simulated device that loses packets and drops its link, and what is counted.

Run it with ``python examples/hardware_tester.py``.
"""

from __future__ import annotations

from devices.receiver import Receiver
from devices.sequence import Losses
from devices.simulator import Scenario, SimulatedRun
from devices.simulator.device import SimulatedDevice


def main(query: str = "minutes=2&loss=1&disconnect=1&corrupt=0.5&clock_ppm=40") -> Losses:
    """Send a run through a bad link; returns the receiver's account."""
    device = SimulatedDevice(SimulatedRun(Scenario.from_query(query)))
    receiver = Receiver(device.info)
    received = 0
    for record in device.records():
        samples = receiver.push(record)
        received += 0 if samples is None else len(samples)
    print(f"received {received} samples: {receiver.losses}")
    print(f"injected: {device.injected}")
    return receiver.losses


if __name__ == "__main__":
    main()
