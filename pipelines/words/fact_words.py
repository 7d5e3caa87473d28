"""Sentences about a session's facts, made here and nowhere else."""

from __future__ import annotations

from typing import Final

from devices.streams.registry import STREAMS
from pipelines.clock_words import clock_words
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.traffic_light import Judged
from pipelines.session import facts
from pipelines.session.facts import Doubt, Fact, NeutralTrouble
from pipelines.session.standing import STANDING_S
from pipelines.units import METRES_PER_MILE

#: Where axes were found from the steps and nobody stood.
LEAN_IS_RELATIVE: Final = (
    "lean is relative: nobody stood still before the run, so it shows changes within the run only; "
    "stand upright and still for 3 s before the next one."
)

#: Of a run in stated axes into which nobody stood.
NO_NEUTRAL: Final = (
    "later runs cannot be compared with this one, since the sensor's axes are stated and no "
    "standing neutral is known: calibrate the standing before a run, or mark it on the page."
)

#: Of a run that was on no surface for most of its time.
SEVERAL_SURFACES: Final = (
    "later runs cannot be compared with this one, since less than four fifths of it were on one "
    "surface."
)

#: Where the sensor rings on its clip.
CLIP_IS_LOOSE: Final = (
    "the clip seems loose: tighten the belt or clip it to a firmer waistband; oscillation and "
    "shock do not count until then."
)

#: What is told of each trouble of :class:`imu.chain.sanity.Trouble`, with its number.
_DOUBTS: Final = {
    "impossible": (
        "the sensor reads {number:.3g} (m/s² or rad/s), which no body reaches: such "
        "samples are left out; check the units where they are many."
    ),
    "frozen": (
        "the sensor repeats one reading while you move: restart and charge it; these "
        "steps do not count."
    ),
    "rate": (
        "samples come at {number:.5g} a second, not at the rate of the recording: record without "
        "losses, cut it where the rate changes, or state the rate it has; such steps do not count."
    ),
    "gravity": (
        "the mean acceleration is {number:.3g} g where gravity makes 1 g: check the unit, "
        "calibrate the sensor, and record it with gravity; steps do not count."
    ),
    "gyro_contradicts": (
        "the gyroscope contradicts the acceleration: check units, signs and order of its axes, "
        "its range, and its offset at rest, and that the stated axes are those on the body; steps "
        "do not count."
    ),
    "gyro_quiet": (
        "the gyroscope reads {number:.2g} rad/s while you run, too little: check whether "
        "its unit is rad/s or °/s; steps do not count."
    ),
    "gyro_wild": (
        "the gyroscope reads {number:.2g} rad/s for seconds, more than a body turns: "
        "check whether its unit is °/s; steps do not count."
    ),
    "gyro_zero": (
        "the gyroscope reads zeros and counts as missing: pelvic ranges and figures of lean stay "
        "empty; switch it on for the next run."
    ),
    "tilt": (
        "up lies {number:.0f}° from where the axes have it: state them as the sensor sits, or "
        "leave them to be found, and mark it as moved where it turned; steps do not count."
    ),
    "no_steps": (
        "you move hard for {number:.0f} s and no running step is found: if you run, check"
        " the sample rate and that the sensor sits at the waist."
    ),
    "came_off": (
        "the sensor turned over by {number:.0f}° as the run stopped: if it came off, clip"
        " it on again and mark it as moved; steps do not count until then."
    ),
    "gyro_scale": (
        "the gyroscope turns {number:.1f} times as far as goes with such accelerations: check "
        "its unit and range (°/s of a count); steps do not count."
    ),
    "levelled": (
        "the acceleration does not tip with the gyroscope: record both in the axes of the "
        "sensor, not levelled to the ground; steps do not count."
    ),
    "doubled": (
        "{number:.0f} samples came twice, in the place of others: their steps do not count; "
        "where it happens often, look at what hands on the packets."
    ),
    "turn_lost": (
        "the gyroscope falls to zeros while it turns, as where its samples were lost: those steps "
        "do not count; where it happens often, look at what writes the file."
    ),
    "range_ends": (
        "most steps reach the end of the sensor's range: set a wider one, such as ±16 g and "
        "±1000 °/s; steps at its end do not count."
    ),
    "leaps": (
        "readings of the sensor leap away and back, as where they were damaged: such samples are "
        "left out; where it happens often, look at the link, the card or what writes the file."
    ),
    "missing": (
        "of the 20 s before {at} {number:.0f} are missing, and steps there with them: bring the "
        "receiver nearer, end other Bluetooth connections, or look at what writes the file."
    ),
    "slipped": (
        "the sensor has turned on its clip by about {number:.0f}°, and you run as before: lean is "
        "measured on from where it was; clip it tighter, and mark it as moved when you have."
    ),
    "zeros": (
        "all axes of the accelerometer read zero at once, as where samples were lost: these are "
        "left out; where it happens often, look at what writes the file."
    ),
}

_NEUTRAL_TROUBLE: Final[dict[NeutralTrouble, str]] = {
    "no sample": "no sample has come yet",
    "samples missing": f"not all of the last {STANDING_S:g} s has come from the sensor",
    "moving": "you were moving",
    "turned away": "the sensor is turned away from its axes: mark it as moved first",
}


#: Why a device beside the sensor is not believed, and what follows.
_STREAM_DOUBTS: Final[dict[Doubt, str]] = {
    "stands": "says that nothing moves while you run, so its speed and distance are not used",
    "impossible": "says what cannot be, which is passed over",
    "unreadable": "sends records that cannot be read, which are passed over",
    "no beat": "finds no heart beat: moisten it and tighten the strap",
}
_UNITS_AGREE: Final = 0.1  # how far a factor may be off that of two units


def stream_words(stream: str) -> str:
    """A device beside the sensor, with its article.

    Examples
    --------
    >>> stream_words("heart_rate")
    'the heart rate strap'
    """
    return STREAMS[stream].words if stream in STREAMS else f"the device {stream!r}"


def _stream_changed(fact: facts.StreamChanged) -> str:
    name = stream_words(fact.stream)
    match fact.state:
        case "connected" | "resumed":
            return (
                f"{name} is connected: {fact.detail}." if fact.detail else f"{name} is connected."
            )
        case "lost":
            why = f" ({fact.detail})" if fact.detail else ""
            return f"{name} is away{why}: the run goes on, and it is used when it is back."
        case "ended":
            return f"{name} is not looked for any more: {fact.detail}"
    return ""


def _stream_doubted(fact: facts.StreamDoubted) -> str:
    name = stream_words(fact.stream)
    if fact.reason != "units":
        return f"{name} {_STREAM_DOUBTS[fact.reason]}."
    factor = fact.factor or 1.0
    miles = abs(1000.0 * factor / METRES_PER_MILE - 1.0) < _UNITS_AGREE
    like = ", as if miles an hour were sent for km/h" if miles else ""
    return (
        f"speed and distance of {name} do not fit each other (by a factor of {factor:.2f}{like}): "
        "neither is used; state the speed if you know it."
    )


def doubt_words(doubt: facts.SensorDoubted) -> str:
    """What is told of readings that cannot be true: what, and what to do.

    Examples
    --------
    >>> doubt_words(facts.SensorDoubted(9.0, "gravity", 0.1))[:58]
    'the mean acceleration is 0.1 g where gravity makes 1 g: ch'
    """
    return _DOUBTS[doubt.trouble].format(number=doubt.number, at=clock_words(doubt.time_s))


def light_parts(fact: facts.PainJudged) -> tuple[str, str]:
    """What the traffic light says of a rating, and what to do then.

    Examples
    --------
    >>> light_parts(facts.PainJudged(9.0, 2, "go", "during"))
    ('Pain of 2: within 0 to 3, you may go on.', 'Say so when it grows.')
    """
    judged = Judged(
        fact.level, fact.light, fact.moment, fact.rising, fact.stopped, fact.warned, fact.most
    )
    return judged.cue.headline, judged.cue.detail


def questions_words(fact: facts.PainJudged | None) -> str:
    """That the questions about warning signs are open, by the rating that is the latest."""
    if fact is not None and fact.asks:
        return Cue("pain.check", {"level": float(fact.level)}).message
    return Cue("pain.unanswered").message


def fact_words(fact: Fact) -> str:
    """What is worth telling of a fact while it happens; empty where nothing is.

    Steps, and alerts, which have a message of their own, are shown in other ways.

    Examples
    --------
    >>> fact_words(facts.NeutralRefused(9.0, "moving"))
    'the standing neutral was not taken, because you were moving.'
    >>> fact_words(facts.Paused(9.0))
    ''
    """
    match fact:
        case facts.LinkChanged(state="gap"):
            return f"{fact.detail}."
        case facts.StreamChanged():
            return _stream_changed(fact)
        case facts.StreamDoubted():
            return _stream_doubted(fact)
        case facts.StreamBelieved():
            return f"what {stream_words(fact.stream)} says makes sense again, and is used."
        case facts.CueTold():
            return Cue(fact.text_id, fact.numbers).message
        case facts.PainJudged():
            asks = questions_words(fact) if fact.asks else ""
            return " ".join(filter(None, (*light_parts(fact), asks)))
        case facts.NeutralTaken():
            return "the standing neutral was taken: lean is measured from it."
        case facts.NeutralRefused():
            return f"the standing neutral was not taken, because {_NEUTRAL_TROUBLE[fact.reason]}."
        case facts.SensorMoved(searching=True):
            return "the sensor was moved: its axes are searched anew while you run."
        case facts.SensorMoved():
            return "the sensor was moved: stand upright and still, and mark the neutral again."
        case facts.AxesFound(from_standing=False, searched=True):
            return LEAN_IS_RELATIVE
        case facts.ClipLoose():
            return CLIP_IS_LOOSE
        case facts.SensorDoubted():
            return doubt_words(fact)
        case facts.AxesSought():
            return (
                "the sensor's forward axis cannot be told from your steps so far, so lean is "
                "empty: clip the sensor to the middle of the back, or state its axes before you "
                "start."
            )
        case facts.BaselineGivenUp(reason="no standing"):
            return (
                "learning your baseline on the way, since lean of other days can be compared only "
                "when you have stood still before the run."
            )
        case facts.BaselineGivenUp(reason="another rate"):
            return (
                "learning your baseline anew, since the sensor goes on at another rate, at which "
                "shock is another."
            )
        case facts.BaselineGivenUp(reason="older definitions"):
            return (
                "learning your baseline on the way, since the earlier one is of an older version, "
                "whose contact times and forces do not compare with those of this one."
            )
        case facts.MarkUnreadable(name="speed" | "slope"):
            return (
                f"the mark {fact.name!r} says {fact.value!r}, which cannot be read: the "
                f"{fact.name} counts as unknown from here."
            )
    return ""
