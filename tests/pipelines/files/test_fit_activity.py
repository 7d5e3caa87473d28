"""A FIT activity that the official SDK reads back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from imu.step.trusted_steps import trusted_steps
from pipelines.files.fit_activity import write_fit
from pipelines.replay import Replayed, replay
from pipelines.replay_options import ReplayOptions
from tests.pipelines.command_line import quiet

sdk = pytest.importorskip("garmin_fit_sdk", reason="the extra lab is not installed")


@pytest.fixture(scope="module")
def replayed(session: bytes, tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    path = tmp_path_factory.mktemp("fit") / "run.mcap"
    path.write_bytes(session)
    return replay(path, ReplayOptions(), quiet)


def test_the_official_decoder_reads_what_was_measured(replayed: Replayed, tmp_path: Path) -> None:
    path = tmp_path / "run.fit"
    write_fit(path, replayed.result)
    assert sdk.Decoder(sdk.Stream.from_file(path)).check_integrity()
    messages, errors = sdk.Decoder(sdk.Stream.from_file(path)).read()
    assert errors == []
    assert messages["file_id_mesgs"][0]["type"] == "activity"
    session = messages["session_mesgs"][0]
    assert session["sport"] == "running"
    means = replayed.result.means
    assert session["avg_stance_time"] == pytest.approx(means["contact_time_ms"], abs=0.05)
    strides = session["avg_cadence"] + session["avg_fractional_cadence"]
    assert 2 * strides == pytest.approx(means["cadence_spm"], abs=0.02)
    start = datetime.fromtimestamp(replayed.result.header.utc_start_ns // 10**9, tz=UTC)
    assert session["start_time"] == start
    records = messages["record_mesgs"]
    assert len(records) == int(replayed.result.duration_s) + 1
    names = {one["field_definition_number"]: (one["field_name"], one["units"]) for one in
             messages["field_description_mesgs"]}  # fmt: skip
    assert names == {0: ("impact_shock", "g"), 1: ("sacral_lean", "deg"), 2: ("peak_force", "BW")}
    steps = trusted_steps(replayed.steps)
    second = 4
    near = np.abs(steps.initial_contact_s - second) < 2.5
    record = records[second]
    assert (record["timestamp"] - start).total_seconds() == second
    cadence = 2 * (record["cadence"] + record["fractional_cadence"])
    assert cadence == pytest.approx(steps.cadence_spm[near].mean(), abs=0.02)
    assert record["stance_time"] == pytest.approx(steps.contact_time_ms[near].mean(), abs=0.06)
    oscillation = steps.vertical_oscillation_mm[near].mean()
    assert record["vertical_oscillation"] == pytest.approx(oscillation, abs=0.06)
    assert 25.0 < record["stance_time_percent"] < 55.0
    shock = record["developer_fields"][0]
    assert shock == pytest.approx(steps.impact_shock_g[near].mean(), rel=1e-6)
    # again the same bytes
    again = tmp_path / "again.fit"
    write_fit(again, replayed.result)
    assert again.read_bytes() == path.read_bytes()
