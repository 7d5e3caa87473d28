"""The streaming promise as checks that anyone can run on a stage, one's own included.

A stage has frozen ``params``, a readable and settable ``state``, ``push``, ``flush`` and ``reset``.
What it gives must not depend on how its input is cut into blocks, and going on from a saved state
must equal never having stopped. "Equal" is bit for bit, NaN and the sign of zero included.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from imu.samples import Samples

Arrays = tuple[NDArray[Any], ...]


class ContractViolation(AssertionError):
    """Raised when a stage breaks the streaming promise; says which part and where."""


class Stage(Protocol):
    """What every streaming stage has, besides a ``push`` of its own signature."""

    state: Any

    @property
    def params(self) -> Any:
        """The frozen parameters."""

    def flush(self) -> Any:
        """Give what was held back."""

    def reset(self) -> None:
        """Forget the past."""


@dataclass(frozen=True, slots=True)
class StageEntry:
    """How the checks drive one stage.

    Attributes
    ----------
    name : str
        The stage's name, for messages.
    create : callable
        Makes a new stage for a sample rate in Hz.
    push : callable
        Gives the stage one block of samples, turned into whatever the stage takes; returns its
        output.
    arrays : callable
        The arrays of one output of ``push`` or ``flush``, always as many, each with one row an
        element; outputs are joined and compared along the first axis.
    flush : callable, optional
        Flushes the stage; ``stage.flush()`` by default.

    Examples
    --------
    >>> from imu.chain.orientation import InclinationFilter
    >>> entry = StageEntry(
    ...     "my filter",
    ...     InclinationFilter,
    ...     lambda stage, block: stage.push(block.acceleration_m_s2),
    ...     lambda out: (out,),
    ... )
    >>> at_rest = Samples(np.arange(200) / 100.0, np.tile([0.0, 0.0, 9.81], (200, 1)))
    >>> check_stage(entry, at_rest, rate_hz=100.0)
    """

    name: str
    create: Callable[[float], Any]
    push: Callable[[Any, Samples], Any]
    arrays: Callable[[Any], Arrays]
    flush: Callable[[Any], Any] = lambda stage: stage.flush()


def check_blocks(
    entry: StageEntry, samples: Samples, cuts: Iterable[int], *, rate_hz: float
) -> None:
    """Cut into blocks, empty ones included, the samples give what they give in one push.

    Parameters
    ----------
    entry : StageEntry
        The stage.
    samples : Samples
        The stream.
    cuts : iterable of int
        Sample indices between 0 and ``len(samples)``; equal ones make an empty block.
    rate_hz : float
        Sample rate, Hz.

    Raises
    ------
    ContractViolation
        When an output differs in any bit.
    """
    whole = entry.create(rate_hz)
    expected = [entry.arrays(entry.push(whole, samples)), entry.arrays(entry.flush(whole))]
    stage = entry.create(rate_hz)
    found = [entry.arrays(entry.push(stage, block)) for block in _blocks(samples, cuts)]
    found.append(entry.arrays(entry.flush(stage)))
    _compare(entry, _join(entry, expected), _join(entry, found), "cut into blocks")


def check_resume(
    entry: StageEntry, samples: Samples, cuts: Iterable[int], *, rate_hz: float
) -> None:
    """A new object that was given the saved state goes on as if nothing had happened.

    At each cut the state is saved and set in a new object. Flushing that object must equal flushing
    the old one, and another such object takes the rest of the stream.

    Raises
    ------
    ContractViolation
        When an output, or a state read back, differs in any bit.
    """
    whole = entry.create(rate_hz)
    expected = [entry.arrays(entry.push(whole, samples)), entry.arrays(entry.flush(whole))]
    stage = entry.create(rate_hz)
    found: list[Arrays] = []
    blocks = _blocks(samples, cuts)
    for number, block in enumerate(blocks):
        found.append(entry.arrays(entry.push(stage, block)))
        if number == len(blocks) - 1:
            break
        saved = stage.state
        following, flushed = entry.create(rate_hz), entry.create(rate_hz)
        following.state = saved
        flushed.state = saved
        where = f"resumed after block {number}"
        _compare(entry, (saved,), (following.state,), f"{where}, its state read back")
        _compare(
            entry,
            entry.arrays(entry.flush(stage)),
            entry.arrays(entry.flush(flushed)),
            f"{where} and flushed at once",
        )
        stage = following
    found.append(entry.arrays(entry.flush(stage)))
    _compare(entry, _join(entry, expected), _join(entry, found), "saved and resumed")


def check_reset(
    entry: StageEntry, before: Samples, samples: Samples, *, rate_hz: float, flush: bool = False
) -> None:
    """After ``reset`` a stage that has seen ``before`` equals a new one.

    Parameters
    ----------
    entry : StageEntry
        The stage.
    before : Samples
        What it takes first; may lie in any time.
    samples : Samples
        What it takes after the reset.
    rate_hz : float
        Sample rate, Hz.
    flush : bool
        Whether to flush before the reset.

    Raises
    ------
    ContractViolation
        When an output after the reset differs in any bit from a new stage's.
    """
    new, used = entry.create(rate_hz), entry.create(rate_hz)
    entry.push(used, before)
    if flush:
        entry.flush(used)
    used.reset()
    _compare(entry, (new.state,), (used.state,), "reset, its state")
    expected = [entry.arrays(entry.push(new, samples)), entry.arrays(entry.flush(new))]
    found = [entry.arrays(entry.push(used, samples)), entry.arrays(entry.flush(used))]
    _compare(entry, _join(entry, expected), _join(entry, found), "reset")


def check_state_is_a_copy(entry: StageEntry, samples: Samples, cut: int, *, rate_hz: float) -> None:
    """The state that is read stays as it was, and neither reading nor setting one shares memory.

    Raises
    ------
    ContractViolation
        When a state changes after it was read, or writing into one reaches the stage.
    """
    first, rest = samples[:cut], samples[cut:]
    untouched, read, set_again = (entry.create(rate_hz) for _ in range(3))
    for stage in (untouched, read, set_again):
        entry.push(stage, first)
    saved, kept = read.state, read.state
    given = set_again.state
    set_again.state = given
    _spoil(saved)
    _spoil(given)
    expected = entry.arrays(entry.push(untouched, rest))
    for stage, how in ((read, "read"), (set_again, "set")):
        found = entry.arrays(entry.push(stage, rest))
        _compare(entry, expected, found, f"after the state that was {how} is overwritten")
    again = entry.create(rate_hz)
    again.state = kept
    found = entry.arrays(entry.push(again, rest))
    _compare(entry, expected, found, "resumed from a state that was read before more samples came")


def check_params_frozen(entry: StageEntry, samples: Samples, *, rate_hz: float) -> None:
    """The parameters are a frozen dataclass of immutable values, the same before and after use.

    Raises
    ------
    ContractViolation
        When a field can be set, holds a mutable value, or changes with use.
    """
    stage = entry.create(rate_hz)
    before = stage.params
    _check_frozen(entry, before)
    entry.push(stage, samples)
    entry.flush(stage)
    if stage.params != before or entry.create(rate_hz).params != before:
        raise ContractViolation(f"{entry.name}: the parameters changed with use.")


def check_flush(
    entry: StageEntry, samples: Samples, cut: int, cuts: Iterable[int], *, rate_hz: float
) -> None:
    """Flushing gives the rest once, in the form of ``push``, and the stream may go on after it.

    Parameters
    ----------
    entry : StageEntry
        The stage.
    samples : Samples
        The stream.
    cut : int
        Sample before which it is flushed.
    cuts : iterable of int
        Cuts of what follows the flush, as indices into it.
    rate_hz : float
        Sample rate, Hz.

    Raises
    ------
    ContractViolation
        When a flush of nothing gives something, an output has another form, or what follows a flush
        depends on how it is cut.
    """
    stage = entry.create(rate_hz)
    nothing = entry.arrays(entry.flush(stage))
    outputs = [entry.arrays(entry.push(stage, samples[:cut])), entry.arrays(entry.flush(stage))]
    again = entry.arrays(entry.flush(stage))
    empty = entry.arrays(entry.push(stage, samples[:0]))
    for output, what in (
        (nothing, "a new stage flushed"),
        (again, "flushed twice"),
        (empty, "given an empty block"),
    ):
        if any(len(array) for array in output):
            raise ContractViolation(f"{entry.name}: {what} gives {len(output[0])} elements, not 0.")
    _join(entry, [*outputs, again, empty])

    rest = samples[cut:]
    after: list[Arrays] = []
    for pieces in (_blocks(rest, ()), _blocks(rest, cuts)):
        stage = entry.create(rate_hz)
        entry.push(stage, samples[:cut])
        entry.flush(stage)
        found = [entry.arrays(entry.push(stage, piece)) for piece in pieces]
        found.append(entry.arrays(entry.flush(stage)))
        after.append(_join(entry, found))
    _compare(entry, after[0], after[1], "cut into blocks after a flush")


def check_stage(entry: StageEntry, samples: Samples, *, rate_hz: float) -> None:
    """Run every check with a few cuts: single samples, packets of 8, halves.

    Parameters
    ----------
    entry : StageEntry
        The stage.
    samples : Samples
        The stream; some seconds of what the stage is for.
    rate_hz : float
        Sample rate, Hz.

    Raises
    ------
    ContractViolation
        At the first part of the promise that is broken.

    Examples
    --------
    >>> import numpy as np
    >>> from imu.registry import STAGES
    >>> at_rest = Samples(np.arange(300) / 100.0, np.tile([0.0, 0.0, 9.81], (300, 1)))
    >>> check_stage(STAGES["GaitClassifier"], at_rest, rate_hz=100.0)
    """
    n = len(samples)
    check_params_frozen(entry, samples, rate_hz=rate_hz)
    for cuts in (range(0, n, 8), (n // 2, n // 2), range(min(n, 64))):
        check_blocks(entry, samples, cuts, rate_hz=rate_hz)
    check_resume(entry, samples, (n // 3, n // 2, n - n // 8), rate_hz=rate_hz)
    check_reset(entry, samples[n // 3 :], samples, rate_hz=rate_hz)
    check_state_is_a_copy(entry, samples, n // 2, rate_hz=rate_hz)
    check_flush(entry, samples, n // 2, range(0, n // 2, 8), rate_hz=rate_hz)


def _blocks(samples: Samples, cuts: Iterable[int]) -> list[Samples]:
    edges = [0, *sorted(cuts), len(samples)]
    return [samples[begin:end] for begin, end in itertools.pairwise(edges)]


def _join(entry: StageEntry, outputs: Sequence[Arrays]) -> Arrays:
    first = outputs[0]
    for output in outputs:
        form = [(array.dtype, array.shape[1:]) for array in output]
        if form != [(array.dtype, array.shape[1:]) for array in first]:
            raise ContractViolation(f"{entry.name}: its outputs do not all have one form.")
    return tuple(np.concatenate(parts) for parts in zip(*outputs, strict=True))


def _compare(entry: StageEntry, expected: Arrays, found: Arrays, how: str) -> None:
    for place, (a, b) in enumerate(zip(expected, found, strict=True)):
        require_same_bits(f"{entry.name} {how}: array {place}", np.asarray(a), np.asarray(b))


def require_same_bits(what: str, expected: NDArray[Any], found: NDArray[Any]) -> None:
    """Two arrays, structured ones field by field, have the same type, shape and bits.

    Parameters
    ----------
    what : str
        What is compared, for the message.
    expected, found : ndarray
        The arrays; of a structured type the bytes between the fields are left out, since copying
        does not keep them.

    Raises
    ------
    ContractViolation
        When they differ; names the first place.
    """
    if expected.dtype != found.dtype or expected.shape != found.shape:
        raise ContractViolation(
            f"{what} has {found.shape} {found.dtype}, expected {expected.shape} {expected.dtype}."
        )
    if expected.dtype.names is not None:
        for name in expected.dtype.names:
            require_same_bits(f"{what}, {name}", expected[name], found[name])
        return
    if expected.size == 0:
        return
    width = expected.dtype.itemsize
    a = np.ascontiguousarray(expected).view(np.uint8).reshape(-1, width)
    b = np.ascontiguousarray(found).view(np.uint8).reshape(-1, width)
    different = np.flatnonzero((a != b).any(axis=1))
    if different.size:
        k = int(different[0])
        raise ContractViolation(
            f"{what} differs in {different.size} of {expected.size} values, first at {k}: "
            f"{found.ravel()[k]!r} is not {expected.ravel()[k]!r}."
        )


def _spoil(state: Any) -> None:
    """Overwrite a state in place, as far as it can be."""
    if isinstance(state, np.ndarray):
        state.view(np.uint8)[...] = 0x55
    else:
        for value in vars(state).values() if hasattr(state, "__dict__") else ():
            if isinstance(value, np.ndarray):
                _spoil(value)


def _check_frozen(entry: StageEntry, params: Any, path: str = "params") -> None:
    if not dataclasses.is_dataclass(params) or isinstance(params, type):
        raise ContractViolation(f"{entry.name}: {path} is no dataclass.")
    for field in dataclasses.fields(params):
        value = getattr(params, field.name)
        try:
            setattr(params, field.name, value)
        except dataclasses.FrozenInstanceError:
            pass
        else:
            raise ContractViolation(f"{entry.name}: {path}.{field.name} can be set.")
        if dataclasses.is_dataclass(value):
            _check_frozen(entry, value, f"{path}.{field.name}")
            continue
        try:
            hash(value)
        except TypeError:
            raise ContractViolation(
                f"{entry.name}: {path}.{field.name} is a {type(value).__name__}, which can change."
            ) from None
