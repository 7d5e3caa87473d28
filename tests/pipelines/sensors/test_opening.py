"""A recording of any format is a sensor: what is live over it is what a replay of it gives."""

from __future__ import annotations

import asyncio
import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader

from devices.records import Packet
from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from devices.traces.played_table import on_grid
from imu.errors import BackstrideError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from imu.steps import Steps
from pipelines.files.sample_table import write_sample_table
from pipelines.files.session_reader import read_session
from pipelines.files.simulation import write_simulation
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from pipelines.sensors.opening import open_source
from pipelines.session.facts import LinkChanged
from tests.pipelines.command_line import backstride, one_sentence, quiet

DATA = Path(os.environ.get("BACKSTRIDE_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.fixture(scope="module")
def run() -> Samples:
    """Half a minute of a run, as a sensor measures it."""
    return simulate(Scenario(minutes=0.4, standing_s=4.0, seed=5))[0]


def live_and_replayed(path: Path, query: str = "") -> tuple[Steps, Steps]:
    """Steps of a session that was recorded live over a file, and of the file."""
    session = path.with_suffix(".mcap")
    ended = backstride("live", f"trace:{path}{query}", "--record", session)
    assert ended.exit_code == 0, ended.err
    assert "not filed" in ended.err
    live, replayed = (replay(one, ReplayOptions(), quiet).steps for one in (session, path))
    return live, replayed


def assert_alike(live: Steps, replayed: Steps, *, part: float = 1e-2) -> None:
    assert len(live) == len(replayed) > 20
    assert live.quality.tolist() == replayed.quality.tolist()
    for column, scale in (
        ("contact_time_ms", 200.0),
        ("vertical_oscillation_mm", 80.0),
        ("sacral_lean_deg", 5.0),
        ("impact_shock_g", 3.0),
    ):
        one, other = getattr(live, column), getattr(replayed, column)
        np.testing.assert_allclose(one, other, atol=part * scale, err_msg=column)


def test_live_over_a_table_is_the_replay_of_it(run: Samples, tmp_path: Path) -> None:
    path = tmp_path / "my run.csv"
    write_sample_table(path, run, rate_hz=200.0, axes="+x+y+z")
    assert_alike(*live_and_replayed(path))


def test_what_was_lost_in_a_table_is_lost_live_too(run: Samples, tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    kept = np.ones(len(run), np.bool_)
    kept[3000:3006] = kept[4000:4300] = False
    turning = run.angular_velocity_rad_s
    assert turning is not None
    lossy = Samples(run.time_s[kept], run.acceleration_m_s2[kept], turning[kept])
    write_sample_table(path, lossy, rate_hz=200.0, axes="+x+y+z")
    live, replayed = live_and_replayed(path)
    assert_alike(live, replayed)
    assert "gap" in ";".join(live.quality)


def test_a_table_of_another_rate_without_a_gyroscope_is_played(
    run: Samples, tmp_path: Path
) -> None:
    time = np.arange(0.0, float(run.time_s[-1]), 1.0 / 128.0)
    force = np.stack(
        [np.interp(time, run.time_s, values) for values in run.acceleration_m_s2.T], axis=1
    )
    rows = "".join(
        f"{t * 1e3:.4f};{x:.5f};{y:.5f};{z:.5f}\n"
        for t, (x, y, z) in zip(time, force / STANDARD_GRAVITY_M_S2, strict=True)
    )
    path = tmp_path / "phone.csv"
    path.write_text("Time [ms];Acc X [g];Acc Y [g];Acc Z [g]\n" + rows)
    live, replayed = live_and_replayed(path, "?axes=%2Bx%2By%2Bz")
    assert len(live) == pytest.approx(len(replayed), abs=1)
    cadence = np.nanmedian(live.cadence_spm)
    assert cadence == pytest.approx(np.nanmedian(replayed.cadence_spm), rel=2e-3)


def test_a_gap_stays_one_on_another_grid() -> None:
    time = np.delete(np.arange(100) / 128.0, range(50, 60))
    beat = np.stack([np.sin(time * 9.0), np.cos(time * 9.0), time], axis=1)
    even = on_grid(Samples(time, beat), 128.0, 200.0)
    lost = np.isnan(even.acceleration_m_s2).any(axis=1)
    assert np.isin(
        even.time_s[lost], even.time_s[(even.time_s > 0.383) & (even.time_s < 0.47)]
    ).all()
    assert lost.sum() == pytest.approx(0.08 * 200, abs=2)
    np.testing.assert_allclose(
        even.acceleration_m_s2[~lost][:, 0], np.sin(even.time_s[~lost] * 9.0), atol=1e-3
    )


def test_what_is_no_recording_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("dear diary, I ran\n")
    with pytest.raises(BackstrideError, match="no rows of numbers"):
        open_source(f"trace:{path}")
    with pytest.raises(BackstrideError, match="there is no such file"):
        open_source(f"trace:{tmp_path / 'none.csv'}")
    path.write_bytes(b"\x89MCAP0\r\n" + bytes(80))
    with pytest.raises(BackstrideError, match="ends before anything was recorded"):
        open_source(f"trace:{path}")


@pytest.mark.skipif(not (DATA / "waist_daily").is_dir(), reason=f"no real recordings in {DATA}")
def test_live_over_a_real_persons_recording_is_its_replay(tmp_path: Path) -> None:
    with np.load(DATA / "waist_daily" / "SA05.npz") as held:
        counts = held["D03_R01"][:8000]
    path = tmp_path / "jog.csv"
    force = counts[:, :3] * (32.0 / 8192.0) * STANDARD_GRAVITY_M_S2
    turning = np.radians(counts[:, 3:6] * (4000.0 / 65536.0))
    samples = Samples(np.arange(len(counts)) / 200.0, force, turning)
    write_sample_table(path, samples, rate_hz=200.0)
    # whole counts of the sensor are whole counts of the wire
    assert_alike(*live_and_replayed(path), part=1e-4)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "protocol=backstride",
        "protocol=movesense",
        "protocol=shimmer3",
        pytest.param("protocol=witmotion&link=serial", marks=pytest.mark.slow),
    ],
)
def test_a_recorded_session_is_sent_again_packet_by_packet(query: str, tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    url = f"sim:?minutes=0.3&standing_s=3&seed=5&time_scale=0&{query}"
    assert backstride("live", url, "--record", path).exit_code == 0
    again = tmp_path / "again.mcap"
    ended = backstride("live", f"trace:{path}", "--record", again)
    assert ended.exit_code == 0, ended.err
    first, second = (replay(one, ReplayOptions(), quiet).steps for one in (path, again))
    assert abs(len(first) - len(second)) <= 4  # a WitMotion's first second has its answers
    assert len(second) > 20
    for column, least in (("contact_time_ms", 8.0), ("impact_shock_g", 0.1)):
        one, other = (np.nanmedian(getattr(each, column)) for each in (first, second))
        assert abs(one - other) < least, column


def test_damage_of_a_session_is_told_where_it_is_sent_again(tmp_path: Path) -> None:
    path, again = tmp_path / "run.mcap", tmp_path / "again.mcap"
    write_simulation(path, "minutes=0.4&standing_s=3&seed=5", quiet)
    data = bytearray(path.read_bytes())
    summary = make_reader(io.BytesIO(data)).get_summary()
    assert summary is not None
    data[summary.chunk_indexes[3].chunk_start_offset + 200] ^= 1
    path.write_bytes(data)
    assert backstride("live", f"trace:{path}", "--record", again).exit_code == 0
    first, second = read_session(path), read_session(again)
    begin_ns = next(one.arrival_ns for one in first.records if isinstance(one, Packet))
    behind = first.records[first.holes[0]]
    assert isinstance(behind, Packet)
    [told] = [each for each in second.facts if isinstance(each, LinkChanged) if each.state == "gap"]
    assert "the recording is damaged here, where 5.0 s are lost" in told.detail
    assert told.arrived_s == pytest.approx((behind.arrival_ns - begin_ns) / 1e9, abs=1.0)


def test_a_recorded_session_is_sent_again_at_the_rate_and_with_the_axes_it_had(
    tmp_path: Path,
) -> None:
    path = tmp_path / "run.mcap"  # of a link that cuts messages, and was too slow for 208 Hz
    url = "sim:?protocol=movesense&minutes=0.1&standing_s=3&time_scale=0&split=5"
    assert backstride("live", url, "--record", path, "--axes", "+x+y+z").exit_code == 0

    async def agreed(query: str) -> tuple[float, str]:
        async with open_source(f"trace:{path}{query}") as source:
            return source.info.rate_hz, source.info.axes

    assert asyncio.run(agreed("")) == (104.0, "+x+y+z")
    assert asyncio.run(agreed("?axes=-x%2By-z")) == (104.0, "-x+y-z")


def test_a_session_without_what_its_shimmer3_answered_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.mcap"
    url = "sim:?minutes=0.1&time_scale=0&protocol=shimmer3"
    assert backstride("live", url, "--record", path).exit_code == 0
    whole = read_session(path)
    stream = [r for r in whole.records if not (isinstance(r, Packet) and r.channel == "request")]
    cut = replace(whole, records=stream)
    monkeypatch.setattr("pipelines.sensors.session_trace.read_session", lambda _: cut)
    ended = backstride("live", f"trace:{path}")
    assert ended.exit_code == 1
    assert "does not hold what its Shimmer3 answered" in one_sentence(ended)
