"""Every error this project raises on purpose.

::

    BackstrideError              something the user can mend; its text is one sentence
    ├── ParameterError           a value given by the user is outside its stated range
    ├── InputError               a table or an array that cannot be read as motion data
    │   └── ColumnError          a column without a known unit, unknown, or missing
    ├── ModelFileError           the packaged weights of the step model cannot be read
    ├── RecordingError           a session file that cannot be written or opened
    └── DeviceError              a sensor, real or simulated
        ├── DeviceNotFound       nothing answers at the address
        ├── DeviceLost           the link ended and did not come back
        └── ProtocolError        bytes that do not follow the wire format

Each message says what is wrong, where, and what to do. The data behind it are attributes.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BackstrideError",
    "ColumnError",
    "DeviceError",
    "DeviceLost",
    "DeviceNotFound",
    "InputError",
    "ModelFileError",
    "ParameterError",
    "ProtocolError",
    "RecordingError",
]


class BackstrideError(Exception):
    """Root of the tree: catch this to catch everything the project raises on purpose."""

    exit_code: ClassVar[int] = 1


class ParameterError(BackstrideError):
    """Raised when a parameter is outside its range or an option is malformed.

    Attributes
    ----------
    name, value, accepted
        The parameter, what was given, and the range or the choices in words.
    """

    exit_code = 2

    def __init__(self, name: str, value: object, accepted: str) -> None:
        super().__init__(f"{name} is {value!r}: give {accepted}.")
        self.name, self.value, self.accepted = name, value, accepted


class InputError(BackstrideError):
    """Raised when arrays or a table cannot be read as motion data.

    Attributes
    ----------
    place
        File, line, column or sample index, as far as known.
    """

    def __init__(self, message: str, *, place: str = "") -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.place = place


class ColumnError(InputError):
    """Raised when a column has no unit, an unknown name, or is missing.

    Attributes
    ----------
    column
        The column's name as found, or as expected when it is missing.
    """

    def __init__(self, message: str, *, column: str, place: str = "") -> None:
        super().__init__(message, place=place)
        self.column = column


class ModelFileError(BackstrideError):
    """Raised when the weights of the step model are missing, damaged or of another version.

    Attributes
    ----------
    path
        The file.
    """

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(f"{path} {message}")
        self.path = path


class RecordingError(BackstrideError):
    """Raised when a session file cannot be created, written or opened.

    Attributes
    ----------
    path
        The file.
    """

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path


class DeviceError(BackstrideError):
    """Raised when a sensor, real or simulated, cannot do what was asked.

    Attributes
    ----------
    source
        The source URL or the device's name.
    """

    def __init__(self, message: str, *, source: str = "") -> None:
        super().__init__(f"{source}: {message}" if source else message)
        self.source = source


class DeviceNotFound(DeviceError):
    """Raised when nothing answers at the given address."""


class DeviceLost(DeviceError):
    """Raised when a link ended and did not come back within the stated time."""


class ProtocolError(DeviceError):
    """Raised when bytes do not follow the wire format they claim to be.

    Attributes
    ----------
    payload
        The bytes, as received.
    """

    def __init__(self, message: str, *, payload: bytes = b"", source: str = "") -> None:
        super().__init__(message, source=source)
        self.payload = payload
