"""Facts: what a session's log says has happened, as the fold finds it, one record a kind.

Facts are numbers and codes; sentences are made of them elsewhere (``pipelines/words/fact_words.py``
and ``pipelines/coaching/training/cues.py``). ``time_s`` is on the session's clock, the sensor's,
from the first sample on: the time of the latest sample when the fact became one, where its class
says no other. Before the first sample it is 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from devices.records import DeviceInfo
from imu.drift.baseline import Baseline
from imu.drift.changes import Change, Direction, Severity
from imu.drift.status import DriftStatus
from imu.steps import Steps
from pipelines.coaching.alert import Alert
from pipelines.coaching.training.intervals import PhaseKind
from pipelines.coaching.training.traffic_light import Light, Moment
from pipelines.coaching.training.warm_up import CoolDown
from pipelines.session.marks import PainMoment

if TYPE_CHECKING:
    from imu.drift.detector import InUse  # a view needs no compiler

#: What the runner does.
Gait = Literal["still", "walk", "run"]
#: How a speed, a slope or a distance is known: the runner said so, ``speed``: a speed that was
#: stated, over the time spent running, or a device measured it, or a model guessed it.
Source = Literal["stated", "speed", "treadmill", "pod", "estimated"]
#: Who says how fast the heart beats.
HeartSource = Literal["strap", "treadmill"]
#: Why a device beside the sensor is not believed: it says that nobody moves while the runner runs,
#: what no runner runs and no heart beats, speed and distance that are not of the same unit, records
#: that cannot be read, or that it finds no heart beat.
Doubt = Literal["stands", "impossible", "units", "unreadable", "no beat"]
#: Where a baseline in use comes from.
Origin = Literal["given", "earlier runs", "session before", "learned"]
#: Why a baseline was given up, or learning began anew: the runner said that the sensor was moved,
#: a neutral was taken in mid-run, lean was measured from no standing while the baseline is of
#: other days, the sensor slipped, or the baseline is of a version that computes otherwise.
GivenUp = Literal["moved", "neutral", "no standing", "slipped", "another rate", "older definitions"]
#: Why a standing neutral was not taken: no sample has come, samples are missing, the runner was
#: moving, or the sensor is turned away from its axes.
NeutralTrouble = Literal["no sample", "samples missing", "moving", "turned away"]


class UsualRange(msgspec.Struct, frozen=True):
    """The usual range of an indicator: ``baseline`` in its unit, ± ``gate`` in its change unit."""

    indicator: str
    baseline: float
    gate: float

    @classmethod
    def all_of(cls, in_use: InUse) -> tuple[UsualRange, ...]:
        """The usual ranges that a detector has in use."""
        return tuple(cls(*item) for item in in_use.ranges)


class Fact(msgspec.Struct, frozen=True, tag_field="kind"):
    """Something that has happened; each of the classes that follow is a kind of it."""

    time_s: float


class SensorKnown(Fact, frozen=True, tag="sensor"):
    """The sensor has introduced itself, or described itself anew."""

    info: DeviceInfo


class StepsFinished(Fact, frozen=True, tag="steps", eq=False):
    """Running steps were finished."""

    steps: Steps


class Changed(Fact, frozen=True, tag="changed"):
    """The detector found a change, told or not; time is the end of the step that completed it.

    Fields are those of :class:`imu.drift.changes.Change`.
    """

    indicator: str
    direction: Direction
    value: float
    baseline: float
    change: float
    gate: float
    severity: Severity

    @classmethod
    def of(cls, change: Change) -> Changed:
        """The fact of a change."""
        return cls(*(getattr(change, name) for name in cls.__struct_fields__))

    @property
    def as_change(self) -> Change:
        """The change again."""
        return Change(*(getattr(self, name) for name in self.__struct_fields__))


class AlertTold(Fact, frozen=True, tag="alert"):
    """The coach told the runner of a change; its time is that of the alert."""

    alert: Alert


class CueTold(Fact, frozen=True, tag="cue"):
    """The companion told something: a text by name, what fills its fields, and what it cost."""

    text_id: str
    numbers: dict[str, float | str] = {}
    uses_budget: bool = True


class BaselineKnown(Fact, frozen=True, tag="baseline_known"):
    """There is a baseline from here on; of one that was learned, time is the last step's contact.

    Where the run starts with one, this is its first fact.
    """

    origin: Origin
    baseline: Baseline
    ranges: tuple[UsualRange, ...]


class BaselineGivenUp(Fact, frozen=True, tag="baseline_given_up"):
    """A baseline is learned anew from here on.

    ``baseline`` and ``ranges`` are what was in use until now, refined by the run; None and empty
    while it was being learned.
    """

    reason: GivenUp
    baseline: Baseline | None = None
    ranges: tuple[UsualRange, ...] = ()

    @classmethod
    def of(cls, time_s: float, reason: GivenUp, was: InUse | None) -> BaselineGivenUp:
        """The fact, with what was in use."""
        if was is None:
            return cls(time_s, reason)
        return cls(time_s, reason, was.baseline, UsualRange.all_of(was))


class NeutralTaken(Fact, frozen=True, tag="neutral_taken"):
    """Lean is measured from the posture in which the runner stood just now."""


class NeutralRefused(Fact, frozen=True, tag="neutral_refused"):
    """A neutral was marked and not taken."""

    reason: NeutralTrouble


class SensorMoved(Fact, frozen=True, tag="sensor_moved"):
    """The runner moved the sensor; ``searching``: its axes are searched anew, else they stay."""

    searching: bool


class AxesFound(Fact, frozen=True, tag="axes_found"):
    """The sensor's axes are known; ``from_standing``: lean compares with that of other days.

    ``searched``: they were found from the steps, and stated by nobody.
    """

    from_standing: bool
    searched: bool = False


class AxesSought(Fact, frozen=True, tag="axes_sought"):
    """So many steps have come that the sensor's axes should be known, and they are not."""


class AxesMissing(Fact, frozen=True, tag="axes_missing"):
    """The session ended, with steps, before the sensor's axes were known."""


class ClipLoose(Fact, frozen=True, tag="clip_loose"):
    """The sensor rings on its clip; once a run, however often it is tightened."""


class SensorDoubted(Fact, frozen=True, tag="sensor_doubted"):
    """Something that the sensor reads cannot be true; each ``trouble`` once a run.

    ``number`` is what it was found with: rate, Hz; gravity, g; tilt or turn, °; turning, rad/s; the
    size of the first impossible reading; the time it froze; s of motion without a step; the
    gyroscope's scale, or the share of its tips that the acceleration shows, of 1; the turn of a
    sensor that slipped, °; s of the last 20 that are missing.
    """

    trouble: str
    number: float


class PaceKnown(Fact, frozen=True, tag="pace"):
    """Speed and slope from here on, None where not known; a belt that stands has speed 0.

    ``source`` is of the speed, ``slope_source`` of the slope.
    """

    speed_m_s: float | None
    slope_deg: float | None
    source: Source = "stated"
    slope_source: Source = "stated"


class HeartRateKnown(Fact, frozen=True, tag="heart_rate"):
    """The heart rate from here on, beats a minute; None where nobody says it any more."""

    heart_rate_bpm: float | None
    source: HeartSource


class StreamChanged(Fact, frozen=True, tag="stream"):
    """Something happened to the link of a device beside the sensor; as :class:`LinkChanged`."""

    arrived_s: float
    stream: str
    state: Literal["connected", "lost", "resumed", "gap", "ended"]
    detail: str = ""


class StreamDoubted(Fact, frozen=True, tag="stream_doubted"):
    """A device beside the sensor is not believed from here on.

    ``factor`` is by how much its distance is larger than its speed makes it, of ``"units"``.
    """

    stream: str
    reason: Doubt
    factor: float | None = None


class StreamBelieved(Fact, frozen=True, tag="stream_believed"):
    """That doubt is over."""

    stream: str
    reason: Doubt


class DistanceKnown(Fact, frozen=True, tag="distance"):
    """The distance covered so far; the last one of a session is its distance."""

    distance_m: float
    source: Source


class SurfaceKnown(Fact, frozen=True, tag="surface"):
    """What is run on from here."""

    name: str


class ShoeKnown(Fact, frozen=True, tag="shoe"):
    """The shoe."""

    name: str


class PainReported(Fact, frozen=True, tag="pain"):
    """Pain as the runner rates it, as in :class:`pipelines.session.marks.Pain`."""

    level: int
    moment: PainMoment = ""
    place: str = ""
    noted: bool = False
    feeling: str = ""
    beside: str = ""


class PainJudged(Fact, frozen=True, tag="pain_judged"):
    """What the traffic light says of a rating that was just reported.

    ``rising``, ``stopped``, ``warned``: it stops the run because it rose, because an earlier rating
    did, or because of a sign for a doctor, and not by its level alone. ``asks``: the questions
    about red flags are called for. ``holds``: no training is suggested from here on. ``most``: see
    :class:`~pipelines.coaching.training.traffic_light.Judged`.
    """

    level: int
    light: Light
    moment: Moment
    rising: bool = False
    asks: bool = False
    holds: bool = False
    stopped: bool = False
    warned: bool = False
    most: int = 0


class FlagsAnswered(Fact, frozen=True, tag="flags"):
    """The questions about red flags were answered.

    ``stopped``: nothing is coached from here on; ``eased``: no training is suggested.
    """

    answers: tuple[str, ...]
    cleared: bool
    stopped: bool
    eased: bool = False


class Paused(Fact, frozen=True, tag="paused"):
    """Nothing is judged from here on."""


class Resumed(Fact, frozen=True, tag="resumed"):
    """It is judged again."""


class LinkChanged(Fact, frozen=True, tag="link"):
    """Something happened to the link; while it is lost the sensor's clock cannot be seen.

    ``arrived_s`` is by the computer's clock, s since the session's first arrival.
    """

    arrived_s: float
    state: Literal["connected", "lost", "resumed", "gap", "ended"]
    detail: str = ""


class GaitChanged(Fact, frozen=True, tag="gait"):
    """The runner does something else."""

    gait: Gait


class Gap(Fact, frozen=True, tag="gap"):
    """Samples are missing for too long to fill them in; ``time_s`` is the first sample after it."""


class MarkUnreadable(Fact, frozen=True, tag="mark_unreadable"):
    """A mark of the log that this version cannot read, which changes nothing but a pace."""

    name: str
    value: str


class WarmUpDone(Fact, frozen=True, tag="warm_up_done"):
    """The warm-up is complete."""

    easy_s: float


class PhaseBegan(Fact, frozen=True, tag="phase"):
    """A phase of the run/walk plan began; ``number`` is that of the repeat, from 1."""

    phase: PhaseKind
    number: int


class LossCounts(msgspec.Struct, frozen=True):
    """What came and what did not, in samples unless the name says otherwise.

    Attributes
    ----------
    received, lost, reordered, duplicated, restarts, malformed_packets : int
        Between sensor and computer, as in :class:`devices.sequence.Losses`.
    filled, quarantined, chain_restarts : int
        In the signal: interpolated, unusable, and gaps too long to fill.
    """

    received: int = 0
    lost: int = 0
    reordered: int = 0
    duplicated: int = 0
    restarts: int = 0
    malformed_packets: int = 0
    filled: int = 0
    quarantined: int = 0
    chain_restarts: int = 0


#: No clock of a Bluetooth device is off by more, ppm (Core 5.2, 2019, Vol. 6 Part B, 4.2.2).
CLOCKS_WITHIN_PPM: Final = 500.0


class SensorClock(msgspec.Struct, frozen=True):
    """The sensor's clock against the computer's, as in :mod:`devices.timing.host_time`."""

    skew_ppm: float
    skew_sd_ppm: float
    offset_uncertainty_ms: float
    basis: str

    @property
    def skew_is_known(self) -> bool:
        """Whether it is known better than that the clock is one (:data:`CLOCKS_WITHIN_PPM`)."""
        return 2.0 * self.skew_sd_ppm <= CLOCKS_WITHIN_PPM


class Ended(Fact, frozen=True, tag="ended"):
    """The log has ended: what is known only then, and what it leaves to later runs.

    Attributes
    ----------
    time_s, duration_s : float
        The last sample, and from the first to the last, s.
    losses : LossCounts
        Accounting of samples.
    clock : SensorClock, optional
        None while too little is known.
    axes_found : bool
        Whether the sensor's axes are known.
    changed : tuple of str
        Indicators of which a change is going on.
    status : DriftStatus
        What the detector was doing.
    baseline, ranges
        In use at the end.
    run_baseline : Baseline, optional
        What was usual in this run, for later ones; None when there is nothing they could use.
    warm_up_s, before_warm_up_m : float, optional
        Easy time up to the end of the warm-up, and the distance run harder before it, where the
        usual intensity and the distance are known.
    cool_down : CoolDown, optional
        How the session ended; None when it was too short to need one, or nobody looked.
    bends : (int, int), optional
        To the left and to the right, of a plan that walks the bends.
    """

    duration_s: float
    losses: LossCounts = LossCounts()
    clock: SensorClock | None = None
    axes_found: bool = False
    changed: tuple[str, ...] = ()
    status: DriftStatus = DriftStatus("no steps")
    baseline: Baseline | None = None
    ranges: tuple[UsualRange, ...] = ()
    run_baseline: Baseline | None = None
    warm_up_s: float | None = None
    before_warm_up_m: float | None = None
    cool_down: CoolDown | None = None
    bends: tuple[int, int] | None = None


#: By the name under which a fact is written.
FACT_KINDS: Final = {str(kind.__struct_config__.tag): kind for kind in Fact.__subclasses__()}
