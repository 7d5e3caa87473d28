"""Sound bytes of every kind that comes in: what a fuzzer changes, and what byte damage damages."""

from __future__ import annotations

import asyncio
import io
import json
import struct
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from devices.records import DeviceInfo, LinkEvent, Packet, Record, StreamRecord
from devices.sources import open_source

_GOLDEN: Final = Path(__file__).parents[2] / "devices" / "golden"
_LONGEST_PACKET: Final = 255


@cache
def _records(url: str) -> tuple[DeviceInfo, tuple[Record, ...]]:
    async def run() -> tuple[DeviceInfo, tuple[Record, ...]]:
        async with open_source(url) as source:
            return source.info, tuple([record async for record in source])

    return asyncio.run(run())


def sensor_packets(protocol: str, channels: tuple[str, ...]) -> list[bytes]:
    """What such a sensor sends, as the targets cut it into packets again."""
    found = []
    for link in ("", "&link=serial") if protocol in ("backstride", "witmotion") else ("",):
        url = f"sim:?protocol={protocol}&minutes=0.1&standing_s=0&time_scale=0{link}"
        packets = [each for each in _records(url)[1] if isinstance(each, Packet)]
        found += [_joined(packets[first : first + 8], channels) for first in (0, len(packets) // 2)]
    return found


def _joined(packets: Sequence[Packet], channels: Sequence[str]) -> bytes:
    parts, before_ns = [], packets[0].arrival_ns
    for packet in packets:
        passed = min(255, round(((packet.arrival_ns - before_ns) / 1e6) ** 0.5))
        before_ns = packet.arrival_ns
        which = channels.index(packet.channel) if packet.channel in channels else 0
        payload = packet.payload[:_LONGEST_PACKET]
        parts.append(bytes((which, len(payload), passed)) + payload)
    return b"".join(parts)


def messages() -> list[bytes]:
    """The golden vectors of all protocols."""
    found = []
    for path in sorted(_GOLDEN.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            vector = json.loads(line)
            if "bytes" in vector:
                found.append(bytes.fromhex(vector["bytes"]))
    return found


def stream_packets() -> list[bytes]:
    """Treadmill, foot pod and strap: flags, and what they announce."""
    treadmill = bytes.fromhex("8c01b00410270000640032000e10")
    foot_pod = bytes.fromhex("07000180b400e803000000")
    strap = bytes.fromhex("168c0a040004")
    return [bytes((0, len(each), 30)) + each for each in (treadmill, foot_pod, strap)]


@cache
def recorded_session(seconds: float = 8.0, beside: str = "&treadmill=1&heart_rate=1") -> bytes:
    """A session file of a run that was lost and came back once, with a mark."""
    from pipelines.live import LiveOptions, run_live

    class Silent:
        def update(self, status: Any) -> None: ...
        def note(self, text: str) -> None: ...
        def alert(self, alert: Any) -> None: ...

    url = f"sim:?protocol=backstride&minutes={max(0.1, seconds / 60):g}&standing_s=1&time_scale=0"
    url += f"&disconnect={seconds / 2:g}s{beside}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.mcap"
        options = LiveOptions(record=path, marks=(("surface", "track"), ("speed", "10 km/h")))
        asyncio.run(run_live(url, options, Silent()))
        return path.read_bytes()


def sessions() -> list[bytes]:
    """A session file, whole and cut."""
    whole = recorded_session()
    return [whole, whole[: len(whole) // 3], whole[:2000]]


def batches() -> list[bytes]:
    """Packets and readings as a session keeps them."""
    from pipelines.files.packet_batches import encode_packets
    from pipelines.files.stream_batches import PlacedRecord, encode_stream

    url = "sim:?minutes=0.1&standing_s=0&time_scale=0"
    packets = [each for each in _records(url)[1] if isinstance(each, Packet)][:30]
    beside = [PlacedRecord(k, StreamRecord("a", Packet(k, "b", b"c" * k))) for k in range(5)]
    beside.append(PlacedRecord(9, StreamRecord("a", LinkEvent(9, "lost"))))
    return [encode_packets(packets), encode_packets(packets[:1]), encode_stream(beside)]


def texts_of_a_session() -> list[bytes]:
    """Header, marks, facts and link events."""
    from pipelines.files import session_messages
    from pipelines.files.session_reader import read_session
    from pipelines.session.facts import StepsFinished
    from pipelines.session.marks import Neutral, Pain, Surface

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.mcap"
        path.write_bytes(recorded_session())
        session = read_session(path)
    found = [session_messages.encode_header(session.header)]
    found += [session_messages.encode(each) for each in (Surface("track"), Pain(3), Neutral())]
    facts = {type(each): each for each in session.facts if not isinstance(each, StepsFinished)}
    found += [session_messages.encode(each) for each in facts.values()]
    return [*found, session_messages.encode_link(LinkEvent(5, "lost", "out of range"))]


def traces() -> list[bytes]:
    """Files of a Bluetooth log and of a serial line, of few messages each."""
    message = struct.pack("<BH", 0x1B, 0x12)
    snoop = [struct.pack(">8sII", b"btsnoop\0", 1, 1002)]
    block = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    pcap = [block, struct.pack("<IIHHII", 1, 20, 201, 0, 0, 20)]
    url = "sim:?protocol=backstride&minutes=0.1&standing_s=0&time_scale=0"
    packets = [each for each in _records(url)[1] if isinstance(each, Packet)]
    for packet in [each for each in packets if each.channel == "data"][:30]:
        att = message + packet.payload
        whole = struct.pack("<HH", len(att), 4) + att
        acl = struct.pack("<HH", 0x40 | 2 << 12, len(whole)) + whole
        data, stamp_us = b"\x02" + acl, 63_000_000_000_000_000 + packet.arrival_ns // 1000
        snoop.append(struct.pack(">IIIIq", len(data), len(data), 1, 0, stamp_us) + data)
        data = struct.pack(">IB", 1, 2) + acl
        body = struct.pack("<5I", 0, 416_000, stamp_us & 0xFFFFFFFF, len(data), len(data)) + data
        body += bytes(-len(data) % 4)
        size = struct.pack("<I", len(body) + 12)
        pcap.append(struct.pack("<I", 6) + size + body + size)
    serial = []
    for protocol in ("backstride", "witmotion"):
        url = f"sim:?protocol={protocol}&link=serial&minutes=0.1&standing_s=0&time_scale=0"
        serial.append(
            b"".join(each.payload for each in _records(url)[1] if isinstance(each, Packet))[:4000]
        )
    return [b"".join(snoop), b"".join(pcap), *serial]


def _columns() -> tuple[list[str], list[list[float]]]:
    names = ["time_s", *(f"acc_{x}_g" for x in "xyz"), *(f"gyr_{x}_deg_s" for x in "xyz")]
    time_s = np.arange(60) / 100.0
    beat = np.sin(2 * np.pi * 2.7 * time_s)
    values = [time_s, 0.1 * beat, 0.2 * beat, 1.0 + beat, 40 * beat, 30 * beat, 20 * beat]
    return names, [np.round(each, 4).tolist() for each in values]


def tables() -> list[bytes]:
    """Tables in text: ours, decimal commas, a preface, words for times, units in cells, a log."""
    names, values = _columns()
    rows = list(zip(*values, strict=True))
    ours = "\n".join([",".join(names), *(",".join(map(str, row)) for row in rows)])
    comma = "\n".join(
        ["Time [ms];Acc X [g];Acc Y [g];Acc Z [g]"]
        + [";".join(str(v).replace(".", ",") for v in (1000 * r[0], *r[1:4])) for r in rows]
    )
    preface = "# rate: 100\n# device: clip\n" + ours.replace("_g", "_m_s2")
    dated = "\n".join(
        ["timestamp,ax,ay,az"]
        + [f"2026-03-02T10:00:{r[0]:06.3f}Z,{r[1]},{r[2]},{r[3]}" for r in rows]
    )
    units = "\n".join(["t\tax\tay\taz", *(f"{r[0]} s\t{r[1]} g\t{r[2]} g\t{r[3]} g" for r in rows)])
    log = "\n".join(
        f"10:00:{r[0]:06.3f} D clip: acc x={r[1]} y={r[2]} z={r[3]} g gyr=({r[4]}, {r[5]}, {r[6]})"
        for r in rows
    )
    texts = (ours, comma, preface, dated, units, log)
    return [text.encode() for text in texts] + [ours.encode("utf-16")]


def jsons() -> list[bytes]:
    """Recordings in JSON of two makers."""
    _, values = _columns()
    rows = list(zip(*values, strict=True))
    logger: list[dict[str, str]] = [{"sensor": "Metadata", "platform": "android"}]
    logger += [
        {"sensor": sensor, "seconds_elapsed": str(r[0]), "time": str(10**18 + round(r[0] * 1e9))}
        | dict(zip("xyz", map(str, r[first : first + 3]), strict=True))
        for sensor, first in (("TotalAcceleration", 1), ("Gyroscope", 4))
        for r in rows[:30]
    ]
    packets = [
        {
            "imu6": {
                "Timestamp": 70_000 + 40 * k,
                "ArrayAcc": [
                    dict(zip("xyz", r[1:4], strict=True)) for r in rows[4 * k : 4 * k + 4]
                ],
                "ArrayGyro": [
                    dict(zip("xyz", r[4:], strict=True)) for r in rows[4 * k : 4 * k + 4]
                ],
            }
        }
        for k in range(10)
    ]
    return [json.dumps(logger).encode(), json.dumps({"data": packets}).encode()]


@cache
def packed() -> list[bytes]:
    """Parquet, Feather, arrays and zips; those whose library is here."""
    names, values = _columns()
    found = []
    table = np.array(values).T
    out = io.BytesIO()
    np.save(out, table)
    found.append(out.getvalue())
    out = io.BytesIO()
    np.savez(out, time_s=table[:, 0], acc_g=table[:, 1:4], gyr_deg_s=table[:, 4:])
    found.append(out.getvalue())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("run.csv", tables()[0])
    found.append(out.getvalue())
    out = io.BytesIO()
    head = '"Time (s)","Acceleration x (m/s^2)","Acceleration y (m/s^2)","Acceleration z (m/s^2)"\n'
    rows = "".join(f"{t},{x},{y},{z}\n" for t, x, y, z in zip(*values[:4], strict=True))
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("Accelerometer.csv", head + rows)
    found.append(out.getvalue())
    with suppress(ImportError):
        import pyarrow as pa
        from pyarrow import feather, parquet

        columns = pa.table(dict(zip(names, values, strict=True)))
        for write in (parquet.write_table, feather.write_feather):
            out = io.BytesIO()
            write(columns, out)
            found.append(out.getvalue())
    with suppress(ImportError):
        import h5py

        out = io.BytesIO()
        with h5py.File(out, "w") as file:
            file["Sensors/1/Time"] = table[:, 0]
            file["Sensors/1/Accelerometer"] = table[:, 1:4]
        found.append(out.getvalue())
    with suppress(ImportError):
        from scipy.io import savemat

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "run.mat"
            savemat(path, dict(zip(names, map(np.array, values), strict=True)))
            found.append(path.read_bytes())
    return found


def steps() -> list[bytes]:
    """A table of steps as the program writes it."""
    from pipelines.files.steps_table import write_steps
    from pipelines.replay import replay
    from pipelines.replay_options import ReplayOptions

    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "run.mcap", Path(folder) / "steps.csv"
        path.write_bytes(recorded_session())
        found = replay(path, ReplayOptions(), lambda _done, _total: None).steps
        write_steps(out, found)
        return [out.read_bytes()]


def settings() -> list[bytes]:
    """The example of the settings of alerts, as it is and with all of it in force."""
    text = (Path(__file__).parents[2] / "examples" / "alerts.toml").read_text("utf-8")
    lines = [
        line.removeprefix("# ") if line.startswith("# ") and "=" in line else line
        for line in text.splitlines()
    ]
    return [text.encode(), "\n".join(lines).encode(), b"[indicators.cadence]\ngate_percent = 5\n"]


def baselines() -> list[bytes]:
    """A baseline, bare and within a summary."""
    from imu.drift.baseline import Baseline, IndicatorBaseline

    text = Baseline((IndicatorBaseline("cadence_spm", 168.0, 1.0),), 40).to_json()
    return [text.encode(), json.dumps({"steps": 9, "baseline": json.loads(text)}).encode()]


def plans() -> list[bytes]:
    """A fault plan with each thing that it can say."""
    from devices.simulator.faults.plan import Fault, FaultPlan, plan_to_toml

    faults = (Fault("loss", onset_s=3.0, duration_s=5.0, size=5.0), Fault("reset", onset_s=30.0))
    return [plan_to_toml(FaultPlan(faults=faults, seed=7)).encode()]


def stores() -> list[bytes]:
    """What is kept of a sensor."""
    from pipelines.sensors.device_store import KnownDevice, sensor_store

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.json"
        sensor_store(path).save(KnownDevice(name="Clip"))
        return [path.read_bytes()]


def words() -> list[bytes]:
    """Addresses, scenarios, marks and quantities."""
    return [
        text.encode()
        for text in (
            "sim:?speed=3.0,3.6@300&stop=120+30&disconnect=60s,90s&loss=5@60+20&axes=-z+y+x",
            "ble:AA:BB:CC:DD:EE:FF?protocol=polar&rate=52",
            "serial:/dev/ttyACM0?protocol=witmotion&baud=115200",
            "pain?3 lower back, left",
            "speed?10 km/h",
            "6:00 /mi",
            "1 %",
            "5 ft 11 in",
            "\x1b]0;owned\x07 \u202e clip",
        )
    ]
