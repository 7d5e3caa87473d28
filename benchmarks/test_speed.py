"""Speed of the chain and its parts; run with ``pytest benchmarks --benchmark-only -n 0``.

The peer ``vqf`` (extra ``bench``) runs beside it on the same samples, so that what is claimed is a
ratio of one run: the whole chain against the orientation filter alone.
"""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.analyzer import StepAnalyzer
from imu.chain.orientation import InclinationFilter
from imu.compile_ahead import warm_up
from imu.samples import Samples

RATE_HZ = 200.0


@pytest.fixture(scope="module")
def run() -> Samples:
    """Two minutes of running at 200 Hz, standing cut off."""
    samples, _ = simulate(Scenario.from_query("minutes=2&rate=200&standing_s=2"))
    warm_up()
    return samples


def _note_speed(benchmark: BenchmarkFixture, run: Samples) -> None:
    if benchmark.stats is not None:  # None where benchmarks are switched off
        benchmark.extra_info["million_samples_per_s"] = len(run) / benchmark.stats["median"] / 1e6


def _blocks(samples: Samples, size: int) -> list[Samples]:
    return [samples[start : start + size] for start in range(0, len(samples), size)]


@pytest.mark.parametrize("size", [8, 32, 256, 1 << 20])
def test_chain(benchmark: BenchmarkFixture, run: Samples, size: int) -> None:
    """The whole chain, samples to steps."""
    blocks = _blocks(run, size)

    def push() -> int:
        analyzer = StepAnalyzer(RATE_HZ, axes="+x+y+z")
        return sum(len(analyzer.push(block)) for block in blocks)

    steps = benchmark(push)
    assert steps > 200
    _note_speed(benchmark, run)


@pytest.mark.parametrize("size", [8, 256, 1 << 20])
def test_inclination(benchmark: BenchmarkFixture, run: Samples, size: int) -> None:
    """The inclination filter alone."""
    gyro = run.angular_velocity_rad_s
    assert gyro is not None
    blocks = [
        (run.acceleration_m_s2[k : k + size], gyro[k : k + size]) for k in range(0, len(run), size)
    ]

    def push() -> None:
        inclination = InclinationFilter(RATE_HZ)
        for acceleration, angular_velocity in blocks:
            inclination.push(acceleration, angular_velocity)

    benchmark(push)
    _note_speed(benchmark, run)


@pytest.mark.parametrize("size", [8, 256, 1 << 20])
def test_peer_vqf(benchmark: BenchmarkFixture, run: Samples, size: int) -> None:
    """The orientation filter of the ``vqf`` package (C++) on the same samples."""
    vqf = pytest.importorskip("vqf", reason="the peer package vqf is not installed")
    gyro = run.angular_velocity_rad_s
    assert gyro is not None
    blocks = [
        (np.ascontiguousarray(gyro[k : k + size]), run.acceleration_m_s2[k : k + size])
        for k in range(0, len(run), size)
    ]

    def push() -> None:
        peer = vqf.VQF(1.0 / RATE_HZ)
        for angular_velocity, acceleration in blocks:
            peer.updateBatch(angular_velocity, np.ascontiguousarray(acceleration))

    benchmark(push)
    _note_speed(benchmark, run)
