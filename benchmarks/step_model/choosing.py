"""How rough inexpensive sensors are taken for, chosen on people who are not judged by it: nested.

``python -m benchmarks.step_model.choosing``. For each runner the roughness of the inexpensive
copies (:class:`~benchmarks.step_model.wear.Wear`) is chosen by leaving groups of the other 17 out
of the learning in turn, and judged on that runner alone; beside it stands each roughness for all.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings import data_directory
from benchmarks.step_model.judging import errors_of_steps
from benchmarks.step_model.observing import SeenTrial, observations, see
from benchmarks.step_model.regression import Observations, fit_regression
from benchmarks.step_model.training import (
    BLOCK_STEPS,
    CLOSING_PHASES,
    FOLDS,
    SEED,
    SHAPE,
    STANCE_PHASES,
    used_features,
)
from benchmarks.virtual_sensor import runner_trials
from imu.step.model import STEP_MODEL

Array = NDArray[np.float64]

#: In units of the outputs' standard deviation.
ROUGHNESS: Final = (0.3, 0.6, 1.2)
#: It is judged on these copies, each counting alike.
_JUDGED_WEARS: Final = ("ideal", "crooked", "axes found", "cheap", "cheap, axes stated")
#: Columns of the errors that count, and the goals that they are measured by, ms and body weights.
_COUNTED: Final = {2: 10.5, 4: 0.13}


class People:
    """The copies of everybody's trials, as the regressions are fitted to them and judged by them.

    Parameters
    ----------
    seen : sequence of SeenTrial
        Of sensors that sit tight.
    """

    def __init__(self, seen: Sequence[SeenTrial]) -> None:
        self.subjects = sorted({one.subject for one in seen})
        self._judged = [one for one in seen if one.wear.name in _JUDGED_WEARS]
        self._cheap = np.array([one.wear.zero_g > 0.0 for one in seen])
        self._data = {part: observations(seen, part, BLOCK_STEPS) for part in ("stance", "closing")}
        self._known: dict[tuple[tuple[str, ...], float], np.void] = {}

    def squares(self, teachers: Sequence[str], pupils: Sequence[str], roughness: float) -> Array:
        """Mean squared error of each pupil's contact time and peak, ms² and body weights²."""
        key = (tuple(teachers), roughness)
        if key not in self._known:
            self._known[key] = self._model(teachers, roughness)
        return np.array([self._of(self._known[key], pupil) for pupil in pupils])

    def _model(self, teachers: Sequence[str], roughness: float) -> np.void:
        """Both axes, speed not given."""
        variant = np.zeros(1, STEP_MODEL)
        variant["telltale_constant"] = -50.0  # nothing rings
        for part, phases in (("stance", STANCE_PHASES), ("closing", CLOSING_PHASES)):
            used = used_features(phases, both_axes=True, speed=False)
            taught = self._taught(self._data[part], teachers, roughness)
            fit_regression(taught, used, SHAPE, variant[part])
            variant["ringing_" + part] = variant[part]
        model: np.void = variant[0]
        return model

    def _taught(
        self, data: Observations, teachers: Sequence[str], roughness: float
    ) -> Observations:
        own = np.isin(data.runner, [self.subjects.index(subject) for subject in teachers])
        return Observations(
            data.features[own],
            data.outputs[own],
            data.runner[own],
            data.trial[own],
            data.copy[own],
            np.where(self._cheap[data.copy[own]], roughness, data.roughness[own]),
        )

    def _of(self, model: np.void, pupil: str) -> Array:
        own = [one for one in self._judged if one.subject == pupil]
        off = [errors_of_steps(model, one)[:, list(_COUNTED)] for one in own]
        return np.asarray(np.mean([(errors**2).mean(axis=0) for errors in off], axis=0))


def chosen(people: People, subjects: Sequence[str]) -> float:
    """The roughness that serves left out groups of these people best, contact and peak alike."""
    losses = []
    for roughness in ROUGHNESS:
        squares = []
        for first in range(min(FOLDS, len(subjects))):
            away = subjects[first::FOLDS]
            stay = [subject for subject in subjects if subject not in away]
            squares.append(people.squares(stay, away, roughness))
        losses.append(np.mean(np.concatenate(squares) / np.square(list(_COUNTED.values()))))
    return ROUGHNESS[int(np.argmin(losses))]


def report(seen: Sequence[SeenTrial]) -> str:
    """Contact time and peak of people left out: one roughness for all, and chosen without each."""
    people = People([one for one in seen if not one.wear.rings])
    nested, choices = [], []
    fixed: dict[float, list[Array]] = {roughness: [] for roughness in ROUGHNESS}
    for subject in people.subjects:
        others = [other for other in people.subjects if other != subject]
        choices.append(chosen(people, others))
        for roughness, squares in fixed.items():
            squares.append(people.squares(others, [subject], roughness)[0])
        nested.append(fixed[choices[-1]][-1])
    rows = {f"{roughness:g} for all": squares for roughness, squares in fixed.items()}
    lines = []
    for name, found in (rows | {"chosen without each": nested}).items():
        contact, peak = np.sqrt(np.mean(found, axis=0))
        lines.append(f"{name:24s} {contact:6.2f} ms {peak:7.4f} BW")
    counted = Counter(choices)
    lines.append("chosen: " + ", ".join(f"{r:g} for {n}" for r, n in sorted(counted.items())))
    lines.append(f"by all {len(people.subjects)}: {chosen(people, people.subjects):g}")
    return "\n".join(lines)


def main() -> int:
    """Print the report; exit code 0 also where there is nothing to learn from."""
    trials = runner_trials()
    if not trials:
        print(f"skipped: {data_directory() / 'treadmill_runners'} holds no trials.")
        return 0
    print(report(see(trials, SEED)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
