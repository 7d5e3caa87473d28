"""What the lean of a session is measured from: a posture the runner stood in, or not."""

from __future__ import annotations

import numpy as np

from imu.analyzer import StepAnalyzer

__all__ = ["LeanReference"]


class LeanReference:
    """Whether lean is measured from a standing neutral, as far as the log tells.

    Parameters
    ----------
    analyzer : StepAnalyzer
        Of the session.
    neutral : bool
        Whether it was given a standing neutral.

    Attributes
    ----------
    known : bool
        Whether the axes are known; before that nothing is measured from anything.
    from_standing : bool
        Whether lean can be compared with that of other days.
    marked : bool
        Whether the runner has marked the neutral in this session.
    """

    def __init__(self, analyzer: StepAnalyzer, *, neutral: bool) -> None:
        self._analyzer = analyzer
        self.known = analyzer.mounting is not None
        self.from_standing = neutral
        self.marked = False

    def see_steps(self) -> None:
        """Steps have come: axes that are searched may have been found."""
        if self.known:
            return
        mounting = self._analyzer.mounting
        if mounting is None:
            return
        self.known = True
        state = self._analyzer.state[0]
        # failing a standing before the run, up is the mean of the run
        stood = bool(state["stood"]) and np.allclose(mounting[2], state["standing_up"], atol=1e-6)
        self.from_standing = bool(stood)

    def take_neutral(self) -> None:
        """The runner has marked the neutral."""
        self.marked = True
        if self.known:
            self.from_standing = True

    def reseat(self) -> None:
        """The sensor was moved."""
        self.known = self._analyzer.mounting is not None
        self.from_standing = self.marked = False
