"""The person who wears the sensor, as far as the formulas need to know."""

from __future__ import annotations

from dataclasses import dataclass

from imu.errors import ParameterError
from imu.ranges import is_between


@dataclass(frozen=True, slots=True)
class Runner:
    """Body data; both optional, and used by ``lumbar_index`` alone.

    Attributes
    ----------
    mass_kg : float, optional
        Body mass, kg, 20 to 250.
    height_m : float, optional
        Stature, m, 1.0 to 2.5. Without it ``lumbar_index`` stays empty.

    Raises
    ------
    ParameterError
        When a value is no number, or outside its range.

    Examples
    --------
    >>> Runner(mass_kg=70, height_m=1.75).height_m
    1.75
    """

    mass_kg: float | None = None
    height_m: float | None = None

    def __post_init__(self) -> None:
        if self.mass_kg is not None and not is_between(self.mass_kg, 20.0, 250.0):
            raise ParameterError("mass_kg", self.mass_kg, "a mass from 20 to 250 kg")
        if self.height_m is not None and not is_between(self.height_m, 1.0, 2.5):
            raise ParameterError("height_m", self.height_m, "a height from 1.0 to 2.5 m")
