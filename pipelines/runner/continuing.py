"""Going on from a session that stopped in mid-run: which one, whether it fits, and what it taught.

The earlier log is run once more, and what it taught goes into the header of the new session. The
two remain two sessions, here and in the journal: each has its own steps, time and distance, and is
filed as any other, so that together they make the run; one that was killed is filed as the second
begins. Warm-up, the run/walk plan and pain count on, and the distance does as that of the day. What
was usual is counted over the whole run and filed with the second part, which alone counts then.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from devices.records import DeviceInfo
from imu.errors import ParameterError, RecordingError
from pipelines.clock_words import clock_words
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.runner.journal.entries import ONE_RUN_S
from pipelines.session.comparable import sensor_kind
from pipelines.session.header import SessionHeader

if TYPE_CHECKING:
    from pipelines.files.session_reader import Session
    from pipelines.folding import Progress
    from pipelines.session.carried import Carried

#: Word for the newest session in the data folder.
LAST: Final = "last"
#: A session that was cut short so recently is worth a word, s.
_RECENTLY_S: Final = 1800.0
_END_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class EarlierSession:
    """A session that another one goes on from.

    Attributes
    ----------
    path : Path
        Its file.
    header : SessionHeader
        Its own.
    info : DeviceInfo
        Its sensor.
    carried : Carried
        What it taught, on its own clock.
    ended_s : float
        Its end on that clock, s.
    surface, shoe : str
        Marked last; empty where none was.
    """

    path: Path
    header: SessionHeader
    info: DeviceInfo
    carried: Carried
    ended_s: float
    surface: str = ""
    shoe: str = ""

    def gap_s(self, utc_ns: int) -> float:
        """Time from its end until then, s; 0 for a clock that was set back in between."""
        return max((utc_ns - self.header.utc_start_ns) / 1e9 - self.ended_s, 0.0)

    def followed_by(self, header: SessionHeader, info: DeviceInfo) -> SessionHeader:
        """The header of the session that goes on with this sensor.

        All that was stated or stored for the earlier one goes on with it.

        Raises
        ------
        RecordingError
            When it was measured with another sensor, or by the simulated runner alone.
        """
        earlier, path = self.header, str(self.path)
        kinds = sensor_kind(self.info), sensor_kind(info)
        if kinds[0] != kinds[1]:
            raise RecordingError(
                f"this session was measured with another kind of sensor ({kinds[0]}, now "
                f"{kinds[1]}): leave --continue out.",
                path=path,
            )
        serials = {self.info.serial, info.serial} - {""}
        if len(serials) > 1 or earlier.simulated != header.simulated:
            raise RecordingError(
                "this session was measured with another sensor: leave --continue out.", path=path
            )
        return replace(
            header,
            axes=earlier.axes,
            mass_kg=earlier.mass_kg,
            height_m=earlier.height_m,
            baseline=earlier.baseline,
            baseline_origin=earlier.baseline_origin,
            calibration=earlier.calibration,
            neutral_up=earlier.neutral_up,
            neutral_is_old=earlier.neutral_is_old,
            carried=self._seen_from(header.utc_start_ns),
        )

    def words(self, utc_ns: int) -> str:
        """What the runner is told of it."""
        ago = clock_words(self.gap_s(utc_ns))
        return f"going on from {self.path.name}, which ended {ago} ago, with the baseline it had."

    def check(
        self,
        *,
        axes: str = "",
        mass_kg: float | None = None,
        height_m: float | None = None,
        calibrated: bool = True,
        settings: AlertSettings | None = None,
    ) -> AlertSettings:
        """Refuse what is stated otherwise than for this session; returns the settings to use.

        Raises
        ------
        ParameterError
            When something is.
        """
        known = self.header
        pairs = {
            "--axes": (axes or known.axes, known.axes),
            "--mass": (known.mass_kg if mass_kg is None else mass_kg, known.mass_kg),
            "--height": (known.height_m if height_m is None else height_m, known.height_m),
        }
        for name, (stated, was) in pairs.items():
            if stated != was:
                like = f"{was} as in that session, or " if was else ""
                raise ParameterError(name, stated, f"{like}either it or --continue")
        if not calibrated and known.calibration is not None:
            raise ParameterError(
                "--continue", str(self.path), "either --continue or --no-calibration"
            )
        if settings is None:
            return known.settings
        if settings.drift != known.settings.drift:
            raise ParameterError(
                "--continue", str(self.path), "either --continue or other --settings"
            )
        return settings

    def _seen_from(self, utc_ns: int) -> Carried:
        gap_s = self.gap_s(utc_ns)
        return self.carried.seen_from(self.ended_s + gap_s, gap_s)


def newest_session(folder: Path | None = None) -> Path | None:
    """The session written last in a folder, the user's own by default; None without any."""
    return next(iter(written_sessions(folder)), None)


def written_sessions(folder: Path | None = None) -> list[Path]:
    """The sessions of a folder, the user's own by default, the one written last first."""
    from pipelines.runner.user_directory import sessions_directory

    place = sessions_directory() if folder is None else folder
    try:
        written = [(path.stat().st_mtime, path) for path in place.glob("[!.]*.mcap")]
    except OSError:
        return []
    return [path for _, path in sorted(written, reverse=True)]


def continued_path(given: str) -> Path:
    """The file that ``--continue`` names.

    Raises
    ------
    RecordingError
        When the newest one is meant and there is none.
    """
    if given != LAST:
        return Path(given)
    from pipelines.runner.user_directory import sessions_directory

    newest = newest_session()
    if newest is None:
        raise RecordingError(
            "there is no session to go on from: leave --continue out.",
            path=str(sessions_directory()),
        )
    return newest


def earlier_session(path: Path, utc_ns: int, report: Progress) -> EarlierSession:
    """Read a session and run it once more.

    Parameters
    ----------
    path : Path
        Its file, whole or cut short.
    utc_ns : int
        Now, ns since 1970.
    report : callable
        Told the progress.

    Raises
    ------
    RecordingError
        When it cannot be read, ended too long ago, or holds no step.
    """
    from pipelines.files.session_reader import read_session
    from pipelines.folding import fold_session

    session = read_session(path)
    arrived_s = _arrived_s(session)
    # what lies hours back is refused before it is run
    gap_s = (utc_ns - session.header.utc_start_ns) / 1e9 - arrived_s
    if gap_s > ONE_RUN_S:
        raise RecordingError(
            f"this session ended {clock_words(gap_s)} ago, so this is another run: leave "
            "--continue out.",
            path=str(path),
        )
    ran = fold_session(session, session.header, report)
    result = ran.result
    if not len(result.steps):
        raise RecordingError(
            "this session gives no steps to go on from: leave --continue out.", path=str(path)
        )
    last = result.steps.rows[-1]
    return EarlierSession(
        path,
        session.header,
        result.sensor or ran.info,  # as it was at the end
        ran.fold.carried,
        max(arrived_s, float(last["initial_contact_s"] + last["step_time_s"])),
        result.surface,
        result.shoe,
    )


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A session that was cut short: what to say of it, and its file."""

    words: str
    path: Path


def interrupted_note(source: str, utc_ns: int) -> Interrupted | None:
    """The newest session, where it was cut short lately; None where not.

    Only the two ends of that file are looked at.

    Parameters
    ----------
    source : str
        URL of the run that begins.
    utc_ns : int
        Now, ns since 1970.
    """
    from pipelines.files.kept_file import is_being_written
    from pipelines.files.session_reader import read_header

    newest = newest_session()
    if newest is None:
        return None
    try:
        ago_s = utc_ns / 1e9 - newest.stat().st_mtime
        if ago_s > _RECENTLY_S or is_whole(newest) or is_being_written(newest):
            return None
        if read_header(newest).source != source:
            return None
    except (OSError, RecordingError):
        return None
    return Interrupted(
        f"your last session was cut short {clock_words(max(ago_s, 0.0))} ago, and this one does "
        "not go on from it.",
        newest,
    )


def is_whole(path: Path) -> bool:
    """Whether an MCAP file has its end."""
    from mcap.writer import MCAP0_MAGIC

    with path.open("rb") as file:
        file.seek(-min(_END_BYTES, path.stat().st_size), os.SEEK_END)
        return file.read() == MCAP0_MAGIC


def _arrived_s(session: Session) -> float:
    """When the last record came, on the session's clock, s."""
    arrivals = [item.arrival_ns for item in session.records if not isinstance(item, DeviceInfo)]
    return (arrivals[-1] - arrivals[0]) / 1e9 if arrivals else 0.0
