"""How changes are found and told, as a TOML file says it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from devices.bounded_toml import read_toml
from imu.errors import InputError, RecordingError
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.system_error import explain


def load_alert_settings(path: str | Path) -> AlertSettings:
    """Read a TOML file of settings.

    Raises
    ------
    RecordingError
        When the file cannot be read.
    InputError
        When it is no TOML, or a table, a key or a value is wrong: names file, key, value and range.
    """
    place = str(path)
    try:
        tables = read_toml(path)
    except OSError as error:
        raise RecordingError(
            f"the settings cannot be read: {explain(error)}.", path=place
        ) from None
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
        raise InputError(
            f"this is no TOML ({reason[:1].lower()}{reason[1:]}): correct it there; below a line "
            "such as [indicators.lean] each line is a key and its value, such as floor_deg = 3.0.",
            place=place,
        ) from None
    return AlertSettings.from_tables(tables, place=place)
