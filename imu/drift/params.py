"""Parameters of the drift detector, with their ranges.

Blocks, smoothing, cumulative sum and multiples are those of the published rule that the
project started from. How a short baseline is treated was chosen in simulation, as were limits and
dwell of the gates (``benchmarks/ALERTS.md``), which stand in each indicator's own row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final

from imu.drift.indicators import INDICATORS, Gate, indicator_named
from imu.errors import ParameterError
from imu.ranges import Within, check_ranges

__all__ = ["MOST_BASELINE_BLOCKS", "MOST_BLOCK_STEPS", "DriftParams"]

MOST_BLOCK_STEPS: Final = 100
MOST_BASELINE_BLOCKS: Final = 400


@dataclass(frozen=True, slots=True)
class DriftParams:
    """Parameters of :class:`~imu.drift.detector.DriftDetector`.

    Attributes
    ----------
    skip_s : float
        Running time that is left out as warming up, s, 0 to 3600.
    block_steps : int
        Trusted steps in a block, even, 4 to 100.
    baseline_blocks : int
        Blocks that make the baseline, 4 to 400; 40 of 20 steps are about 5 min.
    smoothing : float
        Share of the newest block in the moving average, above 0 to 1.
    wander_multiple : float
        Gate in standard deviations of the runner's slow wander, 0 to 20.
    refined_blocks : int
        Blocks up to which a baseline goes on being refined by blocks that are near it, 4 to 1000;
        240 of 20 steps end at minute 30.
    refined_share : float
        Share of the gate that near is for the mean, 0 to 1, since what drifts slowly must not be
        followed; for the wander it is ``clear_share``.
    short_wander_blocks : int
        Five minutes show less wander than an hour holds: of a baseline of N blocks the wander is
        enlarged by √(1 + this / N), 0 to 1000.
    unsteadiness_limit : float
        How many times wider the largest gates may become for a runner who wanders more than is
        assumed in most indicators at once, 1 to 5.
    family_factor : float
        Gates of all indicators together are this much wider, 0.2 to 5: buys fewer false alerts of
        the family for later detection.
    cusum_slack, cusum_limit : float
        Two-sided cumulative sum of standardised blocks: what is taken off each block, 0 to 5, and
        how high it has to be for a change, 0 to 100.
    clear_share : float
        Share of the gate below which a change is over, 0 to 1.
    cool_off_s : float
        Running time after a change is over in which the same indicator is not reported, s, 0 to
        3600.
    cadence_adjustment : float
        Share of what cadence usually does to other indicators that is taken out of them, 0 to 1.
    pace_adjustment : float
        The same of what speed and slope do, judged by the other indicators, 0 to 1.
    bend_rate_deg_s : float
        Turn in half a block from which it is a bend and left out, degrees a second, 0.5 to 360.
    contact_jump_percent, cadence_jump_percent : float
        Change between halves of blocks from which the speed has changed, %, 1 to 100.
    speed_change_s : float
        Running time left out after such a change, s, 0 to 600.
    surface_change_s : float
        Running time left out after a surface was marked, s, 0 to 3600.
    slip_deg : float
        Jump of lean and roll within ten seconds, without a change of gait, from which the sensor
        has moved, degrees, 1 to 90.
    slip_lean_deg : float
        The same for a jump straight forward or back, which a runner's lean may make too, degrees, 1
        to 90.
    outlier_penalty : float
        By how much a pace that ignores one kind of indicators has to fit the others better (χ²)
        before they are ignored, 0 to 1000.
    gates : tuple of Gate
        When a change counts, of each indicator in the order of
        :data:`~imu.drift.indicators.INDICATORS`; :meth:`with_gate` sets one of them.

    Raises
    ------
    ParameterError
        When a value is outside its range.

    Examples
    --------
    >>> DriftParams(smoothing=2.0)
    Traceback (most recent call last):
    ...
    imu.errors.ParameterError: smoothing is 2.0: give a number above 0, at most 1.
    """

    skip_s: Annotated[float, Within(0.0, 3600.0)] = 150.0
    block_steps: Annotated[int, Within(4, MOST_BLOCK_STEPS, even=True)] = 20
    baseline_blocks: Annotated[int, Within(4, MOST_BASELINE_BLOCKS)] = 40
    smoothing: Annotated[float, Within(0.0, 1.0, above=True)] = 0.3
    wander_multiple: Annotated[float, Within(0.0, 20.0)] = 4.0
    refined_blocks: Annotated[int, Within(4, 1000)] = 240
    refined_share: Annotated[float, Within(0.0, 1.0)] = 0.35
    short_wander_blocks: Annotated[int, Within(0, 1000)] = 160
    unsteadiness_limit: Annotated[float, Within(1.0, 5.0)] = 2.5
    family_factor: Annotated[float, Within(0.2, 5.0)] = 1.0
    cusum_slack: Annotated[float, Within(0.0, 5.0)] = 1.0
    cusum_limit: Annotated[float, Within(0.0, 100.0)] = 6.0
    clear_share: Annotated[float, Within(0.0, 1.0)] = 0.5
    cool_off_s: Annotated[float, Within(0.0, 3600.0)] = 300.0
    cadence_adjustment: Annotated[float, Within(0.0, 1.0)] = 1.0
    pace_adjustment: Annotated[float, Within(0.0, 1.0)] = 1.0
    bend_rate_deg_s: Annotated[float, Within(0.5, 360.0)] = 2.5
    contact_jump_percent: Annotated[float, Within(1.0, 100.0)] = 8.0
    cadence_jump_percent: Annotated[float, Within(1.0, 100.0)] = 4.0
    speed_change_s: Annotated[float, Within(0.0, 600.0)] = 5.0
    surface_change_s: Annotated[float, Within(0.0, 3600.0)] = 60.0
    slip_deg: Annotated[float, Within(1.0, 90.0)] = 5.0
    slip_lean_deg: Annotated[float, Within(1.0, 90.0)] = 6.0
    outlier_penalty: Annotated[float, Within(0.0, 1000.0)] = 9.0
    gates: tuple[Gate, ...] = tuple(indicator.gate for indicator in INDICATORS)

    def __post_init__(self) -> None:
        check_ranges(self)
        if len(self.gates) != len(INDICATORS):
            accepted = f"a gate for each of the {len(INDICATORS)} indicators"
            raise ParameterError("gates", self.gates, accepted)

    def gate_of(self, indicator: str) -> Gate:
        """The gate of the indicator of a name."""
        return self.gates[INDICATORS.index(indicator_named(indicator))]

    def with_gate(self, indicator: str, **changed: float) -> DriftParams:
        """The same parameters with fields of one indicator's :class:`Gate` changed.

        Raises
        ------
        ParameterError
            When there is no such indicator, or a value is outside its range.

        Examples
        --------
        >>> DriftParams().with_gate("sacral_lean_deg", floor=3.0).gate_of("sacral_lean_deg")
        Gate(floor=3.0, limit=1.4, dwell_blocks=8, least=0.0)
        """
        place = INDICATORS.index(indicator_named(indicator))
        gate = replace(self.gates[place], **changed)  # type: ignore[arg-type]
        return replace(self, gates=(*self.gates[:place], gate, *self.gates[place + 1 :]))
