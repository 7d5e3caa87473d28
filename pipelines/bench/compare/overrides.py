"""A set of parameters as a TOML file: what is stated, the stages of the chain, and the alerts."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from devices.bounded_toml import read_toml
from imu.analyzer import AnalyzerParams
from imu.errors import InputError, ParameterError, RecordingError, as_given
from imu.mounting import mounting_from_axes
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.replay_options import ReplayOptions
from pipelines.system_error import explain

_STATED: Final = ("axes", "mass_kg", "height_m")
_STAGES: Final = ("intake", "inclination", "gait", "posture_quality")
_CHAIN: Final = ("lumbar_skip_s", "lumbar_baseline_s")
_ALERTS: Final = ("detector", "coach", "indicators")
_TABLES: Final = ("stated", "chain", *_STAGES, *_ALERTS)


def overridden(options: ReplayOptions, path: Path) -> ReplayOptions:
    """Options of a replay with what a file names in place of what they hold.

    The tables are ``[stated]`` (axes, mass_kg, height_m), ``[chain]``, one for each stage
    (``[intake]``, ``[inclination]``, ``[gait]``, ``[posture_quality]``: the fields of its
    parameters), and those of ``--settings``.

    Parameters
    ----------
    options : ReplayOptions
        As stated so far.
    path : Path
        The file.

    Raises
    ------
    RecordingError
        When it cannot be read.
    InputError
        When it is no TOML, or a table, a key or a value is wrong: says which, and what is accepted.
    """
    place = str(path)
    tables = _tables(path)
    for name, table in tables.items():
        if name not in _TABLES:
            raise InputError(f"[{name}] is no table: give {_near(name, _TABLES)}.", place=place)
        if not isinstance(table, Mapping):
            raise InputError(f"{name} is {as_given(table)}: give a table, [{name}].", place=place)
    stated = _numbers("stated", tables.get("stated", {}), _STATED, place)
    params = options.params or AnalyzerParams()
    try:
        if "axes" in stated and stated["axes"] != "auto":
            mounting_from_axes(stated["axes"])
        for stage in _STAGES:
            usual = getattr(params, stage)
            known = tuple(item.name for item in fields(usual))
            found = _numbers(stage, tables.get(stage, {}), known, place)
            params = replace(params, **{stage: replace(usual, **found)})
        params = replace(params, **_numbers("chain", tables.get("chain", {}), _CHAIN, place))
        alerts: dict[str, Any] = {name: tables[name] for name in _ALERTS if name in tables}
        settings = AlertSettings.from_tables(alerts, place=place) if alerts else options.settings
        return replace(options, **stated, params=params, settings=settings)
    except ParameterError as error:
        raise InputError(f"{error}", place=place) from None


def _tables(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path)
    except OSError as error:
        raise RecordingError(f"cannot be read: {explain(error)}.", path=str(path)) from None
    except tomllib.TOMLDecodeError:
        raise InputError(
            "is no TOML: give lines such as [gait] and, below it, steps_to_decide = 6.",
            place=str(path),
        ) from None


def _numbers(
    name: str, table: Mapping[str, Any], known: tuple[str, ...], place: str
) -> dict[str, Any]:
    """A table whose keys are known, numbers but for the axes."""
    for key, value in table.items():
        if key not in known:
            raise InputError(
                f"{name}.{key} is no parameter: give {_near(key, known)}.", place=place
            )
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if isinstance(value, str) if key == "axes" else is_number:
            continue
        raise InputError(
            f"{name}.{key} is {as_given(value)}: give {'a text' if key == 'axes' else 'a number'}.",
            place=place,
        )
    return dict(table)


def _near(name: str, known: tuple[str, ...]) -> str:
    return ", ".join(difflib.get_close_matches(name, known, n=3) or known)
