"""Reports of a bench test for programs: JSON, and JUnit's XML for continuous integration."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from pathlib import Path
from xml.etree import ElementTree

import msgspec

from pipelines.bench.item import Item
from pipelines.files.replacing import replacing

#: What XML 1.0 cannot hold.
_UNPRINTABLE = {code: "�" for code in range(32) if code not in (9, 10, 13)}
#: Smaller than anything that is measured here, in any unit.
_NOTHING = 1e-9


def write_json(path: Path, unit: str, items: Sequence[Item]) -> None:
    """Write every item; replaces an older file.

    Raises
    ------
    RecordingError
        When the file cannot be written.
    """
    passed = all(item.verdict != "fail" for item in items)
    content = {"unit": unit, "passed": passed, "items": list(items)}
    with replacing(path) as out:
        out.write(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")


def write_junit(path: Path, suite: str, unit: str, items: Sequence[Item]) -> None:
    """Write every item as a test case; replaces an older file.

    Raises
    ------
    RecordingError
        When the file cannot be written.
    """
    root = ElementTree.Element(
        "testsuite",
        name=suite,
        tests=str(len(items)),
        failures=str(sum(item.verdict == "fail" for item in items)),
        skipped=str(sum(item.verdict == "skipped" for item in items)),
        errors="0",
    )
    for item in items:
        case = ElementTree.SubElement(root, "testcase", classname=_clean(unit), name=item.name)
        said = _clean(told(item))
        if item.verdict == "fail":
            ElementTree.SubElement(case, "failure", message=said)
        elif item.verdict == "skipped":
            ElementTree.SubElement(case, "skipped", message=said)
        else:
            ElementTree.SubElement(case, "system-out").text = f"{item.verdict}: {said}"
    ElementTree.indent(root)
    with replacing(path) as out:
        out.write(ElementTree.tostring(root, "utf-8", xml_declaration=True) + b"\n")


def told(item: Item) -> str:
    """An item in words: what was measured, the limit and its source, and what else was seen."""
    parts = [item.title]
    if item.value is not None:
        parts[0] += f" {_figure(item.value)} {item.unit}".rstrip()
    if item.limit is not None:
        limit = item.limit
        words = f"limit {_span(limit.low, limit.high)} {item.unit}".rstrip()
        if limit.low_fail is not None and limit.high_fail is not None:
            words += f", a warning {_span(limit.low_fail, limit.high_fail)} {item.unit}".rstrip()
        parts.append(f"{words} ({limit.source})")
    if item.detail:
        parts.append(item.detail)
    return "; ".join(parts)


def _span(low: float, high: float) -> str:
    if high == inf:
        return f"{low:g} or more"
    return f"up to {high:g}" if low == 0 else f"{low:g} to {high:g}"


def _figure(value: float) -> str:
    """Four digits, all of a whole number, and nothing of what rounding leaves of a zero.

    Examples
    --------
    >>> _figure(2605.55), _figure(2.2e-14), _figure(12870.0), _figure(0.105592)
    ('2606', '0', '12870', '0.1056')
    """
    if abs(value) < _NOTHING:
        return "0"
    return f"{value:.0f}" if abs(value) >= 1000 or value.is_integer() else f"{value:.4g}"


def _clean(text: str) -> str:
    return text.translate(_UNPRINTABLE)
