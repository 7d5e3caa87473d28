"""The times of a session that are not judged."""

from __future__ import annotations

import math

import numpy as np

from imu.steps import Steps


class Pauses:
    """The times of a session that are not judged."""

    def __init__(self) -> None:
        self._spans: list[tuple[float, float]] = []  # the last may still be open: until infinity

    def begin(self, time_s: float) -> None:
        """Judge nothing from here on."""
        if not self._spans or self._spans[-1][1] < math.inf:
            self._spans.append((time_s, math.inf))

    def end(self, time_s: float) -> None:
        """Judge again."""
        if self._spans and self._spans[-1][1] == math.inf:
            self._spans[-1] = (self._spans[-1][0], time_s)

    def outside(self, steps: Steps) -> Steps:
        """The steps whose initial contact is in no pause."""
        if not self._spans or not len(steps):
            return steps
        contact = steps.initial_contact_s
        judged = np.ones(len(steps), np.bool_)
        for start_s, end_s in self._spans:
            judged &= (contact < start_s) | (contact >= end_s)
        return steps if judged.all() else Steps(steps.rows[judged])
