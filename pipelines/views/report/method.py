"""Method, limits and glossary of a report, and the accuracy it may quote.

Every figure of :data:`ACCURACY` stands in ``benchmarks/ACCURACY.md``; a test holds them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from imu.drift.detector import DriftParams


@dataclass(frozen=True, slots=True)
class AccuracyFigure:
    """A figure of the accuracy page, as quoted.

    Attributes
    ----------
    section, metric, condition : str
        Its place in that page.
    statistic : {"rmse", "bias"}
        Which column.
    value : str
        As written in the page.
    name, words : str
        The measure, and the sentence with ``{value}`` in it.
    """

    section: str
    metric: str
    condition: str
    statistic: Literal["rmse", "bias"]
    value: str
    name: str
    words: str

    @property
    def sentence(self) -> str:
        """The words with the figure in them."""
        return self.words.format(value=self.value)


#: Typical error of single steps against a truth; conditions as the page has them.
ACCURACY: Final = (
    AccuracyFigure(
        "People left out",
        "contact time",
        "backstride",
        "rmse",
        "10",
        "Contact time",
        "{value} ms, against the measured belt force of 18 runners, each left out of what was "
        "learned; most of it is a constant error of the person",
    ),
    AccuracyFigure(
        "People left out",
        "peak vertical force",
        "backstride",
        "rmse",
        "0.13",
        "Peak vertical force",
        "{value} body weights, against the same belt force",
    ),
    AccuracyFigure(
        "People left out, by sensor",
        "vertical oscillation",
        "noise and bias, auto axes",
        "rmse",
        "2.53",
        "Vertical oscillation",
        "{value} mm, against optical markers on 18 runners, sensor errors simulated",
    ),
    AccuracyFigure(
        "People left out, by sensor",
        "sacral lean",
        "noise and bias, auto axes",
        "rmse",
        "0.28",
        "Pelvic lean",
        "{value}°, against the same markers, with no samples lost and a recorded standing",
    ),
    AccuracyFigure(
        "People left out, by sensor",
        "cadence",
        "noise and bias, auto axes",
        "rmse",
        "0.030",
        "Cadence",
        "{value} steps a minute, against the same markers",
    ),
    AccuracyFigure(
        "Impact shock",
        "impact shock",
        "two sensors, same place, mounted 15° off, another unit",
        "rmse",
        "0.077",
        "Impact shock",
        "no public truth; in simulation two sensors of which one sits 15° off differ by {value} g",
    ),
)

#: What one sensor at the sacrum sees.
SEES: Final = (
    "When each foot meets and leaves the ground, and how often.",
    "How hard the landing arrives at the pelvis, as acceleration there.",
    "How far the pelvis moves up and down and how it is tilted.",
    "Whether any of this changes from the runner's own baseline.",
)

#: What it cannot see.
CANNOT: Final = (
    "The chest, the shoulders and the shape of the spine: it sees the pelvis. A slump, an "
    "arched back and a strap that has slid can look alike.",
    "Loading rate and the impact peak of the ground force: against force plates the limits of "
    "agreement are beyond ±65 %, so neither is given (Kiernan, Ng & Hawkins 2023, Sensors "
    "23:8719).",
    "The load on a disc or a vertebra. The lumbar index is a simple model, told only as a "
    "percentage of the runner's own baseline, and comparable within one runner only.",
    "Speed, distance, pain and its causes.",
    "Whether a change is good or bad. No trial shows that such feedback lowers back pain.",
)


def method_sentences(params: DriftParams | None = None) -> tuple[str, ...]:
    """How the figures come about, with the detector's own parameters."""
    p = params or DriftParams()
    shown = ("peak_10hz_bw", "impact_shock_g", "sacral_lean_deg", "vertical_oscillation_mm")
    gates = [p.gate_of(name) for name in (*shown, "cadence_spm", "lumbar_index")]
    peak, shock, lean, oscillation, cadence, lumbar = (gate.floor for gate in gates)
    return (
        "One motion sensor clipped to the waistband over the sacrum measures acceleration and, "
        "where it has a gyroscope, rotation. Steps are found in that signal, and each is described "
        "by the measures below. Only running steps count.",
        f"The mean of the run is over all steps that count; courses, changes, early and late "
        f"levels are means of {p.block_steps} of them at a time. “± … (95 %)” says how far a mean "
        "may be from the runner's level by chance of the steps that were taken. It does not "
        "contain what the sensor gets wrong on all steps alike: that is the accuracy below.",
        f"The first {p.skip_s / 60.0:.1f} minutes of running are left out as warming up. What is "
        "usual comes from earlier runs, and moves to the level of the day; in a first run the next "
        f"{p.baseline_blocks * p.block_steps} steps make the baseline. A slow drift of the "
        "runner's own, and what speed, slope and cadence do, are taken out. A measure counts as "
        "changed when its smoothed level is outside the usual range and a step by twice the floor "
        "named below explains the last minutes much better than wander does, or when it stays "
        "outside for minutes; as back "
        f"when it is within {100.0 * p.clear_share:.0f} % of the way to the edge of that range.",
        "The usual range is the baseline and, on both sides, the larger of a fixed floor and a "
        "multiple of the runner's own wander and of what is not known yet: at least "
        f"{peak:.0f} % for peak force, {shock:.0f} % for impact shock, {lean:.1f}° for lean, "
        f"{oscillation:.0f} % for oscillation, {cadence:.0f} % for cadence, {lumbar:.0f} % for the "
        "lumbar index.",
        "Steps in doubt are left out of baseline, levels and changes, save for those that are in "
        "doubt only because there is no gyroscope.",
    )


#: Further words of the report, for a physiotherapist.
GLOSSARY: Final = (
    ("Baseline", "The runner's own usual value: no norm, and no other person's."),
    (
        "Usual range",
        "Around the baseline; within it, differences are taken as the runner's usual wander.",
    ),
    (
        "Left and right difference",
        "Right minus left, as a percentage of their mean. Healthy runners differ by up to 10 % in "
        "impact shock; a sensor beside the midline adds to it.",
    ),
    ("Sides A and B", "The two feet in turn, where the sensor could not tell which is left."),
    ("BW", "Body weights."),
    ("g", "The acceleration of gravity, 9.81 m/s²; a sensor at rest reads 1 g upwards."),
    (
        "Step in doubt",
        "One that something speaks against, such as lost samples; it does not count.",
    ),
)
