"""A researcher: a folder of recordings in, a table with a row each out, and a plot of it.

Run it with ``python examples/researcher_cohort.py FOLDER``; needs the extras ``lab`` and ``app``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from pipelines import CohortOptions, run_cohort


def main(folder: Path, out: Path, plot: Path) -> pd.DataFrame:
    """Contact time over cadence, a point a recording."""
    run_cohort(folder, out, CohortOptions())
    table = pd.read_csv(out)
    figure = Figure()
    figure.subplots(subplot_kw={"xlabel": "cadence, steps/min", "ylabel": "contact, ms"}).scatter(
        table["cadence_spm_mean"], table["contact_time_ms_mean"]
    )
    figure.savefig(plot)
    return table


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Name a folder of recordings: python examples/researcher_cohort.py FOLDER")
    print(main(Path(sys.argv[1]), Path("results.csv"), Path("plot.svg")))
