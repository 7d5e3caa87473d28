"""What made a table: program, commit, its very code, parameters, and the content of the input."""

from __future__ import annotations

import functools
import hashlib
import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from imu.errors import RecordingError
from pipelines.files.table_output import RESULT
from pipelines.session.header import SessionHeader, software
from pipelines.session.json_form import to_plain
from pipelines.system_error import explain

_ROOT: Final = Path(__file__).parents[2]
_PACKAGES: Final = ("imu", "devices", "pipelines")
#: Code, the weights of the step model, and the texts of the training rules.
_SOURCES: Final = ("*.py", "*.npz", "*.txt")
_LONGEST_S: Final = 10.0
#: Where angles and forces are told, and where the sensor is.
_FRAME: Final = "body: x forward, y left, z up"
_SITE: Final = "sacrum (back of the waistband)"
#: What of a session's header is no parameter: where it lay, when it was, and who wrote it.
_NO_PARAMETERS: Final = ("source", "utc_start_ns", "utc_offset_minutes", "software", "plan")


@functools.cache
def commit() -> str:
    """The commit that this program is of, with ``-dirty`` where files differ; empty if unknown."""
    if (_ROOT / ".git").exists():
        words = ["git", "-C", str(_ROOT), "describe", "--always", "--abbrev=40", "--dirty"]
        try:
            told = subprocess.run(
                [*words, "--exclude=*"],
                capture_output=True,
                encoding="utf-8",
                timeout=_LONGEST_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        return told.stdout.strip()
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        origin = json.loads(distribution("backstride").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return ""
    return str(origin.get("vcs_info", {}).get("commit_id", ""))


@functools.cache
def code_digest() -> str:
    """SHA-256 of the program's sources: equal where the same results are to be expected."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        files = [one for kind in _SOURCES for one in (_ROOT / package).rglob(kind)]
        for source in sorted(files, key=lambda file: file.relative_to(_ROOT).as_posix()):
            digest.update(source.relative_to(_ROOT).as_posix().encode() + b"\0")
            digest.update(source.read_bytes())
    return digest.hexdigest()


def content_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, or of the names and bytes of a folder's files.

    Raises
    ------
    RecordingError
        When it cannot be read.
    """
    try:
        if path.is_dir():
            whole = hashlib.sha256()
            for file in sorted(path.rglob("*")):
                if file.is_file():
                    name = file.relative_to(path).as_posix().encode(errors="surrogateescape")
                    whole.update(name + b"\0" + content_digest(file).encode())
            return whole.hexdigest()
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except FileNotFoundError:
        raise RecordingError("there is no such file: check the path.", path=str(path)) from None
    except OSError as error:
        raise RecordingError(f"cannot be read: {explain(error)}.", path=str(path)) from None


def utc_text(start_ns: int, time_s: float = 0.0) -> str:
    """A moment in UTC, ISO 8601 to the millisecond; empty where the clock was never set.

    Examples
    --------
    >>> utc_text(1_770_000_000_000_000_000, 0.5), utc_text(0)
    ('2026-02-02T02:40:00.500+00:00', '')
    """
    if start_ns <= 0:
        return ""
    try:
        start = datetime.fromtimestamp(start_ns / 1e9, tz=UTC)
        return (start + timedelta(seconds=time_s)).isoformat(timespec="milliseconds")
    except (OverflowError, ValueError, OSError):
        return ""


class Provenance(msgspec.Struct, frozen=True):
    """What made a table.

    Attributes
    ----------
    parameters : dict
        What was stated, as JSON has it.
    input_sha256 : str
        Digest of the input, empty where there are many, each with its own in its row.
    utc_start : str
        UTC at time 0 of the table, ISO 8601; empty where it is not known.
    software, commit, code_sha256 : str
        Program and version, its commit where that is known, and the digest of its sources.

    Examples
    --------
    >>> Provenance({"axes": "+x+y+z"}).entries()["parameters"]
    '{"axes":"+x+y+z"}'
    """

    parameters: dict[str, Any] = {}
    input_sha256: str = ""
    utc_start: str = ""
    software: str = msgspec.field(default_factory=software)
    commit: str = msgspec.field(default_factory=commit)
    code_sha256: str = msgspec.field(default_factory=code_digest)

    def entries(self) -> dict[str, str]:
        """The same as texts by name; what is not known is left out."""
        names = ("software", "commit", "code_sha256", "input_sha256", "utc_start")
        texts = {name: text for name in names if (text := getattr(self, name))}
        parameters = to_plain(self.parameters)
        return texts | {"parameters": json.dumps(parameters, sort_keys=True, separators=(",", ":"))}


def provenance_of(
    path: Path, header: SessionHeader, stated: Mapping[str, Any] | None = None
) -> Provenance:
    """What made the results of a recording.

    Parameters
    ----------
    path : Path
        The recording.
    header : SessionHeader
        That it was folded with.
    stated : mapping, optional
        What else was stated about the file, such as its columns.
    """
    parameters = to_plain(header)
    for name in _NO_PARAMETERS:
        parameters.pop(name, None)
    known = {name: value for name, value in (parameters | dict(stated or {})).items() if value}
    return Provenance(known, content_digest(path), utc_text(header.utc_start_ns))


def result_entries(kind: str, made: Provenance) -> dict[str, str]:
    """Metadata of a table that was computed."""
    return {RESULT: kind, "frame": _FRAME, "site": _SITE, **made.entries()}
