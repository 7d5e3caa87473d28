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
            └── OtherVersion     sound, and of a version of it that is not known

Each message says what is wrong, where, and what to do. The data behind it are attributes.
"""

from __future__ import annotations

from typing import ClassVar, Final

__all__ = [
    "BackstrideError",
    "ColumnError",
    "DeviceError",
    "DeviceLost",
    "DeviceNotFound",
    "InputError",
    "ModelFileError",
    "OtherVersion",
    "ParameterError",
    "ProtocolError",
    "RecordingError",
]

#: A path is shown whole, characters.
_LONGEST_VALUE: Final = 300


class BackstrideError(Exception):
    """Root of the tree: catch this to catch everything the project raises on purpose.

    Attributes
    ----------
    exit_code : int
        What the command line ends with: 1 for a problem in data or device, 2 for usage.

    Examples
    --------
    >>> try:
    ...     raise InputError("there are no samples: give at least one.", place="run.csv")
    ... except BackstrideError as error:
    ...     print(error, error.exit_code)
    run.csv: there are no samples: give at least one. 1
    """

    exit_code: ClassVar[int] = 1

    def __reduce__(self) -> tuple[object, ...]:
        # what is made of several words is not made of its message: workers hand errors on
        return _as_it_was, (type(self), self.args, self.__dict__)


def _as_it_was(
    kind: type[BackstrideError], args: tuple[object, ...], content: dict[str, object]
) -> BackstrideError:
    """An error that another process has raised."""
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(content)
    return error


def as_given(value: object) -> str:
    """How a value stands in a sentence: as Python writes it, and no longer than a person reads."""
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


class ParameterError(BackstrideError):
    """Raised when a parameter is outside its range or an option is malformed.

    Parameters
    ----------
    name : str
        The parameter; an attribute, as the others are.
    value : object
        What was given.
    accepted : str
        The range or the choices in words.

    Examples
    --------
    >>> print(ParameterError("mass_kg", 7.0, "a mass from 20 to 250 kg"))
    mass_kg is 7.0: give a mass from 20 to 250 kg.
    """

    exit_code = 2

    def __init__(self, name: str, value: object, accepted: str) -> None:
        found = "missing" if value == "" else as_given(value)
        super().__init__(f"{name} is {found}: give {accepted}.")
        self.name, self.value, self.accepted = name, value, accepted


class InputError(BackstrideError):
    """Raised when arrays or a table cannot be read as motion data.

    Parameters
    ----------
    message : str
        What is wrong, and what to do.
    place : str
        File, line, column or sample index, as far as known; an attribute.

    Examples
    --------
    >>> print(InputError("time does not increase: sort the samples.", place="sample 7"))
    sample 7: time does not increase: sort the samples.
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

    Parameters
    ----------
    message : str
        What is wrong, and what to do.
    path : str
        The file; an attribute.

    Examples
    --------
    >>> RecordingError("already exists: give another name.", path="run.mcap").path
    'run.mcap'
    """

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path


class DeviceError(BackstrideError):
    """Raised when a sensor, real or simulated, cannot do what was asked.

    Parameters
    ----------
    message : str
        What is wrong, and what to do.
    source : str
        The source URL or the device's name; an attribute.
    may_pass : bool
        Whether the same is known to go well when it is tried again a little later; an attribute.

    Examples
    --------
    >>> print(DeviceError("Bluetooth is off: switch it on.", source="ble:"))
    ble: Bluetooth is off: switch it on.
    """

    def __init__(self, message: str, *, source: str = "", may_pass: bool = False) -> None:
        super().__init__(f"{source.removesuffix(':')}: {message}" if source else message)
        self.source, self.may_pass = source, may_pass


class DeviceNotFound(DeviceError):
    """Raised when nothing answers at the given address.

    Parameters
    ----------
    message : str
        What is wrong, and what to do.
    source : str
        The source URL or the device's name; an attribute.
    may_pass : bool
        Whether trying again a little later is known to help; an attribute.

    Examples
    --------
    >>> issubclass(DeviceNotFound, DeviceError)
    True
    """


class DeviceLost(DeviceError):
    """Raised when a link ended and did not come back within the stated time.

    Parameters
    ----------
    message : str
        What is wrong, and what to do.
    source : str
        The source URL or the device's name; an attribute.
    may_pass : bool
        Whether trying again a little later is known to help; an attribute.

    Examples
    --------
    >>> DeviceLost("the link was lost and did not come back.", source="Clip").source
    'Clip'
    """


class ProtocolError(DeviceError):
    """Raised when bytes do not follow the wire format they claim to be.

    Parameters
    ----------
    message : str
        What is wrong, and what to do.
    payload : bytes
        The bytes, as received; an attribute.
    source : str
        The source URL or the device's name; an attribute.

    Examples
    --------
    >>> ProtocolError("no data packet.", payload=b"abc").payload
    b'abc'
    """

    def __init__(self, message: str, *, payload: bytes = b"", source: str = "") -> None:
        super().__init__(message, source=source)
        self.payload = payload


class OtherVersion(ProtocolError):
    """Raised when a sound message is of a version of the wire format that is not known."""
