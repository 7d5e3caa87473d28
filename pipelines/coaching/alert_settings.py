"""Settings of the alerts: a TOML file for the runner; JSON in the headers of older sessions.

Each table and each key is optional::

    [detector]
    family_factor = 1.2

    [indicators.lean]
    floor_deg = 3.0

    [coach]
    cues_per_hour = 3

The keys and their ranges are those of :class:`~imu.drift.params.DriftParams`, of the
:class:`~imu.drift.indicators.Gate` of each indicator, and of
:class:`~pipelines.coaching.budget.CoachParams`; ``examples/alerts.toml`` has each of them at its
default.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, TypeVar

from imu.drift.indicators import INDICATORS, Gate, Indicator
from imu.drift.params import DriftParams
from imu.errors import InputError, ParameterError, as_given
from pipelines.coaching.budget import CoachParams

#: Key of the session header's parameters that holds them.
_HEADER_KEY: Final = "alerts"
#: Where every key is explained.
_EXPLAINED: Final = "examples/alerts.toml explains them all"
_TABLES: Final = "[detector], [coach] or [indicators.NAME]"
_BY_KEY: Final = {indicator.key: indicator for indicator in INDICATORS}
Params = TypeVar("Params", DriftParams, CoachParams, Gate)
_UNITS: Final = {"%": "percent", "deg": "deg", "points": "points"}

#: Settings of release 0.1 that belong to single indicators now: the key there, and whose.
_RENAMED: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "peak_floor_percent": ("floor_percent", ("peak_force",)),
    "shock_floor_percent": ("floor_percent", ("impact_shock",)),
    "lean_floor_deg": ("floor_deg", ("lean",)),
    "oscillation_floor_percent": ("floor_percent", ("oscillation",)),
    "cadence_floor_percent": ("floor_percent", ("cadence",)),
    "lumbar_floor_percent": ("floor_percent", ("lumbar_index",)),
    "contact_floor_percent": ("floor_percent", ("contact_time",)),
    "shock_power_floor_percent": ("floor_percent", ("shock_power",)),
    "dose_floor_percent": ("floor_percent", ("dose_rate",)),
    "pelvic_floor_percent": ("floor_percent", ("pelvic_tilt", "pelvic_drop", "pelvic_rotation")),
    "regularity_floor_percent": ("floor_percent", ("regularity",)),
    "difference_floor_points": ("floor_points", ("shock_difference",)),
    "difference_least_percent": ("least_percent", ("shock_difference",)),
    "dwell_blocks": ("dwell_blocks", ("peak_force", "oscillation")),
    "cadence_dwell_blocks": ("dwell_blocks", ("cadence",)),
    "shock_dwell_blocks": ("dwell_blocks", ("impact_shock",)),
    "lean_dwell_blocks": ("dwell_blocks", ("lean", "lumbar_index")),
    "supporting_dwell_blocks": (
        "dwell_blocks",
        (
            *("contact_time", "shock_power", "dose_rate", "shock_difference", "regularity"),
            *("pelvic_tilt", "pelvic_drop", "pelvic_rotation"),
        ),
    ),
}
#: Settings of earlier versions that nothing corresponds to: a recorded session may name them.
_GONE: Final = frozenset(
    {
        *("wander_multiple", "refined_blocks", "refined_share", "short_wander_blocks"),
        *("unsteadiness_limit", "cusum_slack", "cusum_limit", "cadence_adjustment"),
        *("pace_adjustment", "outlier_penalty", "limit", "at_once"),
        *("gate_limit", "lean_gate_limit", "lumbar_gate_limit", "dose_gate_limit"),
    }
)


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """How changes are found, and how often the runner is told.

    Attributes
    ----------
    drift : DriftParams
        Of the detector.
    coach : CoachParams
        Of the coach.

    Examples
    --------
    >>> AlertSettings.from_json('{"alerts": {"coach": {"cues_per_hour": 3}}}').coach.cues_per_hour
    3
    >>> AlertSettings.from_json("{}") == AlertSettings()
    True
    """

    drift: DriftParams = field(default_factory=DriftParams)
    coach: CoachParams = field(default_factory=CoachParams)

    @classmethod
    def from_tables(cls, tables: Mapping[str, Any], *, place: str = "") -> AlertSettings:
        """Settings from tables by name; what is not named keeps its default.

        Raises
        ------
        InputError
            When a table or a key is unknown or a value is outside its range: names the place, the
            key, the value and what is accepted.
        """
        settings = cls()
        for name, table in tables.items():
            if name == "drift":
                raise InputError(_renamed(table), place=place)
            if name not in ("detector", "coach", "indicators"):
                near = f"[indicators.{name}]" if name in _BY_KEY else _TABLES
                raise InputError(
                    f"{as_given(name)} is no table of settings: give {near}; {_EXPLAINED}.",
                    place=place,
                )
            keys = _table(name, table, place)
            drift, coach = settings.drift, settings.coach
            if name == "coach":
                coach = _filled(coach, name, keys, place, keys_of(coach))
            elif name == "detector":
                drift = _filled(drift, name, keys, place, keys_of(drift))
            else:
                drift = _with_gates(drift, keys, place)
            settings = cls(drift, coach)
        return settings

    @classmethod
    def from_json(cls, text: str) -> AlertSettings:
        """Settings from an older session's ``parameters_json``; others in it are passed over.

        Those of release 0.1 are read as what they are called now; those that are gone are passed
        over.

        Raises
        ------
        InputError
            When the text is no JSON object, or a setting is wrong.
        """
        try:
            content: Any = json.loads(text)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise InputError("the session's parameters cannot be read: record it again.")
        tables = content.get(_HEADER_KEY, {})
        if not isinstance(tables, dict):
            raise InputError(
                f"the session's {_HEADER_KEY} is {as_given(tables)}: it must be a table."
            )
        return cls.from_tables(_renewed(tables), place="the session's parameters")


def keys_of(params: DriftParams | CoachParams) -> dict[str, str]:
    """Keys of a table and the fields that they set."""
    return {item.name: item.name for item in fields(params) if item.name != "gates"}


def keys_of_gate(indicator: Indicator) -> dict[str, str]:
    """The same of an indicator's table: a unit is told where there is one."""
    keys = {
        f"floor_{_UNITS[indicator.change_unit]}": "floor",
        "multiple": "multiple",
        "evidence": "evidence",
        "lasting": "lasting",
        "dwell_blocks": "dwell_blocks",
    }
    return keys | ({"least_percent": "least"} if indicator.gate.least else {})


def _table(name: str, table: object, place: str) -> Mapping[str, Any]:
    if not isinstance(table, Mapping):
        raise InputError(f"{name} is {as_given(table)}: give a table, [{name}].", place=place)
    return table


def _filled(
    usual: Params, name: str, table: Mapping[str, Any], place: str, keys: Mapping[str, str]
) -> Params:
    """The usual parameters with what a table names."""
    for key, value in table.items():
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=3) or [f"another of [{name}]"]
            raise InputError(
                f"{name}.{key:.80} is {as_given(value)}, and there is no such setting: give "
                + ", ".join(near)
                + f"; {_EXPLAINED}.",
                place=place,
            )
    try:
        return replace(usual, **{keys[key]: value for key, value in table.items()})
    except ParameterError as error:
        key = next(key for key, field_name in keys.items() if field_name == error.name)
        raise InputError(
            f"{name}.{key:.80} is {as_given(error.value)}: give {error.accepted}.", place=place
        ) from None


def _with_gates(drift: DriftParams, tables: Mapping[str, Any], place: str) -> DriftParams:
    gates = dict(zip(_BY_KEY, drift.gates, strict=True))
    for key, table in tables.items():
        if key not in _BY_KEY:
            near = difflib.get_close_matches(key, _BY_KEY, n=3) or list(_BY_KEY)
            raise InputError(
                f"[indicators.{key}] is no indicator: give {', '.join(near)}; {_EXPLAINED}.",
                place=place,
            )
        name = f"indicators.{key}"
        named = _table(name, table, place)
        gates[key] = _filled(gates[key], name, named, place, keys_of_gate(_BY_KEY[key]))
    return replace(drift, gates=tuple(gates.values()))


def _renamed(table: object) -> str:
    """What a table of release 0.1 is called now."""
    for key in table if isinstance(table, Mapping) else ():
        if key in _GONE:
            return f"drift.{key} is from release 0.1 and is gone: leave it out; {_EXPLAINED}."
        name, whose = _RENAMED.get(key, (key, ()))
        tables = [f"[indicators.{one}]" for one in whose] or ["[detector]"]
        if key in _RENAMED or key in keys_of(DriftParams()):
            where = " and ".join(filter(None, (", ".join(tables[:-1]), tables[-1])))
            return f"drift.{key} is from release 0.1: it is {name} in {where} now; {_EXPLAINED}."
    return f"[drift] is from release 0.1: give {_TABLES} instead; {_EXPLAINED}."


def _renewed(tables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Tables of earlier versions as they are called now, without what is gone."""
    old = tables.get("drift")
    if isinstance(old, Mapping):
        detector: dict[str, Any] = {}
        indicators: dict[str, dict[str, Any]] = {}
        for key, value in old.items():
            name, whose = _RENAMED.get(key, (key, ()))
            if not whose:
                detector[key] = value
            for one in whose:
                indicators.setdefault(one, {})[name] = value
        others = {name: table for name, table in tables.items() if name != "drift"}
        tables = others | {"detector": detector, "indicators": indicators}
    return {name: _without_what_is_gone(table) for name, table in tables.items()}


def _without_what_is_gone(table: Any) -> Any:
    if not isinstance(table, Mapping):
        return table
    return {key: _without_what_is_gone(value) for key, value in table.items() if key not in _GONE}
