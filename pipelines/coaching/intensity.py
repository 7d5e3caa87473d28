"""How hard the runner runs now, relative to usual: the mean of the last steps."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from imu.steps import Steps
from pipelines.coaching.plan import UsualIntensity

#: Single steps scatter by 4 % in force, which is some 7 % of the intensity.
_STEPS: Final = 10
#: Stands in where nothing is known of the runner: it serves comparisons within one session.
_ANYONE: Final = UsualIntensity(2.5, 165.0)


class RunningIntensity:
    """The mean over the last ten steps that have the figures.

    Parameters
    ----------
    usual : UsualIntensity, optional
        The runner's; without it the value only compares within a session.
    """

    def __init__(self, usual: UsualIntensity | None) -> None:
        self._usual = usual or _ANYONE
        self._steps: deque[tuple[float, float]] = deque(maxlen=_STEPS)

    @property
    def value(self) -> float | None:
        """Relative to usual; None before the first step."""
        if not self._steps:
            return None
        peaks, cadences = zip(*self._steps, strict=True)
        return self._usual.relative(
            math.fsum(peaks) / len(peaks), math.fsum(cadences) / len(cadences)
        )

    def take_steps(self, steps: Steps) -> None:
        """Take steps that got finished."""
        last = steps[-_STEPS:]
        for peak, cadence in zip(
            last.peak_10hz_bw.tolist(), last.cadence_spm.tolist(), strict=True
        ):
            if math.isfinite(peak) and math.isfinite(cadence):
                self._steps.append((peak, cadence))
