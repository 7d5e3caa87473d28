"""The load indicators that are watched: one row each, with all that is particular to it.

None is a diagnosis. A change says that the runner moves unlike at the beginning of the run, or
unlike in earlier runs; whether that matters is for the runner to judge. A new indicator is one more
row of :data:`INDICATORS`: detector, settings, coach and views read it there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray

from imu.drift.changes import Direction
from imu.errors import ParameterError
from imu.ranges import Checked, Within

__all__ = ["INDICATORS", "RELATIVE", "Effects", "Gate", "Indicator", "Statistic", "indicator_named"]

#: How a block of steps becomes one value: the mean of both sides' means, the left's minus the
#: right's as a percentage of both, steps a minute, or the dose gathered a second.
Statistic = Literal["mean", "difference", "rate", "dose"]


@dataclass(frozen=True, slots=True)
class Gate(Checked):
    """When a change of an indicator counts: what a runner may set of each.

    Attributes
    ----------
    floor : float
        Smallest gate, in the unit of the indicator's changes, 0.1 to 100.
    limit : float
        Largest gate in floors, 1 to 20: the cap on what wander can do.
    dwell_blocks : int
        Blocks in a row beyond the gate before a change is reported, 1 to 400; more for indicators
        that no published work ties to load by themselves.
    least : float
        Size of the value itself below which there is nothing to report, 0 to 100.

    Raises
    ------
    ParameterError
        When a value is outside its range.
    """

    floor: Annotated[float, Within(0.1, 100.0)]
    limit: Annotated[float, Within(1.0, 20.0)] = 1.2
    dwell_blocks: Annotated[int, Within(1, 400)] = 8
    least: Annotated[float, Within(0.0, 100.0)] = 0.0


@dataclass(frozen=True, slots=True)
class Effects:
    """What cadence, speed and slope usually do to an indicator in a population.

    Rough figures, taken out so that a runner who goes a little faster or uphill is not told that
    the form has changed; a person's own differ by a third or so.

    Attributes
    ----------
    cadence : float
        Percent of the value that a percent of cadence changes it by.
    speed, slope : float
        Change a metre a second faster, and a degree uphill: as a share of the value, in degrees
        for a difference of angles.
    """

    cadence: float = 0.0
    speed: float = 0.0
    slope: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One load indicator that is watched.

    Attributes
    ----------
    name : str
        As alerts and baselines name it.
    key : str
        Its table in a file of settings, ``[indicators.KEY]``.
    column : str
        Column of :class:`~imu.steps.Steps` that it is computed from.
    words : str
        Its name for the runner.
    unit : str
        Of its values.
    change_unit : str
        ``%`` of the baseline, ``deg`` for a difference of angles, ``points`` for one of
        percentages.
    gate : Gate
        When a change counts, unless the runner sets otherwise.
    definition, evidence, limits : str
        What it is; what speaks for watching it; what it cannot tell.
    effects : Effects
        What pace usually does to it.
    groups : tuple of str
        One change of form moves all indicators of a group: none of them has a say in what pace
        does to the others.
    judges_pace : bool
        Whether it has a say in that at all; not where it follows from others, or from cadence.
    tells_unsteadiness : bool
        Whether its wander says how steady the runner is.
    by_position : bool
        Whether it hangs on the sensor's position on the body.
    told : tuple of {"up", "down"}
        Directions that add load, or may; the runner is not told of others.
    causes : tuple of str
        Indicators that it follows from, which say more about what changed and are told instead.
    statistic : str
        How a block of steps becomes one value.
    percent_of_baseline : bool
        Whether the value itself is only told as a percentage of the baseline.
    """

    name: str
    key: str
    column: str
    words: str
    unit: str
    change_unit: Literal["%", "deg", "points"] = "%"
    gate: Gate
    definition: str
    evidence: str
    limits: str
    effects: Effects = Effects()
    groups: tuple[str, ...] = ()
    judges_pace: bool = True
    tells_unsteadiness: bool = False
    by_position: bool = False
    told: tuple[Direction, ...] = ()
    causes: tuple[str, ...] = ()
    statistic: Statistic = "mean"
    percent_of_baseline: bool = False

    @property
    def relative(self) -> bool:
        """Whether changes are percentages of the baseline."""
        return self.change_unit == "%"


def _pelvic(axis: str, key: str, words: str, definition: str) -> Indicator:
    """A range of pelvic motion; the three are alike in all but the axis."""
    return Indicator(
        name=f"pelvic_{axis}_range_deg",
        key=key,
        column=f"pelvic_{axis}_range_deg",
        words=words,
        unit="deg",
        gate=Gate(20.0, dwell_blocks=24),
        definition=definition,
        evidence="Pelvic motion changes with fatigue and speed; runners with and without back pain "
        "do not differ in it (Drozda 2024), so it is shown and nobody is told of it.",
        limits="Needs a gyroscope. A loose belt adds motion of its own.",
        # rotation: 7° at 2.5 and 14° at 4.5 m/s on 18 treadmill runners
        effects=Effects(speed=0.35 if axis == "rotation" else 0.08, slope=0.03),
        groups=("pelvis",),
    )


#: What is watched, in the order in which changes of the same block are reported.
INDICATORS: Final = (
    Indicator(
        name="peak_10hz_bw",
        key="peak_force",
        column="peak_10hz_bw",
        words="peak force",
        unit="bw",
        gate=Gate(6.0),
        definition="Peak of the vertical specific force below 10 Hz in stance.",
        evidence="0.08–0.23 BW (SD) from force plates; varies by 4 % from step to step.",
        limits="Reads 0.1 BW high, more uphill; changes count, the figure itself does not.",
        # a regression over 37 runners in public recordings: 0.171 BW of 2.4 a metre a second
        effects=Effects(cadence=-0.4, speed=0.07, slope=-0.01),
        groups=("force",),
        tells_unsteadiness=True,
        told=("up",),
    ),
    Indicator(
        name="impact_shock_g",
        key="impact_shock",
        column="impact_shock_g",
        words="impact shock",
        unit="g",
        gate=Gate(10.0),
        definition="Largest vertical specific force below 20 Hz within 80 ms of contact.",
        evidence="3.1 g on the level, 4.9 g down 10° in public recordings; varies by 9 % a step.",
        limits="No loading rate and no ground reaction force (Kiernan 2023, "
        "doi:10.3390/s23218719).",
        # from 3.1 g on the level to 3.9 g at −5°
        effects=Effects(speed=0.20, slope=-0.045),
        groups=("shock",),
        tells_unsteadiness=True,
        told=("up",),
    ),
    Indicator(
        name="sacral_lean_deg",
        key="lean",
        column="sacral_lean_deg",
        words="pelvic lean",
        unit="deg",
        change_unit="deg",
        gate=Gate(2.0, limit=1.4),
        definition="Mean forward pitch of the sacrum over the step, both directions watched.",
        evidence="Fatigue adds about 4° of trunk flexion in novices (Koblbauer 2014, "
        "doi:10.1016/j.jsams.2013.05.003).",
        limits="The pelvis, not the chest: a slump and an arched back can read alike.",
        effects=Effects(speed=1.0, slope=0.6),
        groups=("lean",),
        tells_unsteadiness=True,
        by_position=True,
        told=("up", "down"),
    ),
    Indicator(
        name="vertical_oscillation_mm",
        key="oscillation",
        column="vertical_oscillation_mm",
        words="vertical oscillation",
        unit="mm",
        gate=Gate(8.0),
        definition="Peak-to-peak vertical displacement of the sensor over the step.",
        evidence="Falls with a quicker cadence, as does the load of each step.",
        limits="About 20 mm above that of the centre of mass.",
        # a body in free fall for half as long rises a quarter as high; speed at the same cadence
        effects=Effects(cadence=-2.0, speed=0.05, slope=-0.02),
        tells_unsteadiness=True,
        told=("up",),
    ),
    Indicator(
        name="cadence_spm",
        key="cadence",
        column="cadence_spm",
        words="cadence",
        unit="spm",
        gate=Gate(3.0, dwell_blocks=5),
        definition="Sixty over the block's mean step time: as the column, without its ten-second "
        "window.",
        evidence="Cadence +5–10 % lowers the load of a step (Heiderscheit 2011, "
        "doi:10.1249/MSS.0b013e3181ebedf4).",
        limits="Goes with speed as well as with form.",
        effects=Effects(speed=0.04, slope=-0.004),
        judges_pace=False,
        tells_unsteadiness=True,
        told=("down",),
        statistic="rate",
    ),
    Indicator(
        name="lumbar_index",
        key="lumbar_index",
        column="lumbar_compression_bw",
        words="lumbar index",
        unit="%",
        gate=Gate(10.0, limit=2.5),  # moves by 6 % a degree of lean
        definition="Compression of the lower back in a static hand-over model (imu.step.lumbar).",
        evidence="The ratio for 4° more lean is 1.22 ± 0.05 in simulation.",
        limits="Follows from peak force and lean; absolute figures are off by about 21 %.",
        effects=Effects(speed=0.11, slope=0.03),
        groups=("force", "lean"),
        judges_pace=False,
        by_position=True,
        told=("up",),
        causes=("peak_10hz_bw", "sacral_lean_deg"),
        percent_of_baseline=True,
    ),
    Indicator(
        name="contact_time_ms",
        key="contact_time",
        column="contact_time_ms",
        words="contact time",
        unit="ms",
        gate=Gate(6.0, dwell_blocks=24),
        definition="Initial contact to toe-off.",
        evidence="Lengthens as runners tire; 20 ms RMSE in published work (Patoz 2022, "
        "doi:10.3390/s22030784).",
        limits="Shortens with speed by about a fifth a metre a second, which is no change of form.",
        effects=Effects(cadence=-0.5, speed=-0.22, slope=0.01),  # 265 to 216 ms, 2.5 to 3.33 m/s
        tells_unsteadiness=True,
    ),
    Indicator(
        name="shock_power_g2",
        key="shock_power",
        column="shock_power_g2",
        words="shock power",
        unit="g²",
        gate=Gate(25.0, dwell_blocks=24),
        definition="Mean square of the vertical specific force between 10 and 20 Hz over the step.",
        evidence="Twice as high downhill as on the level, half as high uphill, in public "
        "recordings.",
        limits="Of the step rather than of two-second windows; varies by 20 % from step to step.",
        effects=Effects(speed=0.45, slope=-0.09),
        groups=("shock",),
        told=("up",),
        causes=("impact_shock_g",),
    ),
    Indicator(
        name="dose_rate",
        key="dose_rate",
        column="lumbar_compression_bw",
        words="load dose rate",
        unit="%",
        gate=Gate(15.0, limit=6.0, dwell_blocks=24),  # the fourth power of the lumbar index
        definition="Fourth power of the lumbar compression of each step, summed a second.",
        evidence="Repeated load tells by a power of its size: Coenen's cadaver fit has F²N^0.2, "
        "ISO 2631-5 uses 6.",
        limits="Four times as sensitive as the lumbar index, to its errors too.",
        effects=Effects(speed=0.44, slope=0.12),
        groups=("force", "lean"),
        judges_pace=False,
        by_position=True,
        told=("up",),
        causes=("peak_10hz_bw", "sacral_lean_deg", "lumbar_index"),
        statistic="dose",
        percent_of_baseline=True,
    ),
    _pelvic(
        "tilt",
        "pelvic_tilt",
        "pelvic tilt range",
        "Range of forward tilt of the pelvis over the step.",
    ),
    _pelvic(
        "obliquity",
        "pelvic_drop",
        "pelvic drop range",
        "Range of sideways tilt of the pelvis over the step.",
    ),
    _pelvic(
        "rotation",
        "pelvic_rotation",
        "pelvic rotation range",
        "Range of rotation of the pelvis about the vertical over the step.",
    ),
    Indicator(
        name="shock_difference_percent",
        key="shock_difference",
        column="impact_shock_g",
        words="left/right difference in shock",
        unit="%",
        change_unit="points",
        gate=Gate(10.0, dwell_blocks=24, least=20.0),
        definition="Left minus right as a percentage of their mean, of the impact shock.",
        evidence="Healthy runners differ by 10 %: a change counts only above 20 % of difference.",
        limits="Known once the sides are; a crooked sensor or a bend can make a difference of its "
        "own.",
        judges_pace=False,
        told=("up", "down"),
        statistic="difference",
    ),
    Indicator(
        name="step_regularity",
        key="regularity",
        column="step_regularity",
        words="step regularity",
        unit="",
        gate=Gate(10.0, dwell_blocks=24),
        definition="Correlation of a step's vertical specific force with that of the step before.",
        evidence="Falls with fatigue and uneven ground (Moe-Nilssen & Helbostad 2004, "
        "doi:10.1016/S0021-9290(03)00233-1, for walking).",
        limits="Uneven ground reads as uneven running.",
        judges_pace=False,
    ),
)

#: Whether changes are percentages of the baseline, in the order of the indicators.
RELATIVE: Final[NDArray[np.bool_]] = np.array([indicator.relative for indicator in INDICATORS])


def indicator_named(name: str) -> Indicator:
    """The indicator of a name.

    Raises
    ------
    ParameterError
        When there is none.

    Examples
    --------
    >>> indicator_named("sacral_lean_deg").words
    'pelvic lean'
    """
    for indicator in INDICATORS:
        if indicator.name == name:
            return indicator
    raise ParameterError(
        "indicator", name, "one of " + ", ".join(indicator.name for indicator in INDICATORS)
    )
