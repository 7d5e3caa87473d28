"""A session's header: everything besides the log that decides anything.

With it a log needs nothing else to be folded into the same facts once more: no journal, no store of
sensors, no settings of the program.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from imu.calibration import Calibration
from imu.drift.baseline import Baseline
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.coaching.plan import CompanionPlan
from pipelines.session.carried import Carried
from pipelines.units import Units

#: Where a baseline comes from: the runner chose it, or it was made of earlier runs.
BaselineOrigin = Literal["given", "earlier runs"]


def software() -> str:
    """Name and version of this program, as files state them."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"backstride {version('backstride')}"
    except PackageNotFoundError:
        return "backstride"


class SessionHeader(msgspec.Struct, frozen=True):
    """Everything besides the log that influences a session's facts.

    Attributes
    ----------
    utc_start_ns : int
        UTC at ``time_s`` 0 and at the first arrival, ns since 1970.
    source : str
        Source URL or path the records came from.
    utc_offset_minutes : int, optional
        Of the runner's clock; None where the file does not say.
    axes : str
        Signed sensor axes that point forward, left and up; empty: as the device says, else found.
    mass_kg, height_m : float, optional
        The runner's.
    calibration : Calibration, optional
        The sensor's. Packets are as the sensor sent them, samples are calibrated.
    neutral_up : tuple of 3 float, optional
        Direction of the calibrated specific force in the sensor's axes while the runner stood in
        neutral; only used with stated axes.
    neutral_is_old : bool
        Whether that was on another day: it tells the axes, and nothing of how the sensor sits
        today, so that the run leaves no baseline to later ones unless a neutral is marked in it.
    baseline : Baseline, optional
        The one the run starts from; learned on the way otherwise.
    baseline_origin : {"given", "earlier runs"}
        Where that comes from.
    settings : AlertSettings
        How changes are found, and how often the runner is told.
    plan : CompanionPlan, optional
        What accompanies the run; None: nobody, beside the alerts.
    beside : dict of str
        Devices beside the sensor, by the name of their stream: the addresses they were sought at.
    carried : Carried, optional
        What an earlier session has taught, for one that goes on from it.
    software : str
        What wrote the file.

    Examples
    --------
    >>> from pipelines.session.json_form import from_plain, to_plain
    >>> header = SessionHeader(0, "sim:", mass_kg=61.5, plan=CompanionPlan())
    >>> from_plain(to_plain(header), SessionHeader) == header
    True
    """

    utc_start_ns: int
    source: str
    utc_offset_minutes: int | None = None
    axes: str = ""
    mass_kg: float | None = None
    height_m: float | None = None
    calibration: Calibration | None = None
    neutral_up: tuple[float, float, float] | None = None
    neutral_is_old: bool = False
    baseline: Baseline | None = None
    baseline_origin: BaselineOrigin = "given"
    settings: AlertSettings = msgspec.field(default_factory=AlertSettings)
    plan: CompanionPlan | None = None
    beside: dict[str, str] = {}
    carried: Carried | None = None
    software: str = msgspec.field(default_factory=software)

    @property
    def simulated(self) -> bool:
        """Whether the runner is simulated, or of a trace: it is nobody's history."""
        return self.source.partition(":")[0] in {"sim", "trace"}

    @property
    def units(self) -> Units:
        """Those of the runner, as the plan has them."""
        return "metric" if self.plan is None else self.plan.units

    @property
    def usual(self) -> Baseline | None:
        """The baseline to start from; one of other definitions compares with nothing."""
        usable = self.baseline is not None and self.baseline.is_comparable
        return self.baseline if usable else None

    @property
    def index_of_earlier_runs(self) -> bool:
        """Whether the lumbar index refers to earlier easy runs; only then is there a dose."""
        return self.usual is not None and self.usual.of("lumbar_index") is not None
