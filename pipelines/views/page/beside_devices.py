"""Treadmill, foot pod and heart rate strap on the first screen: where each is to be sought."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from devices.sources import open_source
from imu.errors import BackstrideError, InputError, RecordingError
from pipelines.files.loading import decoded
from pipelines.files.stored import Store
from pipelines.runner.last_answers import BesideAddresses, LastAnswers
from pipelines.views.terminal.cells import printable

#: By the name of their stream, what they are called.
_NAMES: Final = {"treadmill": "Treadmill", "foot_pod": "Foot pod", "heart_rate": "Heart rate strap"}
#: Any motion sensor: only what is beside it is looked at.
_A_SENSOR: Final = "ble:?name=sensor"
_LONGEST: Final = 200


class BesideDevices:
    """Their addresses, as the page shows and changes them; kept for the next run.

    Parameters
    ----------
    stated : mapping of str to str
        By stream, as stated for this run, which goes before what was kept.
    store : Store, optional
        Where they are kept; forgotten without one.

    Examples
    --------
    >>> beside = BesideDevices({"treadmill": "ble:?name=Belt"})
    >>> beside.save('{"treadmill": "ble:", "foot_pod": "", "heart_rate": "my strap"}')
    >>> beside.known("ble:AA:BB:CC:DD:EE:FF"), beside.known("sim:?seed=1"), beside.refused
    ({'treadmill': 'ble:'}, {}, True)
    """

    def __init__(
        self, stated: Mapping[str, str] | None = None, store: Store[LastAnswers] | None = None
    ) -> None:
        self._store = store
        #: Called when :meth:`pieces` would give something else.
        self.changed: Callable[[], None] = lambda: None
        stored = None if store is None else store.load()
        self._answers = LastAnswers()
        if stored is not None and stored.value is not None:
            self._answers = stored.value
        self._keeps = stored is not None and stored.replaceable
        self._addresses = self._answers.beside.known() | dict(stated or {})
        self._typed = dict(self._addresses)
        self._troubles: dict[str, str] = {}
        self._saved = 0

    @property
    def refused(self) -> bool:
        """Whether one of the addresses is none that can be used."""
        return any(self._troubles.values())

    def known(self, source: str) -> dict[str, str]:
        """By stream, what is to be sought beside a source; a simulated one brings its own."""
        real = source.partition(":")[0].strip().lower() in {"ble", "serial"}
        return dict(self._addresses) if real else {}

    def pieces(self) -> dict[str, Any]:
        """What the page shows: ``devices``, each with name, address and trouble, and ``saved``."""
        return {
            "devices": [
                {
                    "stream": stream,
                    "name": name,
                    "address": self._typed.get(stream, ""),
                    "trouble": self._troubles.get(stream, ""),
                }
                for stream, name in _NAMES.items()
            ],
            "any": bool(self._addresses),
            "saved": self._saved,
        }

    def save(self, answers: str) -> None:
        """Take the form's answers, as JSON; an address that cannot be read is told and not used."""
        try:
            given = decoded(answers, dict[str, Any])
        except InputError:
            return
        self._troubles = {}
        for stream in _NAMES:
            typed = printable(str(given.get(stream, ""))).strip()[:_LONGEST]
            self._typed[stream] = typed
            if trouble := _trouble(stream, typed):
                self._troubles[stream] = trouble
            elif typed:
                self._addresses[stream] = typed
            else:
                self._addresses.pop(stream, None)
        self._saved += 1
        self._keep()
        self.changed()

    def _keep(self) -> None:
        if self._store is None or not self._keeps:
            return
        beside = BesideAddresses(**self._addresses)
        latest = self._store.load().value or self._answers
        try:
            self._store.save(LastAnswers(latest.source, latest.surface, latest.shoe, beside))
        except RecordingError:
            self._keeps = False  # asked for again the next time


def _trouble(stream: str, address: str) -> str:
    """What is wrong with an address, in a sentence; nothing of an empty one."""
    if not address:
        return ""
    try:
        open_source(_A_SENSOR, beside={stream: address})
    except BackstrideError as error:
        return printable(str(error))
    return ""
