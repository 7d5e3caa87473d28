"""Parameters of the drift detector, with their ranges.

What is particular to an indicator (its gate, what is usual of it) stands in its own row. Figures
were chosen on simulated hours of the measured wander, with seeds other than those reported
(``benchmarks/ALERTS.md``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final

from imu.drift.indicators import INDICATORS, Gate, indicator_named
from imu.errors import ParameterError
from imu.ranges import Within, check_ranges

MOST_BLOCK_STEPS: Final = 100


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
        Blocks that make the baseline of a first run, 4 to 1000; 95 of 20 steps are about 11 min,
        since contact and force need 11 to 17 to settle.
    settling_blocks : int
        The same for a runner with earlier runs, whose blocks only move the baseline to the day, 1
        to 1000.
    smoothing : float
        Share of the newest block in the moving average, above 0 to 1.
    wander_s : float
        Time constant of the slow wander, s, 10 to 3600.
    calm_multiple : float
        A smoothed value farther than this many standard deviations from the baseline teaches
        nothing about it, 0.5 to 20.
    speed_multiple, slope_multiple : float
        A speed or slope that is estimated from the other indicators counts from this many standard
        deviations of its own error on, 0 to 20. A small change of speed that does not count stays
        in the indicators as if it were one of form, and moves their levels; a small slope is mostly
        error, and counts only where the slope is seen to vary in the run.
    family_factor : float
        Gates and evidence of all indicators together are this much larger, 0.2 to 5: buys fewer
        false alerts for later detection.
    clear_share : float
        Share of the gate below which a change is over, 0 to 1.
    cool_off_s : float
        Running time after a change is over in which the same indicator is not reported, s, 0 to
        3600.
    bend_rate_deg_s : float
        Turn in half a block from which it is a bend and left out, degrees a second, 0.5 to 360.
    contact_jump_percent, cadence_jump_percent : float
        Change between halves of blocks from which the speed has changed, %, 1 to 100.
    speed_change_s : float
        Running time left out after such a change, s, 0 to 600.
    surface_change_s : float
        Running time left out after a surface was marked, s, 0 to 3600.
    slip_deg : float
        Jump of lean and roll that stays for three halves of blocks, without a change of gait, from
        which the sensor has moved, degrees, 1 to 90.
    slip_lean_deg : float
        The same for a jump straight forward or back, which a runner's lean may make too, degrees, 1
        to 90.
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

    skip_s: Annotated[float, Within(0.0, 3600.0)] = 60.0
    block_steps: Annotated[int, Within(4, MOST_BLOCK_STEPS, even=True)] = 20
    baseline_blocks: Annotated[int, Within(4, 1000)] = 95
    settling_blocks: Annotated[int, Within(1, 1000)] = 60
    smoothing: Annotated[float, Within(0.0, 1.0, above=True)] = 0.3
    wander_s: Annotated[float, Within(10.0, 3600.0)] = 135.0
    calm_multiple: Annotated[float, Within(0.5, 20.0)] = 1.7
    speed_multiple: Annotated[float, Within(0.0, 20.0)] = 0.75
    slope_multiple: Annotated[float, Within(0.0, 20.0)] = 1.5
    family_factor: Annotated[float, Within(0.2, 5.0)] = 1.0
    clear_share: Annotated[float, Within(0.0, 1.0)] = 0.5
    cool_off_s: Annotated[float, Within(0.0, 3600.0)] = 300.0
    bend_rate_deg_s: Annotated[float, Within(0.5, 360.0)] = 2.5
    contact_jump_percent: Annotated[float, Within(1.0, 100.0)] = 8.0
    cadence_jump_percent: Annotated[float, Within(1.0, 100.0)] = 4.0
    speed_change_s: Annotated[float, Within(0.0, 600.0)] = 5.0
    surface_change_s: Annotated[float, Within(0.0, 3600.0)] = 60.0
    slip_deg: Annotated[float, Within(1.0, 90.0)] = 5.0
    slip_lean_deg: Annotated[float, Within(1.0, 90.0)] = 6.0
    gates: tuple[Gate, ...] = tuple(indicator.gate for indicator in INDICATORS)

    def __post_init__(self) -> None:
        check_ranges(self)
        if len(self.gates) != len(INDICATORS):
            accepted = f"a gate for each of the {len(INDICATORS)} indicators"
            raise ParameterError("gates", self.gates, accepted)

    def gate_of(self, indicator: str) -> Gate:
        """The gate of the indicator of a name.

        Parameters
        ----------
        indicator : str
            Its name, such as ``"sacral_lean_deg"``.

        Returns
        -------
        Gate
            In the unit of the indicator's changes.
        """
        return self.gates[INDICATORS.index(indicator_named(indicator))]

    def with_gate(
        self,
        indicator: str,
        *,
        floor: float | None = None,
        multiple: float | None = None,
        evidence: float | None = None,
        lasting: float | None = None,
        dwell_blocks: int | None = None,
        least: float | None = None,
    ) -> DriftParams:
        """The same parameters with fields of one indicator's :class:`Gate` changed.

        Parameters
        ----------
        indicator : str
            Its name, such as ``"sacral_lean_deg"``.
        floor, multiple, evidence, lasting, dwell_blocks, least : optional
            Fields of :class:`Gate`; None leaves one as it is.

        Returns
        -------
        DriftParams
            A copy.

        Raises
        ------
        ParameterError
            When there is no such indicator, or a value is outside its range.

        Examples
        --------
        >>> DriftParams().with_gate("sacral_lean_deg", floor=3.0).gate_of("sacral_lean_deg").floor
        3.0
        """
        place = INDICATORS.index(indicator_named(indicator))
        was = self.gates[place]
        gate = Gate(
            was.floor if floor is None else floor,
            was.multiple if multiple is None else multiple,
            was.evidence if evidence is None else evidence,
            was.lasting if lasting is None else lasting,
            was.dwell_blocks if dwell_blocks is None else dwell_blocks,
            was.least if least is None else least,
        )
        return replace(self, gates=(*self.gates[:place], gate, *self.gates[place + 1 :]))
