"""A trace that somebody sends becomes a session with the samples that were in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from devices.protocols.witmotion import encode_frames
from devices.sources import open_source
from devices.traces.reading import read_trace
from imu.errors import BackstrideError, ParameterError, RecordingError
from imu.samples import STANDARD_GRAVITY_M_S2
from tests.devices.traces.trace_files import (
    Acl,
    Session,
    acl_of,
    btsnoop,
    damaged,
    pcapng,
    session,
)

_TAIL = "minutes=0.2&standing_s=2&time_scale=0"
_URLS = {
    "polar": f"sim:?protocol=polar&rate=104&{_TAIL}",
    "movesense": f"sim:?protocol=movesense&rate=104&{_TAIL}",
    "backstride": f"sim:?protocol=backstride&{_TAIL}",
    "witmotion": f"sim:?protocol=witmotion&rate=100&{_TAIL}",
}


@pytest.fixture(scope="module")
def sessions() -> dict[str, Session]:
    return {protocol: session(url) for protocol, url in _URLS.items()}


def same_samples(traced: Session, original: Session, least: float = 0.98) -> None:
    """The samples of the trace are the original's, in order, and nearly all are there."""
    wanted, found = (each.samples.acceleration_m_s2 for each in (original, traced))
    # what was learned at the start may be there a little sooner or later
    at = next(k for k in range(len(found)) if np.array_equal(found[k : k + 5], wanted[20:25]))
    part = found[at:]
    assert len(part) >= least * (len(wanted) - 20)
    np.testing.assert_array_equal(part, wanted[20 : 20 + len(part)])
    time_s = traced.samples.time_s[at:]
    assert abs(time_s[-1] - time_s[0] - (len(part) - 1) / original.info.rate_hz) < 0.05
    assert traced.info.rate_hz == original.info.rate_hz
    assert traced.info.acceleration_range_m_s2 == original.info.acceleration_range_m_s2


WRITERS: dict[str, Callable[[list[Acl]], bytes]] = {
    "btsnoop-h4": lambda acl: btsnoop(acl, 1002),
    "btsnoop-bare": lambda acl: btsnoop(acl, 1001),
    "btsnoop-monitor": lambda acl: btsnoop(acl, 2001),
    "pcapng-h4": lambda acl: pcapng(acl, 187),
    "pcapng-direction": lambda acl: pcapng(acl, 201),
    "pcapng-monitor-big": lambda acl: pcapng(acl, 254, ">"),
}


@pytest.mark.parametrize("protocol", ["polar", "movesense", "backstride", "witmotion"])
def test_each_protocols_trace_gives_its_samples_again(
    protocol: str, sessions: dict[str, Session], tmp_path: Path
) -> None:
    original = sessions[protocol]
    path = tmp_path / "bugreport.log"
    path.write_bytes(btsnoop(acl_of(original.packets, protocol)))
    traced = session(f"trace:{path}")
    assert traced.info.protocol == protocol
    same_samples(traced, original)


@pytest.mark.parametrize("kind", WRITERS)
def test_every_kind_of_file_holds_the_same(
    kind: str, sessions: dict[str, Session], tmp_path: Path
) -> None:
    acl = acl_of(sessions["polar"].packets, "polar")
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(WRITERS[kind](acl))
    other.write_bytes(btsnoop(acl))
    trace = read_trace(path)
    assert trace == read_trace(other)
    assert (trace.protocol, trace.rate_hz, trace.cut_short) == ("polar", 104.0, False)


def test_what_is_on_another_channel_is_no_data_of_the_sensor(
    sessions: dict[str, Session], tmp_path: Path
) -> None:
    """Such as pairing and parameters of the link, whatever their bytes look like."""
    acl = acl_of(sessions["polar"].packets, "polar", part_bytes=1 << 12)
    kept, mixed = tmp_path / "kept", tmp_path / "mixed"
    kept.write_bytes(btsnoop(acl))
    others = [
        each._replace(payload=each.payload[:6] + b"\x06\x00" + each.payload[8:]) for each in acl
    ]
    mixed.write_bytes(btsnoop(one for both in zip(acl, others, strict=True) for one in both))
    assert read_trace(mixed).events == read_trace(kept).events


def test_a_bonded_telephone_discovers_nothing_and_is_understood(
    sessions: dict[str, Session], tmp_path: Path
) -> None:
    path = tmp_path / "a"
    for protocol in ("polar", "movesense"):
        packets = sessions[protocol].packets
        path.write_bytes(btsnoop(acl_of(packets, protocol, discovered=False)))
        assert read_trace(path).protocol == protocol


def test_a_dump_of_the_profile_on_a_serial_line(tmp_path: Path) -> None:
    original = session(f"sim:?protocol=backstride&link=serial&{_TAIL}")
    path = tmp_path / "dump.bin"
    path.write_bytes(b"".join(each.payload for each in original.packets if each.channel == "bytes"))
    assert read_trace(path).rate_hz == 200.0
    same_samples(session(f"trace:{path}"), original)
    once = read_trace(path).events[-1].time_ns
    path.write_bytes(path.read_bytes() * 2)  # switched on again, with a clock that begins anew
    assert read_trace(path).rate_hz == 200.0
    assert read_trace(path).events[-1].time_ns == pytest.approx(2 * once, rel=0.1)


@pytest.mark.parametrize(("name", "wall_time"), [("run.wplay", False), ("WIT1.TXT", True)])
def test_files_of_witmotion(name: str, wall_time: bool, tmp_path: Path) -> None:
    counts = np.rint(3000 * np.sin(np.arange(3000)[:, None] * 0.21 + np.arange(9))).astype(int)
    counts[:, 2] += 2048
    moments = [[26, 11, 29, 10, 15 + k // 6000, k // 100 % 60, 10 * k % 1000] for k in range(3000)]
    path = tmp_path / name
    path.write_bytes(encode_frames(counts, moments if wall_time else None))
    if not wall_time:
        with pytest.raises(RecordingError, match=r"rate=100"):
            session(f"trace:{path}")
    traced = session(f"trace:{path}" + ("" if wall_time else "?rate=100"))
    wanted = counts[:, :3] * (16 * STANDARD_GRAVITY_M_S2 / 32768)
    assert traced.info.rate_hz == 100.0
    assert len(traced.samples) >= 2950
    found = traced.samples.acceleration_m_s2
    # the first may be the last of what was sent while it was set up
    np.testing.assert_allclose(found[1:], wanted[: len(found) - 1], atol=1e-12)


def test_live_runs_a_trace_and_keeps_it_out_of_the_journal(
    sessions: dict[str, Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.pipelines.command_line import backstride

    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path / "home"))
    path = tmp_path / "a.btsnoop"
    path.write_bytes(btsnoop(acl_of(sessions["polar"].packets, "polar")))
    ended = backstride(
        "live", f"trace:{path}", "--record", tmp_path / "run.mcap", "--axes", "+x+y+z"
    )
    assert ended.exit_code == 0, ended.err
    again = backstride("replay", tmp_path / "run.mcap", "--steps", tmp_path / "steps.csv")
    assert again.exit_code == 0, again.err
    assert (tmp_path / "steps.csv").read_text("utf-8").count("\n") > 10
    assert "not filed" in ended.err
    assert not (tmp_path / "home" / "journal.sqlite3").exists()


def test_hostile_files_end_in_a_sentence_or_a_trace(
    sessions: dict[str, Session], tmp_path: Path
) -> None:
    acl = acl_of(sessions["polar"].packets[:60], "polar")
    path = tmp_path / "a"
    told = 0
    for content in (btsnoop(acl), pcapng(acl), pcapng(acl, 254, ">")):
        for broken in damaged(content, range(25)):
            path.write_bytes(broken)
            try:
                read_trace(path)
            except BackstrideError as error:
                told += 1
                assert str(error).endswith(".")
                assert str(path) in str(error)
    assert told > 5


def test_a_damaged_trace_is_a_session_or_a_sentence(
    sessions: dict[str, Session], tmp_path: Path
) -> None:
    path = tmp_path / "a"
    ran = 0
    for protocol in ("polar", "backstride"):
        content = btsnoop(acl_of(sessions[protocol].packets, protocol))
        for broken in damaged(content, range(6)):
            path.write_bytes(broken[: len(content) // 3])
            try:
                ran += len(session(f"trace:{path}").samples) > 0
            except BackstrideError as error:
                assert str(error).endswith(".")
    assert ran > 2


def test_a_hole_in_a_trace_is_a_lost_link_and_no_sample_less(
    sessions: dict[str, Session], tmp_path: Path
) -> None:
    original, path = sessions["backstride"], tmp_path / "a"
    later = [
        each._replace(time_us=each.time_us + (8_000_000 if each.time_us > 6_000_000 else 0))
        for each in acl_of(original.packets, "backstride")
    ]
    path.write_bytes(btsnoop(later))
    traced = session(f"trace:{path}")
    wanted, found = (each.samples.acceleration_m_s2 for each in (original, traced))
    assert len(found) >= 0.98 * len(wanted)


def test_what_is_cut_short_gives_what_came_before(
    sessions: dict[str, Session], tmp_path: Path
) -> None:
    path = tmp_path / "a"
    whole = btsnoop(acl_of(sessions["polar"].packets, "polar"))
    path.write_bytes(whole[: len(whole) // 2 + 3])
    trace = read_trace(path)
    assert trace.cut_short
    assert "ends within a message" in session(f"trace:{path}").gaps[0].detail
    assert 3.0 < trace.duration_s < 9.0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no sensor's bytes"),
        (b"hello, this is no trace at all", "no sensor's bytes"),
        (b"btsnoop\0\0\0", "is no btsnoop file, or nothing but its beginning: record it anew with"),
        (btsnoop([]), "holds no motion"),
        (btsnoop([], 1003), "link 1003"),
        (pcapng([Acl(0, True, bytes(60))], 251), "link of type 251"),
        (pcapng([]), "holds no motion"),
    ],
)
def test_files_without_a_sensor_are_told(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=words):
        open_source(f"trace:{path}")


def test_mistakes_in_the_address_are_told(tmp_path: Path) -> None:
    for url in ("trace:", f"trace:{tmp_path}?speed=3", f"trace:{tmp_path}?rate=fast"):
        with pytest.raises(ParameterError):
            open_source(url)
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(RecordingError):
            open_source(f"trace:{place}")


def test_too_large_a_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("wb") as out:
        out.truncate(300 << 20)  # sparse
    with pytest.raises(RecordingError, match="cut it to the part"):
        read_trace(path)


def test_a_trace_plays_at_the_pace_that_is_asked_for(
    sessions: dict[str, Session], tmp_path: Path
) -> None:
    from devices.records import LinkEvent, Packet
    from tests.virtual_loop import LoopClock, run_in_virtual_time

    path = tmp_path / "a"
    path.write_bytes(btsnoop(acl_of(sessions["polar"].packets, "polar")))

    async def spent() -> float:
        loop = asyncio.get_running_loop()
        async with open_source(f"trace:{path}?time_scale=1", clock=LoopClock()) as source:
            begun_s = loop.time()
            async for record in source:
                assert isinstance(record, Packet | LinkEvent)
            return loop.time() - begun_s

    assert abs(run_in_virtual_time(spent()) - read_trace(path).duration_s) < 4.0
