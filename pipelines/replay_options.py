"""What a user states about a recording, and a session's header with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from imu.analyzer import AnalyzerParams
from imu.drift.baseline import Baseline
from imu.errors import ParameterError
from imu.runner import Runner
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.session.header import SessionHeader
from pipelines.session.time_range import TimeRange

#: What is said of a session that went on from an earlier one, where something is stated anew.
ON_ITS_OWN: Final = (
    "this session went on from an earlier one; with what you state now it is looked at on its own."
)


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What the user may state about a recording; None or empty leaves it to the recording.

    Parameters
    ----------
    axes : str
        Signed sensor axes that point forward, left and up, such as ``"+x+y+z"``, or ``"auto"``.
    mass_kg, height_m : float, optional
        Of the runner, kg from 20 to 250 and m from 1.0 to 2.5.
    rate_hz : float, optional
        Sample rate of a recording without times, Hz, 24.5 to 4000.
    columns, units : str
        What the columns of a table are, and their units, as :func:`pipelines.read` takes them.
    beside : Path, optional
        A second file of the same recording, with the other sensor.
    memory : Path, optional
        Where what was said of columns is kept for the next file of that shape.
    block : int, optional
        Samples a block, from 1; the result does not depend on it.
    baseline : Baseline, optional
        Of earlier runs.
    waveforms : bool
        Whether waveforms are kept, too.
    settings : AlertSettings, optional
        How changes are found and told.
    params : AnalyzerParams, optional
        Of the stages of the chain; the ranges of the sensor are those that the recording says.
    within : TimeRange
        Of which stretch steps, waveforms, alerts and summary are told; the chain runs from the
        first sample to the last all the same.
    stream : str
        Which of several sensors in a file is meant, by its name.

    Raises
    ------
    ParameterError
        When ``block``, ``mass_kg`` or ``height_m`` is outside its range.

    Examples
    --------
    >>> ReplayOptions(height_m=1.75).axes
    ''
    """

    axes: str = ""
    mass_kg: float | None = None
    height_m: float | None = None
    rate_hz: float | None = None
    columns: str = ""
    units: str = ""
    beside: Path | None = None
    memory: Path | None = None
    block: int | None = None
    baseline: Baseline | None = None
    waveforms: bool = False
    settings: AlertSettings | None = None
    params: AnalyzerParams | None = None
    within: TimeRange = field(default_factory=TimeRange)
    stream: str = ""

    def __post_init__(self) -> None:
        if self.block is not None and self.block < 1:
            raise ParameterError("--block", self.block, "a number of samples from 1 up")
        Runner(self.mass_kg, self.height_m)


def refuse_rate(options: ReplayOptions) -> None:
    """Refuse a sample rate that is stated of a session.

    Raises
    ------
    ParameterError
        When there is one.
    """
    if options.rate_hz is not None:
        raise ParameterError("--rate", options.rate_hz, "nothing: a session states its own rate")


def header_as_stated(header: SessionHeader, options: ReplayOptions) -> SessionHeader:
    """A session's header with what the user states now in place of what it holds.

    What an earlier session has taught fits nothing that is stated otherwise: then it goes.
    """
    stated = replace(
        header,
        axes=options.axes or header.axes,
        mass_kg=header.mass_kg if options.mass_kg is None else options.mass_kg,
        height_m=header.height_m if options.height_m is None else options.height_m,
        baseline=options.baseline or header.baseline,
        baseline_origin="given" if options.baseline else header.baseline_origin,
        settings=options.settings or header.settings,
    )
    return stated if stated == header else replace(stated, carried=None)
