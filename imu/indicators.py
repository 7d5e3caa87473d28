"""The load indicators that are watched: their columns, names and units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from imu.errors import ParameterError

__all__ = ["INDICATORS", "Indicator", "indicator_named"]


@dataclass(frozen=True, slots=True)
class Indicator:
    """One load indicator that is watched.

    Attributes
    ----------
    name : str
        As alerts and baselines name it.
    column : str
        Column of :class:`~imu.steps.Steps` that it is computed from.
    words : str
        Its name for the runner.
    unit : str
        Of its values.
    change_unit : str
        ``%`` of the baseline, or ``deg`` for a difference of angles.
    floor : str
        Field of :class:`DriftParams` with its smallest gate.
    percent_of_baseline : bool
        Whether the value itself is only told as a percentage of the baseline.
    """

    name: str
    column: str
    words: str
    unit: str
    change_unit: Literal["%", "deg"]
    floor: str
    percent_of_baseline: bool = False

    @property
    def relative(self) -> bool:
        """Whether changes are percentages of the baseline."""
        return self.change_unit == "%"


#: What is watched, in the order in which changes of the same block are reported.
INDICATORS: Final = (
    Indicator("peak_10hz_bw", "peak_10hz_bw", "peak force", "bw", "%", "peak_floor_percent"),
    Indicator("impact_shock_g", "impact_shock_g", "impact shock", "g", "%", "shock_floor_percent"),
    Indicator(
        "sacral_lean_deg",
        "sacral_lean_deg",
        "trunk lean (at the sacrum)",
        "deg",
        "deg",
        "lean_floor_deg",
    ),
    Indicator(
        "vertical_oscillation_mm",
        "vertical_oscillation_mm",
        "vertical oscillation",
        "mm",
        "%",
        "oscillation_floor_percent",
    ),
    Indicator("cadence_spm", "cadence_spm", "cadence", "spm", "%", "cadence_floor_percent"),
    Indicator(
        "lumbar_index",
        "lumbar_compression_bw",
        "lumbar index",
        "%",
        "%",
        "lumbar_floor_percent",
        percent_of_baseline=True,
    ),
)


def indicator_named(name: str) -> Indicator:
    """The indicator of a name.

    Raises
    ------
    ParameterError
        When there is none.

    Examples
    --------
    >>> indicator_named("sacral_lean_deg").words
    'trunk lean (at the sacrum)'
    """
    for indicator in INDICATORS:
        if indicator.name == name:
            return indicator
    raise ParameterError(
        "indicator", name, "one of " + ", ".join(indicator.name for indicator in INDICATORS)
    )
