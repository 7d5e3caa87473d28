"""The tree of errors: one root, one sentence, data as attributes, and it can be sent on."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from imu import errors
from imu.errors import (
    BackstrideError,
    ColumnError,
    DeviceLost,
    DeviceNotFound,
    InputError,
    ParameterError,
    ProtocolError,
    RecordingError,
)

CLASSES = [
    c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == "imu.errors"
]


def test_the_tree_at_the_top_of_the_file_is_the_tree_of_the_code() -> None:
    drawn = re.findall(r"^ *[│ ]*(?:[├└]── )?([A-Z]\w+)  +", errors.__doc__ or "", re.MULTILINE)
    assert set(drawn) == {c.__name__ for c in CLASSES}
    assert set(errors.__all__) == {c.__name__ for c in CLASSES}
    assert all(issubclass(c, BackstrideError) for c in CLASSES)


@pytest.mark.parametrize("error", CLASSES)
def test_each_says_when_it_is_raised_and_how_the_program_ends(
    error: type[BackstrideError],
) -> None:
    assert error.__doc__
    assert error.exit_code == (2 if error is ParameterError else 1)


def test_the_sentence_names_the_place_and_the_data_are_attributes() -> None:
    parameter = ParameterError("rate_hz", 7.0, "a rate from 50 to 1600 Hz")
    assert str(parameter) == "rate_hz is 7.0: give a rate from 50 to 1600 Hz."
    assert (parameter.name, parameter.value) == ("rate_hz", 7.0)
    assert str(InputError("this is empty.", place="run.csv")) == "run.csv: this is empty."
    assert str(InputError("this is empty.")) == "this is empty."
    column = ColumnError("no unit.", column="acc_x", place="line 1")
    assert (column.column, column.place, str(column)) == ("acc_x", "line 1", "line 1: no unit.")
    assert RecordingError("is cut.", path="a.mcap").path == "a.mcap"
    assert ProtocolError("too short.", payload=b"\x01").payload == b"\x01"
    assert isinstance(DeviceNotFound("nothing.", source="ble:x"), errors.DeviceError)
    assert DeviceLost("gone.", source="ble:x").source == "ble:x"


@pytest.mark.parametrize(
    "error",
    [
        ParameterError("speed_m_s", -3.0, "a positive number"),
        InputError("there are no samples: give at least one.", place="run.csv"),
        ColumnError("acc_x is missing: add it.", column="acc_x", place="run.csv"),
        RecordingError("is cut: record it again.", path="run.mcap"),
        DeviceLost("is gone: go nearer.", source="ble:H10", may_pass=True),
        ProtocolError("makes no sense: update it.", payload=b"\x01", source="ble:H10"),
    ],
)
def test_a_worker_hands_an_error_on(error: BackstrideError) -> None:
    """What another process cannot unpack leaves its pool waiting for ever."""
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
