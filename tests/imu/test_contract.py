"""The streaming promise, over every stage: any cut, any interruption, the same bits."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from imu import contract
from imu.chain.filters import SosFilter
from imu.contract import ContractViolation, StageEntry
from imu.registry import STAGES
from imu.samples import Samples
from tests.examples import few
from tests.imu.synthetic import running, spoiled

RATE_HZ = 100.0

everywhere = pytest.mark.parametrize("entry", STAGES.values(), ids=lambda entry: str(entry.name))
several = settings(
    max_examples=few(5), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@cache
def recording(kind: str) -> Samples:
    """Twenty steps, the sensor tilted; clean or with everything that goes wrong."""
    mounting = Rotation.from_euler("xy", [5.0, 12.0], degrees=True)
    run = running(
        rate_hz=RATE_HZ, steps=24, standing_s=1.2, tail_s=1.0, mounting=mounting, noise_seed=1
    )
    return run.samples if kind == "clean" else spoiled(run.samples, seed=7)


recordings = st.sampled_from(["clean", "spoiled"]).map(recording)


def cuts_of(samples: Samples, most: int = 60) -> st.SearchStrategy[list[int]]:
    n = len(samples)
    scattered = st.lists(st.integers(0, n), max_size=most)
    packets = st.integers(1, 40).map(lambda size: list(range(0, n, size)))
    return scattered | packets


@everywhere
@several
@given(data=st.data())
def test_any_cut_gives_the_same_bits(entry: StageEntry, data: st.DataObject) -> None:
    samples = data.draw(recordings)
    contract.check_blocks(entry, samples, data.draw(cuts_of(samples)), rate_hz=RATE_HZ)


@everywhere
def test_single_samples_give_the_same_bits(entry: StageEntry) -> None:
    for kind in ("clean", "spoiled"):
        samples = recording(kind)
        contract.check_blocks(entry, samples, range(len(samples)), rate_hz=RATE_HZ)


@everywhere
@several
@given(data=st.data())
def test_a_saved_state_goes_on_as_if_nothing_had_happened(
    entry: StageEntry, data: st.DataObject
) -> None:
    samples = data.draw(recordings)
    cuts = data.draw(st.lists(st.integers(0, len(samples)), min_size=1, max_size=4))
    contract.check_resume(entry, samples, cuts, rate_hz=RATE_HZ)


@everywhere
@several
@given(data=st.data())
def test_a_reset_stage_equals_a_new_one(entry: StageEntry, data: st.DataObject) -> None:
    before = data.draw(recordings)
    end = data.draw(st.integers(0, len(before)))
    flush = data.draw(st.booleans())
    contract.check_reset(entry, before[:end], recording("clean"), rate_hz=RATE_HZ, flush=flush)


@everywhere
@several
@given(data=st.data())
def test_a_state_shares_no_memory(entry: StageEntry, data: st.DataObject) -> None:
    samples = data.draw(recordings)
    cut = data.draw(st.integers(0, len(samples)))
    contract.check_state_is_a_copy(entry, samples, cut, rate_hz=RATE_HZ)


@everywhere
def test_parameters_are_frozen(entry: StageEntry) -> None:
    contract.check_params_frozen(entry, recording("spoiled"), rate_hz=RATE_HZ)


@everywhere
@several
@given(data=st.data())
def test_flushing_ends_a_stretch_and_the_next_begins(
    entry: StageEntry, data: st.DataObject
) -> None:
    samples = data.draw(recordings)
    cut = data.draw(st.integers(0, len(samples)))
    cuts = data.draw(st.lists(st.integers(0, len(samples) - cut), max_size=20))
    contract.check_flush(entry, samples, cut, cuts, rate_hz=RATE_HZ)


@pytest.mark.parametrize("rate_hz", [50.0, 1600.0])
@pytest.mark.parametrize("name", [name for name in STAGES if name.startswith("StepAnalyzer")])
def test_the_whole_contract_at_the_ends_of_the_rate_range(name: str, rate_hz: float) -> None:
    run = running(rate_hz=rate_hz, steps=18, standing_s=0.5, tail_s=0.8)
    assert len(STAGES[name].create(rate_hz).push(run.samples)) >= (0 if "no" in name else 12)
    contract.check_stage(STAGES[name], run.samples, rate_hz=rate_hz)


# ---- the checks themselves find what they look for


class Broken(SosFilter):
    """A filter with one fault at a time."""

    fault = ""

    def __init__(self, sos: ArrayLike = ((0.5, 0.5, 0.0, 1.0, -0.2, 0.0),)) -> None:
        super().__init__(sos)
        self.pushes = 0

    def push(self, values: ArrayLike) -> NDArray[np.float64]:
        self.pushes += 1
        out = super().push(values)
        if self.fault == "block" and self.pushes > 1 and out.size:
            out[0] = np.nextafter(out[0], np.inf)
        if self.fault == "zero" and self.pushes > 1:
            out[out == 0.0] = -0.0
        return out

    @property
    def state(self) -> NDArray[np.void]:
        return self._state if self.fault == "shared" else self._state.copy()

    @state.setter
    def state(self, value: NDArray[np.void]) -> None:
        if self.fault != "resume":
            self._state[:] = value

    def reset(self) -> None:
        if self.fault != "reset":
            super().reset()

    def flush(self) -> NDArray[np.float64]:
        return np.zeros(1 if self.fault == "flush" else 0)


@pytest.mark.parametrize("fault", ["", "block", "zero", "shared", "resume", "reset", "flush"])
def test_each_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Broken, "fault", fault)
    # begins with zeros, so that the sign of a zero can be wrong
    values = np.concatenate([np.zeros(40), np.sin(np.arange(60.0))])
    samples = Samples(np.arange(100) / 100.0, np.repeat(values[:, None], 3, axis=1))
    entry = StageEntry(
        "Broken",
        lambda _: Broken(),
        lambda stage, block: stage.push(block.acceleration_m_s2[:, 2]),
        lambda output: (output,),
    )
    if not fault:
        contract.check_stage(entry, samples, rate_hz=100.0)
        return
    with pytest.raises(ContractViolation, match="Broken"):
        contract.check_stage(entry, samples, rate_hz=100.0)


def test_parameters_that_can_change_are_found() -> None:
    class Loose(SosFilter):
        @property
        def params(self) -> object:  # type: ignore[override]
            return {"sections": 1}

    entry = StageEntry(
        "Loose",
        lambda _: Loose([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]]),
        lambda stage, block: stage.push(block.time_s),
        lambda output: (output,),
    )
    with pytest.raises(ContractViolation, match="no dataclass"):
        contract.check_params_frozen(entry, recording("clean"), rate_hz=100.0)
