"""
Two accounts of one run
=======================

Does half the sampling rate change contact time? The same run, simulated at 200 and at 100 Hz, step
by step, as ``replay --compare`` does it.
"""

import matplotlib.pyplot as plt
import numpy as np

from devices import Scenario, simulate
from imu import analyze

fast, slow = (
    analyze(simulate(Scenario.from_query(f"minutes=1&seed=5&rate={rate}"))[0], axes="+x+y+z")
    for rate in (200, 100)
)
near = np.abs(fast.initial_contact_s[:, None] - slow.initial_contact_s).argmin(axis=0)

# %%
# Bland and Altman (1986): the difference over the mean, and the bounds that hold 95 % of the steps.

mean = (fast.contact_time_ms[near] + slow.contact_time_ms) / 2
difference = slow.contact_time_ms - fast.contact_time_ms[near]
bias, spread = difference.mean(), difference.std(ddof=1)

figure, axes = plt.subplots(layout="constrained")
axes.plot(mean, difference, ".", color="0.5")
for height in (bias - 1.96 * spread, bias, bias + 1.96 * spread):
    axes.axhline(height, linestyle="-" if height == bias else "--")
axes.set(xlabel="mean contact, ms", ylabel="100 Hz − 200 Hz, ms")
plt.show()
