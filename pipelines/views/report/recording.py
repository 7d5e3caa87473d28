"""What a report is made of: the facts of one run, and earlier runs to compare it with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from devices.records import DeviceInfo
from imu.samples import Quality
from imu.steps import Steps
from pipelines.runner.journal.known_run import KnownRun
from pipelines.session.facts import Fact, LinkChanged
from pipelines.session.header import SessionHeader
from pipelines.session.result import SessionResult


@dataclass(frozen=True, slots=True)
class LinkLoss:
    """A loss of the link: session times, s; ``resumed_s`` is None when it did not come back."""

    lost_s: float
    resumed_s: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One run, ready to be reported.

    Attributes
    ----------
    name : str
        File name.
    info : DeviceInfo
        The sensor; without a protocol where the run is a table of samples.
    facts : tuple of Fact
        All of its facts, in order.
    result : SessionResult
        What they come to.
    recomputed : bool
        Whether they were found again rather than taken as written.
    cut_short : bool
        Whether the file lacks its end.
    notes : tuple of str
        Sentences that the reader should know.
    in_journal : KnownRun, optional
        What the journal has of it, which goes before what was recorded.
    """

    name: str
    info: DeviceInfo
    facts: tuple[Fact, ...]
    result: SessionResult
    recomputed: bool = False
    cut_short: bool = False
    notes: tuple[str, ...] = ()
    in_journal: KnownRun | None = None

    @property
    def header(self) -> SessionHeader:
        """What was known besides the log."""
        return self.result.header

    @property
    def steps(self) -> Steps:
        """All running steps."""
        return self.result.steps

    @property
    def is_table(self) -> bool:
        """Whether it is a table of samples, which says nothing of how they came."""
        return not self.info.protocol

    @property
    def utc_start_ns(self) -> int | None:
        """UTC at session time 0, ns since 1970; None where the recording does not say."""
        return None if self.is_table else self.header.utc_start_ns

    @property
    def has_gyro(self) -> bool:
        """Whether the sensor measures angular velocity."""
        if not self.is_table:
            return self.info.angular_velocity_range_rad_s > 0.0
        return not (self.steps.quality_bits & np.uint16(Quality.NO_GYRO)).any()

    @property
    def link_losses(self) -> tuple[LinkLoss, ...]:
        """When the link was lost, by the computer's clock, in order."""
        found: list[LinkLoss] = []
        lost_s: float | None = None
        for fact in self.facts:
            if not isinstance(fact, LinkChanged):
                continue
            if fact.state == "lost" and lost_s is None:
                lost_s = fact.arrived_s
            elif fact.state == "resumed" and lost_s is not None:
                found.append(LinkLoss(lost_s, fact.arrived_s))
                lost_s = None
        if lost_s is not None:
            found.append(LinkLoss(lost_s, None))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class PreviousRun:
    """An earlier run: means of its trusted steps, by column, in the column's unit.

    Attributes
    ----------
    label : str
        How the run is named beside its dot.
    utc_start_ns : int or None
        Start, ns since 1970; None where not known.
    means : dict of float
        By column of the steps table.
    surface, shoe : str
        Tags, empty where not said.
    """

    label: str
    utc_start_ns: int | None
    means: dict[str, float]
    surface: str = ""
    shoe: str = ""
