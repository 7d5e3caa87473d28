"""The page of a cohort: what repeats, what lies far from the others, and what was not read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.bench.cohort.reliability import outlying, reliability
from pipelines.files.provenance import Provenance
from pipelines.quantities import MEANS
from pipelines.views import cohort_page
from pipelines.views.cohort_page import CohortFigures, write_cohort_page


def test_reliability_of_people_who_differ_and_of_people_who_do_not() -> None:
    """Shrout and Fleiss (1979), table 2: six targets, four judges, ICC(1,1) is 0.17."""
    ratings = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
    )
    groups = np.repeat(list("abcdef"), 4).tolist()
    found = reliability(ratings.ravel(), groups)
    assert found is not None
    assert found.icc == pytest.approx(0.17, abs=0.005)
    assert found.error_sd == pytest.approx(np.sqrt(6.26), abs=0.01)
    assert found.detectable == pytest.approx(2.772 * found.error_sd, rel=1e-3)
    assert reliability(ratings.ravel()[:8], groups[:8]) is None
    # nobody's sessions tell nothing of a person
    assert reliability(ratings.ravel(), [""] * 24) is None


def test_outliers_do_not_hide_one_another() -> None:
    values = np.concatenate([np.linspace(240.0, 260.0, 20), [400.0, 410.0, np.nan]])
    assert outlying(values).tolist() == [20, 21]
    assert outlying(np.full(5, 3.0)).tolist() == []


def some_figures() -> CohortFigures:
    """Of four people, twice each, and of one recording that was not read."""
    figures = CohortFigures()
    for person in range(4):
        for day in range(2):
            level = 240.0 + 5.0 * person + day
            row = {f"{name}_{one}": level for name in MEANS
                   for one in ("mean", "first_half", "second_half")}  # fmt: skip
            told = {"session": f"p{person}d{day}", "subject": f"p{person}", "status": "ok"}
            figures.take(row | told)
    figures.take({"session": "<b>.csv", "status": "failed", "reason": "is no table."})
    return figures


def test_the_page_shows_what_it_is_made_of(tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    write_cohort_page(tmp_path / "page.html", some_figures(), Provenance({}))
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "8 sessions of 4 people" in page
    assert "Repeats are sessions of the same person" in page
    assert page.count("<svg") == len(MEANS)
    assert "<td>0.99</td><td>0.707</td><td>1.96</td>" in page
    assert "&lt;b&gt;.csv: is no table." in page


def test_the_page_is_the_same_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(cohort_page, "MEANS", MEANS[:2])  # as all are
    for name in ("page.html", "again.html"):
        write_cohort_page(tmp_path / name, some_figures(), Provenance({}))
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "page.html").read_bytes()
