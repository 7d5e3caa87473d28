"""Every streaming stage of this package, as the contract checks drive it.

A new stage is one more entry here; the tests run the whole contract over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from imu.analyzer import AnalyzerParams, StepAnalyzer
from imu.chain.filters import SosFilter
from imu.chain.gait import GaitClassifier
from imu.chain.intake import Intake
from imu.chain.orientation import InclinationFilter
from imu.chain.sanity import Sanity
from imu.contract import Arrays, StageEntry
from imu.drift.detector import Change, DriftDetector, DriftParams
from imu.drift.indicators import INDICATORS
from imu.runner import Runner
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from imu.step.posture_quality import PostureQuality, PostureQualityParams
from imu.steps import STEP_ROW, Steps
from imu.waveforms import Waveforms

# two different stable sections with every coefficient in use
_SECTIONS: Final = (
    (0.01, 0.016, 0.01, 1.0, -1.4, 0.52),
    (1.0, -0.3, 1.0, 1.0, -1.5, 0.86),
)


def _one(output: NDArray[Any]) -> Arrays:
    return (output,)


def _sample_arrays(block: Samples) -> Arrays:
    gyro = block.angular_velocity_rad_s
    common: Arrays = (block.time_s, block.acceleration_m_s2, block.quality)
    return common if gyro is None else (*common, gyro)


def _step_arrays(output: tuple[Steps, Waveforms]) -> Arrays:
    steps, waveforms = output
    return (steps.rows, np.stack(list(waveforms.columns().values()), axis=1))


def _force_g(block: Samples) -> NDArray[np.float64]:
    # a filter of numbers takes what is finite; gaps are the intake's business
    return np.nan_to_num(block.acceleration_m_s2) / STANDARD_GRAVITY_M_S2


def _push_vectors(stage: InclinationFilter, block: Samples) -> NDArray[np.float64]:
    gyro = block.angular_velocity_rad_s
    return stage.push(
        np.nan_to_num(block.acceleration_m_s2), None if gyro is None else np.nan_to_num(gyro)
    )


# short times and low limits, so that a few steps hold baselines, changes, bends and slips
_EAGER: Final = PostureQualityParams(bend_rate_deg_s=0.5, slip_deg=1.0)
_QUICK_CHAIN: Final = AnalyzerParams(
    posture_quality=_EAGER, lumbar_skip_s=2.0, lumbar_baseline_s=3.0
)
_QUICK: Final = DriftParams(
    skip_s=5.0,
    block_steps=6,
    baseline_blocks=5,
    cool_off_s=20.0,
    gates=tuple(
        replace(indicator.gate, dwell_blocks=2, multiple=1.0, evidence=1.0)
        for indicator in INDICATORS
    ),
)


def _push_as_turning(stage: PostureQuality, block: Samples) -> Steps:
    """One made-up step a sample; the sensor's time is stretched to that of steps."""
    rows = np.zeros(len(block), STEP_ROW)
    swing = block.acceleration_m_s2[:, 1] / STANDARD_GRAVITY_M_S2
    rows["initial_contact_s"], rows["step_time_s"] = 36.0 * block.time_s, 0.36
    rows["contact_time_ms"], rows["quality"] = 240.0, block.quality
    rows["sacral_lean_deg"] = rows["yaw_rate_deg_s"] = 10.0 * swing
    return stage.push(Steps(rows))


def _push_as_steps(stage: DriftDetector, block: Samples) -> list[Change]:
    """One made-up step a sample: the detector only sees a table of numbers and flags."""
    rows = np.zeros(len(block), STEP_ROW)
    rows["initial_contact_s"] = block.time_s
    rows["step_time_s"] = 0.36
    rows["side"] = np.signbit(block.acceleration_m_s2[:, 1])
    rows["quality"] = block.quality
    for place, indicator in enumerate(INDICATORS):
        swing = block.acceleration_m_s2[:, place % 3] / STANDARD_GRAVITY_M_S2
        rows[indicator.column] = 10.0 + (place + 1) * swing
    return stage.push(Steps(rows))


def _change_arrays(changes: list[Change]) -> Arrays:
    numbers = [[c.time_s, c.value, c.baseline, c.change, c.gate] for c in changes]
    words = [(c.indicator, c.direction, c.severity) for c in changes]
    return (
        np.array(numbers, np.float64).reshape(-1, 5),
        np.array(words, "U32").reshape(-1, 3),
    )


def _analyzer(name: str, axes: str, *, gyro: bool) -> StageEntry:
    def create(rate_hz: float) -> StepAnalyzer:
        return StepAnalyzer(
            rate_hz, Runner(70.0, 1.75), axes=axes, params=_QUICK_CHAIN, waveforms=True
        )

    def push(stage: StepAnalyzer, block: Samples) -> tuple[Steps, Waveforms]:
        if not gyro:
            block = Samples(block.time_s, block.acceleration_m_s2, quality=block.quality)
        return stage.push(block), stage.take_waveforms()

    def flush(stage: StepAnalyzer) -> tuple[Steps, Waveforms]:
        return stage.flush(), stage.take_waveforms()

    return StageEntry(name, create, push, _step_arrays, flush)


def _named(*entries: StageEntry) -> Mapping[str, StageEntry]:
    return MappingProxyType({entry.name: entry for entry in entries})


#: The stages by name; ``StepAnalyzer`` once for each kind of input that takes another path.
STAGES: Final[Mapping[str, StageEntry]] = _named(
    StageEntry(
        "SosFilter",
        lambda _: SosFilter(_SECTIONS),
        lambda stage, block: stage.push(_force_g(block)[:, 2]),
        _one,
    ),
    StageEntry(
        "GaitClassifier",
        GaitClassifier,
        lambda stage, block: stage.push(_force_g(block)),
        _one,
    ),
    StageEntry("Intake", Intake, lambda stage, block: stage.push(block), _sample_arrays),
    StageEntry("Sanity", Sanity, lambda stage, block: stage.push(block), _one),
    StageEntry("InclinationFilter", InclinationFilter, _push_vectors, _one),
    StageEntry("DriftDetector", lambda _: DriftDetector(_QUICK), _push_as_steps, _change_arrays),
    StageEntry(
        "PostureQuality",
        lambda _: PostureQuality(_EAGER),
        _push_as_turning,
        lambda steps: (steps.rows,),
    ),
    _analyzer("StepAnalyzer", "+x+y+z", gyro=True),
    _analyzer("StepAnalyzer, auto axes", "auto", gyro=True),
    _analyzer("StepAnalyzer, no gyroscope", "+x+y+z", gyro=False),
    _analyzer("StepAnalyzer, no gyroscope, auto axes", "auto", gyro=False),
)
