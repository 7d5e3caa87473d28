"""
What a bad link does to steps
=============================

The same run through links that lose more and more messages: nothing is invented, and what is in
doubt says so.
"""

import matplotlib.pyplot as plt

from devices import Receiver, Scenario, SimulatedRun
from devices.simulator.device import SimulatedDevice
from imu import Samples, analyze

losses = (0, 1, 3, 10, 30)
received, found, trusted = [], [], []
for loss in losses:
    device = SimulatedDevice(SimulatedRun(Scenario.from_query(f"minutes=0.5&seed=4&loss={loss}")))
    receiver = Receiver(device.info)
    blocks = [block for record in device.records() if (block := receiver.push(record)) is not None]
    steps = analyze(Samples.concatenate(blocks), axes=device.info.axes, rate_hz=device.info.rate_hz)
    received.append(100 * (1 - receiver.losses.lost_fraction))
    found.append(len(steps))
    trusted.append((steps.quality == "").sum())

# %%
# Steps over the share of samples that arrived.

figure, axes = plt.subplots(layout="constrained")
axes.plot(received, found, "o-", label="found")
axes.plot(received, trusted, "s-", label="trusted")
axes.set(xlabel="samples received, %", ylabel="steps", ylim=(0, None))
axes.invert_xaxis()
axes.legend()
plt.show()
