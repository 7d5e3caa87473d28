"""Which commands there are: a row for each, whose file is imported when it is called."""

from __future__ import annotations

from typing import Final

from pipelines.commands.lazy_group import Row, Table

__all__ = ["COMMANDS"]

_JOURNAL: Final = {
    "add": Row(
        "journal.add", "Add a recorded session. The sensor cannot measure distance: state it."
    ),
    "list": Row("journal.list_sessions", "List the last runs with the pain noted around them."),
    "pain": Row(
        "journal.pain", "Note pain, from 0 to 10, and what the notes of the last weeks add up to."
    ),
    "shoe": Row("journal.shoe", "Add, correct, retire, bring back or list shoes."),
    "exercise": Row(
        "journal.exercise", "Note strength training, a stretch, core work or cross-training."
    ),
    "week": Row("journal.week", "Show the weeks, and what is due today."),
    "compare": Row(
        "journal.compare", "Compare two surfaces, or the runs before and after a change of shoes."
    ),
    "plan": Row("journal.plan", "Return to running: rest, treadmill, track, usual route."),
    "stretch": Row("journal.stretch", "Time a stretch, side by side, and note it when it is done."),
    "check": Row("journal.check", "Ask about signs that belong into a doctor's hands."),
    "settings": Row("journal.settings", "Show or change your settings."),
    "sources": Row("journal.sources", "List the studies and articles behind the advice."),
    "export": Row(
        "journal.export", "Write everything to an archive: JSON, and a CSV file a table."
    ),
    "delete": Row(
        "journal.delete", "Delete one run with its pain notes, or everything. Recordings stay."
    ),
}

COMMANDS: Final = Table(
    "Reads a motion sensor clipped to a runner's waistband: steps, impact, oscillation, lean. "
    "Not a medical device.",
    {
        "scan": Row("scan", "List the Bluetooth LE sensors and serial ports at hand."),
        "calibrate": Row(
            "calibrate",
            "Find a sensor's errors by laying it on six sides, and your neutral by standing still.",
        ),
        "live": Row("live", "Show a sensor's steps as they happen, and record the session."),
        "replay": Row("replay", "Run a recording through the same chain as a live session."),
        "report": Row(
            "report",
            "Write a page on one run: what changed, plots, data quality, method; for screen and "
            "paper.",
        ),
        "export": Row("export", "Write what a session holds in forms that other programs read."),
        "download": Row(
            "download", "Fetch runs that a sensor has logged by itself, as ordinary sessions."
        ),
        "desk": Row("desk", "Nudge you to change position while you sit or stand; Ctrl-C ends it."),
        "metronome": Row(
            "metronome", "Beat a quicker rhythm with the terminal's bell; Ctrl-C ends it."
        ),
        "simulate": Row(
            "simulate", "Write what the simulated sensor would send, and what truly happened."
        ),
        "linktest": Row(
            "linktest",
            "Listen to a sensor for two minutes: what its link loses, repeats and delays.",
        ),
        "conform": Row(
            "conform", "Measure a sensor on the bench, and judge it where somebody sets a limit."
        ),
        "doctor": Row("doctor", "Check this machine: versions, folders, compiled code, speed."),
        "journal": Table(
            "The journal: runs, pain, shoes, exercises, the week, comparisons, and your settings.",
            _JOURNAL,
        ),
    },
)
