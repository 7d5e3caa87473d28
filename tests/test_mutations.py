"""The faults that show whether the suite bites fit the code as it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutations.faults import FAULTS, Fault
from tests.mutations.generic import faults_of

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_named_fault_changes_the_code_and_has_tests(fault: Fault) -> None:
    text = (ROOT / fault.file).read_text("utf-8")
    changed = fault.put_into(text)
    assert changed != text
    ast.parse(changed)
    assert fault.tests and all((ROOT / test).is_file() for test in fault.tests)


def test_a_fault_that_does_not_fit_is_no_fault() -> None:
    fault = Fault("none", "README.md", "stands nowhere", "", ())
    with pytest.raises(ValueError, match="stands nowhere"):
        fault.put_into("some code")


def test_faults_are_made_of_a_file_but_not_of_its_text() -> None:
    faults = faults_of(ROOT, "imu/step/lumbar.py", ["tests/imu/test_lumbar.py"])
    text = (ROOT / "imu/step/lumbar.py").read_text("utf-8")
    assert any("vertical_g * cosine - forward_g * sine" in fault.after for fault in faults)
    for fault in faults:
        ast.parse(fault.put_into(text))
        assert '"""' not in fault.before
