"""The journal's tables, as numbered steps from the first version to this one.

A step is never edited once it has been released: what changes is a new step.
"""

from __future__ import annotations

from typing import Final

#: Marks the file as this program's: "Bstr".
APPLICATION_ID: Final = 0x42737472

_LOG: Final = (
    """CREATE TABLE shoes (
        identifier INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        bought TEXT,
        start_km REAL NOT NULL,
        retired TEXT
    )""",
    """CREATE TABLE sessions (
        identifier INTEGER PRIMARY KEY AUTOINCREMENT,
        day INTEGER NOT NULL,
        utc_start_ns INTEGER NOT NULL,
        utc_offset_minutes INTEGER NOT NULL,
        duration_s REAL NOT NULL,
        running_s REAL,
        steps INTEGER NOT NULL,
        distance_m REAL,
        distance_source TEXT NOT NULL,
        dose_easy_km_m2 REAL,
        dose_easy_km_m4 REAL,
        dose_easy_km_m6 REAL,
        surface TEXT NOT NULL,
        shoe_id INTEGER REFERENCES shoes (identifier) ON DELETE SET NULL,
        source_file TEXT NOT NULL,
        means TEXT NOT NULL,
        note TEXT NOT NULL
    )""",
    "CREATE INDEX sessions_by_start ON sessions (utc_start_ns)",
    "CREATE INDEX sessions_by_day ON sessions (day)",
    "CREATE INDEX sessions_by_shoe ON sessions (shoe_id)",
    """CREATE TABLE pains (
        identifier INTEGER PRIMARY KEY AUTOINCREMENT,
        day INTEGER NOT NULL,
        utc_ns INTEGER NOT NULL,
        utc_offset_minutes INTEGER NOT NULL,
        level INTEGER NOT NULL,
        "when" TEXT NOT NULL,
        session_id INTEGER REFERENCES sessions (identifier) ON DELETE CASCADE,
        place TEXT NOT NULL,
        quality TEXT NOT NULL,
        activity TEXT NOT NULL
    )""",
    "CREATE INDEX pains_by_time ON pains (utc_ns)",
    "CREATE INDEX pains_by_session ON pains (session_id)",
    """CREATE TABLE exercises (
        identifier INTEGER PRIMARY KEY AUTOINCREMENT,
        day INTEGER NOT NULL,
        utc_ns INTEGER NOT NULL,
        utc_offset_minutes INTEGER NOT NULL,
        kind TEXT NOT NULL,
        minutes REAL NOT NULL,
        note TEXT NOT NULL
    )""",
    "CREATE INDEX exercises_by_day ON exercises (day)",
)

_ANSWERS: Final = (
    """CREATE TABLE questionnaires (
        identifier INTEGER PRIMARY KEY AUTOINCREMENT,
        day INTEGER NOT NULL,
        utc_ns INTEGER NOT NULL,
        utc_offset_minutes INTEGER NOT NULL,
        answers TEXT NOT NULL,
        cleared INTEGER NOT NULL
    )""",
    "CREATE INDEX questionnaires_by_time ON questionnaires (utc_ns)",
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
)

_WARM_UP: Final = (
    "ALTER TABLE sessions ADD COLUMN warm_up_s REAL",
    "ALTER TABLE sessions ADD COLUMN cool_down_s REAL",
    "ALTER TABLE sessions ADD COLUMN before_warm_up_m REAL",
    # which of the entries that were kept for later are in already
    "CREATE TABLE taken_in (key TEXT PRIMARY KEY)",
)

_RUN_BASELINES: Final = (
    # a table of its own, so that whoever asks for sessions does not read them
    """CREATE TABLE run_baselines (
        identifier INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id INTEGER NOT NULL UNIQUE REFERENCES sessions (identifier) ON DELETE CASCADE,
        baseline TEXT NOT NULL,
        surface TEXT NOT NULL,
        sensor TEXT NOT NULL
    )""",
)

_STATED: Final = (
    # what the runner said of a run when it was filed: laid over what its log gives, again and again
    """CREATE TABLE stated (
        session_id INTEGER PRIMARY KEY REFERENCES sessions (identifier) ON DELETE CASCADE,
        content TEXT NOT NULL
    )""",
    # whether a rating was marked during the run, and so comes from its log
    "ALTER TABLE pains ADD COLUMN marked INTEGER NOT NULL DEFAULT 0",
)

_BY_TIME: Final = (
    # a rating of which nothing was said belongs to the run that it is near in time
    "UPDATE pains SET \"when\" = '' WHERE \"when\" = 'other' AND session_id IS NULL",
)

_EFFORT: Final = ("ALTER TABLE sessions ADD COLUMN effort INTEGER",)

_SIMULATED: Final = ("ALTER TABLE sessions ADD COLUMN simulated INTEGER NOT NULL DEFAULT 0",)

#: Step N leads from version N - 1 to N.
MIGRATIONS: Final = (
    _LOG,
    _ANSWERS,
    _WARM_UP,
    _RUN_BASELINES,
    _STATED,
    _BY_TIME,
    _EFFORT,
    _SIMULATED,
)

#: What this program reads and writes.
VERSION: Final = len(MIGRATIONS)
