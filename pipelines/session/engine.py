"""The fold: a session's log in, record by record, and the facts of the run out.

Live and replay both run it, over the same header and the same records, so that they give the same
facts to the byte. Nothing here looks at a clock or a file, and nothing knows which of them it is.
Coach and companion are rules inside it, with one budget of cues.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.receiver import Receiver
from devices.records import DeviceInfo, LinkEvent, Packet, StreamRecord
from imu.analyzer import AnalyzerParams, StepAnalyzer
from imu.drift.baseline import Baseline
from imu.drift.changes import SENSOR_POSITION, Change
from imu.drift.detector import DriftDetector, InUse
from imu.errors import ParameterError
from imu.runner import Runner
from imu.samples import Samples
from imu.steps import NO_STEPS, Steps, concatenate
from imu.waveforms import Waveforms
from pipelines.coaching.budget import CueBudget, uses_budget
from pipelines.coaching.coach import Coach
from pipelines.coaching.companion import Companion, Ending, RunSoFar
from pipelines.coaching.training.bends import heading_turn_deg
from pipelines.coaching.training.cues import Number
from pipelines.session import facts
from pipelines.session.beside import Arrival, Beside
from pipelines.session.carried import WATCHED, Carried, record_to_json
from pipelines.session.facts import Fact
from pipelines.session.gaps import Gaps
from pipelines.session.header import SessionHeader
from pipelines.session.lean import LeanReference
from pipelines.session.live_status import Now, indicator_statuses
from pipelines.session.mark_rules import MarkRules
from pipelines.session.marks import LoggedMark, SessionRecord
from pipelines.session.pace import Pace
from pipelines.session.pauses import Pauses
from pipelines.session.progress import SessionProgress
from pipelines.session.standing import LatestSamples, fits

_AUTO: Final = "auto"
_SEEKING_S: Final = 30.0  # of running, in which axes are found that can be


class SessionFold:
    """Folds one session's log into facts.

    Parameters
    ----------
    header : SessionHeader
        Everything besides the log that decides anything.
    info : DeviceInfo
        The sensor; without a protocol there are no packets, and samples come by
        :meth:`push_samples`.
    waveforms : bool
        Keep the waveforms of finished steps.

    Raises
    ------
    ParameterError
        When the header's axes are none, or do not fit its neutral.
    InputError
        When what it carries of an earlier session cannot be used.
    """

    def __init__(
        self,
        header: SessionHeader,
        info: DeviceInfo,
        *,
        waveforms: bool = False,
        params: AnalyzerParams | None = None,
    ) -> None:
        self._header, self._info = header, info
        self._receiver = Receiver(info) if info.protocol else None
        axes = header.axes or info.axes or _AUTO
        neutral_up = None if axes == _AUTO else header.neutral_up
        if neutral_up is not None and not fits(neutral_up, axes):
            raise ParameterError("axes", axes, "axes whose last pointed up while the runner stood")
        self._analyzer = _analyzer(
            header, info, axes, neutral_up, params or AnalyzerParams(), waveforms=waveforms
        )
        self._drift = DriftDetector(header.settings.drift, header.usual)
        budget = CueBudget(header.settings.coach)
        self._coach = Coach(budget)
        self._pace, self._pauses, self._latest = Pace(), Pauses(), LatestSamples()
        self._progress = SessionProgress(
            self._pace, index_of_earlier_runs=header.index_of_earlier_runs
        )
        self._beside = Beside(self._pace, self._progress)
        self._companion: Companion | None = None
        if header.plan is not None:
            self._companion = Companion(header.plan, budget, self._progress)
            self._coach.advises = self._companion.suggests
        # of several runs, and not of one that the runner has chosen
        lean = None if header.usual is None else header.usual.of("sacral_lean_deg")
        unproven = lean is not None and lean.level_sd > 0.0
        self._lean = LeanReference(
            self._analyzer, neutral=neutral_up is not None, unproven=unproven
        )
        self._marks = MarkRules(
            self._analyzer,
            self._drift,
            self._coach,
            self._companion,
            budget,
            self._lean,
            self._latest,
            self._pace,
            self._pauses,
            self._progress,
        )
        self._warmed_up = False
        if header.carried is not None:
            self._go_on_from(header.carried)
        self._facts: list[Fact] = self._at_the_start()
        self._first_s = math.nan
        self._gait: facts.Gait = "still"
        self._restarts = 0
        self._pushed = 0  # samples without packets
        self._sampled_s = math.nan  # latest sample
        self._gaps = Gaps()
        self._arrivals: tuple[int, int] | None = None  # first and last
        self._phase = ("", 0)
        self._stepped = False
        self._loose = False  # told
        self._doubted: set[str] = set()  # told
        self._without_axes_s = 0.0  # running time
        self._introduced: DeviceInfo | None = None
        self._samples: Samples | None = None
        self._waiting: list[Steps] = []  # for the detector
        self._waiting_steps = 0

    # -------------------------------------------------------------------------- what goes in

    def push(self, record: SessionRecord) -> list[Fact]:
        """Take the next record of the log; returns the facts that it has made."""
        return self.push_all((record,))

    def push_all(self, records: Sequence[SessionRecord]) -> list[Fact]:
        """Take the next records; the facts are those of one after the other, in less time."""
        packets: list[Packet] = []
        for record in records:
            if isinstance(record, Packet):
                packets.append(record)
                continue
            self._take_packets(packets)
            packets = []
            self._take_record(record)
        self._take_packets(packets)
        return self._handed_out()

    def push_samples(self, samples: Samples) -> list[Fact]:
        """Take samples of a source that has no packets; facts are told by the second."""
        each = max(1, round(self._info.rate_hz))
        begin, self._pushed = self._pushed, self._pushed + len(samples)
        ends = [end - begin for end in range((begin // each + 1) * each, self._pushed, each)]
        self._accompany(*self._take(samples, (*ends, len(samples))))
        return self._handed_out()

    def finish(self) -> list[Fact]:
        """The log has ended: finish what it allows, and say what is known only now."""
        steps = self._analyzer.flush()
        self._take_steps(steps, [(self._latest.now_s, len(steps))])
        self._doubt()
        self._catch_up()
        self._drift.flush()
        self._accompany(steps, None)
        end_s = self._latest.now_s
        axes_found = self._analyzer.mounting is not None
        if self._stepped and not axes_found:
            self._facts.append(facts.AxesMissing(end_s))
        distance_m = self._progress.distance_m
        if distance_m:
            self._facts.append(facts.DistanceKnown(end_s, distance_m, self._progress.source))
        self._facts.append(self._end(end_s, axes_found=axes_found))
        return self._handed_out()

    # ------------------------------------------------------------------------ what comes out

    @property
    def carried(self) -> Carried:
        """What a session that goes on from this one begins with, once this one is finished."""
        self._catch_up()
        return Carried(
            record_to_json(self._analyzer.learned),
            record_to_json(self._drift.state),
            self._coach.state,
            lean=self._lean.state,
            surface=self._marks.surface,
            indicators=WATCHED,
            run=RunSoFar() if self._companion is None else self._companion.so_far,
            felt=self._marks.felt,
        )

    @property
    def now(self) -> Now:
        """What is known at this moment, as a fact that nobody keeps."""
        self._catch_up()
        receiver, companion = self._receiver, self._companion
        heart_bpm = self._beside.heart_rate_bpm
        return Now(
            elapsed_s=self.elapsed_s,
            gait=self._analyzer.gait,
            battery_percent=None if receiver is None else receiver.battery_percent,
            lost_samples=0 if receiver is None else receiver.losses.lost,
            standing=self._drift.standing,
            params=self._header.settings.drift,
            indicators=indicator_statuses(self._drift),
            easy_km=self._progress.dose_easy_km,
            speed_m_s=self._pace.speed_m_s,
            slope_deg=self._pace.slope_deg,
            distance_m=self._progress.distance_m,
            heart_rate_bpm=heart_bpm,
            effort=None if companion is None else companion.effort(heart_bpm),
            phase=None if companion is None else companion.phase,
            beside=dict(self._beside.links),
        )

    @property
    def elapsed_s(self) -> float:
        """From the first record to the latest, by the computer's clock, s."""
        return 0.0 if self._arrivals is None else (self._arrivals[1] - self._arrivals[0]) / 1e9

    @property
    def losses(self) -> facts.LossCounts:
        """Accounting of samples, so far."""
        filled, quarantined, restarts = self._analyzer.lost_samples
        link = {} if self._receiver is None else self._receiver.losses._asdict()
        return facts.LossCounts(
            **link, filled=filled, quarantined=quarantined, chain_restarts=restarts
        )

    @property
    def samples(self) -> Samples | None:
        """The samples that the latest record brought, calibrated; None when it brought none."""
        return self._samples

    def take_waveforms(self) -> Waveforms:
        """Waveforms of the steps finished since the last call (with ``waveforms=True``)."""
        return self._analyzer.take_waveforms()

    # ------------------------------------------------------------------------------ the parts

    def _handed_out(self) -> list[Fact]:
        handed, self._facts = self._facts, []
        return handed

    def _take_record(self, record: DeviceInfo | LinkEvent | StreamRecord | LoggedMark) -> None:
        self._catch_up()
        if isinstance(record, LoggedMark):
            self._arrive(record.arrival_ns)
            self._facts += self._marks.take(record.mark)
        elif isinstance(record, StreamRecord):
            self._arrive(record.arrival_ns)
            now = self._arrival(record.arrival_ns)
            found = self._beside.take(record, now, arrived_s=self.elapsed_s, gait=self._gait)
            self._facts += found
        else:
            self._see(record)
            assert self._receiver is not None  # without a protocol no records come
            self._receiver.push(record)
        self._accompany(NO_STEPS, None)

    def _take_packets(self, packets: list[Packet]) -> None:
        """Take packets between which nothing else came; together, where time passes for nobody."""
        if not packets:
            return
        together = self._companion is None and not self._beside.any
        for part in [packets] if together else [[packet] for packet in packets]:
            self._arrive(part[0].arrival_ns)
            self._arrive(part[-1].arrival_ns)
            assert self._receiver is not None  # without a protocol no records come
            steps, turn_deg = NO_STEPS, None
            if (found := self._receiver.push_packets(part)) is not None:
                steps, turn_deg = self._take(*found)
            self._accompany(steps, turn_deg)

    def _arrive(self, arrival_ns: int) -> None:
        first_ns = arrival_ns if self._arrivals is None else self._arrivals[0]
        self._arrivals = (first_ns, arrival_ns)
        self._samples = None
        if self._beside.any:
            self._facts += self._beside.pass_time(self._arrival(arrival_ns))

    def _arrival(self, now_ns: int) -> Arrival:
        now_s = self._latest.now_s
        return Arrival(now_ns, now_s, now_s if self._latest.any else -math.inf)

    def _see(self, record: DeviceInfo | LinkEvent) -> None:
        now_s = self._latest.now_s
        if isinstance(record, DeviceInfo):
            self._samples = None
            if record != self._introduced:
                self._introduced = record
                self._facts.append(facts.SensorKnown(now_s, record))
            if record.rate_hz != self._info.rate_hz:
                steps = self._analyzer.change_rate(record.rate_hz)
                self._take_steps(steps, [(now_s, len(steps))])
                self._compare_anew(now_s)
            self._info = record
            return
        self._arrive(record.arrival_ns)
        if isinstance(record, LinkEvent):
            link = facts.LinkChanged(now_s, self.elapsed_s, record.kind, record.detail)
            self._facts.append(link)

    def _compare_anew(self, now_s: float) -> None:
        """At another rate shock is another: compare with nothing that was measured before."""
        self._catch_up()
        self._drift.mark("reseat")
        if self._drift.given_up is not None:
            self._facts.append(self._given_up(now_s, "another rate"))

    def _take(self, samples: Samples, ends: Sequence[int]) -> tuple[Steps, float | None]:
        """Take the samples of packets, with how many there are up to the end of each."""
        if self._header.calibration is not None:
            samples = self._header.calibration.apply(samples)
        self._samples = samples
        time_s, latest, steps = samples.time_s, self._latest, NO_STEPS
        if len(samples) and math.isnan(self._first_s):
            self._first_s = float(time_s[0])
        for packet, steps, places in self._analyzer.push_packets(samples, ends):
            # of the packets before it nothing is to be told but steps
            before = bisect_left(places, packet)
            self._take_steps(steps[:before], _by_packet(places[:before], time_s, ends))
            latest.now_s = float(time_s[ends[packet] - 1])
            restarts = self._analyzer.lost_samples[2]
            if restarts != self._restarts:
                self._restarts = restarts
                begin = ends[packet - 1] if packet else 0
                before_s = self._sampled_s if begin == 0 else float(time_s[begin - 1])
                end_s = float(time_s[begin])
                self._facts.append(facts.Gap(end_s))
                missing_s = self._gaps.take(end_s, end_s - before_s)
                if missing_s is not None:
                    self._facts.append(facts.SensorDoubted(end_s, "missing", missing_s))
            self._take_steps(steps[before:], [(latest.now_s, len(steps) - before)])
            self._doubt()
            if self._analyzer.activity != self._gait:
                self._gait = self._analyzer.activity
                self._facts.append(facts.GaitChanged(latest.now_s, self._gait))
        if len(samples):
            self._sampled_s = float(time_s[-1])
        latest.take(samples)
        turn_deg = None
        plan = self._header.plan
        if plan is not None and plan.walk_bends and len(samples):
            turn_deg = heading_turn_deg(samples, self._analyzer.mounting, self._info.rate_hz)
        return steps, turn_deg

    def _take_steps(self, steps: Steps, finished: Sequence[tuple[float, int]]) -> None:
        """Finished steps: to be judged, told, and counted.

        With the time of each packet that finished some, and how many there are up to its end.
        """
        if not len(steps):
            return
        judged = self._pauses.outside(steps)
        if len(finished) > 1 and (judged is not steps or self._lean.unsettled):
            begin = 0
            for now_s, end in finished:
                self._take_steps(steps[begin:end], [(now_s, end - begin)])
                begin = end
            return
        self._stepped = True
        ends = [end for _, end in finished] if judged is steps else [len(judged)]
        found, begin = self._judge(judged, ends), 0
        for (now_s, end), told in zip(finished, found, strict=True):
            self._latest.now_s = now_s
            self._facts.append(facts.StepsFinished(now_s, steps[begin:end]))
            self._facts += told
            begin = end
        self._progress.take_steps(steps)
        if self._lean.see_steps():
            from_standing = self._lean.state.from_standing
            self._facts.append(facts.AxesFound(self._latest.now_s, from_standing, searched=True))
        self._seek_axes(steps)
        if not self._loose and self._analyzer.loose_clip:
            self._loose = True
            self._facts.append(facts.ClipLoose(self._latest.now_s))
        if self._lean.is_incomparable():
            self._catch_up()
            self._drift.mark("reseat")
            self._facts.append(self._given_up(self._latest.now_s, "no standing"))

    def _doubt(self) -> None:
        """Tell, each once, what the sensor reads that cannot be true."""
        found = self._analyzer.troubles
        if len(found) == len(self._doubted):
            return
        for trouble, number in found.items():
            if trouble not in self._doubted:
                self._doubted.add(trouble)
                doubt = facts.SensorDoubted(self._latest.now_s, trouble, number)
                self._facts.append(doubt)

    def _seek_axes(self, steps: Steps) -> None:
        """Tell, once, that axes are searched for longer than they should be."""
        if self._analyzer.mounting is not None:
            return
        times = steps.step_time_s
        before_s = self._without_axes_s
        self._without_axes_s += float(times[np.isfinite(times)].sum())
        if before_s < _SEEKING_S <= self._without_axes_s:
            self._facts.append(facts.AxesSought(self._latest.now_s))

    def _judge(self, steps: Steps, ends: Sequence[int]) -> list[list[Fact]]:
        """What the detector finds and the coach tells, for each packet of steps.

        The detector says nothing before it has as many steps as it looks at together: until then
        they wait, since to ask it takes as long for one as for all of them.
        """
        told: list[list[Fact]] = [[] for _ in ends]
        if not len(steps):
            return told
        changes: dict[int, list[Change]] = {}
        self._waiting.append(steps)
        self._waiting_steps += len(steps)
        if self._waiting_steps >= self._drift.steps_to_next:
            earlier = self._waiting_steps - len(steps)
            changes = self._judge_waiting([earlier + end for end in ends], told)
        if changes or self._coach.waits:
            for place, end in enumerate(ends):
                last = steps.rows[end - 1]
                ended_s = float(last["initial_contact_s"] + last["step_time_s"])
                alerts = self._coach.advance(changes.get(place, ()), ended_s)
                told[place] += [facts.AlertTold(alert.time_s, alert) for alert in alerts]
        return told

    def _judge_waiting(
        self, ends: Sequence[int], told: Sequence[list[Fact]]
    ) -> dict[int, list[Change]]:
        """Let the detector see the steps that wait: what changed, by packet, and told as facts."""
        steps = concatenate(self._waiting)
        self._waiting, self._waiting_steps = [], 0
        drift, begin = self._drift, 0
        found: dict[int, list[Change]] = {}
        while begin < len(steps):
            rest, had, first = steps[begin:], drift.has_baseline, bisect_right(ends, begin)
            taken, changes = drift.push_packets(
                rest, [end - begin for end in ends[first:]], self._pace.at(rest)
            )
            begin += taken
            place = bisect_left(ends, begin)
            if changes:
                found[place] = changes
            told[place] += [facts.Changed.of(change) for change in changes]
            slipped = next((c for c in changes if c.indicator == SENSOR_POSITION), None)
            if slipped is not None:
                told[place].append(self._given_up(slipped.time_s, "slipped"))
            if drift.has_baseline and (slipped is not None or not had):
                contact_s = float(rest.rows["initial_contact_s"][taken - 1])
                told[place].append(_known(contact_s, "learned", drift.in_use))
        return found

    def _catch_up(self) -> None:
        """Let the detector see the steps that wait, which are too few for it to find anything."""
        if self._waiting:
            self._judge_waiting([self._waiting_steps], [[]])

    def _given_up(self, time_s: float, reason: facts.GivenUp) -> Fact:
        return facts.BaselineGivenUp.of(time_s, reason, self._drift.given_up)

    def _accompany(self, steps: Steps, turn_deg: float | None) -> None:
        """Let the companion see what has happened, and tell its cues."""
        companion = self._companion
        if companion is None:
            return
        now_s = self._latest.now_s
        cues = companion.advance(now_s, self._analyzer.activity, steps, turn_deg=turn_deg)
        self._facts += [
            facts.CueTold(cue.time_s, cue.text_id, _exact(cue.numbers), uses_budget(cue))
            for cue in cues
        ]
        if companion.warm_up.done and not self._warmed_up:
            self._warmed_up = True
            self._facts.append(facts.WarmUpDone(now_s, companion.warm_up.easy_s))
        phase = companion.phase
        if phase is not None and (phase.kind, phase.number) != self._phase:
            self._phase = phase.kind, phase.number
            self._facts.append(facts.PhaseBegan(now_s, phase.kind, phase.number))

    # ------------------------------------------------------------------------- start and end

    def _go_on_from(self, earlier: Carried) -> None:
        advises = self._coach.advises
        self._analyzer.carry_on(earlier.analyzer_state, earlier.gap_s)
        self._drift.state = earlier.drift_state
        self._coach.state = earlier.coach
        self._coach.advises = advises and earlier.coach.advises
        self._lean.state = earlier.lean
        self._marks.surface_before = earlier.surface
        self._marks.felt = earlier.felt
        if self._companion is not None:
            self._companion.go_on_from(earlier.run, earlier.gap_s)
            self._coach.advises = self._coach.advises and self._companion.suggests
            self._warmed_up = self._companion.warm_up.done

    def _at_the_start(self) -> list[Fact]:
        """What is known before the first record."""
        found: list[Fact] = []
        header, drift = self._header, self._drift
        carried = header.carried
        of_older = carried is not None and carried.of_older_definitions
        if of_older or (header.baseline is not None and header.usual is None):
            found.append(facts.BaselineGivenUp(0.0, "older definitions"))
        if drift.has_baseline:
            origin: facts.Origin = "session before" if carried else header.baseline_origin
            found.append(_known(0.0, origin, drift.in_use))
        if self._lean.state.known:
            searched = not self._lean.state.from_standing and self._analyzer.lean_is_relative
            found.append(facts.AxesFound(0.0, self._lean.state.from_standing, searched=searched))
        return found

    def _end(self, end_s: float, *, axes_found: bool) -> Fact:
        drift, in_use = self._drift, self._drift.in_use
        ending = Ending() if self._companion is None else self._companion.ending()
        first_s = self._first_s
        return facts.Ended(
            end_s,
            0.0 if math.isnan(first_s) else end_s - first_s,
            losses=self.losses,
            clock=self._clock(),
            axes_found=axes_found,
            changed=tuple(drift.changed),
            status=drift.standing,
            baseline=in_use.baseline,
            ranges=facts.UsualRange.all_of(in_use),
            run_baseline=self._run_baseline(),
            **ending._asdict(),
        )

    def _run_baseline(self) -> Baseline | None:
        """What was usual in this run; None where lean compares with that of no other day."""
        lean = self._lean.state
        # the neutral of another day tells nothing of how the sensor sits today
        if not lean.from_standing or (self._header.neutral_is_old and not lean.marked):
            return None
        return self._drift.run_baseline

    def _clock(self) -> facts.SensorClock | None:
        """The sensor's clock, as far as the log tells."""
        host = None if self._receiver is None else self._receiver.host_time
        if host is None:
            return None
        estimate = host.estimate
        if estimate.basis == "too little":
            return None
        return facts.SensorClock(
            estimate.skew_ppm, estimate.skew_sd_ppm, estimate.offset_uncertainty_ms, estimate.basis
        )


def _analyzer(
    header: SessionHeader,
    info: DeviceInfo,
    axes: str,
    neutral_up: tuple[float, float, float] | None,
    params: AnalyzerParams,
    *,
    waveforms: bool,
) -> StepAnalyzer:
    intake = replace(
        params.intake,
        acceleration_range_m_s2=info.acceleration_range_m_s2,
        angular_velocity_range_rad_s=info.angular_velocity_range_rad_s,
    )
    lumbar = None if header.usual is None else header.usual.of("lumbar_index")
    return StepAnalyzer(
        info.rate_hz,
        Runner(header.mass_kg, header.height_m),
        axes=axes,
        neutral_up=neutral_up,
        params=replace(params, intake=intake),
        lumbar_baseline_bw=None if lumbar is None else lumbar.mean,
        waveforms=waveforms,
    )


def _by_packet(
    places: Sequence[int], time_s: NDArray[np.float64], ends: Sequence[int]
) -> list[tuple[float, int]]:
    """The time of each packet that finished steps, and how many there are up to its end."""
    upto = {place: count for count, place in enumerate(places, 1)}
    return [(float(time_s[ends[place] - 1]), count) for place, count in upto.items()]


def _exact(numbers: Mapping[str, Number]) -> dict[str, float | str]:
    """What fills a text, as it comes back from a file: a whole number is a number as any other."""
    return {
        name: value if isinstance(value, str) else float(value) for name, value in numbers.items()
    }


def _known(time_s: float, origin: facts.Origin, in_use: InUse) -> Fact:
    assert in_use.baseline is not None  # it is asked for only where there is one
    return facts.BaselineKnown(time_s, origin, in_use.baseline, facts.UsualRange.all_of(in_use))
