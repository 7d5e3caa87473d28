"""What one session comes to: a row of the cohort's table, or why there is none."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from imu.errors import BackstrideError, InputError
from imu.samples import Quality
from imu.step.trusted_steps import trusted_steps
from imu.steps import Steps
from pipelines.bench.cohort.sessions import CohortSession
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.files.provenance import code_digest, content_digest, utc_text
from pipelines.quantities import MEANS
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from pipelines.session.json_form import to_plain

#: What is told of each metric over the trusted steps: its column's ending.
FIGURES: Final = ("mean", "sd", "first_half", "second_half")
_LONGEST_REASON: Final = 500


class Task(msgspec.Struct, frozen=True):
    """A session to look at.

    Attributes
    ----------
    session : CohortSession
        Which.
    settings : AlertSettings
        How changes are found.
    known_key : str
        Of what is already known of it; empty for nothing.
    """

    session: CohortSession
    settings: AlertSettings
    known_key: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What came of a session.

    Attributes
    ----------
    name : str
        Its own.
    key : str
        Digest of content, parameters and code; empty for what another try may give otherwise.
    code : str
        Digest of the code that made it.
    row : dict or None
        By column; None where what is known still holds.
    """

    name: str
    key: str
    code: str
    row: dict[str, Any] | None


def outcomes_of(tasks: list[Task]) -> list[Outcome]:
    """What comes of several sessions, one after the other."""
    return [outcome_of(task) for task in tasks]


def outcome_of(task: Task) -> Outcome:
    """Look at one session; whatever it holds, this gives an outcome."""
    session = task.session
    row: dict[str, Any] = {"session": session.name, "subject": session.subject, **session.kept_row}
    key = ""
    try:
        row["input_sha256"] = _digest(session.path)
        key = _key(task, row["input_sha256"])
        if key == task.known_key:
            return Outcome(session.name, key, code_digest(), None)
        row |= _figures_of(task)
    except BackstrideError as error:
        row |= _failure(str(error), session)
    except Exception as error:  # one file must not stop the others, whatever is wrong with it
        key = ""
        row |= _failure(f"unexpected, please report it: {type(error).__name__}: {error}", session)
    return Outcome(session.name, key, code_digest(), row)


def died(task: Task) -> Outcome:
    """What is said of a session that ends the process that looks at it."""
    session = task.session
    row = {"session": session.name, "subject": session.subject, **session.kept_row}
    why = "the process that looked at it was ended by the system, as for want of memory."
    return Outcome(session.name, "", code_digest(), row | _failure(why, session))


def _digest(path: str) -> str:
    """Of what a manifest names, which may come from anyone: a device would never end."""
    place = Path(path)
    if place.exists() and not (place.is_file() or place.is_dir()):
        raise InputError("this is no file: name a recording.", place=path)
    return content_digest(place)


def _key(task: Task, input_sha256: str) -> str:
    """Digest of all that the row follows from."""
    session = task.session
    beside = _digest(session.stated.beside) if session.stated.beside else ""
    said = msgspec.to_builtins(session)
    del said["path"]  # where it lies today is not what it holds
    del said["stated"]["with"]
    plain = [code_digest(), input_sha256, beside, said, to_plain(task.settings)]
    return hashlib.sha256(msgspec.json.encode(plain)).hexdigest()


def _failure(reason: str, session: CohortSession) -> dict[str, Any]:
    """Without the place of the file, which differs from machine to machine."""
    told = reason.replace(session.path, session.name).removeprefix(f"{session.name}: ")
    printable = "".join(one if one.isprintable() else " " for one in told)
    return {"status": "failed", "reason": printable[:_LONGEST_REASON]}


def _figures_of(task: Task) -> dict[str, Any]:
    stated = task.session.stated
    options = ReplayOptions(
        axes=stated.axes,
        mass_kg=stated.mass_kg,
        height_m=stated.height_m,
        rate_hz=stated.rate_hz,
        columns=stated.columns,
        units=stated.units,
        stream=stated.stream,
        beside=Path(stated.beside) if stated.beside else None,
        settings=task.settings,
    )
    done = replay(Path(task.session.path), options, lambda _done, _total: None)
    result, trusted = done.result, trusted_steps(done.steps)
    return {
        "status": "ok" if len(done.steps) else "no running",
        "reason": " ".join(done.summary.notes).replace(task.session.path, task.session.name),
        "utc_start": utc_text(result.header.utc_start_ns),
        "rate_hz": done.summary.rate_hz,
        "duration_s": result.duration_s,
        "running_s": result.running_s,
        "steps": len(done.steps),
        "trusted_steps": len(trusted),
        "alerts": len(result.alerts),
        "flags": _flags(done.steps),
        **_figures(trusted),
    }


def _flags(steps: Steps) -> str:
    """Each flag that a step has, with how many have it."""
    counts = {
        Quality(1 << bit).tokens: int(np.count_nonzero(steps.quality_bits & (1 << bit)))
        for bit in range(16)
        if np.any(steps.quality_bits & (1 << bit))
    }
    return " ".join(f"{name}={count}" for name, count in counts.items())


def _figures(steps: Steps) -> dict[str, float | None]:
    """Of each metric mean, spread, and the means of the first and the second half of the steps."""
    figures: dict[str, float | None] = {}
    for column in MEANS:
        values = steps.rows[column]
        half = len(values) // 2
        first, second = (part[np.isfinite(part)] for part in (values[:half], values[half:]))
        whole = values[np.isfinite(values)]
        figures |= {
            f"{column}_mean": float(whole.mean()) if whole.size else None,
            f"{column}_sd": float(whole.std(ddof=1)) if whole.size > 1 else None,
            f"{column}_first_half": float(first.mean()) if first.size else None,
            f"{column}_second_half": float(second.mean()) if second.size else None,
        }
    return figures
