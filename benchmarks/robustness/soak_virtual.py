"""A day of a live run in virtual time, over a radio that loses its link every few minutes."""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from math import inf
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import numpy as np

from devices.simulator.faults.plan import Fault
from devices.simulator.generate import SimulatedRun
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_sensor import VirtualSensorSource
from imu.samples import Samples
from imu.steps import concatenate
from pipelines.live_controls import LiveControls

#: How often the link is lost, s.
_EVERY_S: Final = 240.0
#: What the sensor measures, over and over: a run of some ten minutes with two stops.
_ROUND_S: Final = 590.0
_ROUND: Final = "minutes=9.5&standing_s=20&seed=3&stop=520+25"


class _Rounds:
    """A run that is run again and again, simulated once."""

    def __init__(self, scenario: Scenario, seconds: float) -> None:
        self.scenario, self.duration_s = scenario, seconds
        run = SimulatedRun(scenario)
        self._round, self._next = run.read(run.n_samples), 0

    def read(self, n: int) -> Samples:
        """The next samples, as of one long session."""
        rate_hz, size = self.scenario.rate, len(self._round)
        end = min(self._next + n, round(self.duration_s * rate_hz))
        place = np.arange(self._next, max(end, self._next))
        self._next = max(end, self._next)
        at, turning = place % size, self._round.angular_velocity_rad_s
        return Samples(
            place / rate_hz,
            self._round.acceleration_m_s2[at],
            None if turning is None else turning[at],
        )


class _Hourly:
    """A view that notes the memory of the process every hour of the run."""

    def __init__(self, tell: Callable[[str], None], most_s: float) -> None:
        self.memory_mb: list[float] = []
        self.elapsed_s = 0.0
        self.controls = LiveControls()
        self._tell, self._began, self._most_s = tell, time.monotonic(), most_s

    def update(self, status: Any) -> None:
        self.elapsed_s = status.elapsed_s
        if time.monotonic() - self._began > self._most_s:
            self.controls.stop()
        if status.elapsed_s >= 3600.0 * len(self.memory_mb):
            self.memory_mb.append(round(_memory_mb(), 1))
            took_s = time.monotonic() - self._began
            self._tell(f"{len(self.memory_mb) - 1} h: {self.memory_mb[-1]} MB after {took_s:.0f} s")

    def note(self, text: str) -> None: ...

    def alert(self, alert: Any) -> None: ...


def _memory_mb() -> float:
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def soak_in_virtual_time(
    hours: float, most_s: float = inf, tell: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Run for so long, record it, and replay the recording.

    Parameters
    ----------
    hours : float
        Virtual time.
    most_s : float
        Real time after which the run is ended, however far it is.
    tell : callable
        Is told how far it is.

    Returns
    -------
    dict
        ``hours``, ``disconnects``, ``resumed``; ``memory_mb`` hour by hour;
        ``file_mb_per_hour``; ``steps`` live and in replay; ``same_facts``; ``cpu_s``;
        ``troubles`` in words.
    """
    from devices.records import LinkEvent
    from pipelines.files.session_reader import open_session
    from pipelines.live import LiveOptions, run_live
    from pipelines.replay import replay
    from pipelines.replay_options import ReplayOptions
    from pipelines.session.facts import StepsFinished

    seconds = hours * 3600.0
    scenario = Scenario.from_query(f"protocol=backstride&time_scale=0&{_ROUND}")
    rounds = _Rounds(scenario, seconds)
    lost = np.arange(_EVERY_S, seconds - 60.0, _EVERY_S)
    faulty = replace(scenario, faults=tuple(Fault("disconnect", onset_s=float(at)) for at in lost))
    source, view = VirtualSensorSource(faulty, run=rounds), _Hourly(tell, most_s)
    began_s, troubles = time.process_time(), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.mcap"
        options = LiveOptions(record=path)
        with patch("pipelines.live.open_source", lambda *_, **__: source):
            run = asyncio.run(run_live("sim:", options, view, controls=view.controls))
        cpu_s = time.process_time() - began_s
        troubles += [str(error) for error in run.other_trouble]
        size, resumed = path.stat().st_size, 0
        with open_session(path) as file:  # a day's packets would fill the memory
            for record in chain.from_iterable(file.pieces(512)):
                resumed += isinstance(record, LinkEvent) and record.kind == "resumed"
            session = file.session([])
        if session.cut_short:
            troubles.append(session.note)
        again = replay(path, ReplayOptions(), lambda _done, _total: None)
    told = run.facts.steps
    if told.rows.tobytes() != again.steps.rows.tobytes():
        troubles.append("replay finds other steps than were told")
    kept = concatenate([f.steps for f in session.facts if isinstance(f, StepsFinished)])
    if told.rows.tobytes() != kept.rows.tobytes():
        troubles.append("the recording holds other steps than were told")
    per_round = np.bincount((told.rows["initial_contact_s"] // _ROUND_S).astype(int))
    return {
        "hours": round((hours := view.elapsed_s / 3600.0), 2),
        "disconnects": int(np.sum(lost < view.elapsed_s)),
        "resumed": resumed,
        "memory_mb": view.memory_mb,
        "file_mb_per_hour": round(size / 1e6 / hours, 2),
        "steps": [len(told), len(again.steps)],
        "steps_a_round": [int(per_round[1:-1].min()), int(per_round[1:-1].max())],
        "cpu_s": round(cpu_s),
        "troubles": troubles,
    }
