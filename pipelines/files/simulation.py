"""A simulated session written to a file, with what truly happened."""

from __future__ import annotations

import time
from collections.abc import Callable
from heapq import merge
from pathlib import Path

from devices.records import StreamRecord
from devices.simulator.device import SimulatedDevice
from devices.simulator.faults.samples import FaultyRun
from devices.simulator.generate import SimulatedRun
from devices.simulator.scenario import Scenario
from imu.errors import ParameterError
from imu.samples import Samples


def write_simulation(
    path: Path,
    query: str,
    report: Callable[[float, float], None],
    *,
    overwrite: bool = False,
) -> SimulatedRun:
    """Simulate a scenario into a session (``.mcap``) or a sample table (``.csv``), whole or not.

    A session holds the device's packets, with quantisation and the link faults of the scenario, and
    what the devices beside it send; a sample table holds the sensor's samples as they are.

    Returns
    -------
    SimulatedRun
        To measure its truth takes as long as to simulate.

    Raises
    ------
    ParameterError
        When the scenario or the file's ending is not known, or such a file cannot hold what the
        scenario has.
    RecordingError
        When the file exists already or cannot be written.
    """
    query = query.removeprefix("sim:").removeprefix("?")
    scenario = Scenario.from_query(query)
    if scenario.protocol or scenario.link:
        key = "protocol" if scenario.protocol else "link"
        raise ParameterError(
            key,
            getattr(scenario, key),
            "it to live, which has a link: backstride live 'sim:?…' --record OUT",
        )
    run = SimulatedRun(scenario)
    kind = path.suffix.lower()
    if kind == ".mcap":
        _write_session(path, query, run, report, overwrite=overwrite)
    elif kind == ".csv":
        if scenario.faults:
            raise ParameterError(
                scenario.faults[0].kind,
                scenario.faults[0].amount,
                "an OUT that ends in .mcap with it: a sample table holds what the sensor measures, "
                "not what the link makes of it",
            )
        for name in scenario.companions:
            raise ParameterError(
                name,
                getattr(scenario, name),
                "an OUT that ends in .mcap with it: a sample table holds the sensor alone",
            )
        _write_table(path, run, report, overwrite=overwrite)
    else:
        raise ParameterError("OUT", str(path), "a file that ends in .mcap or .csv")
    return run


def _write_session(
    path: Path,
    query: str,
    run: SimulatedRun,
    report: Callable[[float, float], None],
    *,
    overwrite: bool,
) -> None:
    from pipelines.files.whole_recording import whole_session
    from pipelines.session.header import SessionHeader

    device = SimulatedDevice(FaultyRun(run))
    beside: list[StreamRecord] = []
    if run.scenario.companions:
        from devices.simulator.room import companion_records

        beside = companion_records(run.scenario, run.duration_s)
    header = SessionHeader(
        utc_start_ns=time.time_ns(),
        source=f"sim:?{query}",
        mass_kg=run.scenario.mass,
        height_m=run.scenario.height,
    )
    with whole_session(path, header, overwrite=overwrite, option="--overwrite") as writer:
        writer.write_record(device.info)
        for record in merge(device.records(), beside, key=lambda each: each.arrival_ns):
            writer.write_record(record)
            report(run.position, run.n_samples)


def _write_table(
    path: Path,
    run: SimulatedRun,
    report: Callable[[float, float], None],
    *,
    overwrite: bool,
) -> None:
    from pipelines.files.replacing import refuse_existing
    from pipelines.files.sample_table import write_sample_table

    if not overwrite:
        refuse_existing(path, "--overwrite")
    blocks: list[Samples] = []
    while len(block := run.read(4096)):
        blocks.append(block)
        report(run.position, run.n_samples)
    write_sample_table(
        path, Samples.concatenate(blocks), rate_hz=run.scenario.rate, axes=run.scenario.axes
    )
