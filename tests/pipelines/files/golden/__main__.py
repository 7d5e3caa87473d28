"""Make the expectations anew from what a replay gives now, and name what differs."""

from __future__ import annotations

import sys

from tests.pipelines.files.golden.replaying import SESSIONS, expectations, replayed


def main() -> None:
    """Write the expected files of every session, and print which of them differ from before."""
    for path in SESSIONS:
        for expected, content in zip(expectations(path), replayed(path), strict=True):
            if not expected.exists() or expected.read_bytes() != content:
                expected.write_bytes(content)
                sys.stdout.write(f"{expected.name}: made anew\n")


main()
