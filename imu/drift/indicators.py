"""The load indicators that are watched: what each is, what speaks for it, and its limits.

None is a diagnosis. A change says that the runner moves unlike at the beginning of the run, or
unlike in earlier runs; whether that matters is for the runner to judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from imu.errors import ParameterError

__all__ = ["INDICATORS", "Indicator", "Statistic", "indicator_named"]

#: How a block of steps becomes one value: the mean of both sides' means, the left's minus the
#: right's as a percentage of both, steps a minute, or the dose gathered a second.
Statistic = Literal["mean", "difference", "rate", "dose"]


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
        ``%`` of the baseline, ``deg`` for a difference of angles, ``points`` for one of
        percentages.
    floor : str
        Field of :class:`~imu.drift.params.DriftParams` with its smallest gate.
    definition, evidence, limits : str
        What it is; what speaks for watching it; what it cannot tell.
    statistic : str
        How a block of steps becomes one value.
    percent_of_baseline : bool
        Whether the value itself is only told as a percentage of the baseline.
    dwell : str
        Field of :class:`~imu.drift.params.DriftParams` with the blocks it has to stay changed;
        longer for indicators that no published work ties to load by themselves.
    limit : str
        Field of :class:`~imu.drift.params.DriftParams` with its largest gate, in floors.
    least_size : str
        Field of :class:`~imu.drift.params.DriftParams` below which the size of the value itself is
        no change at all, empty without one.
    """

    name: str
    column: str
    words: str
    unit: str
    change_unit: Literal["%", "deg", "points"]
    floor: str
    definition: str
    evidence: str
    limits: str
    statistic: Statistic = "mean"
    percent_of_baseline: bool = False
    dwell: str = "dwell_blocks"
    limit: str = "gate_limit"
    least_size: str = ""

    @property
    def relative(self) -> bool:
        """Whether changes are percentages of the baseline."""
        return self.change_unit == "%"


_PELVIC_EVIDENCE: Final = "Pelvic motion changes with fatigue and speed; 6, 8.5 and 12° are usual."
_PELVIC_LIMITS: Final = "Needs a gyroscope. A loose belt adds motion of its own."

#: What is watched, in the order in which changes of the same block are reported.
INDICATORS: Final = (
    Indicator(
        "peak_10hz_bw",
        "peak_10hz_bw",
        "peak force",
        "bw",
        "%",
        "peak_floor_percent",
        "Peak of the vertical specific force below 10 Hz in stance.",
        "0.08–0.23 BW (SD) from force plates; varies by 4 % from step to step.",
        "Reads 0.1 BW high, more uphill; changes count, the figure itself does not.",
    ),
    Indicator(
        "impact_shock_g",
        "impact_shock_g",
        "impact shock",
        "g",
        "%",
        "shock_floor_percent",
        "Largest vertical specific force below 20 Hz within 80 ms of contact.",
        "3.1 g on the level, 4.9 g down 10° in public recordings; varies by 9 % a step.",
        "No loading rate and no ground reaction force (Kiernan 2023, doi:10.3390/s23218719).",
        dwell="shock_dwell_blocks",
    ),
    Indicator(
        "sacral_lean_deg",
        "sacral_lean_deg",
        "trunk lean (at the sacrum)",
        "deg",
        "deg",
        "lean_floor_deg",
        "Mean forward pitch of the sacrum over the step, both directions watched.",
        "Fatigue adds about 4° of trunk flexion in novices (Koblbauer 2014, "
        "doi:10.1016/j.jsams.2013.05.003).",
        "The pelvis, not the chest: a slump and an arched back can read alike.",
        dwell="lean_dwell_blocks",
        limit="lean_gate_limit",
    ),
    Indicator(
        "vertical_oscillation_mm",
        "vertical_oscillation_mm",
        "vertical oscillation",
        "mm",
        "%",
        "oscillation_floor_percent",
        "Peak-to-peak vertical displacement of the sensor over the step.",
        "Falls with a quicker cadence, as does the load of each step.",
        "About 20 mm above that of the centre of mass.",
    ),
    Indicator(
        "cadence_spm",
        "cadence_spm",
        "cadence",
        "spm",
        "%",
        "cadence_floor_percent",
        "Sixty over the block's mean step time: as the column, without its ten-second window.",
        "Cadence +5–10 % lowers the load of a step (Heiderscheit 2011, "
        "doi:10.1249/MSS.0b013e3181ebedf4).",
        "Goes with speed as well as with form.",
        statistic="rate",
        dwell="cadence_dwell_blocks",
    ),
    Indicator(
        "lumbar_index",
        "lumbar_compression_bw",
        "lumbar index",
        "%",
        "%",
        "lumbar_floor_percent",
        "Compression of the lower back in a static hand-over model (imu.step.lumbar).",
        "The ratio for 4° more lean is 1.22 ± 0.05 in simulation.",
        "Follows from peak force and lean; absolute figures are off by about 21 %.",
        percent_of_baseline=True,
        dwell="lean_dwell_blocks",
        limit="lumbar_gate_limit",
    ),
    Indicator(
        "contact_time_ms",
        "contact_time_ms",
        "contact time",
        "ms",
        "%",
        "contact_floor_percent",
        "Initial contact to toe-off.",
        "Lengthens as runners tire; 20 ms RMSE in published work (Patoz 2022, "
        "doi:10.3390/s22030784).",
        "Shortens with speed by about a fifth a metre a second, which is no change of form.",
        dwell="supporting_dwell_blocks",
    ),
    Indicator(
        "shock_power_g2",
        "shock_power_g2",
        "shock power",
        "g²",
        "%",
        "shock_power_floor_percent",
        "Mean square of the vertical specific force between 10 and 20 Hz over the step.",
        "Twice as high downhill as on the level, half as high uphill, in public recordings.",
        "Of the step rather than of two-second windows; varies by 20 % from step to step.",
        dwell="supporting_dwell_blocks",
    ),
    Indicator(
        "dose_rate",
        "lumbar_compression_bw",
        "load dose rate",
        "%",
        "%",
        "dose_floor_percent",
        "Fourth power of the lumbar compression of each step, summed a second.",
        "Repeated load tells by a power of its size: Coenen's cadaver fit has F²N^0.2, "
        "ISO 2631-5 uses 6.",
        "Four times as sensitive as the lumbar index, to its errors too.",
        statistic="dose",
        limit="dose_gate_limit",
        percent_of_baseline=True,
        dwell="supporting_dwell_blocks",
    ),
    Indicator(
        "pelvic_tilt_range_deg",
        "pelvic_tilt_range_deg",
        "pelvic tilt range",
        "deg",
        "%",
        "pelvic_floor_percent",
        "Range of forward tilt of the pelvis over the step.",
        _PELVIC_EVIDENCE,
        _PELVIC_LIMITS,
        dwell="supporting_dwell_blocks",
    ),
    Indicator(
        "pelvic_obliquity_range_deg",
        "pelvic_obliquity_range_deg",
        "pelvic drop range",
        "deg",
        "%",
        "pelvic_floor_percent",
        "Range of sideways tilt of the pelvis over the step.",
        _PELVIC_EVIDENCE,
        _PELVIC_LIMITS,
        dwell="supporting_dwell_blocks",
    ),
    Indicator(
        "pelvic_rotation_range_deg",
        "pelvic_rotation_range_deg",
        "pelvic rotation range",
        "deg",
        "%",
        "pelvic_floor_percent",
        "Range of rotation of the pelvis about the vertical over the step.",
        _PELVIC_EVIDENCE,
        _PELVIC_LIMITS,
        dwell="supporting_dwell_blocks",
    ),
    Indicator(
        "shock_difference_percent",
        "impact_shock_g",
        "left/right difference in shock",
        "%",
        "points",
        "difference_floor_points",
        "Left minus right as a percentage of their mean, of the impact shock.",
        "Healthy runners differ by 10 %: a change counts only above 20 % of difference.",
        "Known once the sides are; a crooked sensor or a bend can make a difference of its own.",
        statistic="difference",
        dwell="supporting_dwell_blocks",
        least_size="difference_least_percent",
    ),
    Indicator(
        "step_regularity",
        "step_regularity",
        "step regularity",
        "",
        "%",
        "regularity_floor_percent",
        "Correlation of a step's vertical specific force with that of the step before.",
        "Falls with fatigue and uneven ground (Moe-Nilssen & Helbostad 2004, "
        "doi:10.1016/S0021-9290(03)00233-1, for walking).",
        "Uneven ground reads as uneven running.",
        dwell="supporting_dwell_blocks",
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
