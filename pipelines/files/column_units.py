"""The unit of a column, as its name says it."""

from __future__ import annotations

from typing import Final

#: By the end of a name, the longer ones first.
_UNITS: Final = (
    ("_deg_s", "deg/s"),
    ("_rad_s", "rad/s"),
    ("_m_s2", "m/s2"),
    ("_m_s", "m/s"),
    ("_spm", "steps/min"),
    ("_bpm", "beats/min"),
    ("_percent", "%"),
    ("_deg", "deg"),
    ("_hz", "Hz"),
    ("_kg", "kg"),
    ("_ms", "ms"),
    ("_mm", "mm"),
    ("_bw", "BW"),
    ("_g2", "g2"),
    ("_g", "g"),
    ("_m", "m"),
    ("_s", "s"),
)
#: A mean and such like has the unit of what it is of.
_FIGURES: Final = ("_mean", "_sd", "_first_half", "_second_half")


def unit_of(column: str) -> str:
    """Unit of a column; empty where its name says none.

    Examples
    --------
    >>> unit_of("acc_x_m_s2"), unit_of("contact_time_ms_mean"), unit_of("lumbar_index")
    ('m/s2', 'ms', '')
    """
    for figure in _FIGURES:
        column = column.removesuffix(figure)
    return next((unit for ending, unit in _UNITS if column.endswith(ending)), "")
