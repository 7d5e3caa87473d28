"""The traffic light can be told by everybody: shape and word, and colours with enough contrast."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.views import page

_STATIC = Path(page.__file__).parent / "static"


def colours(*, dark: bool) -> dict[str, str]:
    light, night = (_STATIC / "theme.css").read_text("utf-8").split("@media", 1)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    return found | (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", night)) if dark else {})


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255.0 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("light", ["go", "change", "stop"])
def test_each_light_stands_out_in_light_and_dark(light: str, dark: bool) -> None:
    known = colours(dark=dark)
    assert contrast(known[light], known[f"on-{light}"]) >= 4.5
    for ground in ("card", "ground", "changed-soft"):
        assert contrast(known["ink"], known[ground]) >= 4.5  # its edge and its word


def test_each_light_has_a_shape_of_its_own() -> None:
    script = (_STATIC / "traffic_light.js").read_text("utf-8")
    assert "<circle v-if=\"light.light === 'go'\"" in script
    assert len(set(re.findall(r'd="(M[^"]+Z)"', script))) == 2
    assert len(set(re.findall(r'class="mark" d="([^"]+)"', script))) == 3
