"""
Steps against a known truth
===========================

A simulated run comes with its true steps. How long is the foot on the ground, and how far is that
from the truth?
"""

import matplotlib.pyplot as plt
import numpy as np

from devices import Scenario, simulate
from imu import Runner, analyze

samples, truth = simulate(Scenario.from_query("minutes=1&speed=2.8,3.8@30&seed=7"))
steps = analyze(samples, Runner(height_m=1.75), axes="+x+y+z")

# %%
# Each step that was found, beside the true one that began nearest to it.

nearest = np.abs(truth.initial_contact_s[:, None] - steps.initial_contact_s).argmin(axis=0)

figure, (above, below) = plt.subplots(2, sharex=True, layout="constrained")
above.plot(truth.initial_contact_s, truth.contact_time_ms, "k-", label="true")
above.plot(steps.initial_contact_s, steps.contact_time_ms, ".", label="found")
above.set_ylabel("contact, ms")
above.legend()
below.plot(steps.initial_contact_s, steps.contact_time_ms - truth.contact_time_ms[nearest], ".")
below.set(xlabel="time, s", ylabel="found − true, ms")
plt.show()
