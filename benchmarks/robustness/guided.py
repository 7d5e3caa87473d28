"""One target under atheris, in a process of its own: ``python -m benchmarks.robustness.guided``.

The fuzzer never returns, and what it looks at has to be imported under its eyes. A fault does not
end it: each kind is written down once, with the bytes that show it.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

#: Compiled functions must not be looked into: the compiler would see the fuzzer's counters.
_LOOKED_INTO: Final = ["devices", "pipelines", "mcap"]


def main(words: list[str]) -> None:
    """Fuzz a target: its name, the file for what is found, then libFuzzer's own options."""
    fuzzer: Any = import_module("atheris")  # of whoever wants it, no dependency

    name, found, *options = words
    with fuzzer.instrument_imports(include=_LOOKED_INTO, enable_loader_override=False):
        from benchmarks.robustness.outcome import trouble_of
        from benchmarks.robustness.targets import named
    target = named(name)
    known: set[str] = set()

    def one(data: bytes) -> None:
        trouble = trouble_of(target.run, data)
        kind = trouble.partition(": ")[0]
        if kind and kind not in known:
            known.add(kind)
            with Path(found).open("a", encoding="utf-8") as file:
                line = {"target": name, "trouble": trouble, "bytes": data.hex()}
                file.write(json.dumps(line) + "\n")

    fuzzer.Setup([sys.argv[0], *options], one)
    fuzzer.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
