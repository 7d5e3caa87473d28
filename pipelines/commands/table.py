"""Which commands there are, each with the file in this folder that holds it."""

from __future__ import annotations

from typing import Final

from pipelines.commands.lazy_group import Table

_JOURNAL: Final = {
    "add": "journal.add",
    "edit": "journal.edit",
    "list": "journal.list_sessions",
    "pain": "journal.pain",
    "shoe": "journal.shoe",
    "exercise": "journal.exercise",
    "week": "journal.week",
    "compare": "journal.compare",
    "plan": "journal.plan",
    "stretch": "journal.stretch",
    "routine": "journal.routine",
    "check": "journal.check",
    "settings": "journal.settings",
    "sources": "journal.sources",
    "export": "journal.export",
    "import": "journal.import_archive",
    "delete": "journal.delete",
}

COMMANDS: Final = Table(
    "Reads a motion sensor clipped to a runner's waistband: steps, impact, oscillation, lean. "
    "Not a medical device.",
    {
        "scan": "scan",
        "calibrate": "calibrate",
        "live": "live",
        "replay": "replay",
        "import": "import_recording",
        "report": "report",
        "export": "export",
        "cohort": "cohort",
        "download": "download",
        "desk": "desk",
        "metronome": "metronome",
        "simulate": "simulate",
        "linktest": "linktest",
        "conform": "conform",
        "faults": "faults",
        "doctor": "doctor",
        "journal": Table(
            "The journal: runs, pain, shoes, exercises, the week, comparisons, and your settings.",
            _JOURNAL,
        ),
    },
)
