"""
A folder, a table, a figure
===========================

Eight recordings at eight speeds; one row each; contact time over cadence.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from pipelines import CohortOptions, run_cohort
from pipelines.files.simulation import write_simulation


def quiet(done: float, total: float) -> None:
    """Progress that nobody watches."""


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    for number in range(8):
        query = f"minutes=0.4&standing_s=2&rate=100&seed={number}&speed={2.4 + 0.3 * number:.1f}"
        write_simulation(folder / f"run{number}.csv", query, quiet)

    # %%
    # These three lines are all that it takes for a folder of your own.

    run_cohort(folder, folder / "all.csv", CohortOptions(workers=1))
    table = pd.read_csv(folder / "all.csv")
    axes = table.plot.scatter("cadence_spm_mean", "contact_time_ms_mean")

axes.set(xlabel="cadence, steps/min", ylabel="contact, ms")
plt.show()
