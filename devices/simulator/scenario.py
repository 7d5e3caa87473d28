"""What a simulated session is made of: runner, place, sensor and link faults, with their ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any, Final
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from devices.drivers.registry import PROTOCOLS
from devices.simulator.companions import COMPANIONS, CompanionFault, parse_companion
from devices.simulator.faults.kinds import FAULT_KINDS
from devices.simulator.faults.plan import Fault, read_plan
from devices.simulator.faults.words import parse_faults, spread_disconnects
from devices.simulator.script import (
    CHANGING,
    HAPPENINGS,
    Change,
    Happening,
    Script,
    parse_changes,
    parse_happenings,
    read_script,
)
from imu.errors import ParameterError

#: Surfaces, firmest first. Their effect at the sacrum is small (Ferro-Sánchez 2023).
SURFACES: Final = ("concrete", "asphalt", "track", "treadmill", "trail", "grass")
#: What changes between minute 8 and minute 12 of the run.
FATIGUES: Final = ("none", "lean", "shock", "cadence", "all")
#: Noise of the sensor; ``ideal`` has no error of any kind, not even saturation.
NOISE_CLASSES: Final = ("bmi270", "icm42688", "lsm6dso", "ideal")
#: What is done with the sensor: running, a calibration (:mod:`devices.simulator.six_faces`), or
#: nothing (:mod:`devices.simulator.resting`).
MOTIONS: Final = ("run", "six_faces", "rest")

_AXES_ACCEPTED: Final = (
    "three different signed sensor axes that point forward, left and up and are right-handed, "
    "such as '+x+y+z' or '-z+y+x'"
)

#: Lowest and highest value of each number, and its unit.
_RANGES: Final[dict[str, tuple[float, float, str]]] = {
    "speed": (1.8, 9.0, "m/s"),
    "minutes": (0.1, 600.0, "minutes"),
    "rate": (50.0, 1600.0, "Hz"),
    "seed": (0, 2**32 - 1, ""),
    "mass": (30.0, 200.0, "kg"),
    "height": (1.2, 2.3, "m"),
    "lean": (-15.0, 30.0, "degrees"),
    "slope": (-15.0, 15.0, "degrees"),
    "mount_pitch": (-60.0, 60.0, "degrees"),
    "mount_roll": (-60.0, 60.0, "degrees"),
    "mount_yaw": (-180.0, 180.0, "degrees"),
    "acceleration_range_g": (2.0, 64.0, "g"),
    "gyro_range_deg_s": (125.0, 4000.0, "degrees/s"),
    "standing_s": (0.0, 3600.0, "s"),
    "walk_s": (0.0, 3600.0, "s"),
    "logged_runs": (0, 9, ""),
    "time_scale": (0.0, 10000.0, "times real time, 0 for as fast as it goes"),
}
_WHOLE: Final = ("seed", "logged_runs")
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "surface": SURFACES,
    "fatigue": FATIGUES,
    "device": NOISE_CLASSES,
    "motion": MOTIONS,
    "protocol": ("", *PROTOCOLS),
    "link": ("", "ble", "serial"),
    "pair": ("no", "yes"),
}
_MOST_DISCONNECTS: Final = 1000
_DISCONNECT_ACCEPTED: Final = (
    "a whole number of link losses from 0 to 1000 ('2'), or their times in seconds ('60s,120s')"
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """All parameters of a simulated session; the same values give the same bytes.

    Each attribute is also a key of a ``sim:`` address, ``faults`` and ``script`` in their own way.

    Parameters
    ----------
    speed : float
        Running speed, m/s, 1.8 to 9.0.
    minutes : float
        Duration of the running, minutes, 0.1 to 600.
    rate : float
        Samples per second, 50 to 1600.
    seed : int
        Seed of everything random.
    mass, height : float
        Of the runner, kg and m.
    lean : float
        Mean forward lean at the sacrum while running, degrees; 0 while standing.
    slope : float
        Of the ground, degrees, positive uphill.
    surface : str
        One of :data:`SURFACES`.
    fatigue : str
        One of :data:`FATIGUES`; sets in from minute 8 to minute 12 of running: lean +4 to +6
        degrees, shock +25 %, cadence −6 %.
    device : str
        One of :data:`NOISE_CLASSES`.
    axes : str
        Which signed sensor axes point forward, left and up.
    mount_pitch, mount_roll, mount_yaw : float
        How the sensor sits on the body, degrees: pitched forward, rolled to the right, turned to
        the left, as roll first, then pitch, then yaw.
    acceleration_range_g, gyro_range_deg_s : float
        Where the sensor saturates.
    standing_s, walk_s : float
        Quiet standing at the start, then walking, seconds.
    faults : tuple of Fault
        What goes wrong with sensor and link; not applied by the runner model. In an address each
        kind of :data:`devices.simulator.faults.kinds.FAULT_KINDS` is a key (``loss=5``,
        ``loss=5@60+20``, ``reset=30s``), ``disconnect=2`` is so many lost links, spread evenly
        (``disconnect=2s`` is one at second 2), and ``faults`` a file with a fault plan, of which
        the faults are taken.
    time_scale : float
        How much faster than real time a live session runs; 0 is as fast as it goes.
    protocol : str
        What the simulated sensor speaks, one of :data:`devices.drivers.registry.PROTOCOLS`, over
        a simulated radio or port; empty for the project's own packets without any link.
    motion : str
        One of :data:`MOTIONS`: ``six_faces`` lays the sensor on each face, then it is worn
        standing for ``standing_s``, for trying ``backstride calibrate``; ``rest`` leaves it on
        the table for ``minutes``.
    logged_runs : int
        Runs in the flash of a simulated sensor of the project's own profile, 0 to 9, each of
        ``minutes``; only with ``protocol=backstride``.
    link : str
        ``ble`` or ``serial``; empty for what such sensors usually have.
    pair : str
        ``yes`` to pair with the sensor when connecting, as the fault ``pairing`` demands; by radio
        only.
    treadmill, foot_pod, heart_rate : str
        Devices beside the sensor: ``1``, or what goes wrong with it, see
        :mod:`devices.simulator.companions`; empty or ``0`` for none.
    baseline : str
        File with the runner's baseline, passed through.
    script : Script
        What changes within the run and what happens, see :mod:`devices.simulator.script`. In an
        address ``speed``, ``slope``, ``surface``, ``lean`` and ``fatigue`` take changes
        (``speed=3.0,3.6@300``), the keys ``stop``, ``walk``, ``stairs``, ``phone``, ``bend`` and
        ``creep`` are happenings (``stop=120+30``), and ``script`` is a TOML file with any keys.

    Raises
    ------
    ParameterError
        When a value is outside its range; names the key, the value and the range.

    Examples
    --------
    >>> Scenario(speed=3.3).minutes
    30.0
    >>> query = "speed=3.3&axes=-z+y+x&disconnect=60s,90s"
    >>> [fault.onset_s for fault in Scenario.from_query(query).faults]
    [60.0, 90.0]
    """

    speed: float = 3.0
    minutes: float = 30.0
    rate: float = 200.0
    seed: int = 1
    mass: float = 70.0
    height: float = 1.75
    lean: float = 5.0
    slope: float = 0.0
    surface: str = "asphalt"
    fatigue: str = "none"
    device: str = "bmi270"
    axes: str = "+x+y+z"
    mount_pitch: float = 0.0
    mount_roll: float = 0.0
    mount_yaw: float = 0.0
    acceleration_range_g: float = 16.0
    gyro_range_deg_s: float = 2000.0
    standing_s: float = 8.0
    walk_s: float = 0.0
    faults: tuple[Fault, ...] = ()
    time_scale: float = 1.0
    protocol: str = ""
    link: str = ""
    pair: str = "no"
    motion: str = "run"
    logged_runs: int = 0
    treadmill: str = ""
    foot_pod: str = ""
    heart_rate: str = ""
    baseline: str = ""
    script: Script = field(default_factory=Script)

    def __post_init__(self) -> None:
        for name, (low, high, unit) in _RANGES.items():
            value = getattr(self, name)
            accepted = f"a{' whole' * (name in _WHOLE)} number from {low:g} to {high:g} {unit}"
            if not math.isfinite(value) or not low <= value <= high:
                raise ParameterError(name, value, accepted.rstrip())
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ParameterError(
                    name, getattr(self, name), "one of " + ", ".join(filter(None, choices))
                )
        if self.logged_runs and self.protocol != "backstride":
            raise ParameterError("logged_runs", self.logged_runs, "0, or protocol=backstride too")
        axes_matrix(self.axes)
        for name in COMPANIONS:
            parse_companion(name, getattr(self, name))
        if self.script:
            self._check_script()

    @property
    def companions(self) -> dict[str, tuple[CompanionFault, ...]]:
        """The devices beside the sensor, and what goes wrong with each."""
        found = {name: parse_companion(name, getattr(self, name)) for name in COMPANIONS}
        return {name: faults for name, faults in found.items() if faults is not None}

    def _check_script(self) -> None:
        run_s = 60.0 * self.minutes
        for change in self.script.changes:
            key, value = change.key, change.value
            text = f"{value}@{change.time_s:g}"
            if key in _CHOICES:
                if value not in _CHOICES[key]:
                    raise ParameterError(key, text, "one of " + ", ".join(_CHOICES[key]))
            elif not _RANGES[key][0] <= float(value) <= _RANGES[key][1]:
                low, high, unit = _RANGES[key]
                raise ParameterError(key, text, f"a number from {low:g} to {high:g} {unit}")
            self.script.changes_of(key, run_s)
            if key == "surface" and "treadmill" in (self.surface, value):
                raise ParameterError(key, text, "a treadmill for the whole run or not at all")
            if change.time_s >= run_s:
                raise ParameterError(key, text, _before_the_end(run_s))
        for happening in self.script.happenings:
            if happening.start_s >= run_s:
                raise ParameterError(
                    happening.kind,
                    f"{happening.start_s:g}+{happening.duration_s:g}",
                    _before_the_end(run_s),
                )
        self.script.breaks(run_s)
        for kind in ("bend", "creep"):
            self.script.spans(kind, run_s)

    @classmethod
    def from_query(cls, query: str, **usual: Any) -> Scenario:
        """Read the keys of a ``sim:`` address, the part after ``sim:?``.

        A plus sign is itself here, not a blank, so that ``axes=+x+y+z`` can be typed.

        Parameters
        ----------
        query : str
            ``key=value`` joined by ``&``; a leading ``?`` is passed over.
        **usual
            Attributes in place of the defaults, for keys that are not given.

        Returns
        -------
        Scenario
            With the defaults for the keys that are not given.

        Raises
        ------
        ParameterError
            When a key is unknown, given twice or has no value, or a value is out of range.

        Examples
        --------
        >>> Scenario.from_query("speed=3.3&minutes=2").speed
        3.3
        >>> Scenario.from_query("sped=3")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        imu.errors.ParameterError: key is 'sped': give one of the keys speed, minutes, rate, ...
        """
        pairs: list[tuple[str, str]] = []
        from_file: dict[str, str] = {}
        for pair in query.removeprefix("?").split("&"):
            key, _, text = pair.partition("=")
            key, text = unquote(key).strip(), unquote(text).strip()
            if key == "script":
                written = read_script(text)
                from_file |= dict.fromkeys((name for name, _ in written), text)
                pairs += written
            elif pair:
                pairs.append((key, text))
        try:
            names = [*(each.name for each in fields(cls)), *FAULT_KINDS, *HAPPENINGS]
            return cls(**usual | _values(pairs, names))
        except ParameterError as error:
            file = from_file.get(str(error.value) if error.name == "key" else error.name)
            if file is None:
                raise
            place = f"{error.name} in {file}"
            raise ParameterError(place, error.value, error.accepted) from None


def _values(pairs: list[tuple[str, str]], names: list[str]) -> dict[str, Any]:
    """What the keys and texts of an address make of a scenario's attributes."""
    values: dict[str, Any] = {}
    changes: list[Change] = []
    happenings: list[Happening] = []
    faults: list[Fault] = []
    disconnects = 0
    seen: set[str] = set()
    for key, text in pairs:
        if key not in names or key == "script":
            raise ParameterError("key", key, "one of the keys " + ", ".join(names))
        if key in seen:
            raise ParameterError(key, text, "each key once")
        seen.add(key)
        if key in HAPPENINGS:
            happenings += parse_happenings(key, text)
        elif key == "faults":
            faults += read_plan(text).faults
        elif key == "disconnect" and text.removeprefix("-").isdecimal():
            disconnects = _whole_disconnects(text)
        elif key in FAULT_KINDS:
            faults += parse_faults(key, text)
        elif key in CHANGING:
            first, later = parse_changes(key, text, _value)
            changes += later
            if first or not later:
                values[key] = _value(key, first)
        else:
            values[key] = _value(key, text)
    if disconnects:
        usual = Scenario()
        minutes, *others_s = (
            values.get(name, getattr(usual, name)) for name in ("minutes", "standing_s", "walk_s")
        )
        faults += spread_disconnects(disconnects, 60.0 * minutes + sum(others_s))
    script = Script(tuple(changes), tuple(happenings))
    return {**values, "faults": tuple(faults), "script": script}


def _whole_disconnects(text: str) -> int:
    if not 0 <= int(text) <= _MOST_DISCONNECTS:
        raise ParameterError("disconnect", text, _DISCONNECT_ACCEPTED)
    return int(text)


def _before_the_end(run_s: float) -> str:
    return f"a time before the run's end, {run_s:g} s"


def _value(key: str, text: str) -> Any:
    if key in _CHOICES:
        return text.lower()
    if key in ("axes", "baseline", *COMPANIONS):
        return text
    low, high, unit = _RANGES[key]
    try:
        return int(text) if key in _WHOLE else float(text)
    except ValueError:
        kind = "a whole number" if key in _WHOLE else "a number"
        raise ParameterError(
            key, text, f"{kind} from {low:g} to {high:g} {unit}".rstrip()
        ) from None


def axes_matrix(axes: str) -> NDArray[np.float64]:
    """Rotation that turns a vector in sensor axes into body axes (forward, left, up).

    Parameters
    ----------
    axes : str
        The signed sensor axes that point forward, left and up, such as ``"-z+y+x"``.

    Returns
    -------
    ndarray, shape (3, 3)

    Raises
    ------
    ParameterError
        When the text is no such triple, or the triple is left-handed.

    Examples
    --------
    >>> axes_matrix("-z+y+x") @ [1.0, 2.0, 3.0]
    array([-3.,  2.,  1.])
    """
    signs, letters = axes[::2], axes[1::2].lower()
    if len(axes) != 6 or set(signs) - set("+-") or sorted(letters) != ["x", "y", "z"]:
        raise ParameterError("axes", axes, _AXES_ACCEPTED)
    matrix = np.zeros((3, 3))
    for row, (sign, letter) in enumerate(zip(signs, letters, strict=True)):
        matrix[row, "xyz".index(letter)] = 1.0 if sign == "+" else -1.0
    if np.linalg.det(matrix) < 0:
        raise ParameterError("axes", axes, _AXES_ACCEPTED)
    return matrix
