"""Training of the step model on the 18 treadmill runners.

``python -m benchmarks.step_model`` writes the packaged weights anew and prints how far off they are
for each runner when that runner is left out.
"""

from benchmarks.step_model.observing import SeenTrial, see
from benchmarks.step_model.training import SEED, fit, fit_without_each, train

__all__ = ["SEED", "SeenTrial", "fit", "fit_without_each", "see", "train"]
