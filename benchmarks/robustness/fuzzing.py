"""Fuzzing of every way in: by coverage where atheris is here, else by changes of sound bytes."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from benchmarks.robustness.outcome import trouble_of
from benchmarks.robustness.targets import TARGETS, Target

#: What hangs by the clock, s (time of the processor is looked at elsewhere: the machine may be
#: busy), and the most that the process may take, MB, of which its libraries take a part.
_HANGS_S: Final = 300
_MOST_MB: Final = 1000
_LONGEST_BYTES: Final = {"session": 40_000, "table": 8_000, "trace": 16_000}
_EXECUTED: Final = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
#: Values at which things change.
_TELLING: Final = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"\x00" * 8, b"1e999")


def guided_by_coverage() -> bool:
    """Whether atheris is here; it has no wheels for Windows and the newest Pythons."""
    return importlib.util.find_spec("atheris") is not None


def fuzz(targets: Sequence[Target], seconds: float, corpus: Path) -> Iterator[dict[str, Any]]:
    """Give each target its share of the time.

    Parameters
    ----------
    targets : sequence of Target
    seconds : float
        For all of them.
    corpus : Path
        Folder where what reached something new stays for the next time.

    Yields
    ------
    dict
        Of each target: ``target``, ``executions``, ``seconds``, and ``findings``, each with
        ``trouble`` and ``bytes`` in hexadecimal.
    """
    whole = sum(each.weight for each in targets)
    for target in targets:
        share_s = seconds * target.weight / whole
        if guided_by_coverage():
            yield _guided(target, share_s, corpus)
        else:
            yield try_changes(target, Random(target.name), seconds=share_s)


def _guided(target: Target, seconds: float, corpus: Path) -> dict[str, Any]:
    name = re.sub(r"\W", "-", target.name)
    own = corpus / name
    own.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(target.begin()):
        (own / f"begin-{number}").write_bytes(data)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.jsonl"
        words = [
            *(sys.executable, "-m", "benchmarks.robustness.guided", target.name, str(found)),
            f"-max_total_time={max(1, round(seconds))}",
            f"-timeout={_HANGS_S}",
            f"-rss_limit_mb={_MOST_MB}",
            f"-max_len={_LONGEST_BYTES.get(target.name.partition(':')[0], 2000)}",
            f"-artifact_prefix={folder}/",
            *("-print_final_stats=1", "-len_control=0", str(own)),
        ]
        done = subprocess.run(words, capture_output=True, check=False, cwd=Path.cwd())
        told = (done.stdout + done.stderr).decode("utf-8", "replace")
        findings = []
        if found.exists():
            findings = [json.loads(line) for line in found.read_text("utf-8").splitlines()]
        for kind in ("timeout", "oom", "crash"):
            for artefact in Path(folder).glob(f"{kind}-*"):
                trouble = {"timeout": f"longer than {_HANGS_S} s", "oom": f"over {_MOST_MB} MB"}
                findings.append(
                    {
                        "target": target.name,
                        "trouble": trouble.get(kind, "the process crashed"),
                        "bytes": artefact.read_bytes().hex(),
                    }
                )
    executed = _EXECUTED.findall(told)
    if not executed and not findings:
        raise RuntimeError(f"{target.name} could not be fuzzed:\n{told[-2000:]}")
    return {
        "target": target.name,
        "executions": sum(map(int, executed)),
        "seconds": round(time.monotonic() - began, 1),
        "findings": findings,
    }


def try_changes(
    target: Target, random: Random, *, seconds: float = float("inf"), executions: int = 10**9
) -> dict[str, Any]:
    """Change sound bytes at random, whichever of time and number is over first.

    Returns
    -------
    dict
        As of :func:`fuzz`.
    """
    sound, known = target.begin(), Counter[str]()
    findings, count, began = [], 0, time.monotonic()
    while count < executions and time.monotonic() - began < seconds:
        data = changed(random.choice(sound), random, sound)
        trouble = trouble_of(target.run, data)
        count += 1
        kind = trouble.partition(": ")[0]
        known[kind] += 1
        if kind and known[kind] == 1:
            findings.append({"target": target.name, "trouble": trouble, "bytes": data.hex()})
    took_s = round(time.monotonic() - began, 1)
    return {"target": target.name, "executions": count, "seconds": took_s, "findings": findings}


def changed(data: bytes, random: Random, others: Sequence[bytes] = ()) -> bytes:
    """The bytes with one to eight changes: of a bit, of a stretch, of order, of length."""
    now = bytearray(data)
    for _ in range(random.randint(1, 8)):
        at = random.randrange(len(now) + 1)
        length = min(len(now) - at, int(random.expovariate(0.1)))
        match random.randrange(7):
            case 0 if at < len(now):
                now[at] ^= 1 << random.randrange(8)
            case 1:
                now[at : at + length] = random.randbytes(length)
            case 2:
                del now[at : at + length]
            case 3:
                now[at:at] = now[at : at + length] * random.choice((1, 2, 40))
            case 4:
                now[at:at] = random.choice(_TELLING)
            case 5 if others:
                other = random.choice(others)
                where = random.randrange(len(other) + 1)
                now[at : at + length] = other[where : where + 2 * length]
            case 6 if random.random() < 0.3:
                del now[at:]
    return bytes(now)


def all_targets(prefixes: Sequence[str]) -> list[Target]:
    """Those whose names begin so; all without any."""
    return [each for each in TARGETS if each.name.startswith(tuple(prefixes) or "")]
