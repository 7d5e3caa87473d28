"""Parameters of the drift detector, with their ranges.

Blocks, smoothing, cumulative sum, multiples and floors are those of the published rule that the
project started from. The limits of the gates, the dwell of single indicators and how a short
baseline is treated were chosen in simulation (``benchmarks/ALERTS.md``).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from imu.errors import ParameterError

__all__ = ["MOST_BASELINE_BLOCKS", "MOST_BLOCK_STEPS", "RANGES", "DriftParams"]

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
    gate_limit : float
        Largest gate in floors, 1 to 10: the cap on what wander can do.
    lean_gate_limit, lumbar_gate_limit, dose_gate_limit : float
        The same for the lean, for the lumbar index, which moves by 6 % a degree of lean, and for
        the dose rate, its fourth power, 1 to 20.
    unsteadiness_limit : float
        How many times wider these largest gates may become for a runner who wanders more than is
        assumed in most indicators at once, 1 to 5.
    family_factor : float
        Gates of all indicators together are this much wider, 0.2 to 5: buys fewer false alerts of
        the family for later detection.
    cusum_slack, cusum_limit : float
        Two-sided cumulative sum of standardised blocks: what is taken off each block, 0 to 5, and
        how high it has to be for a change, 0 to 100.
    dwell_blocks : int
        Blocks in a row beyond the gate before a change is reported, 1 to 100.
    cadence_dwell_blocks, shock_dwell_blocks, lean_dwell_blocks, supporting_dwell_blocks : int
        The same for cadence, for shock, for the lean and what follows from it, and for supporting
        indicators, 1 to 400.
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
    peak_floor_percent, shock_floor_percent, oscillation_floor_percent, cadence_floor_percent, \
lumbar_floor_percent, contact_floor_percent, shock_power_floor_percent, dose_floor_percent, \
pelvic_floor_percent, regularity_floor_percent : float
        Smallest gates, % of the baseline, 0.1 to 100.
    lean_floor_deg : float
        Smallest gate of the lean, degrees, 0.1 to 45.
    difference_floor_points : float
        Smallest gate of the left/right difference, points, 0.1 to 100.
    difference_least_percent : float
        Left/right difference below which there is nothing to report, %, 0 to 100.

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

    skip_s: float = 150.0
    block_steps: int = 20
    baseline_blocks: int = 40
    smoothing: float = 0.3
    wander_multiple: float = 4.0
    refined_blocks: int = 240
    refined_share: float = 0.35
    short_wander_blocks: int = 160
    gate_limit: float = 1.2
    lean_gate_limit: float = 1.4
    lumbar_gate_limit: float = 2.5
    dose_gate_limit: float = 6.0
    unsteadiness_limit: float = 2.5
    family_factor: float = 1.0
    cusum_slack: float = 1.0
    cusum_limit: float = 6.0
    dwell_blocks: int = 8
    cadence_dwell_blocks: int = 5
    shock_dwell_blocks: int = 8
    lean_dwell_blocks: int = 8
    supporting_dwell_blocks: int = 24
    clear_share: float = 0.5
    cool_off_s: float = 300.0
    cadence_adjustment: float = 1.0
    pace_adjustment: float = 1.0
    bend_rate_deg_s: float = 2.5
    contact_jump_percent: float = 8.0
    cadence_jump_percent: float = 4.0
    speed_change_s: float = 5.0
    surface_change_s: float = 60.0
    slip_deg: float = 5.0
    slip_lean_deg: float = 6.0
    outlier_penalty: float = 9.0
    peak_floor_percent: float = 6.0
    shock_floor_percent: float = 10.0
    lean_floor_deg: float = 2.0
    oscillation_floor_percent: float = 8.0
    cadence_floor_percent: float = 3.0
    lumbar_floor_percent: float = 10.0
    contact_floor_percent: float = 6.0
    shock_power_floor_percent: float = 25.0
    dose_floor_percent: float = 15.0
    pelvic_floor_percent: float = 20.0
    regularity_floor_percent: float = 10.0
    difference_floor_points: float = 10.0
    difference_least_percent: float = 20.0

    def __post_init__(self) -> None:
        for field in fields(self):
            low, high = RANGES[field.name]
            value = getattr(self, field.name)
            whole = isinstance(field.default, int)
            fits = (
                isinstance(value, int if whole else int | float)
                and not isinstance(value, bool)
                and low <= value <= high
            )
            if field.name == "smoothing":
                if not fits or value == 0.0:
                    raise ParameterError(field.name, value, "a number above 0, at most 1")
            elif field.name == "block_steps":
                if not fits or value % 2:
                    accepted = f"an even whole number from {low:g} to {high:g}"
                    raise ParameterError(field.name, value, accepted)
            elif not fits:
                kind = "a whole number" if whole else "a number"
                raise ParameterError(field.name, value, f"{kind} from {low:g} to {high:g}")


_PERCENT: Final = (0.1, 100.0)
#: Lowest and highest value of each parameter.
RANGES: Final[dict[str, tuple[float, float]]] = {
    "skip_s": (0.0, 3600.0),
    "block_steps": (4, MOST_BLOCK_STEPS),
    "baseline_blocks": (4, MOST_BASELINE_BLOCKS),
    "smoothing": (0.0, 1.0),
    "wander_multiple": (0.0, 20.0),
    "refined_blocks": (4, 1000),
    "refined_share": (0.0, 1.0),
    "short_wander_blocks": (0, 1000),
    "gate_limit": (1.0, 10.0),
    "lean_gate_limit": (1.0, 20.0),
    "lumbar_gate_limit": (1.0, 20.0),
    "dose_gate_limit": (1.0, 20.0),
    "unsteadiness_limit": (1.0, 5.0),
    "family_factor": (0.2, 5.0),
    "cusum_slack": (0.0, 5.0),
    "cusum_limit": (0.0, 100.0),
    "dwell_blocks": (1, 100),
    "cadence_dwell_blocks": (1, 400),
    "shock_dwell_blocks": (1, 400),
    "lean_dwell_blocks": (1, 400),
    "supporting_dwell_blocks": (1, 400),
    "clear_share": (0.0, 1.0),
    "cool_off_s": (0.0, 3600.0),
    "cadence_adjustment": (0.0, 1.0),
    "pace_adjustment": (0.0, 1.0),
    "bend_rate_deg_s": (0.5, 360.0),
    "contact_jump_percent": (1.0, 100.0),
    "cadence_jump_percent": (1.0, 100.0),
    "speed_change_s": (0.0, 600.0),
    "surface_change_s": (0.0, 3600.0),
    "slip_deg": (1.0, 90.0),
    "slip_lean_deg": (1.0, 90.0),
    "outlier_penalty": (0.0, 1000.0),
    "peak_floor_percent": _PERCENT,
    "shock_floor_percent": _PERCENT,
    "lean_floor_deg": (0.1, 45.0),
    "oscillation_floor_percent": _PERCENT,
    "cadence_floor_percent": _PERCENT,
    "lumbar_floor_percent": _PERCENT,
    "contact_floor_percent": _PERCENT,
    "shock_power_floor_percent": _PERCENT,
    "dose_floor_percent": _PERCENT,
    "pelvic_floor_percent": _PERCENT,
    "regularity_floor_percent": _PERCENT,
    "difference_floor_points": _PERCENT,
    "difference_least_percent": (0.0, 100.0),
}
