"""The step model: its kernels against plain ones, its edges, and its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from imu.analyzer import AnalyzerParams, StepAnalyzer
from imu.errors import BackstrideError, ModelFileError, ParameterError
from imu.step.finished_step import _write_uncertainty
from imu.step.model import (
    JUDGED,
    MODEL_VERSION,
    SCRATCH,
    STANCE_OUTPUTS,
    STEP_MODEL,
    StepModel,
    judge_closing,
    judge_stance,
    ringing_evidence,
    ringing_share,
)
from imu.step.model_file import PACKAGED_MODEL, packaged_step_model, read_step_model
from imu.step.step_features import (
    FEATURES,
    FIRST_PHASE,
    FORWARD,
    LAST_PHASE,
    PHASES,
    SPEED,
    STEP_TIME,
    TELLTALES,
    VERTICAL,
    fill_step_features,
    fill_telltales,
)
from imu.steps import STEP_ROW, concatenate
from tests.imu.synthetic import running

Array = NDArray[np.float64]


def usual_features() -> Array:
    """Of a synthetic runner, as the chain sees them."""
    analyzer = StepAnalyzer(200.0, axes="+x+y+z", features=True)
    concatenate([analyzer.push(running(steps=12).samples), analyzer.flush()])
    seen = analyzer.take_features()
    assert len(seen) > 8
    assert len(analyzer.take_features()) == 0
    return seen


# ---- features


@pytest.mark.parametrize("rate_hz", [50.0, 200.0, 1600.0])
def test_features_are_read_at_phases_of_the_step_at_any_rate(rate_hz: float) -> None:
    random = np.random.default_rng(3)
    step_s, rise_s, n = 0.37, 0.31, round(1.1 * rate_hz)
    time = np.arange(n) / rate_hz
    slope, place = random.uniform(-2.0, 2.0, 2), random.uniform(-1.0, 1.0, 2)
    vertical, forward = (a * time + b for a, b in zip(slope, place, strict=True))
    out = np.full(FEATURES, np.nan)
    rise, step = rise_s * rate_hz, step_s * rate_hz
    fill_step_features(vertical, forward, n, 0.97, rise, step, step_s, 3.1, out)
    at = rise_s + np.linspace(FIRST_PHASE, LAST_PHASE, PHASES) * step_s
    assert (out[STEP_TIME], out[SPEED]) == (step_s, 3.1)
    expected = np.interp(at, time, vertical) + 0.03
    np.testing.assert_allclose(out[VERTICAL:FORWARD], expected, atol=1e-9)
    np.testing.assert_allclose(out[FORWARD:], np.interp(at, time, forward), atol=1e-9)


def test_beyond_the_samples_the_last_value_is_taken() -> None:
    out = np.empty(FEATURES)
    values = np.array([1.0, 2.0, 5.0])
    fill_step_features(values, values, 3, 1.0, 1.0, 20.0, 0.3, 0.0, out)
    assert out[VERTICAL] == 1.0
    assert out[FORWARD - 1] == 5.0


def test_ringing_is_rough() -> None:
    smooth, rough = usual_features()[4], usual_features()[4]
    rough[FORWARD:] += 0.3 * np.sin(np.arange(PHASES) * 1.2)
    told = np.empty((2, TELLTALES))
    fill_telltales(smooth, told[0])
    fill_telltales(rough, told[1])
    third = np.diff(smooth[FORWARD:], 3)
    assert told[0, 1] == pytest.approx(np.log(np.mean(third**2)), abs=1e-4)
    assert told[0, 3] == pytest.approx(np.log(np.mean(np.diff(smooth[FORWARD:])[2:] ** 2)))
    assert told[1, 1] > told[0, 1] + 1.0
    assert told[1, 0] == told[0, 0]


# ---- evaluation


def plainly(part: np.void, features: Array) -> tuple[Array, float]:
    """The regression of one step, written out."""
    z = (features - part["mean"]) * part["inverse_scale"]
    distance = float(np.sqrt(np.sum(z**2)) / part["farthest"])
    if distance > 1.0:
        z = z / distance
    out: Array = part["constant"].astype(np.float64).copy()
    for i in np.flatnonzero(part["inverse_scale"]):
        out += z[i] * part["weights"][i]
    for k, centre in enumerate(part["centres"].T):
        apart = np.sum((z - centre) ** 2)
        out += part["centre_weights"][k] * np.exp(-0.5 * apart * part["inverse_width"] ** 2)
    return out, distance


@pytest.mark.parametrize("variant", range(4))
@pytest.mark.parametrize("ringing", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("stretch", [1.0, 30.0])
def test_the_kernel_says_what_the_formula_says(
    variant: int, ringing: float, stretch: float
) -> None:
    model = packaged_step_model().variants[variant]
    features = usual_features()[5] * stretch
    features[SPEED] = 3.2
    scratch, out = np.full(SCRATCH, np.nan), np.full(STANCE_OUTPUTS, np.nan)
    for judge, names, n in (
        (judge_stance, ("stance", "ringing_stance"), STANCE_OUTPUTS),
        (judge_closing, ("closing", "ringing_closing"), 1),
    ):
        distance = judge(model, ringing, features, scratch, out)
        tight, far = plainly(model[names[0]], features)
        loose, far_loose = plainly(model[names[1]], features)
        np.testing.assert_allclose(out[:n], tight + ringing * (loose - tight), atol=1e-9)
        parts = ([far] if ringing < 1.0 else []) + ([far_loose] if ringing > 0.0 else [])
        assert distance == pytest.approx(min(parts))
        assert (distance > 1.0) == (stretch > 1.0)


def test_evidence_becomes_a_share_that_is_nothing_where_ringing_is_unlikely() -> None:
    model, features = packaged_step_model().variants[2], usual_features()[5]
    told = np.empty(TELLTALES)
    fill_telltales(features, told)
    expected = model["telltale_constant"] + told @ model["telltale_weights"]
    assert ringing_evidence(model, features, np.empty(SCRATCH)) == pytest.approx(expected)
    shares = [ringing_share(float(odds)) for odds in np.linspace(-60.0, 60.0, 241)]
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert np.all(np.diff(shares) >= 0.0)
    assert np.max(np.diff(shares)) < 0.15
    assert ringing_share(-4.0) == 0.0


# ---- what the chain makes of it


def test_the_chain_takes_the_weights_that_it_is_given() -> None:
    samples = running(steps=20).samples
    later = packaged_step_model().variants.copy()
    later["stance"]["constant"][:, 1] += 0.02  # toe-off, shares of a step
    later["stance"]["constant"][:, 2] += 0.1  # peak
    found = []
    for model in (None, StepModel(later)):
        analyzer = StepAnalyzer(200.0, axes="+x+y+z", params=AnalyzerParams(step_model=model))
        found.append(concatenate([analyzer.push(samples), analyzer.flush()]))
    plain, changed = found
    assert len(plain) == len(changed) > 15
    np.testing.assert_allclose(changed.initial_contact_s, plain.initial_contact_s, atol=1e-12)
    np.testing.assert_allclose(
        changed.contact_time_ms - plain.contact_time_ms, 0.02 * 360.0, atol=0.3
    )
    np.testing.assert_allclose(changed.peak_force_bw - plain.peak_force_bw, 0.1, atol=1e-9)


def test_uncertainty_is_told_and_wider_without_the_fore_aft_axis() -> None:
    samples = running(steps=20, gyro=False).samples
    samples.acceleration_m_s2[:, 0] = 0.0
    without = StepAnalyzer(200.0, axes="+x+y+z").push(samples)
    whole = StepAnalyzer(200.0, axes="+x+y+z").push(running(steps=20).samples)
    assert len(without) > 10
    for name in JUDGED:
        assert np.all(getattr(whole, name) > 0.0)
        assert np.median(without.rows[name]) > np.median(whole.rows[name])


@pytest.mark.parametrize("speed_m_s", [0.0, 0.4, 13.0, float("nan")])
def test_a_speed_that_nobody_runs_is_refused(speed_m_s: float) -> None:
    with pytest.raises(ParameterError, match=r"0\.5 to 12 m/s"):
        StepAnalyzer(200.0, speed_m_s=speed_m_s)


# ---- the file


def test_the_package_says_what_its_weights_were_learned_from() -> None:
    provenance = PACKAGED_MODEL.with_suffix(".md").read_text("utf-8")
    assert packaged_step_model().provenance == provenance
    for words in ("10.7717/peerj.3298", "CC-BY-4.0", "Seed", "RBDS001", "RBDS028"):
        assert words in provenance


@pytest.mark.parametrize("variant", range(4))
def test_what_is_stated_is_less_sure_where_it_rings_and_beyond_what_was_learned(
    variant: int,
) -> None:
    model = packaged_step_model().variants[variant]

    def stated(ringing: float, distance: float) -> Array:
        row = np.zeros(1, STEP_ROW)[0]
        _write_uncertainty(model, ringing, distance, row)
        return np.array([row[name] for name in JUDGED])

    tight, rung = np.hypot(model["runner_sd"], model["step_sd"]), model["ringing_sd"]
    np.testing.assert_allclose(stated(0.0, 0.2), tight)
    np.testing.assert_allclose(stated(1.0, 1.0), rung)
    np.testing.assert_allclose(stated(0.5, 1.0), 0.5 * (tight + rung))
    np.testing.assert_allclose(stated(0.5, 3.0), 1.5 * (tight + rung))


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"^none\.npz is missing.*\.$") as raised:
        read_step_model(tmp_path / "none.npz")
    assert isinstance(raised.value, BackstrideError)
    assert raised.value.path == "none.npz"
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.9999])
def test_a_cut_file_is_one_sentence(share: float, tmp_path: Path) -> None:
    whole = PACKAGED_MODEL.read_bytes()
    cut = tmp_path / "step_model.npz"
    cut.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ModelFileError, match="cut short or damaged"):
        read_step_model(cut)


def test_a_damaged_file_is_no_other_model(tmp_path: Path) -> None:
    damaged = bytearray(PACKAGED_MODEL.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    place = tmp_path / "step_model.npz"
    place.write_bytes(damaged)
    with pytest.raises(ModelFileError, match="cut short or damaged"):
        read_step_model(place)


def save(path: Path, **arrays: object) -> Path:
    with np.load(PACKAGED_MODEL) as file:
        whole = dict(file) | arrays
    version, weights, provenance = (
        np.asarray(whole[name]) for name in ("version", "weights", "provenance")
    )
    np.savez(path, version=version, weights=weights, provenance=provenance)
    return path


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "step_model.npz", version=MODEL_VERSION + 1)
    with pytest.raises(ModelFileError, match=f"version {MODEL_VERSION + 1}, and this"):
        read_step_model(path)


@pytest.mark.parametrize(
    "weights", [np.zeros((4, 3)), np.zeros(5), np.full((4, STEP_MODEL.itemsize // 8), np.nan)]
)
def test_weights_of_another_form_are_refused(weights: Array, tmp_path: Path) -> None:
    path = save(tmp_path / "step_model.npz", weights=weights)
    with pytest.raises(ModelFileError, match="does not hold the weights"):
        read_step_model(path)


def test_a_model_of_another_form_is_a_parameter_error() -> None:
    with pytest.raises(ParameterError, match="four records"):
        StepModel(np.zeros(3, STEP_MODEL))
    with pytest.raises(ParameterError, match="finite"):
        broken = packaged_step_model().variants.copy()
        broken["closing"]["constant"] = np.nan
        StepModel(broken)
