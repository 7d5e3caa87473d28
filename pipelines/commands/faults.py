"""``backstride faults``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from devices.simulator.faults.plan import FaultPlan, plan_to_toml, read_plan
from devices.simulator.generate import SimulatedRun
from imu.errors import ParameterError
from pipelines.bench.faults.drawing import drawn_plan
from pipelines.bench.faults.judging import Verdict, judge
from pipelines.bench.faults.session import scenario_of
from pipelines.bench.faults.shrinking import shrunk
from pipelines.commands.messages import complain, say
from pipelines.counted import counted
from pipelines.files.stored import private_folder
from pipelines.files.table_output import write_text
from pipelines.views.progress import progress


def faults(
    plan: Annotated[
        Path | None, typer.Argument(help="Fault plan (.toml); plans are drawn by chance without.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Another seed for the plan; of the first one drawn.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=100_000, help="How many are drawn.")] = 20,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for plans that fail, each made as small as it fails; without it drawn "
            "ones go into this one."
        ),
    ] = None,
) -> None:
    """Run simulated sensors that err, and judge what their sessions show of it."""
    if plan is not None:
        given = read_plan(plan)
        if not given.faults:
            raise ParameterError("plan", str(plan), "one with a [[fault]] to be judged")
        given = given if seed is None else replace(given, seed=seed)
        _refuse_too_late(given, plan)
        verdict = judge(given)
        _tell(given, verdict)
        if not verdict.holds:
            if out is not None:
                _keep(given, out / f"{plan.stem}_small.toml")
            raise typer.Exit(1)
        return
    first = seed or 0
    failed = 0
    with progress("fault plans") as report:
        for number in range(first, first + count):
            drawn = drawn_plan(number)
            if not judge(drawn).holds:
                failed += 1
                _keep(drawn, (out or Path()) / f"fault_plan_{number}.toml")
            report(number - first + 1, count)
    say(f"{counted(count, 'fault plan')}: {failed} failed")
    if failed:
        raise typer.Exit(1)


def _refuse_too_late(given: FaultPlan, path: Path) -> None:
    """Refuse a fault that would begin once the run is over."""
    lasts_s = SimulatedRun(scenario_of(given)).duration_s
    for fault in given.faults:
        if fault.onset_s >= lasts_s:
            raise ParameterError(
                "onset_s",
                fault.onset_s,
                f"a time within the run of {path}, which ends after {lasts_s:.0f} s, or more "
                "minutes to its sensor",
            )


def _keep(failing: FaultPlan, path: Path) -> None:
    """Write the smallest plan that fails as well, and say what fails."""
    small = shrunk(failing, lambda each: not judge(each).holds)
    private_folder(path.parent, "fault plans")
    write_text(path, [plan_to_toml(small)])
    complain(f"{path}: {'; '.join(judge(small).words)}")


def _tell(plan: FaultPlan, verdict: Verdict) -> None:
    say(f"sim:?{plan.sensor}&seed={plan.seed}")
    for finding in verdict.findings:
        say(f"  {finding.words}")
    if verdict.end:
        say(f"  told: {verdict.end}")
    if verdict.wrong_steps:
        known = " (known)" if verdict.excused else ""
        say(f"  {counted(verdict.wrong_steps, 'wrong step')} called trusted{known}")
