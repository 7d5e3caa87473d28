"""What the lean of a session is measured from: a posture the runner stood in, or not."""

from __future__ import annotations

import msgspec

from imu.analyzer import StepAnalyzer
from pipelines.session.carried import LeanKnown


class LeanReference:
    """Whether lean is measured from a standing neutral, as far as the log tells.

    Parameters
    ----------
    analyzer : StepAnalyzer
        Of the session.
    neutral : bool
        Whether it was given a standing neutral.
    unproven : bool
        Whether it starts with a baseline whose lean has still to be found comparable.

    Attributes
    ----------
    state : LeanKnown
        What is known; assign it to go on from an earlier session.
    """

    def __init__(self, analyzer: StepAnalyzer, *, neutral: bool, unproven: bool) -> None:
        self._analyzer = analyzer
        self.state = LeanKnown(analyzer.mounting is not None, neutral, False, unproven)

    @property
    def unsettled(self) -> bool:
        """Whether the next steps may tell something of it."""
        return self.state.unproven or not self.state.known

    def see_steps(self) -> bool:
        """Steps have come: axes that are searched may have been found; whether they were now."""
        if self.state.known:
            return False
        if self._analyzer.mounting is None:
            return False
        # failing a standing before the run, up is the mean of the run
        self._set(known=True, from_standing=not self._analyzer.lean_is_relative)
        return True

    def is_incomparable(self) -> bool:
        """Whether a baseline of other days turns out now to be none for this day's lean."""
        state = self.state
        if not (state.unproven and state.known):
            return False
        self._set(unproven=False)
        return not state.from_standing

    def take_neutral(self) -> None:
        """The runner has marked the neutral."""
        self._set(marked=True, from_standing=self.state.known or self.state.from_standing)

    def reseat(self) -> None:
        """The sensor was moved."""
        known = self._analyzer.mounting is not None
        self._set(known=known, from_standing=False, marked=False)

    def _set(self, **what: bool) -> None:
        self.state = msgspec.structs.replace(self.state, **what)
