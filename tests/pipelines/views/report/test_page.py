"""The page of a report: one file, nothing from anywhere, readable by people and by machines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from msgspec import structs

from imu.steps import NO_STEPS
from pipelines.coaching.alert import Alert
from pipelines.quantities import WATCHED
from pipelines.session.facts import AlertTold, MarkUnreadable, PainReported, ShoeKnown
from pipelines.views.report.content import Content, content_of
from pipelines.views.report.page import render
from pipelines.views.report.plots import course_figure
from pipelines.views.report.recording import PreviousRun, Recording
from pipelines.views.report.svg import svg_figure
from tests.pipelines.views.report.runs import HEADER, INFO, changed, recording_of, steps_of

NO_GYRO = replace(INFO, angular_velocity_range_rad_s=0.0)
VOID = {"meta", "link", "br", "hr", "img", "input", "path", "use", "rect"}


class Page(HTMLParser):
    """What a browser sees: elements, and whether each was closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of every element of a name."""
        return [attributes for name, attributes in self.elements if name == tag]


def many_changes() -> Recording:
    steps = steps_of(10_000)
    for column, factor in (("impact_shock_g", 1.3), ("sacral_lean_deg", 2.0), ("cadence_spm", 0.9)):
        for start in range(3000, 9000, 2000):
            steps = changed(steps, column, factor, start, start + 900)
    return recording_of(steps, header=structs.replace(HEADER, mass_kg=70.0, height_m=1.75))


EARLIER = [
    PreviousRun(f"run {n}", n, {"impact_shock_g": 2.5 + 0.1 * n, "cadence_spm": 160.0 + n})
    for n in range(5)
]


@pytest.fixture(scope="module")
def content() -> Content:
    """Of a report with every section."""
    return content_of(many_changes(), EARLIER)


@pytest.fixture(scope="module")
def whole(content: Content) -> str:
    """That report."""
    return render(content)


@pytest.fixture(scope="module")
def page(whole: str) -> Page:
    """As a browser sees it."""
    return Page(whole)


def test_nothing_is_loaded_and_nothing_runs(whole: str, page: Page) -> None:
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(tag for tag, _ in page.elements)
    addresses = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in {"href", "src", "xlink:href", "data", "action"}
    ]
    assert addresses
    assert all(value is not None and value.startswith("#") for value in addresses)
    assert not re.search(r"@import|url\((?!#)", whole)
    assert not any(name.startswith("on") for _, a in page.elements for name in a)


def test_page_is_small_and_the_same_each_time(whole: str) -> None:
    assert len(whole.encode()) < 750_000
    assert render(content_of(many_changes(), EARLIER)) == whole


def test_elements_are_closed_and_names_are_unique(page: Page) -> None:
    assert page.open == []
    names = Counter(a["id"] for _, a in page.elements if "id" in a)
    assert [name for name, count in names.items() if count > 1] == []
    for attributes in page.all("a") + page.all("use"):
        target = attributes.get("href") or attributes.get("xlink:href")
        assert target is not None
        assert target.removeprefix("#") in names


def test_those_who_cannot_see_the_figures_are_told(whole: str, page: Page) -> None:
    pictures = page.all("svg")

    assert (
        len(pictures) == 1 + len(WATCHED) + 1 + 6 + 2
    )  # timeline, courses, sides, spread, earlier runs
    assert all(a["role"] == "img" and a["aria-labelledby"] for a in pictures)
    assert len(page.all("figcaption")) == len(page.all("figure")) == len(pictures)
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    assert all(a.get("scope") in {"row", "col"} for a in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    for svg in re.findall(r"<svg.*?</svg>", whole, re.DOTALL):
        title = ElementTree.fromstring(
            svg.replace("<svg ", '<svg xmlns:xlink="http://www.w3.org/1999/xlink" ', 1)
        ).find("title")
        assert title is not None
        assert title.text
        assert title.text.endswith(".")


def test_colours_follow_the_page(whole: str) -> None:
    for svg in re.findall(r"<svg.*?</svg>", whole, re.DOTALL):
        assert not re.search(r"#[0-9a-f]{6}\b", svg)
        assert "var(--" in svg
    assert "prefers-color-scheme: dark" in whole
    assert "@media print" in whole


def test_tables_have_their_column_names_in_every_row_for_narrow_screens(
    whole: str, page: Page
) -> None:
    cells = [a for a in page.all("td") if "n" in str(a.get("class")).split()]

    assert cells
    assert all(a.get("data-label") for a in cells)
    assert "min-width: 33rem" not in whole
    assert "overflow-x" not in whole


def test_one_name_is_one_number(content: Content, page: Page) -> None:
    means = {row.measure: row.mean for row in content.levels}

    for headline in content.headlines:
        assert headline.level == means[headline.measure]
    text = " ".join(page.text)
    assert "Mean of the run: over its 10\u202f000 steps that count" in text
    assert text.count("Mean of the run, ±") == 3


def test_shade_of_the_interval_stays_within_the_plot() -> None:
    content = content_of(recording_of(steps_of(3000)))

    for number, course in enumerate(content.courses):
        svg = course_figure(course, content, f"c{number}", "words", "metric")
        clip = re.search(r'<clipPath[^>]*><rect x="[^"]+" y="([^"]+)"[^>]*height="([^"]+)"', svg)
        shade = re.search(r'<use href="#([^"]+)"[^>]*y="([^"]+)"[^>]*style="fill: var\(--line', svg)
        assert clip is not None
        assert shade is not None
        top, height = map(float, clip.groups())
        path = re.search(rf'id="{shade[1]}" d="([^"]+)"', svg)
        assert path is not None
        numbers = [float(word) for word in re.findall(r"-?[\d.]+", path[1])]
        places = [float(shade[2]) + y for y in numbers[1::2]]
        assert len(places) > 100
        assert top <= min(places) < max(places) <= top + height


def test_page_tells_changes_sides_quality_and_limits(page: Page) -> None:
    text = " ".join(page.text)

    for needle in (
        "Impact shock was",
        "Left and right",
        "Against earlier runs",
        "Data quality",
        "not the chest",
        "not a medical device",
        "Loading rate",
        "Notes",
        "Glossary",
        "Of a true change it shows 63 %; within a run it sees one from 6 % on (assumed).",
        "How much of a true change it shows is not measured; within a run it sees one from 9 %",
    ):
        assert needle in text
    assert text.count("Between days") == 1


@pytest.mark.parametrize(
    "recording",
    [
        lambda: recording_of(NO_STEPS),
        lambda: recording_of(NO_STEPS, end={"duration_s": 0.0}),
        lambda: recording_of(steps_of(1)),
        lambda: recording_of(steps_of(45)),
        lambda: recording_of(steps_of(700, gyro=False), info=NO_GYRO),
        lambda: recording_of(steps_of(3000), cut_short=True, notes=("it was cut short.",)),
        lambda: recording_of(changed(steps_of(5000), "cadence_spm", 0.9, 3000)),
    ],
    ids=["nothing", "no sample", "one step", "two blocks", "no gyroscope", "cut short", "one"],
)
def test_every_kind_of_run_has_a_page(recording: Callable[[], Recording]) -> None:
    text = render(content_of(recording()))
    page = Page(text)

    assert page.open == []
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", " ".join(page.text))


def test_page_without_running_has_no_figure() -> None:
    page = Page(render(content_of(recording_of(NO_STEPS))))

    assert page.all("svg") == []
    assert "No running was found" in " ".join(page.text)


def test_what_people_wrote_is_text_and_never_markup() -> None:
    evil = "<script>alert(1)</script> & $x_1$"
    steps = changed(steps_of(3000), "cadence_spm", 0.9, 2000)
    steps = changed(steps, "step_time_s", 1.0 / 0.9, 2000)
    told_s = float(steps.initial_contact_s[-1])
    alert = Alert(told_s, "cadence_spm", "down", 150.0, 167.0, -10.0, 3.0, "raised", evil)
    recording = recording_of(
        steps,
        MarkUnreadable(1.0, evil, evil),
        ShoeKnown(1.0, evil),
        AlertTold(told_s, alert),
        name=evil,
        header=structs.replace(HEADER, source=evil),
        info=replace(INFO, name=evil),
        notes=(evil,),
    )
    page = Page(render(content_of(recording)))

    assert page.all("script") == []
    assert "".join(page.text).count(evil) >= 6


def test_pain_stands_on_every_course_with_its_number() -> None:
    felt = PainReported(90.0, 4, "during", "left")
    content = content_of(recording_of(steps_of(600), felt))
    drawn = [course for course in content.courses if course.measured]
    assert len(drawn) > 3
    for course in drawn:
        assert "pain 4" in course_figure(course, content, "course", "words", "metric")
    plain = content_of(recording_of(steps_of(600)))
    assert "pain 4" not in course_figure(plain.courses[0], plain, "course", "words", "metric")


def test_the_words_of_a_picture_are_text_whatever_they_hold() -> None:
    words = "</title><script>alert(1)</script> & more"
    drawn = svg_figure((1.0, 1.0), lambda figure: figure.suptitle("any"), "any", words)
    assert [title.text for title in ElementTree.fromstring(drawn).iter("title")] == [words]
