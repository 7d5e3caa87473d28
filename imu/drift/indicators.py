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

__all__ = [
    "INDICATORS",
    "RELATIVE",
    "Gate",
    "Indicator",
    "Population",
    "Statistic",
    "Worth",
    "indicator_named",
]

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
    multiple : float
        Gate in standard deviations of what is no change: the runner's own wander, and what is not
        known yet of the usual level and of the pace, 0 to 20.
    evidence : float
        How many standard deviations a step of the level by twice the floor, at any moment of the
        last minutes, has to explain the blocks better than none does, 0 to 20.
    lasting : float
        A deviation is a change too when its mean over some minutes is beyond this many standard
        deviations of such means, 0 to 20: what grows slowly is no step.
    dwell_blocks : int
        Blocks in a row for which all of this has to hold before a change is reported, 1 to 400;
        some for a posture, which may be held for seconds, as with a hand at the phone, and more for
        indicators that no published work ties to load by themselves.
    least : float
        Size of the value itself below which there is nothing to report, 0 to 100.

    Raises
    ------
    ParameterError
        When a value is outside its range.
    """

    floor: Annotated[float, Within(0.1, 100.0)]
    multiple: Annotated[float, Within(0.0, 20.0)] = 2.3
    evidence: Annotated[float, Within(0.0, 20.0)] = 4.5
    lasting: Annotated[float, Within(0.0, 20.0)] = 4.5
    dwell_blocks: Annotated[int, Within(1, 400)] = 5
    least: Annotated[float, Within(0.0, 100.0)] = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """What is known of an indicator before the runner is: standard deviations, and couplings.

    In % of the value, in degrees for a difference of angles, in points for one of percentages.
    Couplings are a middle and a spread between people; the runner's own are learned from there.
    Those to speed were measured on 18 treadmill runners at 2.5 to 4.5 m/s (Fukuchi 2017,
    doi:10.7717/peerj.3298), the force's spread widened to what force plates give; nobody has
    measured them outdoors. Those to slope are of one runner, those to cadence of public runs.

    Attributes
    ----------
    wander : float
        Slow wander within a run, time constant 2 to 2.5 min.
    drift : float
        Steady drift, an hour.
    settling : float
        How far off the first minutes are, settling over 11 to 17.
    unrest : float
        Mean square of the steps that calm running makes, in those expected of the wander alone;
        more where a runner may choose anew, as a cadence to music.
    noise : float
        Spread of a block that does not come from wander.
    day : float
        Spread of the level from day to day.
    speed, uphill, downhill, cadence : tuple of float
        For a percent of speed, a degree up, a degree down (positive uphill), and a percent of
        cadence beyond what speed makes of it.
    """

    wander: float
    drift: float
    noise: float
    settling: float = 0.0
    unrest: float = 1.0
    day: float = 1.5
    speed: tuple[float, float] = (0.0, 0.0)
    uphill: tuple[float, float] = (0.0, 0.0)
    downhill: tuple[float, float] = (0.0, 0.0)
    cadence: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What an indicator is worth as a sign of change; None where nobody knows.

    Attributes
    ----------
    response : float or None
        What is told of a true change of 1, on people left out (``benchmarks/accuracy.json``).
    within_run, between_days : float or None
        Smallest change that is more than chance (95 %), of one-minute means 20 min apart and of
        runs on different days, in the unit of the indicator's changes.
    measured : bool
        Whether the smallest change within a run was measured on people, or follows from what is
        assumed.
    backs : str
        Evidence for a link with backs.
    """

    response: float | None = None
    within_run: float | None = None
    between_days: float | None = None
    measured: bool = False
    backs: str = "none known"


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
    population : Population
        What is usual of it before the runner is known.
    worth : Worth
        How far a change of it can be relied on; one whose response is known to be below 0.5 is
        told in no direction.
    groups : tuple of str
        One change of form moves all indicators of a group: none of them has a say in what pace
        does to the others.
    judges_pace : bool
        Whether it has a say in that at all; not where it follows from others.
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
    population: Population
    worth: Worth = Worth()
    groups: tuple[str, ...] = ()
    judges_pace: bool = True
    by_position: bool = False
    told: tuple[Direction, ...] = ()
    causes: tuple[str, ...] = ()
    statistic: Statistic = "mean"
    percent_of_baseline: bool = False

    @property
    def relative(self) -> bool:
        """Whether changes are percentages of the baseline."""
        return self.change_unit == "%"


def _pelvic(
    axis: str,
    key: str,
    words: str,
    definition: str,
    speed: tuple[float, float],
    response: float,
) -> Indicator:
    """A range of pelvic motion; the three are alike in all but axis and what speed does."""
    return Indicator(
        name=f"pelvic_{axis}_range_deg",
        key=key,
        column=f"pelvic_{axis}_range_deg",
        words=words,
        unit="deg",
        gate=Gate(12.0, dwell_blocks=24),
        definition=definition,
        evidence="Pelvic motion changes with fatigue and speed; runners with and without back pain "
        "do not differ in it (Drozda 2024), so it is shown and nobody is told of it.",
        limits="Needs a gyroscope. A loose belt adds motion of its own.",
        population=Population(
            wander=3.0,
            drift=4.0,
            noise=3.3,
            settling=2.0,
            speed=speed,
            uphill=(0.0, 0.6),
            downhill=(0.0, 0.6),
        ),
        worth=Worth(
            response=response,
            within_run=10.0,
            backs="runners with and without back pain do not differ in it (Drozda 2024, "
            "Gait Posture 113)",
        ),
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
        gate=Gate(5.0, evidence=3.8, lasting=4.0, dwell_blocks=1),
        definition="Peak of the vertical specific force below 10 Hz in stance.",
        evidence="0.08–0.23 BW (SD) from force plates; varies by 4 % from step to step.",
        limits="Reads 0.1 BW high, more uphill; changes count, the figure itself does not.",
        population=Population(
            wander=1.5,
            drift=3.0,
            noise=1.0,
            settling=2.0,
            speed=(0.35, 0.2),  # 0.3 on those 18; 0.29 to 0.47 on force plates
            uphill=(-1.0, 0.4),
            downhill=(-0.5, 0.3),
            cadence=(0.0, 0.06),
        ),
        worth=Worth(response=0.63, within_run=6.0),
        groups=("force",),
        told=("up",),
    ),
    Indicator(
        name="impact_shock_g",
        key="impact_shock",
        column="impact_shock_g",
        words="impact shock",
        unit="g",
        gate=Gate(8.0, multiple=2.0, evidence=4.15, lasting=4.0, dwell_blocks=1),
        definition="Largest vertical specific force below 20 Hz within 80 ms of contact.",
        evidence="3.1 g on the level, 4.9 g down 10° in public recordings; varies by 9 % a step.",
        limits="No loading rate and no ground reaction force (Kiernan 2023, "
        "doi:10.3390/s23218719).",
        population=Population(
            wander=2.5,
            drift=4.0,
            noise=2.8,
            day=2.3,
            speed=(0.5, 0.25),
            uphill=(-4.5, 1.8),
            downhill=(-5.0, 2.0),
            cadence=(0.0, 0.1),
        ),
        worth=Worth(within_run=9.0),
        groups=("shock",),
        told=("up",),
    ),
    Indicator(
        name="sacral_lean_deg",
        key="lean",
        column="sacral_lean_deg",
        words="pelvic lean",
        unit="deg",
        change_unit="deg",
        gate=Gate(2.3, multiple=3.0, evidence=3.5, lasting=3.3, dwell_blocks=3),
        definition="Mean forward pitch of the sacrum over the step, both directions watched.",
        evidence="Fatigue adds about 4° of trunk flexion in novices (Koblbauer 2014, "
        "doi:10.1016/j.jsams.2013.05.003).",
        limits="The pelvis, not the chest: a slump, an arched back and a strap that has slid can "
        "read alike.",
        population=Population(
            wander=0.7,
            drift=0.7,
            noise=0.25,
            day=0.9,
            speed=(0.03, 0.025),
            uphill=(0.6, 0.25),
            downhill=(0.5, 0.2),
            cadence=(0.0, 0.03),
        ),
        worth=Worth(
            response=1.0,
            within_run=2.1,
            backs="runners with recurrent pain may lean less (Hart 2009); both ways are watched",
        ),
        groups=("lean",),
        by_position=True,
        told=("up", "down"),
    ),
    Indicator(
        name="vertical_oscillation_mm",
        key="oscillation",
        column="vertical_oscillation_mm",
        words="vertical oscillation",
        unit="mm",
        gate=Gate(7.0, evidence=4.7),
        definition="Peak-to-peak vertical displacement of the sensor over the step.",
        evidence="Falls with a quicker cadence, as does the load of each step.",
        limits="About 20 mm above that of the centre of mass.",
        population=Population(
            wander=1.8,
            drift=2.5,
            noise=2.2,
            settling=2.0,
            speed=(0.2, 0.3),  # 0.0 on those 18; 0.2 to 0.5 outdoors, on 14 others
            uphill=(-2.0, 0.8),
            downhill=(-1.5, 0.6),
            cadence=(-1.8, 0.72),
        ),
        worth=Worth(response=1.0, within_run=6.7, measured=True),
        told=("up",),
    ),
    Indicator(
        name="cadence_spm",
        key="cadence",
        column="cadence_spm",
        words="cadence",
        unit="spm",
        gate=Gate(3.0, multiple=2.0, evidence=3.2, lasting=4.2, dwell_blocks=1),
        definition="Sixty over the block's mean step time: as the column, without its ten-second "
        "window.",
        evidence="Cadence +5–10 % lowers the load of a step (Heiderscheit 2011, "
        "doi:10.1249/MSS.0b013e3181ebedf4).",
        limits="Goes with speed as well as with form.",
        population=Population(
            wander=1.08,
            drift=2.0,
            noise=0.8,
            unrest=3.0,
            day=1.2,
            speed=(0.23, 0.1),
            uphill=(-0.35, 0.22),
            downhill=(-0.3, 0.22),
        ),
        worth=Worth(
            response=1.0,
            within_run=3.1,
            measured=True,
            backs="166 with back pain, 171 without (52 and 52 runners; Drozda 2024, Gait Posture "
            "113)",
        ),
        told=("down",),
        statistic="rate",
    ),
    Indicator(
        name="lumbar_index",
        key="lumbar_index",
        column="lumbar_compression_bw",
        words="lumbar index",
        unit="%",
        gate=Gate(10.0, evidence=5.0),
        definition="Compression of the lower back in a static hand-over model (imu.step.lumbar).",
        evidence="The ratio for 4° more lean is 1.22 ± 0.05 in simulation.",
        limits="Follows from peak force and lean; absolute figures are off by about 21 %.",
        population=Population(  # moves by 6 % a degree of lean
            wander=4.4,
            drift=5.0,
            noise=2.0,
            settling=2.0,
            day=4.5,
            speed=(0.45, 0.3),
            uphill=(3.0, 1.2),
            downhill=(2.5, 1.0),
            cadence=(0.0, 0.18),
        ),
        worth=Worth(within_run=15.0),
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
        gate=Gate(4.0, dwell_blocks=24),
        definition="Initial contact to toe-off.",
        evidence="Lengthens as runners tire; 20 ms RMSE in published work (Patoz 2022, "
        "doi:10.3390/s22030784).",
        limits="Shortens with speed by about a fifth a metre a second, which is no change of form.",
        population=Population(
            wander=1.1,
            drift=1.5,
            noise=1.1,
            settling=2.0,
            speed=(-0.57, 0.15),
            uphill=(0.8, 0.32),
            downhill=(0.5, 0.22),
            cadence=(-0.7, 0.28),
        ),
        worth=Worth(response=0.95, within_run=3.7, measured=True),
    ),
    Indicator(
        name="shock_power_g2",
        key="shock_power",
        column="shock_power_g2",
        words="shock power",
        unit="g²",
        gate=Gate(15.0, dwell_blocks=24),
        definition="Mean square of the vertical specific force between 10 and 20 Hz over the step.",
        evidence="Twice as high downhill as on the level, half as high uphill, in public "
        "recordings.",
        limits="Of the step rather than of two-second windows; varies by 20 % from step to step.",
        population=Population(
            wander=5.0,
            drift=5.0,
            noise=7.0,
            day=3.5,
            speed=(1.3, 0.7),
            uphill=(-12.0, 4.8),
            downhill=(-13.0, 5.2),
            cadence=(0.0, 0.2),
        ),
        worth=Worth(within_run=17.0),
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
        gate=Gate(15.0, dwell_blocks=24),
        definition="Fourth power of the lumbar compression of each step, summed a second.",
        evidence="Repeated load tells by a power of its size: Coenen's cadaver fit has F²N^0.2, "
        "ISO 2631-5 uses 6.",
        limits="Four times as sensitive as the lumbar index, to its errors too.",
        population=Population(  # the fourth power of the lumbar index
            wander=17.5,
            drift=20.0,
            noise=8.0,
            settling=8.0,
            day=16.0,
            speed=(2.0, 1.2),
            uphill=(12.0, 4.8),
            downhill=(10.0, 4.0),
            cadence=(0.0, 0.7),
        ),
        worth=Worth(within_run=60.0),
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
        (0.1, 0.2),
        1.01,
    ),
    _pelvic(
        "obliquity",
        "pelvic_drop",
        "pelvic drop range",
        "Range of sideways tilt of the pelvis over the step.",
        (0.6, 0.35),
        1.0,
    ),
    _pelvic(
        "rotation",
        "pelvic_rotation",
        "pelvic rotation range",
        "Range of rotation of the pelvis about the vertical over the step.",
        (0.9, 0.5),
        1.01,
    ),
    Indicator(
        name="shock_difference_percent",
        key="shock_difference",
        column="impact_shock_g",
        words="left/right difference in shock",
        unit="%",
        change_unit="points",
        gate=Gate(8.0, dwell_blocks=24, least=20.0),
        definition="Left minus right as a percentage of their mean, of the impact shock.",
        evidence="Healthy runners differ by 10 %: a change counts only above 20 % of difference.",
        limits="Known once the sides are; a crooked sensor or a bend can make a difference of its "
        "own.",
        population=Population(wander=2.5, drift=2.0, noise=4.0, day=3.0, speed=(0.0, 0.1)),
        worth=Worth(within_run=9.0),
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
        gate=Gate(6.0, dwell_blocks=24),
        definition="Correlation of a step's vertical specific force with that of the step before.",
        evidence="Falls with fatigue and uneven ground (Moe-Nilssen & Helbostad 2004, "
        "doi:10.1016/S0021-9290(03)00233-1, for walking).",
        limits="Uneven ground reads as uneven running.",
        population=Population(wander=0.75, drift=2.0, noise=1.0, settling=2.0, speed=(-0.05, 0.06)),
        worth=Worth(within_run=3.0),
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
