"""What each peer is given to do, as a program for its own environment, and what we do beside it.

A program reads ``samples.npz`` (``time_s``, ``acceleration_m_s2``, ``angular_velocity_rad_s``;
sensor axes forward, left, up) in its folder, does its work once to warm up and then several times,
and prints the least CPU time of one, in seconds, and what it found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_FRAME: Final = """
import time
import numpy as np
data = np.load("samples.npz")
t, a, w = data["time_s"], data["acceleration_m_s2"], data["angular_velocity_rad_s"]
part = slice(0, int({seconds} * 200))
t, a, w = t[part], a[part], w[part]
cut = [slice(k, k + {block}) for k in range(0, len(t), {block})]
{prepare}
def work():
    {work}
work()
best = 1e9
for _ in range({times}):
    begin = time.process_time()
    found = work()
    best = min(best, time.process_time() - begin)
print(best, found)
"""

WHOLE: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Work:
    """One measured piece of work; the frame is the same for everybody.

    Attributes
    ----------
    prepare, work : str
        Statements before the clock runs, and what is measured.
    """

    prepare: str
    work: str

    def program(self, seconds: float, block: int, times: int) -> str:
        """The whole program: over so many seconds of samples, in blocks, so many times."""
        work = "\n    ".join(self.work.strip().splitlines())
        return _FRAME.format(
            seconds=seconds, block=block, times=times, prepare=self.prepare.strip(), work=work
        )


@dataclass(frozen=True, slots=True)
class Peer:
    """One comparison.

    Attributes
    ----------
    name : str
        Of the package, for people.
    packages : tuple of str
        What its environment is made of.
    does : str
        What of it is measured.
    work : Work
        The same as a program.
    ours : str
        What of this project is measured beside it, a key of :data:`OURS`.
    seconds : float
        How much of the run both work on.
    block : int
        Samples handed over at a time.
    """

    name: str
    packages: tuple[str, ...]
    does: str
    work: Work
    ours: str
    seconds: float = 600.0
    block: int = WHOLE


#: By what is measured.
OURS: Final = {
    "whole chain": Work(
        """
from imu import Samples, StepAnalyzer
from imu.compile_ahead import warm_up
warm_up()
""",
        """
analyzer = StepAnalyzer(200.0, axes="+x+y+z")
return sum(len(analyzer.push(Samples(t[k], a[k], w[k]))) for k in cut) + len(analyzer.flush())
""",
    ),
    "inclination alone": Work(
        "from imu import InclinationFilter",
        """
inclination = InclinationFilter(200.0)
for k in cut:
    inclination.push(a[k], w[k])
return len(t)
""",
    ),
}

_VQF: Final = Work(
    "import vqf",
    """
peer = vqf.VQF(1 / 200.0)
for k in cut:
    peer.updateBatch(w[k], a[k])
return len(t)
""",
)
_IMUFUSION: Final = Work(
    "import imufusion\ndegrees, g = np.degrees(w), a / 9.80665",
    """
peer = imufusion.Ahrs()
peer.set_sample_period(1 / 200.0)
for turning, force in zip(degrees, g):
    peer.update_no_magnetometer(turning, force)
return len(t)
""",
)
_AHRS: Final = Work(
    "import ahrs",
    "return len(ahrs.filters.Madgwick(gyr=w, acc=a, frequency=200.0).Q)",
)
_SKDH: Final = Work(
    "import warnings\nwarnings.simplefilter('ignore')\nfrom skdh.gait import GaitLumbar\n"
    "bouts = np.array([[0, len(t) - 1]])",
    """
found = GaitLumbar().predict(
    time=t, accel=a / 9.80665, gyro=w, fs=200.0, height=1.75, gait_bouts=bouts
)
return len(found["Bout N"])
""",
)
_MOBGAP: Final = Work(
    "import pandas as pd\nfrom mobgap.initial_contacts import IcdShinImproved\n"
    "axes = ('pa', 0), ('ml', 1), ('is', 2)\n"
    "table = pd.DataFrame({f'acc_{x}': a[:, k] for x, k in axes}\n"
    "    | {f'gyr_{x}': np.degrees(w[:, k]) for x, k in axes})",
    "return len(IcdShinImproved().detect(table, sampling_rate_hz=200.0).ic_list_)",
)

PEERS: Final = (
    Peer("vqf", ("vqf",), "orientation, C++, in one call", _VQF, "whole chain"),
    Peer("vqf", ("vqf",), "orientation, blocks of 256", _VQF, "whole chain", block=256),
    Peer("vqf", ("vqf",), "orientation, blocks of 8", _VQF, "whole chain", 120.0, 8),
    Peer("vqf", ("vqf",), "orientation, C++, in one call", _VQF, "inclination alone"),
    Peer(
        "imufusion", ("imufusion", "numpy"), "orientation, C, a call a sample", _IMUFUSION,
        "inclination alone", 60.0, 1,
    ),
    Peer("ahrs", ("ahrs",), "orientation (Madgwick), Python", _AHRS, "inclination alone", 20.0),
    Peer(
        "scikit-digital-health", ("scikit-digital-health",), "lumbar gait, of given bouts", _SKDH,
        "whole chain", 120.0,
    ),
    Peer("mobgap", ("mobgap",), "initial contacts alone", _MOBGAP, "whole chain", 120.0),
)  # fmt: skip
