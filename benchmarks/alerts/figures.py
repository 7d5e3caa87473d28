"""The figures of the alert study: operating curves."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from benchmarks.alerts.study import FAMILY_FACTORS, WANDERS_PERCENT, Study

__all__ = ["can_draw", "draw"]


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def draw(study: Study, folder: Path) -> list[Path]:
    """Write the figures as SVG; returns their paths."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams["svg.hashsalt"] = "backstride"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []

    def save(figure: Any, name: str) -> None:
        path = folder / f"{name}.svg"
        figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
        plt.close(figure)
        paths.append(path)

    figure, axes = plt.subplots(figsize=(6.4, 4.0))
    for run in ("stationary", "disturbed"):
        rows = [study.quiet[f"{run} {w:g}"].share() for w in WANDERS_PERCENT]
        middle = [100 * row[0] for row in rows]
        spread = [
            [100 * (row[0] - row[1]) for row in rows],
            [100 * (row[2] - row[0]) for row in rows],
        ]
        axes.errorbar(WANDERS_PERCENT, middle, spread, marker="o", capsize=3, label=run)
    axes.axhline(6.0, color="grey", linestyle=":", label="goal, all together")
    axes.set(
        xlabel="slow wander of the peak, %",
        ylabel="one-hour runs with a false alert, %",
        ylim=(0, None),
    )
    axes.legend()
    save(figure, "false_alerts_over_wander")

    figure, axes = plt.subplots(figsize=(6.4, 4.0))
    for kind in ("peak", "shock", "lean", "cadence"):
        medians = [study.caught[f"stationary {w:g} {kind}"].median_s()[0] for w in WANDERS_PERCENT]
        shown = [value if math.isfinite(value) else math.nan for value in medians]
        axes.plot(WANDERS_PERCENT, shown, marker="o", label=kind)
    axes.set(xlabel="slow wander of the peak, %", ylabel="median delay, s", ylim=(0, None))
    axes.legend()
    save(figure, "delay_over_wander")

    figure, axes = plt.subplots(figsize=(6.4, 4.0))
    false = [100 * study.quiet[f"family {f:g}"].share()[0] for f in FAMILY_FACTORS]
    for kind in ("peak", "shock", "lean", "cadence", "ramp"):
        rows_caught = [study.caught[f"family {f:g} {kind}"] for f in FAMILY_FACTORS]
        found = [100.0 * (1.0 - row.missed / max(row.trials, 1)) for row in rows_caught]
        axes.plot(false, found, marker="o", label=kind)
    for x, factor in zip(false, FAMILY_FACTORS, strict=True):
        axes.annotate(f"{factor:g}", (x, 2.0), ha="center", fontsize=8)
    axes.set(
        xlabel="disturbed hours with any false alert, %", ylabel="changes caught, %", ylim=(0, 102)
    )
    axes.legend(loc="lower right")
    save(figure, "joint_rule")
    return paths
