"""What desk mode has learned of how quickly its wearer turns, from one day to the next.

One small file in the data folder, replaced as a whole. A file that cannot be read never stops desk
mode: it is kept aside, told in one sentence, and learning begins anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from imu.errors import ParameterError, RecordingError
from pipelines.coaching.training.twisting import TwistingHistory, limit_deg_s
from pipelines.files.replacing import replacing
from pipelines.files.system_error import explain

__all__ = ["FILE_NAME", "KnownTwisting", "TwistingStore"]

FILE_NAME: Final = "twisting.json"

_FORMAT: Final = 1
#: Before a personal limit is known: days, and tenths of a second of turning, about 17 minutes.
_LEAST_DAYS: Final = 3
_LEAST_TURNING: Final = 10_000


@dataclass(frozen=True, slots=True)
class KnownTwisting:
    """What is known of one wearer.

    Attributes
    ----------
    history : TwistingHistory
        Turning rates, one count a tenth of a second of turning.
    days : int
        Days on which some were counted.
    last_day : str
        The latest of them, such as "2026-11-22"; empty before the first.
    """

    history: TwistingHistory = field(default_factory=TwistingHistory)
    days: int = 0
    last_day: str = ""

    @property
    def limit_deg_s(self) -> float | None:
        """The personal 99.9th percentile of turning, °/s; None before the third day."""
        if self.days < _LEAST_DAYS:
            return None
        return limit_deg_s(self.history, _LEAST_TURNING)

    def and_also(self, history: TwistingHistory, today: date) -> KnownTwisting:
        """What is known with the counts of some more time.

        Examples
        --------
        >>> from pipelines.coaching.training.twisting import add_rates
        >>> more = add_rates(TwistingHistory(), [10.0, 200.0])
        >>> known = KnownTwisting().and_also(more, date(2026, 3, 2))
        >>> known.and_also(more, date(2026, 3, 2)).days, known.and_also(more, date(2026, 3, 3)).days
        (1, 2)
        """
        if not history.samples:
            return self
        pairs = zip(self.history.counts, history.counts, strict=True)
        day = today.isoformat()
        return KnownTwisting(
            TwistingHistory(tuple(old + new for old, new in pairs)),
            self.days + (day != self.last_day),
            day,
        )


class TwistingStore:
    """Keeps what is known in a folder; what goes wrong is told once and harms nothing else.

    Parameters
    ----------
    folder : Path, optional
        The data folder; it may not exist yet. None keeps nothing.
    note : callable
        Takes a sentence for the user.
    today : callable
        The day on the user's clock.
    """

    def __init__(
        self,
        folder: Path | None,
        note: Callable[[str], None],
        today: Callable[[], date] = date.today,
    ) -> None:
        self._path = None if folder is None else folder / FILE_NAME
        self._note, self._today = note, today
        self._told: set[str] = set()

    def load(self) -> KnownTwisting:
        """What is known by now; nothing where there is no usable file."""
        return self._load() or KnownTwisting()

    def add(self, history: TwistingHistory) -> bool:
        """Add counts to the file, beside what another desk mode may have written meanwhile.

        Returns
        -------
        bool
            False when they are not on the disk, so that they can be added later.
        """
        if self._path is None or not history.samples:
            return True
        known = self._load()
        if known is None:
            return False
        known = known.and_also(history, self._today())
        try:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise RecordingError(f"{explain(error)}.", path=str(self._path)) from None
            with replacing(self._path) as out:
                out.write(_encoded(known))
        except RecordingError as error:
            self._tell(f"what is learned of your turning is not kept: {error}")
            return False
        return True

    def _load(self) -> KnownTwisting | None:
        """None where there is a file that must not be replaced."""
        path = self._path
        if path is None:
            return KnownTwisting()
        try:
            content = json.loads(path.read_bytes())
            if int(content["format"]) > _FORMAT:
                self._tell(
                    f"{path}: a newer version wrote what is known of your turning, which is not "
                    "used: update backstride."
                )
                return None
            return KnownTwisting(
                TwistingHistory(tuple(map(int, content["counts"]))),
                max(int(content["days"]), 0),
                str(content["last_day"]),
            )
        except FileNotFoundError:
            return KnownTwisting()
        except OSError as error:
            self._tell(f"{path}: what is known of your turning cannot be read: {explain(error)}.")
            return None
        except (ValueError, KeyError, TypeError, ArithmeticError, ParameterError, RecursionError):
            return self._put_aside(path)

    def _put_aside(self, path: Path) -> KnownTwisting | None:
        number, aside = 1, path.with_name(f"{path.name}.damaged")
        while aside.exists():
            number += 1
            aside = path.with_name(f"{path.name}.damaged-{number}")
        what = f"{path}: what was known of your turning is damaged"
        try:
            path.rename(aside)
        except OSError as error:
            self._tell(f"{what} and cannot be moved away: {explain(error)}.")
            return None
        self._tell(f"{what}; it was kept as {aside.name}, and is learned anew.")
        return KnownTwisting()

    def _tell(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self._note(sentence)


def _encoded(known: KnownTwisting) -> bytes:
    content = {
        "format": _FORMAT,
        "days": known.days,
        "last_day": known.last_day,
        "counts": known.history.counts,
    }
    return json.dumps(content).encode()
