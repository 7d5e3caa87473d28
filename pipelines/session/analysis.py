"""One session's analysis: the ordered log in, steps and alerts out.

Live and replay both run this, over the same records and the same header, so they give the same
bytes. Nothing here looks at a clock or a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from devices.receiver import Receiver
from devices.records import DeviceInfo, Mark, Record
from imu.analyzer import AnalyzerParams, StepAnalyzer
from imu.calibration import Calibration
from imu.chain.intake import IntakeParams
from imu.drift.baseline import Baseline
from imu.drift.changes import Change
from imu.drift.detector import DriftDetector
from imu.errors import ParameterError
from imu.runner import Runner
from imu.samples import Samples
from imu.steps import NO_STEPS, Steps
from pipelines.coaching.alert import Alert
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.coaching.coach import Coach
from pipelines.files.session_messages import SessionHeader
from pipelines.session.carried import Carried, LeanKnown
from pipelines.session.lean_reference import LeanReference
from pipelines.session.pace_marks import PaceMarks
from pipelines.session.session_marks import Pauses, SessionMarks, fits

__all__ = ["Outcome", "SessionAnalysis", "StepsAnalysis"]

_NOT_COMPARABLE: Final = (
    "learning your baseline on the way, since lean of other days can be compared only when you "
    "have stood still before the run."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one record gave."""

    samples: Samples | None
    steps: Steps
    alerts: list[Alert]
    notes: list[str] = field(default_factory=list)


class StepsAnalysis:
    """Samples to steps and alerts, with the runner's baseline.

    Parameters
    ----------
    rate_hz
        Sample rate, Hz.
    axes
        Signed sensor axes forward, left, up, or ``"auto"``.
    neutral_up
        Specific force in the sensor frame while standing in neutral; with stated axes alone, since
        ``"auto"`` takes up from standing before the run.
    runner
        Body data.
    baseline
        A baseline of earlier runs; learned on the way otherwise.
    settings
        How changes are found and told.
    acceleration_range_m_s2, angular_velocity_range_rad_s
        End of the sensor's range, 0 when unknown.
    waveforms
        Keep the waveforms of finished steps.

    Attributes
    ----------
    changes
        What the last block of samples changed, told or not.
    pauses, pace_marks
        What is not judged; the speed and the slope that are known. To be told of a mark before the
        samples that follow it.
    """

    def __init__(
        self,
        rate_hz: float,
        *,
        axes: str = "auto",
        neutral_up: tuple[float, float, float] | None = None,
        runner: Runner | None = None,
        baseline: Baseline | None = None,
        settings: AlertSettings | None = None,
        acceleration_range_m_s2: float = 0.0,
        angular_velocity_range_rad_s: float = 0.0,
        waveforms: bool = False,
    ) -> None:
        params = AnalyzerParams(
            intake=IntakeParams(
                acceleration_range_m_s2=acceleration_range_m_s2,
                angular_velocity_range_rad_s=angular_velocity_range_rad_s,
            )
        )
        lumbar = None if baseline is None else baseline.of("lumbar_index")
        self.analyzer = StepAnalyzer(
            rate_hz,
            runner,
            axes=axes,
            neutral_up=neutral_up,
            params=params,
            lumbar_baseline_bw=None if lumbar is None else lumbar.mean,
            waveforms=waveforms,
        )
        chosen = settings or AlertSettings()
        self.drift = DriftDetector(chosen.drift, baseline)
        self.coach = Coach(chosen.coach)
        self.changes: list[Change] = []
        self.pauses = Pauses()
        self.pace_marks = PaceMarks()

    def push(self, samples: Samples) -> tuple[Steps, list[Alert]]:
        """Take the next samples."""
        return self._judge(self.analyzer.push(samples))

    def flush(self) -> tuple[Steps, list[Alert]]:
        """Finish what the data so far allow."""
        finished = self._judge(self.analyzer.flush())
        self.drift.flush()
        return finished

    def _judge(self, steps: Steps) -> tuple[Steps, list[Alert]]:
        self.changes = []
        judged = self.pauses.outside(steps)
        if not len(judged):
            return steps, []
        last = judged.rows[-1]
        ended_s = float(last["initial_contact_s"] + last["step_time_s"])
        self.changes = self.drift.push(judged, self.pace_marks.at(judged))
        return steps, self.coach.advance(self.changes, ended_s)


class SessionAnalysis:
    """The analysis of one session, record by record.

    Parameters
    ----------
    header
        What besides the log influences the results.
    info
        The sensor.
    waveforms
        Keep the waveforms of finished steps.

    Attributes
    ----------
    chain
        The analysis of its samples.
    receiver
        What came, and what was lost.
    lean_reference
        What lean is measured from.
    """

    def __init__(self, header: SessionHeader, info: DeviceInfo, *, waveforms: bool = False) -> None:
        self.receiver = Receiver(info)
        stored, axes = header.calibration_json, header.axes or info.axes or "auto"
        self._calibration = Calibration.from_json(stored) if stored else None
        neutral_up = None if axes == "auto" else header.neutral_up
        if neutral_up is not None and not fits(neutral_up, axes):
            raise ParameterError("axes", axes, "axes whose last pointed up while the runner stood")
        baseline = Baseline.from_json(header.baseline_json) if header.baseline_json else None
        lean = None if baseline is None else baseline.of("sacral_lean_deg")
        # of several runs, and not of one that the runner has chosen
        self._lean_unproven = lean is not None and lean.level_sd > 0.0
        self.chain = StepsAnalysis(
            info.rate_hz,
            axes=axes,
            neutral_up=neutral_up,
            runner=Runner(header.mass_kg, header.height_m),
            baseline=baseline,
            settings=AlertSettings.from_json(header.parameters_json),
            acceleration_range_m_s2=info.acceleration_range_m_s2,
            angular_velocity_range_rad_s=info.angular_velocity_range_rad_s,
            waveforms=waveforms,
        )
        chain = self.chain
        self.lean_reference = LeanReference(chain.analyzer, neutral=neutral_up is not None)
        self._marks = SessionMarks(
            chain.analyzer,
            chain.pauses,
            chain.drift,
            chain.pace_marks,
            chain.coach,
            self.lean_reference,
        )
        if header.carried_json:
            self._go_on_from(Carried.from_json(header.carried_json))

    @property
    def carried(self) -> Carried:
        """What a session that goes on from this one begins with, once this one is flushed."""
        chain, lean = self.chain, self.lean_reference
        return Carried(
            chain.analyzer.learned,
            chain.drift.state,
            chain.coach.state,
            LeanKnown(lean.known, lean.from_standing, lean.marked, self._lean_unproven),
        )

    def _go_on_from(self, earlier: Carried) -> None:
        chain, lean = self.chain, self.lean_reference
        chain.analyzer.carry_on(earlier.analyzer, earlier.gap_s)
        chain.drift.state = earlier.drift
        chain.coach.state = earlier.coach
        lean.known, lean.from_standing = earlier.lean.known, earlier.lean.from_standing
        lean.marked, self._lean_unproven = earlier.lean.marked, earlier.lean.unproven
        self._marks.surface_before = earlier.surface

    @property
    def run_baseline(self) -> Baseline | None:
        """What was usual in this run, for later ones; None when there is nothing they could use."""
        if not self.lean_reference.from_standing:
            return None
        return self.chain.drift.run_baseline

    def push(self, record: Record) -> Outcome:
        """Take the next record of the log."""
        if isinstance(record, Mark):
            return Outcome(None, NO_STEPS, [], self._marks.take(record))
        samples = self.receiver.push(record)
        if samples is None:
            return Outcome(None, NO_STEPS, [])
        if self._calibration is not None:
            samples = self._calibration.apply(samples)
        self._marks.see(samples)
        outcome = Outcome(samples, *self.chain.push(samples))
        if len(outcome.steps):
            outcome.notes.extend(self._see_steps())
        return outcome

    def _see_steps(self) -> list[str]:
        """A baseline of other days goes where this day's lean has no reference in common."""
        reference = self.lean_reference
        reference.see_steps()
        if not (self._lean_unproven and reference.known):
            return []
        self._lean_unproven = False
        if reference.from_standing:
            return []
        self.chain.drift.mark("reseat")
        return [_NOT_COMPARABLE]

    def flush(self) -> Outcome:
        """Finish what the log so far allows."""
        return Outcome(None, *self.chain.flush())
