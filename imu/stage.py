"""What all streaming stages share: frozen parameters, and a state that is one array record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from imu.errors import ParameterError

ParamsT = TypeVar("ParamsT")


class Stage(Generic[ParamsT]):
    """Parameters, state and reset of a stage; ``push`` and ``flush`` are its own.

    Parameters
    ----------
    params
        Frozen parameters.
    new_state
        Makes the state before the first sample, shape (1,).
    state
        It, where it has been made already.
    """

    def __init__(
        self,
        params: ParamsT,
        new_state: Callable[[], NDArray[np.void]],
        state: NDArray[np.void] | None = None,
    ) -> None:
        self._params = params
        self._new_state = new_state
        self._state = new_state() if state is None else state

    @property
    def params(self) -> ParamsT:
        """The parameters, frozen."""
        return self._params

    @property
    def state(self) -> NDArray[np.void]:
        """A copy of the state; assign one to a new stage to go on from there."""
        self._saving()
        return self._state.copy()

    @state.setter
    def state(self, value: NDArray[np.void]) -> None:
        kind = getattr(value, "dtype", None), getattr(value, "shape", None)
        if kind != (self._state.dtype, self._state.shape):
            raise ParameterError("state", value, "a state of the same kind of stage")
        self._check_state(value)
        self._state[:] = value
        self._restored()

    def _check_state(self, value: NDArray[np.void]) -> None:
        """Refuse a state of the same kind that this stage cannot go on from."""

    def _saving(self) -> None:
        """Put into the state what a stage keeps beside it for speed."""

    def _restored(self) -> None:
        """Take over what a stage keeps beside the state for speed."""

    def reset(self) -> None:
        """Forget the past."""
        self._state[:] = self._new_state()
