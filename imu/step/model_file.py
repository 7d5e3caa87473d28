"""The packaged weights of the step model: the one file that this floor reads."""

from __future__ import annotations

import functools
import zipfile
from pathlib import Path
from typing import Final

import numpy as np

from imu.errors import ModelFileError, ParameterError
from imu.step.model import MODEL_VERSION, STEP_MODEL, StepModel

#: Where the weights lie in the package; what they were learned from stands beside them.
PACKAGED_MODEL: Final = Path(__file__).with_name("step_model.npz")


@functools.cache
def packaged_step_model() -> StepModel:
    """The step model that comes with the package, read once.

    Raises
    ------
    ModelFileError
        When the file is missing, damaged or of another version.
    """
    return read_step_model(PACKAGED_MODEL)


def read_step_model(path: Path) -> StepModel:
    """Read the weights of a step model.

    Parameters
    ----------
    path : Path
        An ``.npz`` with ``version``, ``provenance`` and ``weights``, a row of numbers a variant.

    Raises
    ------
    ModelFileError
        When the file is missing, damaged or of another version.
    """
    name = path.name
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = dict(file)
    except FileNotFoundError:
        raise ModelFileError(
            "is missing from the installed package: install Backstride again.", path=name
        ) from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        raise ModelFileError(
            "is cut short or damaged and cannot be read: install Backstride again.", path=name
        ) from None
    version = arrays.get("version")
    if version is None or version.shape != () or int(version) != MODEL_VERSION:
        raise ModelFileError(
            f"holds a step model of version {version}, and this Backstride reads version "
            f"{MODEL_VERSION}: install Backstride again.",
            path=name,
        )
    try:
        variants = arrays["weights"].astype(np.float64).view(STEP_MODEL)[:, 0]
        return StepModel(variants, str(arrays["provenance"]))
    except (KeyError, ValueError, IndexError, ParameterError):
        raise ModelFileError(
            "does not hold the weights of a step model: install Backstride again.", path=name
        ) from None
