"""Settings of the alerts: a TOML file for the runner, JSON for the session's header.

A file has two tables, each key optional::

    [drift]
    lean_floor_deg = 3.0
    family_factor = 1.2

    [coach]
    cues_per_hour = 3

The keys and their ranges are those of :class:`~imu.drift.params.DriftParams` and
:class:`~pipelines.coaching.coach.CoachParams`; ``examples/alerts.toml`` has each of them at its
default.
"""

from __future__ import annotations

import difflib
import inspect
import json
import re
import textwrap
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from imu.drift.params import DriftParams
from imu.errors import InputError, ParameterError, RecordingError
from pipelines.coaching.coach import CoachParams

__all__ = ["AlertSettings", "explained_defaults", "load_alert_settings"]

_TABLES: Final[dict[str, type[DriftParams] | type[CoachParams]]] = {
    "drift": DriftParams,
    "coach": CoachParams,
}
#: Key of the session header's parameters that holds them.
_HEADER_KEY: Final = "alerts"
#: Where every key is explained.
_EXPLAINED: Final = "examples/alerts.toml explains them all"


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
    >>> settings = AlertSettings(coach=CoachParams(cues_per_hour=3))
    >>> settings.to_json()
    '{"alerts": {"coach": {"cues_per_hour": 3}}}'
    >>> AlertSettings.from_json(settings.to_json()) == settings
    True
    >>> AlertSettings().to_json()
    '{}'
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
        made: dict[str, Any] = {}
        for name, table in tables.items():
            if name not in _TABLES:
                raise InputError(
                    f"{name!r} is no table of settings: give [drift] or [coach]; {_EXPLAINED}.",
                    place=place,
                )
            if not isinstance(table, Mapping):
                raise InputError(f"{name} is {table!r}: give a table, [{name}].", place=place)
            made[name] = _params(name, table, place)
        return cls(**made)

    @classmethod
    def from_json(cls, text: str) -> AlertSettings:
        """Settings from a session's ``parameters_json``; other parameters in it are passed over.

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
            raise InputError(f"the session's {_HEADER_KEY} is {tables!r}: it must be a table.")
        return cls.from_tables(tables, place="the session's parameters")

    def to_json(self) -> str:
        """What differs from the defaults, for a session's ``parameters_json``."""
        tables = {}
        for name, kind in _TABLES.items():
            params, usual = getattr(self, name), kind()
            changed = {
                item.name: getattr(params, item.name)
                for item in fields(kind)
                if getattr(params, item.name) != getattr(usual, item.name)
            }
            if changed:
                tables[name] = changed
        return json.dumps({_HEADER_KEY: tables} if tables else {})


def load_alert_settings(path: str | Path) -> AlertSettings:
    """Read a TOML file of settings.

    Raises
    ------
    RecordingError
        When the file cannot be read.
    InputError
        When it is no TOML, or a table, a key or a value is wrong: names file, key, value and range.
    """
    from pipelines.files.system_error import explain

    place = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise RecordingError(
            f"the settings cannot be read: {explain(error)}.", path=place
        ) from None
    except ValueError:
        raise InputError("the settings are no text: give a TOML file.", place=place) from None
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = str(error)
        raise InputError(
            f"this is no TOML ({reason[:1].lower()}{reason[1:]}): correct it there; below a line "
            "[drift] or [coach] each line is a key and its value, such as lean_floor_deg = 3.0.",
            place=place,
        ) from None
    return AlertSettings.from_tables(tables, place=place)


def explained_defaults() -> str:
    r"""A file of settings with every key at its default, each below what it means.

    This is ``examples/alerts.toml``; the words are those of the two classes.

    Examples
    --------
    >>> print("\n".join(explained_defaults().splitlines()[-3:]))
    # Cues in a row without any change coming back, after which each further cue doubles the
    # shortest interval, 1 to 60.
    fade_after = 3
    """
    lines = [_HEAD]
    for table, kind in _TABLES.items():
        usual = kind()
        lines.append(f"[{table}]")
        for names, meaning in _attributes(kind):
            lines += [f"# {line}" for line in textwrap.wrap(meaning, 93)]
            lines += [f"{name} = {getattr(usual, name)!r}" for name in names]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


_HEAD: Final = """\
# How changes are found, and how often the runner is told of them: every setting at its default.
# Copy what you want to change, with its table's name above it, into a file of your own and give it
# with --settings FILE; what a file does not name keeps its default.
"""


def _attributes(kind: type[DriftParams] | type[CoachParams]) -> list[tuple[list[str], str]]:
    """The attributes of a class as its docstring has them: names, and what they mean."""
    text = inspect.getdoc(kind) or ""
    section = text.partition("Attributes\n----------\n")[2].partition("\n\n")[0]
    found: list[tuple[list[str], str]] = []
    for head, body in re.findall(r"^(\S.*) : \w+\n((?: +.*\n?)+)", section, re.MULTILINE):
        meaning = " ".join(body.split()).replace("``", "")
        found.append((head.replace(",", " ").split(), meaning))
    return found


def _params(name: str, table: Mapping[str, Any], place: str) -> DriftParams | CoachParams:
    kind = _TABLES[name]
    known = [item.name for item in fields(kind)]
    for key, value in table.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=3) or [f"another of [{name}]"]
            raise InputError(
                f"{name}.{key} is {value!r}, and there is no such setting: give "
                + ", ".join(near)
                + f"; {_EXPLAINED}.",
                place=place,
            )
    try:
        return kind(**table)
    except ParameterError as error:
        raise InputError(f"{name}.{error}", place=place) from None
