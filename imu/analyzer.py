"""The chain over a stream: samples in, finished running steps out."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.chain.gait import GAIT_NAMES, believe_open_run
from imu.chain.intake import LEAPS_TOLD, NEVER_HEARD, ZEROS_TOLD, time_order_error
from imu.chain.loop import (
    ACCELEROMETER,
    ALIGN,
    CHAIN_STATE,
    CLOSE,
    DISORDER,
    DONE,
    END_BOUT,
    GAP_BEFORE,
    MOUNTING_KNOWN,
    NOTED,
    UNKNOWN,
    WITH_GYRO,
    AnalyzerParams,
    align,
    chain_coefficients,
    forget_strides,
    new_bout_state,
    restart,
)
from imu.chain.orientation import new_inclination_state
from imu.chain.sanity import standing_troubles
from imu.errors import InputError, ParameterError
from imu.learned import LEARNED_STATE, take_over, what_was_learned
from imu.mounting import mounting_from_axes, mounting_from_up
from imu.ranges import is_between
from imu.runner import Runner
from imu.samples import (
    HIGHEST_RATE_HZ,
    LOWEST_RATE_HZ,
    Samples,
)
from imu.stage import Stage
from imu.step.bout import end_bout, end_segment, find_mounting
from imu.step.closing import (
    CHAIN,
    CLOSE_ALL,
    CLOSE_DUE,
    LOOSE_CLIP,
    NO_AXES,
    RELEASE,
    RUN,
    SEEK_AXES,
    UP_FOUND,
    UP_WANTED,
    look_at_closing,
    run_chain,
)
from imu.step.posture_quality import forget_steps, new_posture_quality_state
from imu.step.step_features import FEATURES
from imu.step.stride_levelling import find_up_before_step
from imu.steps import NO_STEPS, ROW_BYTES, STEP_ROW, Steps, concatenate
from imu.waveforms import Waveforms

__all__ = ["LEARNED_STATE", "AnalyzerParams", "StepAnalyzer"]

#: A block without samples.
_NOTHING: Final = (np.empty(0), np.empty((0, 3)), np.empty((0, 3)), np.empty(0, np.uint8))
_NO_PLACES: Final = np.empty(0, np.int64)


#: Parts of the chain that an analyzer keeps at hand.
_OF_CHAIN: Final = frozenset(
    {"_coefficients", "_state", "_finished", "_waiting_rows", "_waiting_places", "_waiting"}
)


class StepAnalyzer(Stage[AnalyzerParams]):
    """The whole chain over one sensor's stream.

    Parameters
    ----------
    rate_hz : float
        Nominal sample rate, Hz, 25 to 1600. Below 49 Hz contact, shock, braking and force, which
        such samples do not show, stay empty.
    runner : Runner, optional
        Body data; only ``lumbar_index`` needs them.
    axes : str, optional
        Signed sensor axes forward, left, up; ``"auto"`` or nothing, as a table says that states
        none.
    speed_m_s : float, optional
        Running speed where it is known and constant, as on a treadmill, m/s, 0.5 to 12; contact and
        force are then judged with it.
    neutral_up : array_like, shape (3,), optional
        Specific force in the sensor frame while standing in neutral; lean and roll are then
        measured from there. Only with stated axes: ``"auto"`` finds its own.
    params : AnalyzerParams, optional
        Parameters of the stages.
    lumbar_baseline_bw : float, optional
        Lumbar compression of the runner's baseline; learned during the run otherwise.
    waveforms : bool
        Also keep the per-sample waveforms of finished steps (:meth:`take_waveforms`).
    features : bool
        Also keep what the step model saw of them (:meth:`take_features`), to train one.

    Raises
    ------
    ParameterError
        When an argument is outside its range.

    Examples
    --------
    >>> analyzer = StepAnalyzer(200.0, axes="+x+y+z")
    >>> at_rest = Samples(np.arange(400) / 200.0, np.tile([0.0, 0.0, 9.81], (400, 1)))
    >>> len(analyzer.push(at_rest)), analyzer.gait
    (0, 'still')
    """

    def __init__(
        self,
        rate_hz: float,
        runner: Runner | None = None,
        *,
        axes: str | None = "auto",
        speed_m_s: float | None = None,
        neutral_up: ArrayLike | None = None,
        params: AnalyzerParams | None = None,
        lumbar_baseline_bw: float | None = None,
        waveforms: bool = False,
        features: bool = False,
    ) -> None:
        check_rate(rate_hz)
        stated = axes if axes and axes != "auto" else None
        self._mounting = None if stated is None else mounting_from_axes(stated)
        if neutral_up is not None:
            if self._mounting is None:
                raise ParameterError("neutral_up", neutral_up, "stated axes together with it")
            self._mounting = mounting_from_up(self._mounting, neutral_up)
        if lumbar_baseline_bw is not None and not (
            is_between(lumbar_baseline_bw, 0.0, 1e9) and lumbar_baseline_bw > 0.0
        ):
            raise ParameterError("lumbar_baseline_bw", lumbar_baseline_bw, "a positive number")
        self._lumbar_baseline_bw = lumbar_baseline_bw
        if speed_m_s is not None and not is_between(speed_m_s, 0.5, 12.0):
            raise ParameterError("speed_m_s", speed_m_s, "a running speed from 0.5 to 12 m/s")
        chosen = params or AnalyzerParams()
        self._runner, self._speed_m_s = runner or Runner(), speed_m_s
        self._coefficients = chain_coefficients(float(rate_hz), self._runner, chosen, speed_m_s)
        stands = None if self._mounting is None else self._mounting.tolist()
        self._made_for = _digest(
            float(rate_hz),
            self._runner,
            speed_m_s,
            stands,
            lumbar_baseline_bw,
            replace(chosen, step_model=None),
            chosen.step_model is not None,
        )
        self._chain = np.zeros(1, CHAIN)
        self._chain["coefficients"] = self._coefficients
        self._look_into_chain()
        super().__init__(chosen, self._first_state, self._begun(self._state))
        self._kind = UNKNOWN  # as in the state, which takes longer to ask at every packet
        self._finished["waved"] = waveforms
        self._finished["noted"] = -1
        self._count = 0  # of the finished steps in there
        self._rows: list[NDArray[np.void]] = []
        self._places: list[NDArray[np.int64]] = []
        self._finished_waves: list[NDArray[np.float64]] = []
        self._finished_features: list[NDArray[np.float64]] | None = [] if features else None

    @property
    def gait(self) -> str:
        """What the runner does now: ``still``, ``walk``, ``grounded run`` or ``run``.

        A grounded run is one whose feet hardly leave the ground; its steps are running steps.
        """
        return GAIT_NAMES[int(self._state["gait"]["gait"][0])]

    @property
    def activity(self) -> Literal["still", "walk", "run"]:
        """The same in three words, for those to whom a run is a run."""
        gait = self.gait
        return "still" if gait == "still" else "walk" if gait == "walk" else "run"

    @property
    def mounting(self) -> NDArray[np.float64] | None:
        """Rotation sensor → body, shape (3, 3); None while ``"auto"`` is still searching."""
        if self._state["learned"]["mounting_status"][0] != MOUNTING_KNOWN:
            return None
        mounting: NDArray[np.float64] = self._state["learned"]["mounting"][0].copy()
        return mounting

    @property
    def lean_is_relative(self) -> bool:
        """Whether lean is told from the run's own mean posture: ``"auto"`` axes, nobody stood.

        It then shows how lean changes within the run, and compares with no other run.
        """
        state = self._state[0]
        searched = self._mounting is None and self.mounting is not None
        return bool(searched and not state["learned"]["mounting_stood"])

    @property
    def loose_clip(self) -> bool:
        """Whether the sensor rings on its clip, by its last twenty steps or so: tighten the belt.

        Steps are then flagged ``loose``, and their oscillation and shock are too large.
        """
        return look_at_closing(self._state[0], False)[0] & LOOSE_CLIP > 0

    @property
    def troubles(self) -> dict[str, float]:
        """What of the sensor's readings cannot be true, with a number each, found so far.

        Names are those of :class:`imu.chain.sanity.Trouble`. Steps are flagged ``sensor`` while
        one that puts them in doubt stands.
        """
        found = standing_troubles(self._state["sanity"][0])
        intake = self._state["intake"][0]
        if intake["leapt"] >= LEAPS_TOLD:
            found |= {"leaps": 0.0}
        if intake["zeros"] >= ZEROS_TOLD:
            found |= {"zeros": 0.0}
        if intake["impossible"]:
            found = {"impossible": float(intake["impossible_reading"])} | found
        return found

    @property
    def lost_samples(self) -> tuple[int, int, int]:
        """Samples filled by interpolation, quarantined as non-finite, and restarts after gaps."""
        intake = self._state["intake"]
        return int(intake["filled"][0]), int(intake["quarantined"][0]), int(intake["restarts"][0])

    def push(self, samples: Samples) -> Steps:
        """Take the next samples; returns the steps that got finished.

        Parameters
        ----------
        samples : Samples
            N samples in the sensor frame, any N, in order of time and later than those before.

        Returns
        -------
        Steps
            At most 0.3 s after their closing contact, however the stream is cut into blocks.

        Raises
        ------
        InputError
            When time does not increase (nothing of the block is taken then), or when blocks with
            and without angular velocity are mixed.
        """
        if not self._take_kind(samples):
            return NO_STEPS
        stop = samples.time_s.size
        _, index = self._run(samples, 0, stop)
        while index is not None:
            _, index = self._run(samples, index, stop)
        return self._take_steps()[0] if self._count or self._rows else NO_STEPS

    def push_packets(
        self, samples: Samples, ends: Sequence[int]
    ) -> Iterator[tuple[int, Steps, Sequence[int]]]:
        """Take the samples of packets that follow one another, and tell of those that matter.

        As a :meth:`push` for each packet, in less time. At each one in which :attr:`gait` changed,
        axes or a gap or a trouble were found, the analyzer stands just as after its push. Packets
        that only finished steps are told together, later; where nothing happened they are passed
        over.

        Parameters
        ----------
        samples : Samples
            Of all of them.
        ends : sequence of int
            How many samples there are up to the end of each packet, the last with all.

        Yields
        ------
        int
            The place in ``ends`` of the packet that the analyzer stands at.
        Steps
            That got finished in it and in those before it, often none.
        sequence of int
            The place in ``ends`` of each step's packet.

        Raises
        ------
        InputError
            As :meth:`push`.
        """
        if not self._take_kind(samples):
            return
        index = 0
        packet, stop = len(ends), ends[-1]
        while True:
            reached, following = self._run(samples, index, stop)
            if following is not None:
                index = following
                packet = bisect_left(ends, reached)
                stop = ends[packet]
                continue
            steps, places = self._take_steps()
            if packet < len(ends) or len(steps):
                yield min(packet, len(ends) - 1), steps, np.searchsorted(ends, places).tolist()
            if stop == ends[-1]:
                return
            index, packet, stop = stop, len(ends), ends[-1]

    def _take_kind(self, samples: Samples) -> bool:
        """Hold the samples to the kind of those before; whether there is anything to be taken."""
        kind = ACCELEROMETER if samples.angular_velocity_rad_s is None else WITH_GYRO
        if kind != self._kind:
            if not len(samples):
                return False
            if self._kind != UNKNOWN:
                raise InputError(
                    "some blocks have angular velocity and some have none: give one kind."
                )
            self._kind = kind
            self._state["kind"] = kind
        return True

    def _run(self, samples: Samples, index: int, stop: int) -> tuple[int, int | None]:
        """Take samples from ``index`` to before ``stop``, or up to where something is to be told.

        Returns how many samples of the block have been taken then, and the one to go on with, None
        at the end.
        """
        rates = samples.angular_velocity_rad_s
        while True:
            why, index, self._count = run_chain(
                self._chain,
                samples.time_s,
                samples.acceleration_m_s2,
                samples.acceleration_m_s2 if rates is None else rates,
                samples.quality,
                index,
                stop,
                RUN,
            )
            if why == DONE:
                return index, None
            # the sample at hand has not been taken yet where others are missing before it
            taken = index + int(why == GAP_BEFORE or self._state["segment"]["filling"][0] >= 0)
            if self._do(why, samples.time_s, index):
                return taken, index

    def _do(self, why: int, time_s: NDArray[np.float64], index: int) -> bool:
        """Do what the chain has stopped for; whether anything but steps is to be told."""
        if why == CLOSE:
            return self._close_steps(index)
        if why == DISORDER:
            if not self._state["intake"]["started"][0]:
                self._kind = UNKNOWN
                self._state["kind"] = UNKNOWN
            last_seen = float(self._state["intake"]["last_seen_s"][0])
            raise time_order_error(index, time_s, last_seen)
        if why == NOTED:
            return True
        if why == END_BOUT:
            self._end_bout(index)
        elif why == ALIGN:
            align(self._coefficients, self._state)
        elif why == GAP_BEFORE:
            # its steps are told with the sample after the gap
            self._finish_segment(index + 1, float(time_s[index]))
            self._state["intake"]["restarts"] += 1
        self._finished["noted"] = -1
        return True

    def flush(self) -> Steps:
        """Finish every step whose closing contact is in the data; the next push starts anew.

        What was learned about the session stays: mounting, step count, gyroscope bias, baseline.

        Returns
        -------
        Steps
            Those that no push has returned yet.
        """
        self._finish_segment()
        steps, _ = self._take_steps()
        forget_steps(self._state["posture_quality"])
        return steps

    def _finish_segment(self, index: int = 0, next_s: float = np.inf) -> None:
        if self._state["segment"]["held"][0] > 0:
            # shorter than the alignment: level by what there is, then let it through
            align(self._coefficients, self._state)
            why = CLOSE
            while why != DONE:
                why = self._run_without_samples(index, RELEASE)
                if why == END_BOUT:
                    self._end_bout(index)
        self._state["bout"]["opening_contact"] = -1
        if believe_open_run(self._coefficients["gait"], self._state["gait"]):
            self._state["bout"]["running"] = 1
        self._close_steps(index, CLOSE_ALL)
        end_segment(self._coefficients, self._state, next_s)
        restart(self._coefficients, self._state)

    def _restored(self) -> None:
        self._kind = int(self._state["kind"][0])
        self._finished["noted"] = -1

    def _run_without_samples(self, index: int, task: int) -> int:
        """Why the chain stopped; steps are closed as of sample ``index``."""
        why, _, self._count = run_chain(self._chain, *_NOTHING, index, index, task)
        return why

    def _close_steps(self, index: int, task: int = CLOSE_DUE) -> bool:
        """Close the steps that can be; whether anything but they is to be told."""
        due, _ = look_at_closing(self._state[0], task == CLOSE_ALL)
        if due & SEEK_AXES:
            find_mounting(self._state, last_chance=task == CLOSE_ALL)
        why = self._run_without_samples(index, task)
        while why in (CLOSE, UP_WANTED):
            if why == CLOSE:
                self._make_room()
                why = self._run_without_samples(index, task)
            else:
                find_up_before_step(self._coefficients, self._state)
                why = self._run_without_samples(index, task | UP_FOUND)
        return why == NOTED or due & NO_AXES > 0

    def _end_bout(self, index: int) -> None:
        self._close_steps(index, CLOSE_ALL)
        end_bout(self._state)

    def _make_room(self) -> None:
        """Put the finished steps aside."""
        count, (counted, waves) = self._count, self._waiting
        # to view bytes as rows takes longer than all the rest
        self._rows.append(np.ndarray(count, STEP_ROW, self._waiting_rows[:count].copy()))
        self._places.append(self._waiting_places[:count].copy())
        if self._finished_features is not None:
            self._finished_features.append(self._finished["features"][0, :count].copy())
        if waves[0]:
            self._finished_waves.append(self._finished["waves"][0, : waves[0]].copy())
        counted[0] = waves[0] = self._count = 0

    def _take_steps(self) -> tuple[Steps, NDArray[np.int64]]:
        """The finished steps, and how many samples of the block had been taken at each."""
        if self._count:
            self._make_room()
        if not self._rows:
            return NO_STEPS, _NO_PLACES
        rows, places = self._rows, self._places
        self._rows, self._places = [], []
        if len(rows) == 1:
            return Steps(rows[0]), places[0]
        return concatenate([Steps(part) for part in rows]), np.concatenate(places)

    def take_waveforms(self) -> Waveforms:
        """The waveforms of the steps finished since the last call (with ``waveforms=True``).

        Returns
        -------
        Waveforms
            Of the whole of these steps; empty when none was finished.
        """
        parts, self._finished_waves = self._finished_waves, []
        table = np.concatenate(parts) if parts else np.empty((0, 5))
        return Waveforms(*(np.ascontiguousarray(column) for column in table.T))

    def take_features(self) -> NDArray[np.float64]:
        """What the step model saw of the steps finished since the last call, (N, FEATURES).

        With ``features=True``; see :mod:`imu.step.step_features`.

        Returns
        -------
        ndarray, shape (N, FEATURES)
            In the order of the steps.
        """
        seen = self._finished_features or [np.empty((0, FEATURES))]
        self._finished_features = None if self._finished_features is None else []
        return np.concatenate(seen)

    def reset(self) -> None:
        """Forget everything."""
        super().reset()
        self._kind = UNKNOWN
        self._finished["noted"] = -1
        self._finished_waves = []

    def _look_into_chain(self) -> None:
        self._coefficients, self._state = self._chain["coefficients"], self._chain["state"]
        self._finished = self._chain["finished"]
        self._waiting_rows = self._finished["rows"][0].view(ROW_BYTES)
        self._waiting_places = self._finished["places"][0]
        self._waiting = self._finished["count"], self._finished["wave_count"]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in _OF_CHAIN}

    def __setstate__(self, content: dict[str, Any]) -> None:
        vars(self).update(content)
        self._look_into_chain()  # a copy looks into its own

    def _check_state(self, value: NDArray[np.void]) -> None:
        if value["made_for"][0] != self._made_for:
            raise ParameterError(
                "state",
                "that of another analyzer",
                "one of an analyzer with the same rate, axes, runner and parameters",
            )

    def _first_state(self) -> NDArray[np.void]:
        return self._begun(np.zeros(1, CHAIN_STATE))

    def _begun(self, s: NDArray[np.void]) -> NDArray[np.void]:
        """Make a state of zeros that before the first sample."""
        s["made_for"] = self._made_for
        s["inclination"] = new_inclination_state(self._coefficients["inclination"])
        learned = self._lumbar_baseline_bw
        s["learned"]["lumbar_baseline"] = np.nan if learned is None else learned
        s["bout"] = new_bout_state()
        s["last_step_s"] = s["posture_s"] = -np.inf
        s["posture_quality"] = new_posture_quality_state()
        s["intake"]["turn_missing"] = NEVER_HEARD
        if self._mounting is not None:
            s["learned"]["mounting"] = self._mounting
            s["learned"]["mounting_status"] = MOUNTING_KNOWN
        restart(self._coefficients, s)
        return s

    @property
    def learned(self) -> NDArray[np.void]:
        """What has been learned about runner and sensor, :data:`LEARNED_STATE`, shape (1,)."""
        return what_was_learned(self._state)

    def carry_on(self, learned: NDArray[np.void], gap_s: float = 0.0) -> None:
        """Begin with what an earlier analyzer has learned, as after a gap in one stream.

        Mounting, standing, step count, running time, lumbar baseline and gyroscope bias are taken
        over. What hangs on its clock or samples is not: a posture is believed for seconds only.
        The bias has drifted in the gap, as far as the parameters say that it does.

        Parameters
        ----------
        learned : ndarray of :data:`LEARNED_STATE`, shape (1,)
            :attr:`learned` of an analyzer of the same rate, axes, runner and parameters, whose
            sensor has stayed on the body.
        gap_s : float
            From its last sample to the first one here, s, 0 or more.

        Raises
        ------
        ParameterError
            When an argument is none of these, or samples have been taken already.

        Examples
        --------
        >>> analyzer = StepAnalyzer(200.0)
        >>> analyzer.carry_on(StepAnalyzer(200.0, axes="+x+y+z").learned)
        >>> analyzer.mounting.tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
        """
        if learned.dtype != LEARNED_STATE or learned.shape != (1,):
            raise ParameterError("learned", learned.dtype, "what an earlier analyzer has learned")
        if not 0.0 <= gap_s < np.inf:
            raise ParameterError("gap_s", gap_s, "a time from 0 s up")
        if self._kind != UNKNOWN:
            raise ParameterError("learned", learned.dtype, "it before the first sample")
        forgetting_s = self._params.inclination.bias_forgetting_time_s
        unknown = float(self._coefficients["inclination"]["variance_initial"][0])
        take_over(self._state, learned, gap_s / forgetting_s, unknown)

    def change_rate(self, rate_hz: float) -> Steps:
        """Go on at another rate of the same sensor, as after a gap too long to fill.

        Parameters
        ----------
        rate_hz : float
            Nominal rate of the samples that follow, Hz, 25 to 1600.

        Returns
        -------
        Steps
            Those whose closing contact came before, as :meth:`flush` gives them.

        Raises
        ------
        ParameterError
            When the rate is outside its range; nothing changes.

        Examples
        --------
        >>> analyzer = StepAnalyzer(208.0)
        >>> len(analyzer.change_rate(104.0))
        0
        """
        check_rate(rate_hz)
        self._finish_segment()
        steps, _ = self._take_steps()
        self._chain["coefficients"] = chain_coefficients(
            float(rate_hz), self._runner, self._params, self._speed_m_s
        )
        restart(self._coefficients, self._state)
        forget_strides(self._state)
        return steps

    def take_neutral(self, up: ArrayLike) -> None:
        """Measure lean and roll from the posture that the runner stands in now.

        Known axes are tilted by the least angle that makes ``up`` the body's z; while ``"auto"``
        is still searching, ``up`` is the standing that they will be found from.

        Parameters
        ----------
        up : array_like, shape (3,)
            Mean specific force in the sensor frame while standing in neutral, any unit.

        Raises
        ------
        ParameterError
            When ``up`` is no direction, or more than 60° off the known up axis; nothing changes.
        """
        known = self.mounting
        if known is not None:
            self._state["learned"]["mounting"] = mounting_from_up(known, up)
            self._state["learned"]["mounting_stood"] = 1
            self._forget_posture()
            return
        direction = np.asarray(up, np.float64)
        norm = float(np.linalg.norm(direction))
        if direction.shape != (3,) or not 0.0 < norm < np.inf:
            raise ParameterError("up", up, "three numbers that are a direction")
        self._state["learned"]["standing_up"] = direction / norm
        self._state["learned"]["stood"] = 1

    def reseat(self) -> None:
        """Take note that the sensor was moved: ``"auto"`` axes are searched anew."""
        self._forget_posture()
        self._state["loose_score"] = self._state["loose_steps"] = 0
        self._state["learned"]["side_turn"] = 0.0
        if self._mounting is None:
            self._state["learned"]["mounting_status"] = 0
            self._state["learned"]["mounting_stood"] = 0
            self._state["segment"]["standing_count"] = 0
            self._state["bout"]["mounting_tried"] = self._state["bout"]["contact_count"]
            self._state["bout"]["mounting_from"] = self._state["bout"]["contact_count"]
            self._state["learned"]["stood"] = 0

    def _forget_posture(self) -> None:
        s, intake = self._state, self._state["intake"]
        since_s = float(intake["last_seen_s"][0]) if intake["started"][0] else -np.inf
        forget_steps(s["posture_quality"], since_s)
        # what was marked is not to be followed once more
        s["turning"]["standing"] = s["turning"]["ran_before"] = 0.0
        s["turning"]["slip_at"] = 0
        if self._lumbar_baseline_bw is None and s["learned"]["running_s"][0] > 0.0:
            # what was learned so far is of a lean that was measured from elsewhere
            s["learned"]["lumbar_sum"] = s["learned"]["lumbar_count"] = 0
            s["learned"]["lumbar_baseline"] = np.nan
            begun_s = s["learned"]["running_s"] - self._coefficients["lumbar_skip_s"]
            s["learned"]["lumbar_from_s"] = np.maximum(s["learned"]["lumbar_from_s"], begun_s)


def _digest(*settings: object) -> int:
    digest = hashlib.blake2b(repr(settings).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def check_rate(rate_hz: float) -> None:
    """Refuse a rate that the chain does not take."""
    if not is_between(rate_hz, LOWEST_RATE_HZ, HIGHEST_RATE_HZ):
        expected = f"a sample rate from 25 to {HIGHEST_RATE_HZ:g} Hz"
        raise ParameterError("rate_hz", rate_hz, expected)
