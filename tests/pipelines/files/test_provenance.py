"""Every table says what made it, and made again it has the same bytes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pipelines.files.provenance import code_digest, commit
from pipelines.files.reading.front_door import read
from pipelines.files.session_reader import read_header
from pipelines.files.table_output import described_by
from pipelines.session.header import software
from tests.pipelines.command_line import backstride

pytestmark = pytest.mark.usefixtures("in_a_folder_of_its_own")


def check(said: dict[str, str], run: Path) -> None:
    assert said["software"] == software()
    assert said.get("commit", "") == commit()
    assert said["code_sha256"] == code_digest()
    assert said["input_sha256"] == hashlib.sha256(run.read_bytes()).hexdigest()
    assert said["utc_start"].startswith("20")


def test_a_parquet_table_of_steps_tells_what_made_it_and_its_units(run: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    for name in ("steps.parquet", "again.parquet"):
        assert backstride("replay", run, "--steps", name, "--height", 1.8).exit_code == 0
    assert Path("steps.parquet").read_bytes() == Path("again.parquet").read_bytes()
    schema = parquet.read_schema("steps.parquet")
    said = {key.decode(): value.decode() for key, value in schema.metadata.items()}
    check(said, run)
    assert "x forward" in said["frame"]
    assert "sacrum" in said["site"]
    parameters = json.loads(said["parameters"])
    assert parameters["height_m"] == 1.8
    assert "settings" in parameters
    assert schema.field("contact_time_ms").metadata == {b"unit": b"ms"}
    # it is a result, which may be replaced, whatever its parameters are called
    words = ["--columns", "time_s,acc_x_g,acc_y_g,acc_z_g", "--steps", "steps.parquet"]
    rows = "\n".join(f"{k / 100},0,0.01,{1 + k % 2 / 100}" for k in range(300))
    Path("acc.csv").write_text(f"{rows}\n")
    for _ in range(2):
        ended = backstride("replay", "acc.csv", *words)
        assert ended.exit_code == 0, ended.err


def test_a_csv_has_its_description_beside_it_and_nothing_more_in_it(run: Path) -> None:
    assert backstride("replay", run, "--steps", "steps.csv").exit_code == 0
    assert Path("steps.csv").read_text().startswith("step,initial_contact_s,")
    described = json.loads(described_by("steps.csv").read_text())
    assert described["url"] == "steps.csv"
    check(described["notes"][0], run)
    columns = {
        one["name"]: one.get("schema:unitText") for one in described["tableSchema"]["columns"]
    }
    assert columns["vertical_oscillation_mm"] == "mm"
    assert columns["side"] is None
    # standard output has no file beside it
    assert backstride("replay", run, "--steps", "-").exit_code == 0
    assert not described_by("-").exists()


@pytest.mark.parametrize("name", ["samples.csv", "samples.parquet"])
def test_samples_carry_it_into_whatever_reads_them(run: Path, name: str) -> None:
    assert backstride("export", run, "--samples", name).exit_code == 0
    table = read(name)
    check(table.preamble, run)
    assert table.axes == read_header(run).axes or table.axes == "+x+y+z"
    assert backstride("import", name, "own.csv").exit_code == 0
    assert (
        read("own.csv").preamble["input_sha256"]
        == hashlib.sha256(Path(name).read_bytes()).hexdigest()
    )
