"""What desk mode has learned of how quickly its wearer turns, from one day to the next.

One small file in the data folder, replaced as a whole. A file that cannot be read never stops desk
mode: it is kept aside, told in one sentence, and learning begins anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Final

from imu.errors import RecordingError
from imu.ranges import Longest, Within, check_ranges
from pipelines.coaching.training.twisting import TwistingHistory, limit_deg_s
from pipelines.files.stored import Store, Stored

#: Before a personal limit is known: days, and tenths of a second of turning, about 17 minutes.
_LEAST_DAYS: Final = 3
_LEAST_TURNING: Final = 10_000


@dataclass(frozen=True, slots=True)
class KnownTwisting:
    """What is known of one wearer.

    Attributes
    ----------
    counts : tuple of int
        Of turning rates, one a tenth of a second of turning, as in :class:`TwistingHistory`.
    days : int
        Days on which some were counted.
    last_day : str
        The latest of them, such as "2026-11-22"; empty before the first.
    """

    counts: tuple[int, ...] = TwistingHistory().counts
    days: Annotated[int, Within(0, 100_000)] = 0
    last_day: Annotated[str, Longest(10)] = ""

    def __post_init__(self) -> None:
        check_ranges(self)
        TwistingHistory(self.counts)

    @property
    def history(self) -> TwistingHistory:
        """Turning rates, one count a tenth of a second of turning."""
        return TwistingHistory(self.counts)

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
        pairs = zip(self.counts, history.counts, strict=True)
        day = today.isoformat()
        return KnownTwisting(
            tuple(old + new for old, new in pairs), self.days + (day != self.last_day), day
        )


def known_twisting_store(folder: Path) -> Store[KnownTwisting]:
    """Where it is kept: a small file of the data folder."""
    return Store(
        folder / "twisting.json",
        KnownTwisting,
        version=1,
        what="what is known of your turning",
        then="it is learned anew",
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
        self._store: Store[KnownTwisting] | None = None
        if folder is not None:
            self._store = known_twisting_store(folder)
        self._note, self._today = note, today
        self._told: set[str] = set()

    def load(self) -> KnownTwisting:
        """What is known by now; nothing where there is no usable file."""
        return self._load().value or KnownTwisting()

    def add(self, history: TwistingHistory) -> bool:
        """Add counts to the file, beside what another desk mode may have written meanwhile.

        Returns
        -------
        bool
            False when they are not on the disk, so that they can be added later.
        """
        if self._store is None or not history.samples:
            return True
        found = self._load()
        if not found.replaceable:
            return False
        known = (found.value or KnownTwisting()).and_also(history, self._today())
        try:
            self._store.save(known)
        except RecordingError as error:
            self._tell(f"what is learned of your turning is not kept: {error}")
            return False
        return True

    def _load(self) -> Stored[KnownTwisting]:
        found: Stored[KnownTwisting] = Stored() if self._store is None else self._store.load()
        if found.note:
            self._tell(found.note)
        return found

    def _tell(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self._note(sentence)
