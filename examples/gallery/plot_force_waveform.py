"""
The force of a mean step
========================

Between the steps the chain knows the vertical force, sample by sample. Here is a hundred steps,
laid over one another.
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
    write_simulation(run, "minutes=1&speed=3.3&seed=2", quiet)
    replayed = replay_file(run, ReplayOptions(waveforms=True), quiet)

# %%
# From a contact to the next, as a share of the step.

share = np.linspace(0.0, 1.0, 101)
begins = replayed.steps.initial_contact_s[20:120]
lasts = replayed.steps.step_time_s[20:120]
waves = replayed.waveforms
forces = np.array(
    [
        np.interp(begin + share * last, waves.time_s, waves.vertical_force_bw)
        for begin, last in zip(begins, lasts, strict=True)
    ]
)

figure, axes = plt.subplots(layout="constrained")
axes.plot(100 * share, forces.T, color="0.85", linewidth=0.5)
axes.plot(100 * share, forces.mean(axis=0), linewidth=2)
axes.set(xlabel="of the step, %", ylabel="vertical force, body weights")
plt.show()
