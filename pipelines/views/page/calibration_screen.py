"""The calibration screen: what to do now, what was seen, what came out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Literal

from imu.calibration import FACES
from imu.errors import BackstrideError
from pipelines.clock_words import clock_words
from pipelines.sensors.calibrate import FACE_S, STAND_S, TIME_LIMIT_S, Calibrated, CalibrationStatus
from pipelines.views.terminal.cells import capital, printable

#: What the runner wants next: run with the sensor, calibrate anew, stand anew, another sensor.
Wish = Literal["run", "again", "stand", "back"]

_TITLES: Final = {
    "opening": "Connecting to the sensor …",
    "faces": "Lay the sensor on each of its six sides",
    "clip": "Clip the sensor on",
    "stand": "Stand upright and still",
    "done": "The sensor is calibrated",
    "failed": "The calibration did not work",
}
_WHAT_TO_DO: Final = {
    "opening": "Keep it near; lay it on a firm table.",
    "faces": f"Put it on a firm table and let it lie still for {FACE_S:g} seconds on each side. "
    "No key is needed: each side is noticed by itself.",
    "clip": "All six sides are seen. Clip it to the back of your waistband, in the middle, as you "
    "wear it for running.",
    "stand": f"Stand as before a run, for {STAND_S:g} seconds: that posture is your neutral.",
    "done": "",
    "failed": "",
}


class CalibrationScreen:
    """A :class:`~pipelines.sensors.calibrate.CalibrationView` that the page shows.

    Parameters
    ----------
    changed : callable
        Called when :meth:`pieces` would give something else.
    tell : callable
        Takes a sentence that is shown and spoken at once.

    Examples
    --------
    >>> screen = CalibrationScreen()
    >>> screen.update(CalibrationStatus("faces", FACES[2:], 1.2, 3.0, "", 280.0))
    >>> [face["axis"] for face in screen.pieces()["faces"] if face["seen"]]
    ['+x', '-x']
    """

    def __init__(
        self,
        changed: Callable[[], None] = lambda: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._changed, self._tell = changed, tell
        self._wish: asyncio.Future[Wish] | None = None
        self.begin()

    def begin(self, *, faces: bool = True) -> None:
        """Show that a calibration begins; without ``faces`` only the standing is taken."""
        self._faces = faces
        self._stage = "opening"
        self._status = CalibrationStatus("", FACES, 0.0, FACE_S, "", TIME_LIMIT_S)
        self._result = self._trouble = ""
        self._details: list[str] = []
        self._stand_again = False
        self._changed()

    def note(self, sentence: str) -> None:
        """Show what is tried while the sensor is sought."""
        self._status = replace(self._status, hint=sentence)
        self._tell(capital(sentence))
        self._changed()

    def update(self, status: CalibrationStatus) -> None:
        """Show how far it is."""
        before, self._status = self._status, status
        if status.phase == "done":
            return  # finish() says what came out
        seen, seen_before = (len(FACES) - len(one.missing) for one in (status, before))
        if self._stage == "faces" == status.phase and seen > seen_before:
            self._tell(f"Side {seen} of {len(FACES)} seen.")
        if status.phase != self._stage:
            self._stage = status.phase
            if status.phase in {"clip", "stand"}:
                self._tell(f"{_TITLES[status.phase]}.")
        if status.hint and status.hint != before.hint:
            self._tell(capital(status.hint))
        self._changed()

    def finish(self, done: Calibrated) -> None:
        """Show what came out, and is stored."""
        from pipelines.views.calibration_words import result_lines

        name = printable(done.info.name)
        if done.calibration is not None:
            self._result = f"{name} is calibrated: every run with it uses what was found."
        else:
            self._result = f"Your standing with {name} is taken: every run with it uses it."
        self._stage = "done"
        if done.trouble is not None:
            self._trouble = printable(str(done.trouble))
            if done.path is None:
                self._stage, self._result = "failed", ""
        self._details = [printable(line) for line in result_lines(done)]
        self._stand_again = not done.stood
        self._tell(self._trouble or self._result)
        self._changed()

    def fail(self, error: BackstrideError) -> None:
        """Say why there is no calibration."""
        self._stand_again = not self._faces
        self._stage, self._trouble = "failed", printable(str(error))
        self._tell(self._trouble)
        self._changed()

    async def wish(self) -> Wish:
        """What the runner wants after the calibration."""
        self._wish = asyncio.get_running_loop().create_future()
        return await self._wish

    def choose(self, wish: str) -> None:
        """Take a wish; unknown ones are left alone, and so are all before the end."""
        if self._wish is None or self._wish.done():
            return
        for known in ("run", "again", "stand", "back"):
            if wish == known:
                self._wish.set_result(known)

    def pieces(self) -> dict[str, Any]:
        """What the page shows.

        Returns
        -------
        dict
            ``stage``; ``title`` and ``text`` of what to do; ``faces`` with their ``axis`` and
            whether it was ``seen``, empty where none is to be laid; ``still``, 0 to 1, and
            ``still_words``; ``hint``; ``left``; ``result``, ``details`` and ``trouble`` after the
            end; ``stand_again``, whether to offer that.
        """
        status, stage = self._status, self._stage
        faces_now = stage in {"opening", "faces"} and self._faces
        measured = stage in {"faces", "stand"}
        return {
            "stage": stage,
            "title": self._title(),
            "text": _WHAT_TO_DO[stage],
            "faces": [
                {"axis": face, "seen": stage == "faces" and face not in status.missing}
                for face in (FACES if faces_now else ())
            ],
            "still": round(status.still_s / status.needed_s, 2) if measured else None,
            "still_words": _still_words(status) if measured else "",
            "hint": printable(capital(status.hint)) if status.hint else "",
            "left": ""
            if stage in {"opening", "done", "failed"}
            else f"{clock_words(status.left_s)} left",
            "result": self._result,
            "details": self._details,
            "trouble": self._trouble,
            "stand_again": self._stand_again,
        }

    def _title(self) -> str:
        if self._stage == "done" and (self._trouble or not self._faces):
            return "A part is stored" if self._trouble else "Your standing neutral is stored"
        return _TITLES[self._stage]


def _still_words(status: CalibrationStatus) -> str:
    if not status.still_s:
        return "moving"
    return f"still for {status.still_s:.1f} of {status.needed_s:g} seconds"
