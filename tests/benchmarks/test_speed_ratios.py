"""Speed that must not be lost, as ratios of one run: a slow machine is slow for both sides."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from imu.analyzer import StepAnalyzer
from imu.compile_ahead import warm_up
from imu.samples import Samples
from pipelines.files.session_reader import Session, read_session
from pipelines.files.simulation import write_simulation
from pipelines.folding import fold_session, sensor_of
from pipelines.session.engine import SessionFold
from tests.pipelines.command_line import quiet

_TURNS = 5


def ratio(one: Callable[[], object], other: Callable[[], object]) -> float:
    """CPU time of one to that of the other: the least of some turns of both."""
    least = [float("inf"), float("inf")]
    for _ in range(_TURNS):
        for side, work in enumerate((one, other)):
            begin_s = time.process_time()
            work()
            least[side] = min(least[side], time.process_time() - begin_s)
    return least[0] / least[1]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    warm_up()
    path = tmp_path_factory.mktemp("speed") / "run.mcap"
    write_simulation(path, "minutes=2&rate=200&standing_s=2", quiet)
    return read_session(path)


@pytest.fixture(scope="module")
def samples(session: Session) -> Samples:
    fold = SessionFold(session.header, sensor_of(session))
    blocks: list[Samples] = []
    for record in session.records:
        fold.push(record)
        if fold.samples is not None:
            blocks.append(fold.samples)
    return Samples.concatenate(blocks)


def test_a_log_at_hand_takes_less_than_one_that_comes(session: Session) -> None:
    """Replay takes packets together: a quarter of what live takes for them."""

    def live() -> None:
        fold = SessionFold(session.header, sensor_of(session))
        for record in session.records:
            fold.push(record)
        fold.finish()

    assert ratio(lambda: fold_session(session, session.header, quiet), live) < 0.4  # 0.25 to 0.29


def test_the_chain_takes_no_more_than_some_filters(samples: Samples) -> None:
    """All of the chain, beside four second-order sections over its six channels, in scipy's C."""
    sections = butter(8, 0.1, output="sos")
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    channels = np.hstack([samples.acceleration_m_s2, gyro])

    def chain() -> None:
        StepAnalyzer(200.0, axes="+x+y+z").push(samples)

    assert ratio(chain, lambda: sosfilt(sections, channels, axis=0)) < 14.0  # 7 to 12


def test_small_blocks_cost_little_more(samples: Samples) -> None:
    """Packets of eight samples, each with its own ``Samples``, beside one block."""
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    arrays = [
        (samples.time_s[k : k + 8], samples.acceleration_m_s2[k : k + 8], gyro[k : k + 8])
        for k in range(0, len(samples), 8)
    ]

    def in_packets() -> None:
        analyzer = StepAnalyzer(200.0, axes="+x+y+z")
        for time_s, force, turning in arrays:
            analyzer.push(Samples(time_s, force, turning))

    def at_once() -> None:
        StepAnalyzer(200.0, axes="+x+y+z").push(samples)

    assert ratio(in_packets, at_once) < 2.2  # 1.7 to 1.9


def test_the_session_is_no_larger_than_what_was_sent(session: Session) -> None:
    """Seven bytes a sample are kept of the twelve that the sensor sends."""
    sent = sum(len(getattr(record, "payload", b"")) for record in session.records)
    assert Path(session.path).stat().st_size < 0.9 * sent
