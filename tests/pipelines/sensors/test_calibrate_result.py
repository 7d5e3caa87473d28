"""What a calibration has found, as it is told to people."""

from __future__ import annotations

from devices.records import DeviceInfo
from imu.calibration import Calibration
from pipelines.sensors.calibrate import Calibrated
from pipelines.sensors.device_store import KnownDevice
from pipelines.views.calibration_words import result_lines


def found(
    *, positions: int = 6, check_mg: float = 1.2, gyro_rad_s: float = -1e-5, has_gyro: bool = True
) -> Calibrated:
    calibration = Calibration(
        acceleration_bias_m_s2=(0.11, -1e-5, -0.02),
        angular_velocity_bias_rad_s=(gyro_rad_s, 0.01, 0.0),
        positions=positions,
    )
    return Calibrated(
        device=KnownDevice(name="clip", residual_mg=0.3, check_mg=check_mg),
        info=DeviceInfo("clip", "backstride", 200.0, 78.5, 34.9),
        path=None,
        calibration=calibration,
        before_mg=11.2,
        has_gyro=has_gyro,
        tilt_deg=4.04,
        stood=True,
    )


def test_the_result_is_plain_sentences_with_their_numbers_behind() -> None:
    assert result_lines(found()) == [
        "the accelerometer's errors, which would look like up to 0.6° of lean, are taken out from "
        "now on (bias x +11.2, y 0.0, z -2.0 mg; scale x 0.00, y 0.00, z 0.00 %)",
        "your standing, which was not used for it, confirms the calibration "
        "(1.2 mg off 1 g: well done)",
        "what the gyroscope shows at rest is taken out from now on (x 0.00, y +0.57, z 0.00 °/s)",
        "your standing neutral is taken: lean is measured from there "
        "(4.0° from the stated up axis)",
    ]
    assert "the sensor has no gyroscope" in result_lines(found(has_gyro=False))
    assert any(
        line.endswith("does not fit the calibration (30.0 mg off 1 g: calibrate once more)")
        for line in result_lines(found(check_mg=30.0))
    )


def test_what_six_positions_cannot_show_is_not_shown() -> None:
    agree = "the still positions agree with each other (off 1 g: 0.3 mg, 11.2 mg before)"
    assert agree not in result_lines(found(positions=6))
    assert agree in result_lines(found(positions=7))
