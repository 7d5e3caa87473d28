"""A researcher: samples as arrays in, steps as a table out, and the errors against a known truth.

Run it with ``python examples/researcher_replay.py``.
"""

from __future__ import annotations

import numpy as np

from devices.simulator import Scenario, simulate
from imu import Runner, analyze


def main(query: str = "minutes=2&speed=3.3&seed=7") -> float:
    """Analyse a simulated recording; returns the median error of the step time in ms."""
    samples, truth = simulate(Scenario.from_query(query))
    steps = analyze(samples, Runner(mass_kg=70, height_m=1.75), axes="+x+y+z")

    print(f"{len(steps)} steps found, {len(truth)} true")
    print(f"cadence      {np.median(steps.cadence_spm):6.1f} spm")
    print(f"oscillation  {np.median(steps.vertical_oscillation_mm):6.1f} mm")
    print(f"lean         {np.median(steps.sacral_lean_deg):6.1f} deg at the sacrum")

    # each found step against the true one that began nearest to it
    nearest = np.abs(truth.initial_contact_s[:, None] - steps.initial_contact_s).argmin(axis=0)
    error_ms = 1000.0 * (steps.step_time_s - truth.step_time_s[nearest])
    print(f"step time    {np.median(error_ms):+6.1f} ms median error")
    return float(np.median(error_ms))


if __name__ == "__main__":
    main()
