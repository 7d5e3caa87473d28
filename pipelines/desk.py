"""Desk mode: watches a worn sensor while its wearer sits or stands, and nudges for a change."""

from __future__ import annotations

import asyncio
import contextlib
import math
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from devices.host_clock import HostClock
from devices.receiver import Receiver
from devices.sources import open_source
from imu.analyzer import StepAnalyzer
from imu.errors import DeviceError
from imu.mounting import mounting_from_axes
from imu.samples import Samples
from pipelines.training.cues import Cue
from pipelines.training.desk import DeskParams, DeskState, advance_desk

__all__ = ["DeskSummary", "DeskWatch", "run_desk"]

#: What counts of a second that a lost link made longer, s.
_LONGEST_SECOND_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class DeskSummary:
    """What a time at the desk held.

    Attributes
    ----------
    duration_s : float
        From the first sample to the last, s.
    longest_s : float
        Longest time without a change of position, s.
    moving_s : float
        Time that was not still, s.
    changes : int
        Changes of position.
    nudges : int
        How often one was asked for.
    trouble : DeviceError, optional
        What ended it, when it was not the user.
    """

    duration_s: float = 0.0
    longest_s: float = 0.0
    moving_s: float = 0.0
    changes: int = 0
    nudges: int = 0
    trouble: DeviceError | None = None

    def lines(self) -> list[str]:
        """For people.

        Examples
        --------
        >>> DeskSummary(duration_s=3000.0, longest_s=1230.0, moving_s=95.0, changes=4).lines()[0]
        '50 min at the desk: 4 changes of position, 2 min moving, 0 nudges'
        """
        minutes, moving = self.duration_s / 60.0, self.moving_s / 60.0
        return [
            f"{minutes:.0f} min at the desk: {self.changes} changes of position, "
            f"{moving:.0f} min moving, {self.nudges} nudges",
            f"longest time without a change: {self.longest_s / 60.0:.0f} min",
        ]


class DeskWatch:
    """Takes a sensor's samples and says when a nudge is due.

    The inclination is the forward one where the axes are known, else the angle to the first posture
    that was held still.

    Parameters
    ----------
    rate_hz : float
        Sample rate, Hz.
    axes : str
        Signed sensor axes forward, left, up; empty when not known.
    params : DeskParams, optional
        Limits of the rule.
    """

    def __init__(self, rate_hz: float, axes: str = "", params: DeskParams | None = None) -> None:
        self._analyzer = StepAnalyzer(rate_hz, axes=axes or "auto")
        self._mounting = mounting_from_axes(axes) if axes not in {"", "auto"} else None
        self._params = params or DeskParams()
        self._state = DeskState()
        self._first_up: NDArray[np.float64] | None = None
        self._sum = np.zeros(3)
        self._count = 0
        self._began_s: float | None = None
        self._last_s = 0.0
        self._longest_s = self._moving_s = 0.0
        self._changes = self._nudges = 0
        self._changing = False

    @property
    def gait(self) -> str:
        """What the wearer does now."""
        return self._analyzer.gait

    @property
    def summary(self) -> DeskSummary:
        """So far."""
        began_s = self._last_s if self._began_s is None else self._began_s
        return DeskSummary(
            self._last_s - began_s, self._longest_s, self._moving_s, self._changes, self._nudges
        )

    def push(self, samples: Samples) -> Cue | None:
        """Take the next samples; returns a nudge where one is due."""
        if not len(samples):
            return None
        self._analyzer.push(samples)
        force = samples.acceleration_m_s2
        finite = np.isfinite(force).all(axis=1)
        self._sum += force[finite].sum(axis=0)
        self._count += int(finite.sum())
        now_s = float(samples.time_s[-1])
        if self._began_s is None:
            self._began_s = self._last_s = float(samples.time_s[0])
        if now_s - self._last_s < 1.0:
            return None
        return self._second(now_s)

    def _second(self, now_s: float) -> Cue | None:
        gait = cast(Literal["still", "walk", "run"], self._analyzer.gait)
        passed_s = now_s - self._last_s
        if gait != "still":
            self._moving_s += min(passed_s, _LONGEST_SECOND_S)
        inclination = self._inclination_deg() if gait == "still" else None
        self._sum[:] = 0.0
        self._count = 0
        self._last_s = now_s
        before_s = self._state.since_s
        self._state, nudge = advance_desk(self._state, now_s, gait, inclination, self._params)
        since_s = self._state.since_s
        # while somebody walks, every second is a change: they are one
        changed = before_s is not None and since_s != before_s and passed_s <= 60.0
        self._changes += changed and not self._changing
        self._changing = changed
        if since_s is not None:
            self._longest_s = max(self._longest_s, now_s - since_s)
        self._nudges += nudge is not None
        return nudge

    def _inclination_deg(self) -> float | None:
        size = float(np.linalg.norm(self._sum))
        if not self._count or size == 0.0:
            return None
        up = self._sum / size
        if self._mounting is not None:
            forward, _, vertical = self._mounting @ up
            return math.degrees(math.atan2(float(forward), float(vertical)))
        if self._first_up is None:
            self._first_up = up
        return math.degrees(math.acos(min(1.0, max(-1.0, float(up @ self._first_up)))))


async def run_desk(
    url: str,
    tell: Callable[[Cue], None],
    *,
    axes: str = "",
    params: DeskParams | None = None,
    clock: HostClock | None = None,
) -> DeskSummary:
    """Watch a source until it ends or the program is interrupted; both give the summary.

    Parameters
    ----------
    url : str
        Source URL.
    tell : callable
        Takes each nudge.
    axes : str
        Signed sensor axes; as the sensor says when empty.
    params : DeskParams, optional
        Limits of the rule.
    clock : HostClock, optional
        The one clock of the program.

    Raises
    ------
    BackstrideError
        When the source cannot be opened. One that is lost later is in the summary.
    """
    task = asyncio.current_task()
    if task is not None:
        for name in ("SIGINT", "SIGTERM"):
            # Windows' event loop has no signal handlers: there Ctrl-C cancels the task as usual
            with contextlib.suppress(NotImplementedError, AttributeError, ValueError):
                asyncio.get_running_loop().add_signal_handler(getattr(signal, name), task.cancel)
    trouble: DeviceError | None = None
    async with open_source(url, clock=clock) as source:
        receiver = Receiver(source.info)
        watch = DeskWatch(source.info.rate_hz, axes or source.info.axes, params)
        try:
            async for record in source:
                samples = receiver.push(record)
                nudge = None if samples is None else watch.push(samples)
                if nudge is not None:
                    tell(nudge)
        except asyncio.CancelledError:
            # asked to stop
            if task is not None:
                task.uncancel()
        except DeviceError as error:
            trouble = error
    return replace(watch.summary, trouble=trouble)
