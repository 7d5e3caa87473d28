"""Named faults: an edit of the code each, and the tests whose promise it breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Fault:
    """An edit that no user should get.

    Attributes
    ----------
    name : str
        What goes wrong.
    file : str
        That is changed, within the project.
    before, after : str
        What stands there, once, and what is put in its place.
    tests : tuple of str
        As pytest takes them.
    line : int
        Where it stands, where that is known; ``before`` is the whole line then.
    """

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]
    line: int = 0

    def put_into(self, text: str) -> str:
        """The text with the fault.

        Raises
        ------
        ValueError
            When what it changes does not stand there once.
        """
        if self.line:
            lines = text.split("\n")
            if lines[self.line - 1] != self.before:
                raise ValueError(f"{self.name}: line {self.line} is another")
            lines[self.line - 1] = self.after
            return "\n".join(lines)
        if text.count(self.before) != 1:
            raise ValueError(f"{self.name}: {self.before!r} stands {text.count(self.before)} times")
        return text.replace(self.before, self.after)


_TILT = ("tests/imu/test_tilt.py",)
_SIGNS = ("tests/imu/test_signs_and_flags.py",)
_DRIFT = ("tests/imu/test_drift.py",)
_COACH = ("tests/pipelines/coaching/test_coach.py",)
_RETURN = ("tests/devices/test_coming_back.py",)
_BOUNDARIES = ("tests/pipelines/test_boundaries.py",)
_GOLDEN = ("tests/pipelines/files/test_golden.py",)
_REPORT = (
    "tests/pipelines/views/report/test_words.py",
    "tests/pipelines/views/report/test_content.py",
)
_FALSE_ALARMS = ("tests/benchmarks/test_false_alarms.py",)
_DOWNLOAD = ("tests/pipelines/sensors/test_download.py",)

FAULTS: Final = (
    Fault(
        "a gyroscope of twice its scale is believed",
        "imu/step/turning.py",
        "_MOST_SCALE: Final = 1.75",
        "_MOST_SCALE: Final = 17.5",
        ("tests/imu/test_turning.py",),
    ),
    Fault(
        "tilt: a lean that is not known is trusted",
        "imu/step/finished_step.py",
        "flags |= _TILT",
        "flags |= 0",
        _TILT,
    ),
    Fault(
        "tilt: a hole leaves no turning open",
        "imu/step/stride_levelling.py",
        "_MISSED_SHARE: Final = 0.8",
        "_MISSED_SHARE: Final = 0.0",
        _TILT,
    ),
    Fault(
        "sides: an alert says left for right",
        "pipelines/coaching/coach.py",
        'side = "left" if change.value > 0.0',
        'side = "left" if change.value < 0.0',
        _COACH,
    ),
    Fault(
        "sides: blocks take left from right",
        "imu/drift/blocks.py",
        "200.0 * (left - right)",
        "200.0 * (right - left)",
        _SIGNS,
    ),
    Fault(
        "sides: the vote without a gyroscope is inverted",
        "imu/step/finished_step.py",
        "by_force = cast_side_vote(s.bout.side_by_force, parity, forced)",
        "by_force = cast_side_vote(s.bout.side_by_force, parity, -forced)",
        _SIGNS,
    ),
    Fault(
        "sides: the vote by roll is inverted",
        "imu/step/finished_step.py",
        "by_roll = cast_side_vote(s.bout.side, parity, rolled)",
        "by_roll = cast_side_vote(s.bout.side, parity, -rolled)",
        _SIGNS,
    ),
    Fault(
        "disk: what is written is put there the first time alone",
        "pipelines/files/kept_file.py",
        "if self._thread is not None and self._thread.is_alive():",
        "if self._thread is not None:",
        _BOUNDARIES,
    ),
    Fault(
        "disk: a new folder is not put there",
        "pipelines/files/stored.py",
        "            sync_folder(one.parent)\n",
        "",
        _BOUNDARIES,
    ),
    Fault(
        "private: a new folder is for everybody",
        "pipelines/files/stored.py",
        "one.mkdir(0o700, exist_ok=True)",
        "one.mkdir(0o755, exist_ok=True)",
        _BOUNDARIES,
    ),
    Fault(
        "private: a recording is for everybody",
        "pipelines/files/kept_file.py",
        "_PRIVATE: Final = 0o600",
        "_PRIVATE: Final = 0o644",
        _BOUNDARIES,
    ),
    Fault(
        "units: the report's usual ranges are a hundredfold off",
        "pipelines/views/report/judgement.py",
        "half = usual.baseline * usual.gate / 100.0",
        "half = usual.baseline * usual.gate",
        _REPORT,
    ),
    Fault(
        "units: the report's words of a usual range are a hundredfold off",
        "pipelines/views/report/words.py",
        "usual range {_span(measure, band.low, band.high, units)}",
        "usual range {_span(measure, 100 * band.low, 100 * band.high, units)}",
        _REPORT,
    ),
    Fault(
        "loss: a log is erased though the file may lack part of it",
        "pipelines/sensors/download.py",
        "if options.erase and not here.note:",
        "if options.erase:",
        _DOWNLOAD,
    ),
    Fault(
        "loss: a torn file counts as the whole log",
        "pipelines/sensors/download.py",
        "if session.cut_short or info is None",
        "if info is None",
        _DOWNLOAD,
    ),
    Fault(
        "link: a sensor that comes back as another is not logged",
        "devices/sensor_source.py",
        'if kind == "resumed" and info != self._info:',
        "if False:",
        _RETURN,
    ),
    Fault(
        "link: the driver is never closed",
        "devices/sensor_source.py",
        "await within(self._clock, _FAREWELL_S, driver.close(link))",
        "pass",
        _RETURN,
    ),
    Fault(
        "link: the wait between tries has no ceiling",
        "devices/sensor_source.py",
        "wait_s = min(2 * wait_s, longest_s)",
        "wait_s = 2 * wait_s",
        _RETURN,
    ),
    Fault(
        "link: the decoder goes on with half a frame after a return",
        "devices/receiver.py",
        "            self._decoder.reset()\n",
        "            pass\n",
        _RETURN,
    ),
    Fault(
        "link: the timeline does not hear of a return",
        "devices/receiver.py",
        "                self._timeline.link_resumed(record.arrival_ns)\n",
        "                pass\n",
        _RETURN,
    ),
    Fault(
        "link: the host's clock is not begun anew after a restart",
        "devices/timing/numbered_timeline.py",
        "            self._host.restart()\n        elif arrival is Arrival.TIME_STEP",
        "            pass\n        elif arrival is Arrival.TIME_STEP",
        _RETURN,
    ),
    Fault(
        "beside: a belt is given up after a quarter of an hour",
        "devices/streams/beside.py",
        "give_up_s=math.inf",
        "give_up_s=900.0",
        ("tests/devices/streams/test_companions.py",),
    ),
    Fault(
        "beside: a belt stays connected after the run",
        "devices/streams/beside.py",
        "        for companion in self._all:\n            await companion.close()\n",
        "",
        ("tests/devices/streams/test_companions.py",),
    ),
    Fault(
        "beside: a descent is told tenfold",
        "devices/streams/treadmill.py",
        '_Field("descended_m", 4, "H", 0.1)',
        '_Field("descended_m", 4, "H", 1.0)',
        ("tests/devices/streams/test_stream_formats.py",),
    ),
    Fault(
        "beside: half a record outlives one that cannot be read",
        "devices/streams/treadmill.py",
        "            self.malformed_packets += 1\n            self._waiting = {}\n",
        "            self.malformed_packets += 1\n",
        ("tests/devices/streams/test_stream_formats.py",),
    ),
    Fault(
        "clocks: what was learned is forgotten at a restart",
        "devices/timing/host_time.py",
        "            self._expected = model.slope\n",
        "",
        ("tests/devices/test_host_time.py",),
    ),
    Fault(
        "clocks: a reply of one that was set since is believed",
        "devices/timing/anchors.py",
        "_ANCHOR_WINDOW_S: Final = 10.0",
        "_ANCHOR_WINDOW_S: Final = 1e9",
        ("tests/devices/test_timelines.py",),
    ),
    Fault(
        "clocks: one that is right again is doubted after a return",
        "devices/receiver.py",
        "                self._clock_watch.begin()\n",
        "                pass\n",
        ("tests/devices/test_clock_watch.py",),
    ),
    Fault(
        "loss: a number that time belies is believed",
        "devices/sequence.py",
        "_AGREEMENT_SHARE: Final = 0.06",
        "_AGREEMENT_SHARE: Final = 0.09",
        ("tests/devices/test_sequence.py",),
    ),
    Fault(
        "loss: a new description forgets what was damaged",
        "devices/receiver.py",
        "self._malformed_before += self._decoder.malformed_packets",
        "pass",
        ("tests/devices/test_receiver.py",),
    ),
    Fault(
        "loss: another rate is not told to the timeline",
        "devices/receiver.py",
        "record.rate_hz != rate_hz:",
        "False:",
        _RETURN,
    ),
    Fault(
        "loss: packets that were dropped before are told again",
        "devices/inbox.py",
        "        self._dropped = 0\n\n    def _append",
        "        pass\n\n    def _append",
        ("tests/devices/test_inbox.py",),
    ),
    Fault(
        "witmotion: half a sample from before a return is completed",
        "devices/protocols/witmotion.py",
        'self._layout, self._rest, self._acceleration = None, b"", None\n        self._begun',
        'self._layout, self._rest = None, b""\n        self._begun',
        ("tests/devices/test_witmotion.py",),
    ),
    Fault(
        "serial: what waited at another speed is read",
        "devices/serial_port.py",
        "            port.reset_input_buffer()\n",
        "            pass\n",
        ("tests/devices/test_bad_ports.py",),
    ),
    Fault(
        "storage: a log is fetched whole for one wrong part",
        "devices/drivers/backstride_storage.py",
        "        log.received.discard(start, stop)",
        "        pass",
        ("tests/devices/test_backstride_storage.py",),
    ),
    Fault(
        "model: what a ringing sensor says is surer",
        "imu/step/finished_step.py",
        "(tight + ringing * (model.ringing_sd[i] - tight))",
        "(tight - ringing * (model.ringing_sd[i] - tight))",
        ("tests/imu/test_ringing.py",),
    ),
    Fault(
        "doubts: steps faster than anybody runs are trusted",
        "imu/step/finished_step.py",
        " or r.cadence_spm > MOST_CADENCE_SPM:",
        ":",
        ("tests/imu/test_sanity.py",),
    ),
    Fault(
        "doubts: a range is too small for steps that reach its end",
        "imu/chain/sanity.py",
        "(1 if at_end else -1)",
        "(1 if at_end else 0)",
        ("tests/imu/test_sanity.py",),
    ),
    Fault(
        "doubts: wild turning about one axis is not seen",
        "imu/chain/sanity.py",
        "m[8] += gx * gx + gy * gy + gz * gz",
        "m[8] += gx * gx + gy * gy",
        ("tests/imu/test_sanity.py",),
    ),
    Fault(
        "doubts: a gyroscope that was wild is believed no more",
        "imu/chain/sanity.py",
        "        end_trouble(s, GYRO_WILD)\n",
        "        pass\n",
        ("tests/imu/test_sanity.py",),
    ),
    Fault(
        "doubts: a sensor that came off is believed upside down",
        "imu/chain/sanity.py",
        "if turned < _BACK_DEG:",
        "if turned > _BACK_DEG:",
        ("tests/imu/test_sanity.py",),
    ),
    Fault(
        "doubts: a gyroscope that was quiet is believed no more",
        "imu/step/agreement.py",
        "    end_trouble(s.sanity, GYRO_QUIET)\n",
        "",
        ("tests/imu/test_sanity.py",),
    ),
    Fault(
        "doubts: who tips a little otherwise contradicts",
        "imu/step/agreement.py",
        "_TIP_WITHIN: Final = 42.0",
        "_TIP_WITHIN: Final = 60.0",
        ("tests/imu/test_agreement.py",),
    ),
    Fault(
        "slip: who runs otherwise is taken to run as before",
        "imu/step/slip.py",
        "return alike and abs(o.gait[1] - step) < _STEP_ALIKE * step",
        "return alike",
        ("tests/imu/test_slip.py",),
    ),
    Fault(
        "slip: a sensor that goes on turning is followed late",
        "imu/step/slip.py",
        "if later == _STEPS or later == 2 * _STEPS:",
        "if later == 2 * _STEPS:",
        ("tests/imu/test_slip.py",),
    ),
    Fault(
        "pace: a cadence alone is never one",
        "imu/drift/pace.py",
        "_CHOSEN_SD: Final = 3.0",
        "_CHOSEN_SD: Final = 30.0",
        _DRIFT,
    ),
    Fault(
        "alerts: two days that were alike make all days alike",
        "imu/drift/baseline_learning.py",
        "_ASSUMED_RUNS: Final = 3.0",
        "_ASSUMED_RUNS: Final = 0.3",
        _DRIFT,
    ),
    Fault(
        "flags: edge is never set",
        "imu/step/finished_step.py",
        "flags |= _EDGE",
        "flags |= 0",
        _SIGNS,
    ),
    Fault(
        "flags: the lumbar baseline rests on steps that are not trusted",
        "imu/step/finished_step.py",
        "<= learning_s and trusted and math",
        "<= learning_s and math",
        _SIGNS,
    ),
    Fault(
        "levels: a day far from the usual is never learned",
        "imu/drift/tracking.py",
        "quiet and (not judged or abs(smoothed) < calm_multiple * s.spread[i])",
        "quiet and abs(smoothed) < calm_multiple * s.spread[i]",
        _DRIFT,
    ),
    Fault(
        "levels: what speed does is learned from errors",
        "imu/drift/tracking.py",
        "abs(h[k]) >= _SURE_PACE * error",
        "abs(h[k]) >= 0.0",
        _DRIFT,
    ),
    Fault(
        "levels: what estimates taught stays where speed is measured",
        "imu/drift/tracking.py",
        "        _forget_couplings(s, _ON_SPEED, _UPHILL)\n",
        "",
        _DRIFT,
    ),
    Fault(
        "levels: what an estimated speed did is taken over from earlier runs",
        "imu/drift/baseline_in_use.py",
        "if item.couplings and baseline.speed_m_s is not None:",
        "if item.couplings:",
        _DRIFT,
    ),
    Fault(
        "levels: hills are forgotten at once",
        "imu/drift/tracking.py",
        "s.slope_sum[i] += found[i, 4]",
        "s.slope_sum[i] = found[i, 4]",
        _DRIFT,
    ),
    Fault(
        "flags: no quiet time after a slip",
        "imu/drift/interruptions.py",
        "running_s + _AFTER_A_SLIP_S)",
        "running_s)",
        ("tests/imu/test_drift.py", *_SIGNS),
    ),
    Fault(
        "flags: no step is in doubt after a slip",
        "imu/step/posture_quality.py",
        "s.slip_left_s = c.slip_s",
        "s.slip_left_s = 0.0",
        ("tests/imu/test_posture_quality.py",),
    ),
    Fault(
        "flags: up is kept that forces without gravity have made",
        "imu/step/finished_step.py",
        "has_misled(s.sanity) or ",
        "",
        ("tests/imu/test_sanity.py",),
    ),
    Fault(
        "flags: a way is made of forces that do not repeat",
        "imu/step/oscillation.py",
        "abs(unlike) <= _ALIKE_G * STANDARD_GRAVITY_M_S2",
        "True",
        ("tests/imu/test_sanity.py",),
    ),
    Fault(
        "flags: the posture before a slip is of steps after it",
        "imu/step/posture_quality.py",
        "s.before_slip[0] = s.number[first % _BOTH]",
        "s.before_slip[0] = s.number[middle % _BOTH]",
        ("tests/imu/test_slip.py",),
    ),
    Fault(
        "signs: contact lengthens with speed",
        "imu/drift/indicators.py",
        "speed=(-0.57, 0.15)",
        "speed=(0.57, 0.15)",
        _SIGNS,
    ),
    Fault(
        "signs: lean lessens uphill",
        "imu/drift/indicators.py",
        "uphill=(0.6, 0.25)",
        "uphill=(-0.6, 0.25)",
        _SIGNS,
    ),
    Fault(
        "constants: the step model takes features 5 % larger",
        "imu/step/model.py",
        "(features[i] - mean[i]) * scales[i]",
        "1.05 * (features[i] - mean[i]) * scales[i]",
        ("tests/imu/test_step_model.py",),  # steps of the golden sessions are drawn back anyway
    ),
    Fault(
        "constants: the 10 Hz filter is one of 10.5 Hz",
        "imu/chain/loop.py",
        "zero_phase_cutoff(10.0)",
        "zero_phase_cutoff(10.5)",
        _GOLDEN,
    ),
    Fault(
        "constants: the vertical is corrected 10 % slower",
        "imu/chain/loop.py",
        "acceleration_time_constant_s=1.5",
        "acceleration_time_constant_s=1.65",
        _GOLDEN,
    ),
    Fault(
        "rates: gates are 30 % narrower",
        "imu/drift/gates.py",
        "gate if gate > floors[i] else floors[i]",
        "0.7 * (gate if gate > floors[i] else floors[i])",
        _DRIFT,
    ),
    Fault(
        "rates: a change needs 30 % less evidence",
        "imu/drift/detector.py",
        'segment["evidence"] >= self._evidence',
        'segment["evidence"] >= 0.7 * self._evidence',
        _FALSE_ALARMS,
    ),
    Fault(
        "rates: a step is as good as one of the size that matters",
        "imu/drift/tracking.py",
        "sought * (2.0 * abs(s.score[i, q]) - sought * s.information[i, q])",
        "s.score[i, q] ** 2 / s.information[i, q]",
        _DRIFT,
    ),
    Fault(
        "words: what is complained of may steer the terminal",
        "pipelines/commands/messages.py",
        "typer.echo(printable(text), err=True)",
        "typer.echo(text, err=True)",
        _BOUNDARIES,
    ),
    Fault(
        "words: what is said may steer the terminal",
        "pipelines/commands/messages.py",
        '_echo(printable(text) + "\\a"',
        '_echo(text + "\\a"',
        _BOUNDARIES,
    ),
    Fault(
        "words: an error on the page is not escaped",
        "pipelines/views/page/gate.py",
        "<p>{escape(text)}</p>",
        "<p>{text}</p>",
        _BOUNDARIES,
    ),
    Fault(
        "words: a page does not escape",
        "pipelines/views/templates.py",
        "autoescape=True",
        "autoescape=False",
        ("tests/pipelines/views/report/test_page.py",),
    ),
    Fault(
        "words: the title of a plot is not escaped",
        "pipelines/views/report/svg.py",
        "{escape(words, quote=False)}</title>",
        "{words}</title>",
        ("tests/pipelines/views/report/test_page.py",),
    ),
    Fault(
        "bounds: a key of TOML may have parts without end",
        "devices/bounded_toml.py",
        "[ \\t]*+\\.[ \\t]*+){16}",
        "[ \\t]*+\\.[ \\t]*+){9999}",
        ("tests/pipelines/test_bad_input.py",),
    ),
    Fault(
        "pages: a name may turn the text round",
        "pipelines/views/templates.py",
        "        finalize=_harmless,\n",
        "",
        _BOUNDARIES,
    ),
    Fault(
        "bounds: a session may expand without end",
        "pipelines/files/mcap_recovery.py",
        "if self.left_bytes < 0:",
        "if False:",
        ("tests/pipelines/files/test_hostile_sessions.py",),
    ),
    Fault(
        "end: a terminal that is closed kills",
        "pipelines/stopping.py",
        '("SIGTERM", "SIGHUP")',
        '("SIGTERM",)',
        _BOUNDARIES,
    ),
    Fault(
        "the acceleration of an Apple device keeps Apple's sign",
        "pipelines/files/formats/sensor_log.py",
        "k: -np.asarray(values, np.float64)",
        "k: np.asarray(values, np.float64)",
        ("tests/pipelines/files/formats/test_named_formats.py",),
    ),
    Fault(
        "a sector with a wrong sum is read as it is",
        "pipelines/files/formats/axivity.py",
        "sound = words.sum(axis=1, dtype=np.uint16) == 0",
        "sound = words.sum(axis=1, dtype=np.uint16) >= 0",
        ("tests/pipelines/files/formats/test_damaged_recorders.py",),
    ),
    Fault(
        "two sensors that take turns are read as one",
        "pipelines/files/reading/row_groups.py",
        "return bool(returns and changes * _FEWEST_ROWS <= len(values))",
        "return bool(returns)",
        ("tests/pipelines/files/reading/test_row_groups.py",),
    ),
    Fault(
        "sensors in turn are taken for one of a higher rate",
        "pipelines/files/reading/in_turn.py",
        "NEARER: Final = 0.8",
        "NEARER: Final = 0.0",
        ("tests/pipelines/files/reading/test_row_groups.py",),
    ),
    Fault(
        "several sensors side by side are taken for samples of a packet",
        "pipelines/files/reading/packets.py",
        "if not goes_on.all() or (within < _APART * between).any():",
        "if not goes_on.size:",
        ("tests/pipelines/files/reading/test_programs.py",),
    ),
    Fault(
        "a stretch of times begins before the last has ended",
        "imu/time_axis.py",
        "spread[a:] += least - spread[a]",
        "spread[a:] -= least - spread[a]",
        ("tests/imu/test_time_axis.py",),
    ),
    Fault(
        "words: up lies 0° from where the axes say",
        "imu/step/finished_step.py",
        "math.acos(max(cosine, -1.0))",
        "math.acos(max(cosine, 1.0))",
        _TILT,
    ),
    Fault(
        "words: a session without a sensor gives a traceback",
        "pipelines/folding.py",
        "    if begun is None:\n        raise",
        "    if False:\n        raise",
        ("tests/pipelines/test_bad_input.py",),
    ),
    Fault(
        "words: a value is told at any length",
        "imu/errors.py",
        "_LONGEST_VALUE: Final = 300",
        "_LONGEST_VALUE: Final = 30_000",
        ("tests/pipelines/coaching/test_alert_settings.py",),
    ),
    Fault(
        "loss: a crash may cost more than a second",
        "pipelines/files/session_writer.py",
        "FLUSH_INTERVAL_S: Final = 0.8",
        "FLUSH_INTERVAL_S: Final = 0.95",
        ("tests/pipelines/files/test_recording_survives.py",),
    ),
    Fault(
        "loss: what the first piece alone tells of is not told again",
        "pipelines/files/session_writer.py",
        "_AGAIN_BEHIND_BYTES: Final = (1, 2**14, 2**17)",
        "_AGAIN_BEHIND_BYTES: Final[tuple[int, ...]] = ()",
        ("tests/pipelines/files/test_recording_survives.py",),
    ),
    Fault(
        "end: what an interrupted start has compiled passes for all",
        "imu/compiled.py",
        "return (cache_directory() / _word_of_all()).exists()",
        'return any(cache_directory().rglob("*"))',
        ("tests/imu/test_compiled.py",),
    ),
    Fault(
        "alerts: a command is never ended",
        "pipelines/coaching/alert_command.py",
        "timeout=self._longest_s,",
        "timeout=60 * self._longest_s,",
        ("tests/pipelines/coaching/test_alert_command.py",),
    ),
    Fault(
        "alerts: a command is not waited for at the end",
        "pipelines/live.py",
        "            self._on_alert.close()",
        "            pass",
        ("tests/pipelines/test_live.py",),
    ),
    Fault(
        "companion: what waited is told after a pain against it",
        "pipelines/coaching/companion.py",
        "            self._waiting.clear()",
        "            pass",
        ("tests/pipelines/coaching/test_companion.py",),
    ),
    Fault(
        "download: another sensor's run passes for this one's",
        "pipelines/sensors/download.py",
        "return info.serial == connection.serial",
        "return True",
        ("tests/pipelines/sensors/test_download.py",),
    ),
    Fault(
        "recording: one that is cut in mid-run is not told",
        "pipelines/files/kept_file.py",
        "if left >= self._size:",
        "if True:",
        ("tests/pipelines/files/test_recording_trouble.py",),
    ),
    Fault(
        "end: a second request ends a run before it is filed",
        "pipelines/stopping.py",
        "signal.signal(number, _Cancels(task))",
        "task.get_loop().add_signal_handler(number, task.cancel)",
        ("tests/pipelines/test_boundaries.py",),
    ),
    Fault(
        "samples: read-only arrays compile the chain anew",
        "imu/checked_arrays.py",
        "return block if block.flags.carray else block.copy()",
        "return block",
        ("tests/imu/test_samples.py",),
    ),
    Fault(
        "trace: another clock passes for time",
        "devices/traces/serial_dump.py",
        "now_us += step_us if step_us < _GAP_US else 0",
        "now_us += step_us",
        ("tests/devices/traces/test_traces.py",),
    ),
    Fault(
        "trace: other channels pass for data",
        "devices/traces/attribute_protocol.py",
        "if channel == _CID and message:",
        "if message:",
        ("tests/devices/traces/test_traces.py",),
    ),
    Fault(
        "held rows: a sensor that was laid down",
        "imu/held_rows.py",
        "_LIES_S: Final = 0.3",
        "_LIES_S: Final = 30.0",
        ("tests/imu/test_held_rows.py",),
    ),
    Fault(
        "block means: an interval too narrow for a person",
        "imu/step/block_means.py",
        "_PERSONS_95: Final = 2.11",
        "_PERSONS_95: Final = 1.2",
        ("tests/imu/test_block_means.py",),
    ),
    Fault(
        "drift: a baseline of the end of a run",
        "imu/drift/baseline_in_use.py",
        '0.5 * float(s["last_s"])',
        '1.0 * float(s["last_s"])',
        _DRIFT,
    ),
    Fault(
        "journal: a young one is taken for all that was run",
        "pipelines/coaching/training/single_session.py",
        "_FAR_BEYOND: Final = 2.0",
        "_FAR_BEYOND: Final = 3.0",
        ("tests/pipelines/coaching/training/test_single_session.py",),
    ),
    Fault(
        "intervals: a jog that was jogged for the most part is none",
        "pipelines/coaching/training/intervals.py",
        "_KEPT: Final = 0.6",
        "_KEPT: Final = 0.9",
        ("tests/pipelines/coaching/training/test_intervals.py",),
    ),
    Fault(
        "distance: of a stated speed it is stated",
        "pipelines/session/progress.py",
        'if self._pace.speed_source != "stated":',
        "if True:",
        ("tests/pipelines/session/test_pace.py",),
    ),
)
