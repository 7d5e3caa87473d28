"""Write the packaged weights of the step model, and tell what they are worth on people left out."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.recordings import data_directory
from benchmarks.step_model.left_out import table
from benchmarks.step_model.observing import see
from benchmarks.step_model.training import SEED, fit, fit_without_each
from benchmarks.virtual_sensor import runner_trials
from imu.step.model import MODEL_VERSION, StepModel
from imu.step.model_file import PACKAGED_MODEL

_SOURCE: Final = (
    "Fukuchi, Fukuchi and Duarte 2017, A public dataset of running biomechanics and the effects of "
    "running speed on lower extremity kinematics and kinetics, PeerJ 5:e3298, "
    "doi:10.7717/peerj.3298, CC-BY-4.0"
)


def _provenance(subjects: list[str], trials: int) -> str:
    import numba
    import scipy

    return f"""# Weights of the step model

`{PACKAGED_MODEL.name}`, version {MODEL_VERSION}, was learned by `python -m benchmarks.step_model`.

* People: {", ".join(subjects)}, {trials} trials of 30 s at 2.5, 3.5 and 4.5 m/s on a treadmill
  with a force plate. Nobody else, and no recording of a real sensor.
* Source: {_SOURCE}.
* Sensors: virtual ones at the midpoint of the posterior spines, worn as
  `benchmarks/step_model/wear.py` says.
* Seed {SEED}; Python {platform.python_version()}, numpy {np.__version__},
  scipy {scipy.__version__}, numba {numba.__version__}, {platform.machine()}.
* The weights are numbers learned from that data and come under its licence with attribution;
  the data themselves are not part of this package.
"""


def save(model: StepModel, path: Path = PACKAGED_MODEL) -> None:
    """Write weights as the package holds them, and their provenance beside them."""
    weights = model.variants.view(np.float64).reshape(len(model.variants), -1)
    np.savez(path, version=MODEL_VERSION, weights=weights, provenance=model.provenance)
    path.with_suffix(".md").write_text(model.provenance, "utf-8")


def main() -> int:
    """Train, save and judge; exit code 0 also where there is nothing to learn from."""
    trials = runner_trials()
    if not trials:
        print(
            f"skipped: {data_directory() / 'treadmill_runners'} holds no trials; "
            "set BACKSTRIDE_DATA to where they are."
        )
        return 0
    seen = see(trials, SEED)
    subjects = sorted({trial.subject for trial in trials})
    save(fit(seen, provenance=_provenance(subjects, len(trials))))
    print(f"wrote {PACKAGED_MODEL.name} from {len(subjects)} people")
    if "--only-write" not in sys.argv:
        print(table(trials, fit_without_each(seen)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
