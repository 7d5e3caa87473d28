"""The steps table: one row a running step, in the order and units every output shares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from imu.samples import Quality

if TYPE_CHECKING:
    import pandas
    import polars

#: Side as stored in a row: letters once the vote has settled, A and B before.
SIDE_CODES: Final = ("A", "B", "L", "R")

#: One finished step as compiled code writes it. NaN means "not measurable".
STEP_ROW: Final = np.dtype(
    [
        ("step", np.int64),
        ("initial_contact_s", np.float64),
        ("toe_off_s", np.float64),
        ("side", np.uint8),
        ("step_time_s", np.float64),
        ("contact_time_ms", np.float64),
        ("flight_time_ms", np.float64),
        ("cadence_spm", np.float64),
        ("peak_force_bw", np.float64),
        ("impact_shock_g", np.float64),
        ("vertical_oscillation_mm", np.float64),
        ("mediolateral_oscillation_mm", np.float64),
        ("braking_m_s", np.float64),
        ("sacral_lean_deg", np.float64),
        ("sacral_roll_deg", np.float64),
        ("pelvic_tilt_range_deg", np.float64),
        ("pelvic_obliquity_range_deg", np.float64),
        ("pelvic_rotation_range_deg", np.float64),
        ("lumbar_index", np.float64),
        ("quality", np.uint16),
        # indicators that the table does not list
        ("peak_10hz_bw", np.float64),
        ("lumbar_compression_bw", np.float64),
        ("shock_power_g2", np.float64),
        ("step_regularity", np.float64),
        ("yaw_rate_deg_s", np.float64),
        # standard deviations of what the step model tells, for a runner it has not seen
        ("initial_contact_sd_ms", np.float64),
        ("toe_off_sd_ms", np.float64),
        ("contact_time_sd_ms", np.float64),
        ("flight_time_sd_ms", np.float64),
        ("peak_force_sd_bw", np.float64),
        ("force_waveform_sd_bw", np.float64),
    ]
)
#: The same as bytes: to copy a row field by field takes four times as long.
ROW_BYTES: Final = np.dtype((np.void, STEP_ROW.itemsize))

#: The columns of the steps table, in order; the row's other fields are library-only.
STEP_COLUMNS: Final[tuple[str, ...]] = tuple(STEP_ROW.names or ())[:20]

#: No pelvis moves so far in a step, mm: 146 in people, whatever the readings say.
MOST_OSCILLATION_MM: Final = 180.0
#: And no runner beats so quickly, steps a minute: sprinters reach 290.
MOST_CADENCE_SPM: Final = 312.0

#: Steps at either end that a notebook shows.
_SHOWN: Final = 5

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Finished running steps; every column is an array of ``len(steps)`` values.

    Parameters
    ----------
    rows : ndarray of :data:`STEP_ROW`, shape (N,)
        The steps in order of initial contact. Not copied; treat as read-only.

    Examples
    --------
    >>> len(NO_STEPS), NO_STEPS.contact_time_ms.shape
    (0, (0,))
    >>> [one.contact_time_ms.item() for one in NO_STEPS], NO_STEPS[-3:]
    ([], <Steps: none>)
    """

    rows: NDArray[np.void]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        """How many, when, how many of them bear no flag, and what they are like in the middle."""
        if not len(self):
            return "<Steps: none>"
        first_s, last_s = self.initial_contact_s[[0, -1]]
        unflagged = np.count_nonzero(self.quality_bits == 0)
        return (
            f"<Steps: {len(self)} from {first_s:.1f} to {last_s:.1f} s, {unflagged} unflagged, "
            f"median cadence {_median(self.cadence_spm):.0f} spm, "
            f"contact {_median(self.contact_time_ms):.0f} ms>"
        )

    def _repr_html_(self) -> str:
        """The first and the last steps as a table, for notebooks."""
        columns = self.columns()
        count = len(self)
        shown = range(count) if count <= 2 * _SHOWN else [*range(_SHOWN), *range(-_SHOWN, 0)]
        rows = [[_cell(values[index]) for values in columns.values()] for index in shown]
        if count > 2 * _SHOWN:
            rows.insert(_SHOWN, ["…"] * len(columns))
        head = "".join(f"<th>{name}</th>" for name in columns)
        body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        caption = repr(self).strip("<>")
        return (
            f"<table><caption>{caption}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

    def __iter__(self) -> Iterator[Steps]:
        """One step after the other."""
        return (self[place] for place in range(len(self)))

    def __getitem__(self, window: slice | SupportsIndex | NDArray[Any]) -> Steps:
        """The steps of a slice or a mask, or the one at a place."""
        return Steps(np.atleast_1d(self.rows[window]))

    @property
    def step(self) -> NDArray[np.int64]:
        """Number of the step, from 1."""
        return self.rows["step"]

    @property
    def initial_contact_s(self) -> Column:
        """Time at which the vertical force rises through 0.1 body weight, s."""
        return self.rows["initial_contact_s"]

    @property
    def toe_off_s(self) -> Column:
        """Time at which the vertical force falls through 0.1 body weight, s."""
        return self.rows["toe_off_s"]

    @property
    def side(self) -> NDArray[np.str_]:
        """``L`` or ``R`` once the vote has settled, ``A`` and ``B`` in turn before."""
        letters: NDArray[np.str_] = np.array(SIDE_CODES)[self.rows["side"]]
        return letters

    @property
    def step_time_s(self) -> Column:
        """Time to the next initial contact, s."""
        return self.rows["step_time_s"]

    @property
    def contact_time_ms(self) -> Column:
        """Initial contact to toe-off, ms."""
        return self.rows["contact_time_ms"]

    @property
    def flight_time_ms(self) -> Column:
        """Toe-off to the next initial contact, ms, never negative."""
        return self.rows["flight_time_ms"]

    @property
    def cadence_spm(self) -> Column:
        """Steps a minute, both feet: 120 over the middle mean of 10 s of stride times."""
        return self.rows["cadence_spm"]

    @property
    def peak_force_bw(self) -> Column:
        """Best estimate of the peak vertical force, body weights."""
        return self.rows["peak_force_bw"]

    @property
    def impact_shock_g(self) -> Column:
        """Largest vertical specific force below 20 Hz within 80 ms of contact, g (1 at rest)."""
        return self.rows["impact_shock_g"]

    @property
    def vertical_oscillation_mm(self) -> Column:
        """Peak-to-peak vertical displacement of the sensor over the step, mm.

        NaN where nothing repeats: where the stride's mean force is not that of the strides before.
        """
        return self.rows["vertical_oscillation_mm"]

    @property
    def mediolateral_oscillation_mm(self) -> Column:
        """Peak-to-peak sideways displacement of the sensor over the stride that ends here, mm."""
        return self.rows["mediolateral_oscillation_mm"]

    @property
    def braking_m_s(self) -> Column:
        """Forward speed lost in the step's deceleration, below 10 Hz, m/s."""
        return self.rows["braking_m_s"]

    @property
    def sacral_lean_deg(self) -> Column:
        """Mean forward lean at the sacrum over the step, degrees, positive forward."""
        return self.rows["sacral_lean_deg"]

    @property
    def sacral_roll_deg(self) -> Column:
        """Mean sideways lean at the sacrum over the step, degrees, positive to the right."""
        return self.rows["sacral_roll_deg"]

    @property
    def pelvic_tilt_range_deg(self) -> Column:
        """Range of forward tilt over the step, degrees."""
        return self.rows["pelvic_tilt_range_deg"]

    @property
    def pelvic_obliquity_range_deg(self) -> Column:
        """Range of sideways tilt over the step, degrees."""
        return self.rows["pelvic_obliquity_range_deg"]

    @property
    def pelvic_rotation_range_deg(self) -> Column:
        """Range of rotation about the vertical over the step, degrees."""
        return self.rows["pelvic_rotation_range_deg"]

    @property
    def lumbar_index(self) -> Column:
        """Lumbar compression as a percentage of the runner's own baseline; NaN before one."""
        return self.rows["lumbar_index"]

    @property
    def quality(self) -> NDArray[np.str_]:
        """Why the step is not fully trusted, tokens joined by ``;``, empty when trusted."""
        bits, places = np.unique(self.quality_bits, return_inverse=True)
        tokens = np.array([Quality(int(each)).tokens for each in bits], dtype=np.str_)
        return tokens[places]

    @property
    def quality_bits(self) -> NDArray[np.uint16]:
        """The same as :class:`~imu.samples.Quality` bits."""
        return self.rows["quality"]

    @property
    def peak_10hz_bw(self) -> Column:
        """Peak of the 10 Hz low-passed vertical specific force, g (an indicator, not a force)."""
        return self.rows["peak_10hz_bw"]

    @property
    def lumbar_compression_bw(self) -> Column:
        """Modelled lumbar compression, body weights; only its ratio to a baseline has meaning."""
        return self.rows["lumbar_compression_bw"]

    @property
    def shock_power_g2(self) -> Column:
        """Mean square of the vertical specific force between 10 and 20 Hz over the step, g²."""
        return self.rows["shock_power_g2"]

    @property
    def step_regularity(self) -> Column:
        """Correlation of the vertical specific force with that one step earlier, −1 to 1."""
        return self.rows["step_regularity"]

    @property
    def yaw_rate_deg_s(self) -> Column:
        """Turn to the left from the step's first sample to its last, degrees a second."""
        return self.rows["yaw_rate_deg_s"]

    @property
    def initial_contact_sd_ms(self) -> Column:
        """Standard deviation of the contact's error for a runner not seen in training, ms."""
        return self.rows["initial_contact_sd_ms"]

    @property
    def toe_off_sd_ms(self) -> Column:
        """The same of toe-off, ms."""
        return self.rows["toe_off_sd_ms"]

    @property
    def contact_time_sd_ms(self) -> Column:
        """The same of the contact time, ms."""
        return self.rows["contact_time_sd_ms"]

    @property
    def flight_time_sd_ms(self) -> Column:
        """The same of the flight time, ms."""
        return self.rows["flight_time_sd_ms"]

    @property
    def peak_force_sd_bw(self) -> Column:
        """The same of the peak force, body weights."""
        return self.rows["peak_force_sd_bw"]

    @property
    def force_waveform_sd_bw(self) -> Column:
        """The same of the force at an instant of the step, body weights."""
        return self.rows["force_waveform_sd_bw"]

    def columns(self) -> dict[str, NDArray[Any]]:
        """The steps table: its columns by name, in order.

        Returns
        -------
        dict of ndarray, shape (N,)
            As the files have them; NaN where nothing could be measured.
        """
        return {name: getattr(self, name) for name in STEP_COLUMNS}

    def to_pandas(self, utc_start_ns: int | None = None) -> pandas.DataFrame:
        """The steps table as a pandas data frame (extra ``lab``).

        Parameters
        ----------
        utc_start_ns : int, optional
            UTC at time 0, ns since 1970, as a recording says it (``SampleTable.utc_start_ns``).

        Returns
        -------
        pandas.DataFrame
            One row a step, the columns of :meth:`columns`; with ``utc_start_ns`` also
            ``initial_contact_utc``, a moment with its time zone.
        """
        import pandas

        frame = pandas.DataFrame(self.columns())
        if utc_start_ns is not None:
            moments = self._initial_contact_ns(utc_start_ns)
            frame["initial_contact_utc"] = pandas.to_datetime(moments, utc=True)
        return frame

    def to_polars(self, utc_start_ns: int | None = None) -> polars.DataFrame:
        """The steps table as a polars data frame (extra ``lab``).

        Parameters
        ----------
        utc_start_ns : int, optional
            As for :meth:`to_pandas`.

        Returns
        -------
        polars.DataFrame
            One row a step, the columns of :meth:`columns`; with ``utc_start_ns`` also
            ``initial_contact_utc``, a moment with its time zone.
        """
        import polars

        frame = polars.DataFrame(self.columns())
        if utc_start_ns is not None:
            moments = polars.Series("initial_contact_utc", self._initial_contact_ns(utc_start_ns))
            frame = frame.with_columns(moments.cast(polars.Datetime("ns", "UTC")))
        return frame

    def _initial_contact_ns(self, utc_start_ns: int) -> NDArray[np.int64]:
        """Moments of initial contact, ns since 1970."""
        return utc_start_ns + np.round(self.initial_contact_s * 1e9).astype(np.int64)


def _median(values: Column) -> float:
    """Of what was measured; NaN where nothing was."""
    measured = values[np.isfinite(values)]
    return float(np.median(measured)) if measured.size else np.nan


def _cell(value: Any) -> str:
    """A value as people read it, empty where nothing was measured."""
    if isinstance(value, np.floating):
        return f"{value:.2f}" if np.isfinite(value) else ""
    return str(value)


#: The one shared result of a push that finishes no step.
NO_STEPS: Final = Steps(np.zeros(0, STEP_ROW))


def concatenate(parts: list[Steps]) -> Steps:
    """Join steps that follow one another.

    Examples
    --------
    >>> len(concatenate([]))
    0
    """
    if not parts:
        return NO_STEPS
    return Steps(np.concatenate([part.rows.view(ROW_BYTES) for part in parts]).view(STEP_ROW))
