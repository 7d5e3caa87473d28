"""``backstride doctor``."""

from __future__ import annotations

import typer

from pipelines.commands.doctor_checks import examine
from pipelines.commands.messages import say


def doctor() -> None:
    """Check this machine: versions, folders, compiled code, speed."""
    healthy = True
    for finding in examine():
        say(f"{'ok ' if finding.fine else 'BAD'}  {finding.subject:<22} {finding.text}")
        healthy = healthy and finding.fine
    if not healthy:
        raise typer.Exit(1)
