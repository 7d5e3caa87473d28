"""Who runs: all that belongs to one seed's runner, whatever is run."""

from __future__ import annotations

from typing import Final

import numpy as np

from devices.simulator.pelvis import Gait, RunnersPelvis

# gaits known ahead: so many a m/s, from standing to beyond the fastest
_SPEEDS_PER_M_S: Final = 10
_SPEEDS: Final = 96
_WANDER_PERIOD_S: Final = (60.0, 600.0)


class Person:
    """One runner; the same seed is the same one.

    Parameters
    ----------
    seed : int

    Attributes
    ----------
    pelvis : RunnersPelvis
    roll_deg : float
        Mean roll while running.
    fatigue_lean_deg : float
        What fatigue adds to the lean.
    step_time_asymmetry, peak_asymmetry, shock_asymmetry : float
        Left minus right over the mean.
    step_time_cv, contact_time_cv, peak_cv, shock_cv, persistence, wander_sd : float
        Of the variation from step to step, and of that over minutes.
    wander_hz, wander_lag : ndarray, shape (2, 3)
        Slow waves of lean and roll.
    """

    def __init__(self, seed: int) -> None:
        person = np.random.default_rng([seed, 0])
        self.starts_left = bool(person.random() < 0.5)
        self.fatigue_lean_deg = person.uniform(4.0, 6.0)
        self.roll_deg = person.uniform(-1.5, 1.5)
        # what was measured (doi:10.7717/peerj.3298): 1.8 % of the step time on average, 7 % (one
        # standard deviation) of the peak; left and right in shock 10 % in healthy runners
        self.step_time_asymmetry = person.uniform(-0.035, 0.035)
        self.peak_asymmetry = person.uniform(-0.10, 0.10)
        self.shock_asymmetry = person.uniform(-0.10, 0.10)
        self.step_time_cv = person.uniform(0.012, 0.026)
        self.peak_cv = person.uniform(0.016, 0.034)
        self.shock_cv = person.uniform(0.07, 0.09)
        self.persistence = person.uniform(0.2, 0.5)
        self.wander_sd = person.uniform(0.01, 0.02)
        self.contact_time_cv = person.uniform(0.014, 0.024)
        waves = np.random.default_rng([seed, 9])
        self.wander_hz = 1.0 / waves.uniform(*_WANDER_PERIOD_S, (2, 3))
        self.wander_lag = waves.uniform(0.0, 2.0 * np.pi, (2, 3))
        self.pelvis = RunnersPelvis(np.random.default_rng([seed, 11]))
        self._gaits = [self.pelvis.gait(i / _SPEEDS_PER_M_S) for i in range(_SPEEDS)]

    def gait(self, speed_m_s: float) -> Gait:
        """The average gait at a speed, m/s."""
        place = min(max(speed_m_s, 0.0) * _SPEEDS_PER_M_S, _SPEEDS - 1.001)
        number = int(place)
        share = place - number
        slower, faster = self._gaits[number], self._gaits[number + 1]
        return Gait(*(a + share * (b - a) for a, b in zip(slower, faster, strict=True)))
