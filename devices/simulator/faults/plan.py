"""A fault plan: a sensor, what goes wrong with it, and what a session must show of it; in TOML.

::

    seed = 7
    sensor = "protocol=polar&rate=52&minutes=0.7"

    [[fault]]
    kind = "loss"
    onset_s = 12.0
    duration_s = 8.0
    size = 5.0
    consequence = "lost"
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal, get_args

import msgspec

from devices.bounded_toml import parsed_toml, read_toml
from devices.schema_words import schema_words
from devices.simulator.faults.kinds import FAULT_KINDS, FaultKind
from imu.errors import ParameterError

#: Most faults in one plan.
FAULTS_MAX: Final = 4
#: Longest session that a plan may fill, s.
_LONGEST_S: Final = 360_000.0

#: What a session must show of a fault; each is judged by what the session found, and none holds
#: where the fault is absent. Empty leaves it to the kind of fault and of sensor.
Consequence = Literal[
    "",
    "lost",  # samples are counted as lost
    "malformed",  # messages are counted as malformed
    "duplicated",  # samples are counted as having come twice
    "reordered",  # samples are counted as having come too late
    "restarted",  # a restart of the sensor is counted
    "gap",  # the analysis starts anew after samples were missing
    "flagged",  # steps say that they are not to be trusted
    "shown",  # the samples that come show it
    "reconnected",  # the link is lost, and had again
    "refused",  # no session begins, and one sentence says why
    "late",  # messages come later after their samples, which stay in their places
    "fewer bytes",  # no message is longer than fits
    "in parts",  # more messages come, and nothing is lost or malformed for it
    "clock found",  # the error of the sensor's clock is found
    "battery told",  # the battery's level is told
]
_CONSEQUENCES: Final = get_args(Consequence)


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that goes wrong.

    Parameters
    ----------
    kind : str
        One of :data:`devices.simulator.faults.kinds.FAULT_KINDS`.
    onset_s : float
        When it begins, s since the sensor was switched on.
    duration_s : float, optional
        How long it lasts, s; as the kind has it by default, often to the end.
    size : float, optional
        In the kind's unit; the kind's usual one by default.
    consequence : str
        What a session must show of it, one of :data:`Consequence`; by default what such sensors
        show.

    Raises
    ------
    ParameterError
        When the kind or the consequence is unknown, or a number outside its range.

    Examples
    --------
    >>> Fault("loss", onset_s=10.0, duration_s=5.0).amount
    10.0
    >>> Fault("loss", size=101.0)
    Traceback (most recent call last):
    ...
    imu.errors.ParameterError: loss is 101.0: give a number from 0 to 100 percent of messages.
    """

    kind: str
    onset_s: float = 0.0
    duration_s: float | None = None
    size: float | None = None
    consequence: Consequence = ""

    def __post_init__(self) -> None:
        about = FAULT_KINDS.get(self.kind)
        if about is None:
            raise ParameterError("kind", self.kind, "one of " + ", ".join(FAULT_KINDS))
        if self.size is not None:
            if not about.has_size:
                raise ParameterError(self.kind, self.size, "no size: it has none")
            if not about.low <= self.size <= about.high:
                accepted = f"a number from {about.low:g} to {about.high:g} {about.unit}"
                raise ParameterError(self.kind, self.size, accepted)
        if not 0.0 <= self.onset_s <= _LONGEST_S:
            raise ParameterError("onset_s", self.onset_s, "a time from 0 to 360000 s")
        if self.duration_s is not None and not 0.0 <= self.duration_s <= math.inf:
            raise ParameterError("duration_s", self.duration_s, "a time of 0 s or more")
        if self.consequence not in _CONSEQUENCES:
            choices = "one of " + ", ".join(filter(None, _CONSEQUENCES))
            raise ParameterError("consequence", self.consequence, choices)

    @property
    def about(self) -> FaultKind:
        """What is known of its kind."""
        return FAULT_KINDS[self.kind]

    @property
    def amount(self) -> float:
        """Its size, or the usual one."""
        return float(self.about.usual if self.size is None else self.size)

    @property
    def end_s(self) -> float:
        """When it is over, s since the sensor was switched on; ``inf`` for never."""
        lasts_s = self.about.usual_s if self.duration_s is None else self.duration_s
        return self.onset_s + lasts_s

    def is_on(self, time_s: float) -> bool:
        """Whether it goes on at this time, s since the sensor was switched on."""
        return self.onset_s <= time_s < self.end_s


class FaultPlan(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """A sensor and the faults that it has, which together reproduce a session.

    Parameters
    ----------
    faults : tuple of Fault
        At most :data:`FAULTS_MAX`.
    seed : int
        Of everything random, the sensor and the runner included.
    sensor : str
        The other keys of its ``sim:`` address.

    Raises
    ------
    ParameterError
        When there are too many faults, or the seed is out of range.

    Examples
    --------
    >>> plan = FaultPlan(faults=(Fault("reset", onset_s=20.0),), sensor="protocol=movesense")
    >>> plan_from_toml(plan_to_toml(plan)) == plan
    True
    """

    faults: tuple[Fault, ...] = msgspec.field(default=(), name="fault")
    seed: int = 1
    sensor: str = "protocol=backstride&minutes=0.7"

    def __post_init__(self) -> None:
        if len(self.faults) > FAULTS_MAX:
            raise ParameterError("fault", len(self.faults), f"at most {FAULTS_MAX} of them")
        if not 0 <= self.seed < 2**32:
            raise ParameterError("seed", self.seed, "a whole number from 0 to 4294967295")


def plan_to_toml(plan: FaultPlan) -> str:
    """The plan as text that :func:`plan_from_toml` reads."""
    lines = [f"seed = {plan.seed}", f"sensor = {_written(plan.sensor)}"]
    for fault in plan.faults:
        lines += ["", "[[fault]]"]
        fields = msgspec.to_builtins(fault)
        lines += [f"{name} = {_written(value)}" for name, value in fields.items()]
    return "\n".join(lines) + "\n"


def plan_from_toml(text: str, place: str = "the plan") -> FaultPlan:
    """The plan of a text.

    Parameters
    ----------
    text : str
        TOML.
    place : str
        Where it comes from, for messages.

    Raises
    ------
    ParameterError
        When it is not TOML, or no plan: names what is wrong with it.
    InputError
        When it is too deep, or a number or a key too long.
    """
    return _plan_of(lambda: parsed_toml(text, place), place)


def _plan_of(tables: Callable[[], dict[str, Any]], place: str) -> FaultPlan:
    try:
        return msgspec.convert(tables(), FaultPlan)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        wrong = schema_words(error)
        if "consequence is" in wrong:
            wrong += f": {', '.join(filter(None, _CONSEQUENCES))}"
        raise ParameterError("plan", place, f"a fault plan in TOML ({wrong})") from None


def read_plan(path: str | Path) -> FaultPlan:
    """The plan of a file.

    Raises
    ------
    ParameterError
        When the file cannot be read or holds no plan.
    InputError
        When it is no text, too large or too deep, or a number or a key too long.
    """
    try:
        return _plan_of(lambda: read_toml(path), str(path))
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower().rstrip(".")
        raise ParameterError("plan", str(path), f"a file that can be read ({reason})") from None


def _written(value: object) -> str:
    """A text or a number in TOML; both forms are those of JSON, but for infinity."""
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return msgspec.json.encode(value).decode()
