"""What was answered last before a run, offered again: a run that did not begin loses none of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from imu.ranges import Checked, Longest
from pipelines.files.stored import Store
from pipelines.runner.user_directory import data_directory

_Words = Annotated[str, Longest(300)]


@dataclass(frozen=True, slots=True)
class BesideAddresses(Checked):
    """Where devices beside the sensor are sought; empty where there is none.

    Attributes
    ----------
    treadmill, foot_pod, heart_rate : str
        ``ble:ADDRESS``, ``ble:?name=…`` or ``ble:`` for the first one heard.
    """

    treadmill: _Words = ""
    foot_pod: _Words = ""
    heart_rate: _Words = ""

    def known(self) -> dict[str, str]:
        """Those that are named, by their stream."""
        named = {
            "treadmill": self.treadmill,
            "foot_pod": self.foot_pod,
            "heart_rate": self.heart_rate,
        }
        return {stream: address for stream, address in named.items() if address}


@dataclass(frozen=True, slots=True)
class LastAnswers(Checked):
    """Answers of the guide and the first screen.

    Attributes
    ----------
    source : str
        Address of the sensor that was chosen.
    surface, shoe : str
        Of a run that has not begun yet; empty otherwise, since the journal then knows them.
    beside : BesideAddresses
        Of treadmill, foot pod and strap.
    """

    source: _Words = ""
    surface: _Words = ""
    shoe: _Words = ""
    beside: BesideAddresses = BesideAddresses()


def last_answers_store(folder: Path | None = None) -> Store[LastAnswers]:
    """Where they are kept: a small file of the data folder."""
    return Store(
        (data_directory() if folder is None else folder) / "last_answers.json",
        LastAnswers,
        version=1,
        what="your last answers before a run",
        then="they are asked for again",
    )
