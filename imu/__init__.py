"""Floor 1, the signal: pure functions and streaming stages; knows no file, device or clock.

What is named here is kept and documented in full; all else in ``imu`` is internal and may change.
Names are loaded on first use, so that ``import imu`` costs little.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imu.analyzer import AnalyzerParams, StepAnalyzer
    from imu.calibration import Calibration
    from imu.chain.orientation import InclinationFilter
    from imu.compile_ahead import warm_up
    from imu.contract import StageEntry, check_stage
    from imu.drift.baseline import Baseline, IndicatorBaseline
    from imu.drift.changes import Change
    from imu.drift.detector import DriftDetector
    from imu.drift.params import DriftParams
    from imu.errors import (
        BackstrideError,
        DeviceError,
        InputError,
        ParameterError,
        RecordingError,
    )
    from imu.runner import Runner
    from imu.samples import Quality, Samples
    from imu.step.block_means import block_means
    from imu.step.trusted_steps import trusted_steps
    from imu.steps import Steps
    from imu.waveforms import Waveforms
    from imu.whole_recording import analyze

__all__ = [
    "AnalyzerParams",
    "BackstrideError",
    "Baseline",
    "Calibration",
    "Change",
    "DeviceError",
    "DriftDetector",
    "DriftParams",
    "InclinationFilter",
    "IndicatorBaseline",
    "InputError",
    "ParameterError",
    "Quality",
    "RecordingError",
    "Runner",
    "Samples",
    "StageEntry",
    "StepAnalyzer",
    "Steps",
    "Waveforms",
    "analyze",
    "block_means",
    "check_stage",
    "trusted_steps",
    "warm_up",
]

_HOME = {
    "AnalyzerParams": "imu.analyzer",
    "BackstrideError": "imu.errors",
    "Baseline": "imu.drift.baseline",
    "Calibration": "imu.calibration",
    "Change": "imu.drift.changes",
    "DeviceError": "imu.errors",
    "DriftDetector": "imu.drift.detector",
    "DriftParams": "imu.drift.params",
    "InclinationFilter": "imu.chain.orientation",
    "IndicatorBaseline": "imu.drift.baseline",
    "InputError": "imu.errors",
    "ParameterError": "imu.errors",
    "Quality": "imu.samples",
    "RecordingError": "imu.errors",
    "Runner": "imu.runner",
    "Samples": "imu.samples",
    "StageEntry": "imu.contract",
    "StepAnalyzer": "imu.analyzer",
    "Steps": "imu.steps",
    "Waveforms": "imu.waveforms",
    "analyze": "imu.whole_recording",
    "block_means": "imu.step.block_means",
    "check_stage": "imu.contract",
    "trusted_steps": "imu.step.trusted_steps",
    "warm_up": "imu.compile_ahead",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'imu' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
