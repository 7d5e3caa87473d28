"""Notes on a run are told before the first that it shows, once, and never without a run."""

from __future__ import annotations

from pipelines.coaching.alert import Alert
from pipelines.session.live_status import LiveStatus
from pipelines.views.notes_at_start import NotesAtStart
from tests.pipelines.views.terminal.statuses import an_alert, some_status


class _Heard:
    def __init__(self) -> None:
        self.all: list[str] = []

    def update(self, status: LiveStatus) -> None:
        self.all.append(f"status at {status.elapsed_s:.0f} s")

    def note(self, text: str) -> None:
        self.all.append(text)

    def alert(self, alert: Alert) -> None:
        self.all.append(alert.message)


def test_notes_wait_for_the_run_and_precede_what_it_shows() -> None:
    heard = _Heard()
    view = NotesAtStart(heard, ["Warm up.", "A new shoe."], heard.note)
    assert heard.all == []
    view.update(some_status())
    view.note("Lap 1.")
    view.alert(an_alert("Lean changed."))
    assert heard.all == ["Warm up.", "A new shoe.", "status at 751 s", "Lap 1.", "Lean changed."]
