"""Samples as a dataset of the Brain Imaging Data Structure's extension for motion (Motion-BIDS).

Jeung et al. 2024, doi:10.1038/s41597-024-03559-8. Samples lie in a table without a header; what the
columns are, the rate, and when it was, in files beside it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from imu.errors import ParameterError, RecordingError
from imu.samples import Samples
from pipelines.files.provenance import Provenance
from pipelines.files.sample_table import sample_columns
from pipelines.files.stored import private_folder
from pipelines.files.table_output import write_text

_VERSION: Final = "1.10.0"
_SYSTEM: Final = "imu"
_ROWS_A_PIECE: Final = 8192
_README: Final = (
    "Motion of one inertial sensor on the back of a waistband, above the sacrum.\n\n"
    "Columns are told in the _channels.tsv beside each recording.\n"
)


@dataclass(frozen=True, slots=True)
class MotionNames:
    """What a recording is called in a dataset.

    Parameters
    ----------
    subject, task : str
        Letters and digits.

    Raises
    ------
    ParameterError
        When one has others.
    """

    subject: str
    task: str = "running"

    def __post_init__(self) -> None:
        for option, label in (("--subject", self.subject), ("--task", self.task)):
            if not re.fullmatch(r"[A-Za-z0-9]+", label):
                raise ParameterError(option, label, "letters and digits alone")

    @property
    def stem(self) -> str:
        """How the names of its files begin."""
        return f"sub-{self.subject}_task-{self.task}_tracksys-{_SYSTEM}"


def write_motion_bids(
    folder: Path, names: MotionNames, samples: Samples, rate_hz: float, made: Provenance
) -> Path:
    """Write samples into a dataset, which is made where there is none.

    Parameters
    ----------
    folder : Path
        Of the dataset; others of its recordings stay as they are.
    names : MotionNames
        Whose it is and what it shows; the same recording is written anew.
    samples : Samples
        SI, sensor frame.
    rate_hz : float
        Nominal rate.
    made : Provenance
        Where they come from.

    Returns
    -------
    Path
        The table of samples.

    Raises
    ------
    RecordingError
        When something cannot be written, or another recording has these names.
    """
    place = folder / f"sub-{names.subject}" / "motion"
    private_folder(place, "the dataset")
    _refuse_another(place / f"{names.stem}_motion.json", made)
    channels = _channels(samples)
    table = place / f"{names.stem}_motion.tsv"
    write_text(table, _rows(samples))
    _write_json(place / f"{names.stem}_motion.json", _sidecar(names, samples, rate_hz, made))
    _write_tsv(place / f"{names.stem}_channels.tsv", [_CHANNEL_COLUMNS, *channels])
    _write_json(place / f"{names.stem}_channels.json", _FRAMES)
    if not (folder / "dataset_description.json").exists():
        _write_json(folder / "dataset_description.json", _description(made))
    if not any(folder.glob("README*")):
        write_text(folder / "README", [_README])
    _with_row(folder / "participants.tsv", ("participant_id",), (f"sub-{names.subject}",))
    _with_row(
        folder / f"sub-{names.subject}" / f"sub-{names.subject}_scans.tsv",
        ("filename", "acq_time"),
        (
            f"motion/{table.name}",
            made.utc_start.partition("+")[0] + "Z" if made.utc_start else "n/a",
        ),
    )
    return table


def _refuse_another(sidecar: Path, made: Provenance) -> None:
    """A study keeps what is in it: only the same recording is written again."""
    try:
        known = json.loads(sidecar.read_text("utf-8"))["BackstrideProvenance"]["input_sha256"]
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError):
        known = ""  # written by somebody else
    if known != made.input_sha256:
        raise RecordingError(
            "another recording has these names: give another --subject or --task.",
            path=str(sidecar),
        )


_CHANNEL_COLUMNS: Final = (
    "name",
    "component",
    "type",
    "tracked_point",
    "units",
    "placement",
    "reference_frame",
)
_FRAMES: Final = {
    "reference_frame": {
        "Description": "Frame in which the channel is expressed.",
        "Levels": {
            "sensor": "The sensor's own axes, right-handed; acceleration is the specific force, "
            "which points up at rest."
        },
    }
}


def _channels(samples: Samples) -> list[tuple[str, ...]]:
    where = ("sacrum", "back of the waistband", "sensor")
    rows: list[tuple[str, ...]] = [("time", "n/a", "LATENCY", where[0], "s", where[1], "n/a")]
    kinds = [("acc", "ACCEL", "m/s^2")]
    if samples.angular_velocity_rad_s is not None:
        kinds.append(("gyr", "GYRO", "rad/s"))
    rows += [
        (f"{name}_{axis}", axis, kind, where[0], unit, where[1], where[2])
        for name, kind, unit in kinds
        for axis in "xyz"
    ]
    return rows


def _rows(samples: Samples) -> Iterable[str]:
    values = np.column_stack(list(sample_columns(samples).values()))
    values[:, 0] -= values[0, 0]
    for start in range(0, len(values), _ROWS_A_PIECE):
        piece = values[start : start + _ROWS_A_PIECE].tolist()
        text = "".join("\t".join(map(repr, row)) + "\n" for row in piece)
        yield text.replace("nan", "n/a")


def _sidecar(
    names: MotionNames, samples: Samples, rate_hz: float, made: Provenance
) -> dict[str, Any]:
    duration_s = float(samples.time_s[-1] - samples.time_s[0]) + 1.0 / rate_hz
    has_gyro = samples.angular_velocity_rad_s is not None
    return {
        "TaskName": names.task,
        "TaskDescription": "Running or walking with a sensor on the back of the waistband.",
        "SamplingFrequency": rate_hz,
        "SamplingFrequencyEffective": len(samples) / duration_s,
        "RecordingDuration": duration_s,
        "RecordingType": "continuous",
        "TrackingSystemName": _SYSTEM,
        "TrackedPointsCount": 1,
        "MotionChannelCount": 7 if has_gyro else 4,
        "ACCELChannelCount": 3,
        "GYROChannelCount": 3 if has_gyro else 0,
        "LATENCYChannelCount": 1,
        "MissingValues": "n/a",
        "SoftwareVersions": made.software,
        "BackstrideProvenance": made.entries(),
    }


def _description(made: Provenance) -> dict[str, Any]:
    name, _, version = made.software.partition(" ")
    return {
        "Name": "Motion of the sacrum in running",
        "BIDSVersion": _VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": name, "Version": version or "unknown"}],
    }


def _with_row(path: Path, columns: tuple[str, ...], row: tuple[str, ...]) -> None:
    """A table that others may write in, too: only the row of this name is put in its place."""
    rows: list[tuple[str, ...]] = []
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            rows = [tuple(one) for one in csv.reader(file, delimiter="\t")]
    header = rows[0] if rows else columns
    if header[: len(columns)] != columns:
        raise RecordingError(f"begins with other columns than {columns}.", path=str(path))
    padded = row + ("n/a",) * (len(header) - len(row))
    kept = [one for one in rows[1:] if one and one[0] != row[0]]
    found = next((one for one in rows[1:] if one and one[0] == row[0]), padded)
    mine = row + found[len(row) :]
    _write_tsv(path, [header, *sorted([*kept, mine])])


def _write_tsv(path: Path, rows: Iterable[tuple[str, ...]]) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(rows)
    write_text(path, [text.getvalue()])


def _write_json(path: Path, content: dict[str, Any]) -> None:
    write_text(path, [json.dumps(content, indent=2), "\n"])
