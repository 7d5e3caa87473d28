"""The limits of the bench tests, each with its source: without a source there is no limit."""

from __future__ import annotations

from math import inf
from typing import Final

from devices.sensor_source import GIVE_UP_S
from pipelines.bench.item import Limit

_PROFILE: Final = "devices/PROFILE.md"
#: Messages of 50 ms that one step of 0.36 s touches: a loss of 1 % flags 7 % of the steps, one of
#: 10 % more than half of them.
_STEP: Final = "steps that touch a lost message are flagged"

#: Samples a second against what was agreed, %.
RATE: Final = Limit(
    -1.0,
    1.0,
    f"{_PROFILE}, what a host tolerates: 6 %; from 1 % on cadence is off by 2 a minute",
    -6.0,
    6.0,
)
#: Samples that never came, %.
LOSS: Final = Limit(0.0, 1.0, f"{_STEP}: 7 % of them at 1 %, over half at 10 %", 0.0, 10.0)
#: Samples that repeat the one before in every axis, %: what is repeated was not measured.
REPEATS: Final = Limit(0.0, 1.0, "as for loss: a repeated sample was not measured", 0.0, 10.0)
#: Messages that were damaged on the way, %.
DAMAGED: Final = Limit(0.0, 1.0, "as for loss: what is damaged is dropped", 0.0, 10.0)
#: Samples that came twice, %.
TWICE: Final = Limit(0.0, 0.0, f"{_PROFILE}, Data: each sample has one number", 0.0, 10.0)
#: 99 % of the messages wait no longer than this beyond the quickest, ms.
DELAY: Final = Limit(
    0.0,
    100.0,
    "a third of the 0.3 s in which a step is told; from 1 s on cues are late",
    0.0,
    1000.0,
)
#: Smallest step of the host's clock, ms.
CLOCK_STEP: Final = Limit(
    0.0, 1.0, "arrivals are stamped to 1 ms; a sample takes 5 ms at 200 Hz", 0.0, 5.0
)
#: The device's clock, ppm; over Bluetooth LE.
SKEW: Final = Limit(
    -500.0, 500.0, "Bluetooth Core 5.2 (2019), Vol. 6 Part B, 4.2.2: no sleep clock is off by more"
)
#: Messages that do not follow the format.
FORMAT: Final = Limit(0, 0, "the layout of the protocol's messages")
#: Numbers that came again, went back, or began anew.
SEQUENCE: Final = Limit(0, 0, f"{_PROFILE}, Data: each sample has one number, counted on")
#: Settings that read back otherwise than they were agreed.
ROUND_TRIP: Final = Limit(0, 0, f"{_PROFILE}, Configuration: the reply says what is in force")
#: Worst error of an axis, %, and worst reading without any force, m/s².
SCALE: Final = Limit(-20.0, 20.0, "imu/calibration.py: a calibration takes out no more")
BIAS: Final = Limit(
    0.0, 0.8, "data sheets: 80 mg (MPU-9250); imu/calibration.py takes out 3 m/s²", 0.0, 3.0
)
#: Size of what it reads at rest, in any position, g.
GRAVITY: Final = Limit(
    0.9, 1.1, "data sheets: 80 mg and 3 % (MPU-9250); imu/calibration.py takes out 20 %", 0.8, 1.2
)
#: Largest angular velocity of an axis at rest, °/s.
GYRO_BIAS: Final = Limit(
    0.0,
    2.0,
    "imu/chain/orientation.py learns more at once only of one who stands for 3 s; "
    "imu/chain/sanity.py flags steps from 30° in 4 s",
    0.0,
    7.5,
)
#: Axes that kept one reading for so long, s.
STUCK_S: Final = 3.0
STUCK: Final = Limit(
    0,
    0,
    "data sheets: noise of 70 µg/√Hz and 2.8 m°/s/√Hz (ICM-42688) or more moves the last digit",
)
#: The same of such a gyroscope as reads zero at rest.
STUCK_OR_DEAD_BAND: Final = Limit(0, 0, f"{STUCK.source}, unless it has a dead band", 0, 3)
#: Who turns a thing over by hand is faster than this, degrees/s; axes that do not tell it.
GYRO_TURN_DEG_S: Final = 6.0
GYRO_TURN: Final = Limit(0, 0, f"a turn by hand is faster than {GYRO_TURN_DEG_S:g} °/s")
#: Samples at the end of the range on the bench, %.
RANGE_END: Final = Limit(0.0, 1.0, "as for loss: a clipped sample was not measured", 0.0, 10.0)
#: Determinant of the directions of the axes.
HANDEDNESS: Final = Limit(0.5, inf, "imu: frames are right-handed, where it is +1")
#: Angular velocity later than acceleration, ms.
GYRO_DELAY: Final = Limit(
    -20.0,
    20.0,
    "simulated runners of this project: lean is off by 0.1° at 20 ms, 0.6° at 40, 1.5° at 60",
    -40.0,
    40.0,
)
#: Axes that do not point where their marks say.
AXES: Final = Limit(0, 0, "the marks on the unit")
#: Seconds until samples come again.
RECONNECT: Final = Limit(0.0, GIVE_UP_S, "devices/sensor_source.py: then a session ends")
#: Samples missing or wrong in a log that was downloaded.
LOG: Final = Limit(0, 0, f"{_PROFILE}, Logs: the checksum is of the whole log")
#: Charge, %.
BATTERY: Final = Limit(0, 100, f"{_PROFILE}, Status: 0 to 100, or 255")
