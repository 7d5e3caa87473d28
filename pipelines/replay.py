"""Replay: a recorded session or a sample table through the chain, once more."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from devices.records import DeviceInfo
from imu.drift.baseline import Baseline
from imu.errors import InputError, ParameterError, RecordingError
from imu.mounting import mounting_from_axes
from imu.runner import Runner
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from imu.steps import Steps, concatenate
from imu.waveforms import Waveforms
from pipelines.coaching.alert import Alert
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.session.analysis import SessionAnalysis, StepsAnalysis
from pipelines.session.summary import AXES_NOT_FOUND, Summary, summarise

if TYPE_CHECKING:
    from devices.receiver import Receiver
    from pipelines.files.sample_table import SampleTable
    from pipelines.files.session_messages import SessionHeader
    from pipelines.files.session_reader import Session

__all__ = [
    "ON_ITS_OWN",
    "RanAgain",
    "ReplayOptions",
    "Replayed",
    "header_as_stated",
    "load_baseline",
    "replay",
    "run_again",
]

Progress = Callable[[float, float], None]

#: What is said of a session that went on from an earlier one, where something is stated anew.
ON_ITS_OWN: Final = (
    "this session went on from an earlier one; with what you state now it is looked at on its own."
)
#: Samples a block of a table, where the user states none.
_BLOCK = 4096


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
        Sample rate of a table without a time column, Hz, 50 to 1600.
    block : int, optional
        Samples a block, from 1; the result does not depend on it.
    baseline_json : str
        Baseline of earlier runs, as :meth:`imu.Baseline.to_json` writes it.
    waveforms : bool
        Whether waveforms are kept, too.
    parameters_json : str
        How changes are found and told, as alert settings write themselves.

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
    block: int | None = None
    baseline_json: str = ""
    waveforms: bool = False
    parameters_json: str = ""

    def __post_init__(self) -> None:
        if self.block is not None and self.block < 1:
            raise ParameterError("--block", self.block, "a number of samples from 1 up")
        Runner(self.mass_kg, self.height_m)


@dataclass(frozen=True, slots=True)
class Replayed:
    """Everything a replay gives.

    Parameters
    ----------
    steps : Steps
        All running steps.
    waveforms : Waveforms
        Of these steps; empty unless asked for.
    alerts : list of Alert
        In order of time.
    summary : Summary
        Medians, losses, and what should be known about the result.
    baseline : Baseline, optional
        What was usual in a session, where later runs can use it.
    sensor : str
        Kind of a session's sensor.

    Examples
    --------
    >>> import tempfile
    >>> from pipelines.files.simulation import write_simulation
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "run.csv"
    ...     _ = write_simulation(path, "minutes=0.2", lambda done, total: None)
    ...     replayed = replay(path, ReplayOptions(), lambda done, total: None)
    >>> len(replayed.steps) > 25, replayed.alerts
    (True, [])
    """

    steps: Steps
    waveforms: Waveforms
    alerts: list[Alert]
    summary: Summary
    baseline: Baseline | None = None  # what was usual in a session, where later runs can use it
    sensor: str = ""  # kind of a session's sensor


def load_baseline(path: str) -> str:
    """Read a baseline: a file of its own, or the summary of an earlier replay; returns JSON.

    Raises
    ------
    RecordingError
        When the file cannot be read.
    InputError
        When it holds no baseline.
    """
    from pipelines.files.system_error import explain

    try:
        content = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise RecordingError(f"the baseline cannot be read: {explain(error)}.", path=path) from None
    except UnicodeDecodeError:
        raise InputError("this is no baseline: give a summary of a replay.", place=path) from None
    try:
        parsed = json.loads(content)
    except ValueError:
        raise InputError("this is no baseline: give a summary of a replay.", place=path) from None
    if isinstance(parsed, dict) and "steps" in parsed and "baseline" in parsed:
        if parsed["baseline"] is None:
            raise InputError(
                "that session was too short for a baseline: use a longer one.", place=path
            )
        content = json.dumps(parsed["baseline"])
    try:
        Baseline.from_json(content)
    except InputError as error:
        raise InputError(str(error), place=path) from None
    return content


def replay(path: Path, options: ReplayOptions, report: Progress) -> Replayed:
    """Run a session file (``.mcap``) or a sample table (anything else) through the chain.

    Parameters
    ----------
    path : Path
        The recording.
    options : ReplayOptions
        What is stated besides.
    report : callable
        Told what is done and how much there is, in the same unit.

    Returns
    -------
    Replayed
        Steps and alerts to the byte as live gave them.

    Raises
    ------
    BackstrideError
        When the file cannot be read or an option does not fit it.

    Examples
    --------
    >>> replay(Path("nowhere.mcap"), ReplayOptions(), lambda done, total: None)
    Traceback (most recent call last):
    ...
    imu.errors.RecordingError: nowhere.mcap: there is no such file: check the path.
    """
    if path.suffix.lower() == ".mcap":
        return _replay_session(path, options, report)
    return _replay_table(path, options, report)


def _replay_session(path: Path, options: ReplayOptions, report: Progress) -> Replayed:
    from pipelines.files.session_reader import read_session
    from pipelines.runner.journal.run_baseline import sensor_kind

    if options.rate_hz is not None:
        raise ParameterError("--rate", options.rate_hz, "nothing: a session states its own rate")
    session = read_session(path)
    header = header_as_stated(
        session.header,
        axes=options.axes,
        mass_kg=options.mass_kg,
        height_m=options.height_m,
        baseline_json=options.baseline_json,
        parameters_json=options.parameters_json,
    )
    notes = [session.note] if session.note else []
    if session.header.carried_json and not header.carried_json:
        notes.append(ON_ITS_OWN)
    ran = run_again(session, header, report, waveforms=options.waveforms)
    done = _finish(
        str(path),
        ran.analysis.chain,
        ran.steps,
        ran.alerts,
        duration_s=ran.duration_s,
        rate_hz=ran.info.rate_hz,
        receiver=ran.analysis.receiver,
        cut_short=session.cut_short,
        notes=notes,
    )
    return replace(done, baseline=ran.analysis.run_baseline, sensor=sensor_kind(ran.info))


def header_as_stated(
    header: SessionHeader,
    *,
    axes: str = "",
    mass_kg: float | None = None,
    height_m: float | None = None,
    baseline_json: str = "",
    parameters_json: str = "",
) -> SessionHeader:
    """A session's header with what the user states now in place of what it holds.

    What an earlier session has taught fits nothing that is stated otherwise: then it goes.
    """
    stated = replace(
        header,
        axes=axes or header.axes,
        mass_kg=header.mass_kg if mass_kg is None else mass_kg,
        height_m=header.height_m if height_m is None else height_m,
        baseline_json=baseline_json or header.baseline_json,
        parameters_json=parameters_json or header.parameters_json,
    )
    return stated if stated == header else replace(stated, carried_json="")


@dataclass(frozen=True, slots=True)
class RanAgain:
    """What a session's log gave once more."""

    analysis: SessionAnalysis
    info: DeviceInfo
    steps: Steps
    alerts: list[Alert]
    duration_s: float


def run_again(
    session: Session, header: SessionHeader, report: Progress, *, waveforms: bool = False
) -> RanAgain:
    """Run a session's log through the analysis, marks and all.

    Raises
    ------
    RecordingError
        When the sensor never introduced itself.
    """
    info = next((record for record in session.records if isinstance(record, DeviceInfo)), None)
    if info is None:
        raise RecordingError(
            "the session ends before the sensor had introduced itself: there is nothing to replay.",
            path=str(session.path),
        )
    analysis = SessionAnalysis(header, info, waveforms=waveforms)
    steps: list[Steps] = []
    alerts: list[Alert] = []
    first_s: float | None = None
    last_s = 0.0
    for number, record in enumerate(session.records):
        outcome = analysis.push(record)
        if outcome.samples is not None and len(outcome.samples):
            if first_s is None:
                first_s = float(outcome.samples.time_s[0])
            last_s = float(outcome.samples.time_s[-1])
        if len(outcome.steps):
            steps.append(outcome.steps)
            alerts += outcome.alerts
        if number % 256 == 0:
            report(number, len(session.records))
    outcome = analysis.flush()
    duration_s = 0.0 if first_s is None else last_s - first_s
    return RanAgain(
        analysis, info, concatenate([*steps, outcome.steps]), alerts + outcome.alerts, duration_s
    )


def _replay_table(path: Path, options: ReplayOptions, report: Progress) -> Replayed:
    from pipelines.files.sample_table import read_sample_table

    # reading is about half of the work
    table = read_sample_table(
        path,
        rate_hz=options.rate_hz,
        progress=lambda done, total: report(0.5 * done, total),
    )
    chain = StepsAnalysis(
        table.rate_hz,
        axes=options.axes or _stated_axes(table, path),
        runner=Runner(options.mass_kg, options.height_m),
        baseline=Baseline.from_json(options.baseline_json) if options.baseline_json else None,
        settings=AlertSettings.from_json(options.parameters_json or "{}"),
        acceleration_range_m_s2=_range(table, "acc_range_g", STANDARD_GRAVITY_M_S2, path),
        angular_velocity_range_rad_s=_range(table, "gyr_range_deg_s", math.radians(1.0), path),
        waveforms=options.waveforms,
    )
    steps: list[Steps] = []
    alerts: list[Alert] = []
    for done, block in _blocks(table.samples, options.block or _BLOCK):
        part, raised = chain.push(block)
        steps.append(part)
        alerts += raised
        report(0.5 + 0.5 * done / len(table.samples), 1.0)
    part, raised = chain.flush()
    steps.append(part)
    alerts += raised
    time = table.samples.time_s
    return _finish(
        str(path),
        chain,
        concatenate(steps),
        alerts,
        duration_s=float(time[-1] - time[0]) + 1.0 / table.rate_hz,
        rate_hz=table.rate_hz,
        notes=list(table.notes),
    )


def _stated_axes(table: SampleTable, path: Path) -> str:
    """The axes of the preamble, or auto."""
    if table.axes in {"", "auto"}:
        return "auto"
    try:
        mounting_from_axes(table.axes)
    except ParameterError as error:
        raise InputError(f"the preamble's {error}", place=str(path)) from None
    return table.axes


def _range(table: SampleTable, key: str, unit: float, path: Path) -> float:
    """The sensor's range from the preamble, SI; 0 when it does not say."""
    text = table.preamble.get(key)
    if text is None:
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 < value < math.inf:
        raise InputError(
            f"the preamble's {key} is {text!r}: give the sensor's range as a positive number.",
            place=str(path),
        )
    return value * unit


def _blocks(samples: Samples, size: int) -> Iterator[tuple[int, Samples]]:
    for start in range(0, len(samples), size):
        yield start, samples[start : start + size]


def _finish(
    source: str,
    chain: StepsAnalysis,
    steps: Steps,
    alerts: list[Alert],
    *,
    duration_s: float,
    rate_hz: float,
    receiver: Receiver | None = None,
    cut_short: bool = False,
    notes: list[str],
) -> Replayed:
    axes_found = chain.analyzer.mounting is not None
    if len(steps) and not axes_found:
        notes.append(AXES_NOT_FOUND)
    baseline = chain.drift.baseline
    summary = summarise(
        source,
        steps,
        duration_s=duration_s,
        rate_hz=rate_hz,
        lost_samples=chain.analyzer.lost_samples,
        receiver=receiver,
        alerts=alerts,
        changed=chain.drift.changed,
        axes_found=axes_found,
        cut_short=cut_short,
        baseline=None if baseline is None else json.loads(baseline.to_json()),
        notes=notes,
    )
    return Replayed(steps, chain.analyzer.take_waveforms(), alerts, summary)
