"""
A change, and when it is told
=============================

This runner leans forward from the ninth minute on, while the usual range is still being
learned; the alert says how far beyond it the lean has gone.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from pipelines import ReplayOptions, replay_file
from pipelines.files.simulation import write_simulation


def quiet(done: float, total: float) -> None:
    """Progress that nobody watches."""


with tempfile.TemporaryDirectory() as folder:
    run = Path(folder) / "run.mcap"
    write_simulation(run, "minutes=16&fatigue=lean&seed=1", quiet)
    replayed = replay_file(run, ReplayOptions(), quiet)

for alert in replayed.alerts:
    print(f"{alert.time_s / 60:.1f} min: {alert.message}")

# %%
# One dot is the mean of twenty steps; the line is where it was told.

steps = replayed.steps
twenties = len(steps) // 20 * 20
minutes = steps.initial_contact_s[:twenties].reshape(-1, 20).mean(axis=1) / 60
lean = np.nanmean(steps.sacral_lean_deg[:twenties].reshape(-1, 20), axis=1)

figure, axes = plt.subplots(layout="constrained")
axes.plot(minutes, lean, ".", color="0.5")
for alert in replayed.alerts:
    if alert.indicator == "sacral_lean_deg":
        low, high = alert.baseline - alert.gate, alert.baseline + alert.gate
        axes.axhspan(low, high, alpha=0.2, label="usual range")
        axes.axvline(alert.time_s / 60, color="tab:red", label="told")
axes.set(xlabel="time, minutes", ylabel="lean at the sacrum, °")
axes.legend()
plt.show()
