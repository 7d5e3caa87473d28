"""The page ``benchmarks/ROBUSTNESS.md``, made of the figures that the parts have left."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

Figures = dict[str, Any]

FIGURES: Final = Path(__file__).parents[1] / "robustness.json"
PAGE: Final = FIGURES.with_name("ROBUSTNESS.md")

_HEAD: Final = """# Robustness

Made by `python -m benchmarks.robustness`; its parts and how they are run are told by `--help`. The
rule is one: whatever comes in is a result or an error in one sentence, and whatever ends a run
costs at most a second of it. The load is that of the machine's two processors at the end of each
part: the figures of time were taken beside other work.
"""


def add(part: str, figures: Figures, *, anew: bool = False) -> None:
    """Keep the figures of a part with its earlier ones, and write the page anew."""
    known = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    known[part] = [*([] if anew else known.get(part, [])), figures]
    FIGURES.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", "utf-8")
    PAGE.write_text(page_of(known), "utf-8")


def count_troubles(figures: Figures) -> int:
    """How much of what is promised did not hold."""
    return len(_troubles(figures))


def _troubles(figures: Figures) -> list[str]:
    found: list[str] = [each["trouble"] for each in figures.get("findings", [])]
    for name, kind in figures.get("kinds", {}).items():
        found += [f"{name}: {one}" for one in kind["troubles"]]
    found += figures.get("troubles", [])
    return found


def page_of(known: dict[str, list[Figures]]) -> str:
    """The page of all figures; of a part that was never run it says nothing."""
    parts = [_HEAD]
    for name, section in _SECTIONS.items():
        if known.get(name):
            parts += ["", *section(known[name]), *_what_was_found(known[name])]
    return "\n".join(parts) + "\n"


def _what_was_found(figures: list[Figures]) -> list[str]:
    found = [one for each in figures for one in _troubles(each)]
    if not found:
        return ["", "Found: nothing."]
    return ["", f"Found: {len(found)}.", "", *(f"* `{_plain(one)}`" for one in found)]


def _plain(text: str) -> str:
    line = " ".join(text.replace("`", "'").split())
    return line if len(line) <= 200 else f"{line[:199]}…"


def _when(figures: list[Figures]) -> str:
    loads = [each["load"] for each in figures if each["load"] is not None]
    dates = sorted({each["date"] for each in figures})
    most = f" to {max(loads):g}" if len(loads) > 1 else ""
    load = f"; load {min(loads):g}{most}" if loads else "; load not noted"
    return f"{' and '.join(dates[:: max(1, len(dates) - 1)])}{load}."


def _fuzz(figures: list[Figures]) -> list[str]:
    by_target: dict[str, list[Figures]] = {}
    for each in figures:
        by_target.setdefault(each["target"], []).append(each)
    whole = sum(each["executions"] for each in figures)
    guided = all(each.get("guided", True) for each in figures)
    how = "guided by coverage (atheris)" if guided else "in part without guidance by coverage"
    lines = [
        "## Fuzzing of every way in",
        "",
        f"{whole:,} executions over {len(by_target)} targets, {how}, each bounded by 10 s and "
        f"1000 MB of the whole process. {_when(figures)}",
        "",
        "| target | executions | minutes | kinds of findings |",
        "|---|---|---|---|",
    ]
    for target, own in by_target.items():
        minutes = sum(each["seconds"] for each in own) / 60.0
        kinds = {one["trouble"] for each in own for one in each["findings"]}
        executions = sum(each["executions"] for each in own)
        lines.append(f"| {target} | {executions:,} | {minutes:.1f} | {len(kinds)} |")
    return lines


def _counted(title: str, words: str) -> Callable[[list[Figures]], list[str]]:
    def section(figures: list[Figures]) -> list[str]:
        whole = sum(each["executions"] for each in figures)
        return [f"## {title}", "", f"{whole:,} {words} {_when(figures)}"]

    return section


def _hostile(figures: list[Figures]) -> list[str]:
    kinds = figures[-1]["kinds"]
    lines = [
        "## Files made to take time and memory",
        "",
        f"{len(kinds)} kinds, {sum(each['files'] for each in kinds.values())} files of up to "
        f"130 kB, read one after the other in a process. Bounds: 10 s of the processor, 500 MB "
        f"with all libraries. {_when(figures[-1:])}",
        "",
        "| kind | files | longest, s | most, MB |",
        "|---|---|---|---|",
    ]
    for name, each in kinds.items():
        lines.append(f"| {name} | {each['files']} | {each['longest_s']} | {each['most_mb']} |")
    return lines


def _moments(title: str, words: str) -> Callable[[list[Figures]], list[str]]:
    def section(figures: list[Figures]) -> list[str]:
        count = sum(each["moments"] for each in figures)
        lines = [
            f"## {title}",
            "",
            f"{count} moments. {words} {_when(figures)}",
            "",
            f"* most that was lost of a recording: {max(e['lost_s_most'] for e in figures):.2f} s; "
            f"more than 1 s at {sum(e['over_1_s'] for e in figures)} moments",
            f"* filed {sum(e['filed'] for e in figures)}, offered at the next start "
            f"{sum(e['offered'] for e in figures)}; the others had no recording yet, or one too "
            "short to hold a run",
        ]
        timed = [each for each in figures if "took_s" in each]
        if timed:
            took = max(each["took_s"][1] for each in timed)
            cpu = max(each["cpu_s"][1] for each in timed)
            middle = timed[-1]
            lines.append(
                f"* end, by the clock: {middle['took_s'][0]:.2f} s in the middle, {took:.2f} s at "
                f"most, more than 2 s at {sum(e['over_2_s'] for e in timed)} moments; of a "
                f"processor: {middle['cpu_s'][0]:.2f} s, {cpu:.2f} s"
            )
        return lines

    return section


def _processes(figures: list[Figures]) -> list[str]:
    return [
        "## Several processes on one journal",
        "",
        f"{sum(e['processes'] for e in figures)} processes, {sum(e['killed'] for e in figures)} of "
        f"them killed; of {sum(e['told'] for e in figures)} notes that were said to be kept, "
        f"{sum(e['found'] for e in figures)} are there. {_when(figures)}",
    ]


def _soak(figures: list[Figures]) -> list[str]:
    last = figures[-1]
    memory = last["memory_mb"]
    return [
        "## Hours in virtual time",
        "",
        f"{last['hours']:g} h of a run over a simulated radio at 200 Hz whose link was lost "
        f"{last['disconnects']} times and came back {last['resumed']} times. {_when(figures[-1:])}",
        "",
        f"* memory after the first hour {memory[min(1, len(memory) - 1)]:g} MB, after the last "
        f"{memory[-1]:g} MB: what was found of the run is kept",
        f"* file: {last['file_mb_per_hour']:g} MB an hour",
        f"* steps told live {last['steps'][0]:,}, found by replay {last['steps'][1]:,}; a round of "
        f"the same ten minutes had {last['steps_a_round'][0]} to {last['steps_a_round'][1]}",
        f"* processor: {last['cpu_s']} s",
    ]


def _hour(figures: list[Figures]) -> list[str]:
    last = figures[-1]
    return [
        "## In real time, with the page in a browser",
        "",
        f"{last['minutes']:g} min, {last['disconnects']} lost links, {last['resumed']} returns, "
        f"ended by SIGTERM with the page open. {_when(figures[-1:])}",
        "",
        f"* memory of the program: {last['memory_mb'][0]:g} MB once it had settled, "
        f"{last['memory_mb'][1]:g} MB at the end; of the page's scripts {last['page_mb'][0]:g} and "
        f"{last['page_mb'][1]:g} MB",
        f"* file: {last['file_mb_per_hour']:g} MB an hour",
        f"* steps told live {last['steps'][0]:,}, found by replay {last['steps'][1]:,}",
        f"* end: {last['end_s']:g} s",
    ]


_SECTIONS: Final[dict[str, Callable[[list[Figures]], list[str]]]] = {
    "fuzz": _fuzz,
    "sessions": _counted(
        "Damaged sessions",
        "readings of a session with a bit turned, a stretch overwritten, lost or doubled, or its "
        "end cut off: what is read is the beginning of what was recorded, and a lack is told.",
    ),
    "documents": _counted(
        "Settings and stores that make no sense",
        "settings, baselines, fault plans and stores with odd values, names and depths.",
    ),
    "journals": _counted(
        "Journals that make no sense",
        "commands on a journal of which values, columns or tables make no sense.",
    ),
    "hostile": _hostile,
    "kill": _moments("Kill −9", "At the start, in mid-run, and while the run ends."),
    "power": _moments(
        "Power cuts",
        "What was put on the disk is there; of what was not, a random part: names, torn writes of "
        "the journal's database, zeros at the recording's end.",
    ),
    "signals": _moments(
        "SIGINT, SIGTERM, SIGHUP",
        "At the start, in mid-run, with the page, with a browser on it, and while the filters are "
        "compiled for the first time.",
    ),
    "processes": _processes,
    "soak": _soak,
    "hour": _hour,
}
