"""Where a user's sessions are kept."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path


def data_directory() -> Path:
    """The user's data directory of this program: ``$BACKSTRIDE_HOME`` or the system's usual one."""
    if configured := os.environ.get("BACKSTRIDE_HOME"):
        return Path(configured)
    from platformdirs import user_data_path

    return user_data_path("backstride", appauthor=False)


def sessions_directory() -> Path:
    """Where the user's recordings are kept unless another place is named."""
    return data_directory() / "sessions"


def new_session_path(utc_start_ns: int, folder: Path | None = None) -> Path:
    """A free file name for a session that started then; its folder may not exist yet."""
    start = datetime.fromtimestamp(utc_start_ns / 1e9, tz=UTC)
    folder = folder or sessions_directory()
    path = folder / f"{start:%Y-%m-%dT%H-%M-%SZ}.mcap"
    number = 2
    while path.exists():
        path = folder / f"{start:%Y-%m-%dT%H-%M-%SZ}-{number}.mcap"
        number += 1
    return path
