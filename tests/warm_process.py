"""Processes of their own that need not import everything again: each a fork of one that has.

A command takes more than a second of the processor for its imports and its compiled kernels: most
of what a test takes that starts one. :class:`WarmPopen` is ``subprocess.Popen`` in all that a test
can see (arguments, environment, folder, streams, signals, session, exit code), for Python code. The
forks are children of the test's process, which is made the one that takes in orphans. Code that
needs another place of compiled code or other settings of Python, and all code where the system is
not Linux, is started anew.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import inspect
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from tests.patience import HANG_S

ROOT: Final = Path(__file__).parents[1]
_MOST_BYTES: Final = 1 << 18
_TAKE_IN_ORPHANS: Final = 36  # PR_SET_CHILD_SUBREAPER
#: What is settled when Python starts or the package is imported, apart from what is made anew.
_SETTLED: Final = ("PYTHON", "NUMBA")
_MADE_ANEW: Final = ("PYTHONIOENCODING", "PYTHONUNBUFFERED", "PYTHONPATH")
_COMMAND: Final = "from pipelines.cli import main\nmain()"
_SERVER: Final = (
    "from tests.warm_process import next_code\nexec(next_code(), {'__name__': '__main__'})"
)
#: What most of the processes need; an extra that is not there is not needed either.
_NEEDED: Final = (
    "typer._adapters",  # and pydantic, at the first option of a command
    "pipelines.cli",
    "pipelines.commands.live",
    "pipelines.commands.replay",
    "pipelines.commands.simulate",
    "pipelines.views.terminal.view",
    "pipelines.views.page.server",
    "pipelines.views.page.view",
    "pipelines.views.home.served",
    "pipelines.files.session_reader",
    "pipelines.files.simulation",
    "matplotlib.backends.backend_svg",
)


class WarmPopen(subprocess.Popen[str]):
    """A process of Python code, as ``subprocess.Popen(args, encoding="utf-8", …)`` starts one.

    Parameters
    ----------
    args : list of str
        ``sys.executable``, then ``-c`` and code or ``-m pipelines.cli``, then its arguments.
    **given
        As of ``subprocess.Popen``.
    """

    def __init__(self, args: list[str], **given: Any) -> None:
        super().__init__(args, encoding="utf-8", **given)

    def _execute_child(self, *given: Any) -> None:
        anew: Any = super()._execute_child  # type: ignore[misc]
        asked = inspect.signature(anew).bind(*given).arguments
        environment = dict(os.environ if asked["env"] is None else asked["env"])
        code = _code(asked["args"])
        if code is None or _settled(environment) != _settled(dict(os.environ)):
            anew(*given)
            return
        request = {
            "code": code,
            "arguments": list(map(os.fspath, asked["args"][3:])),
            "environment": environment,
            "folder": str(asked["cwd"] or Path.cwd()),
            "own_session": asked["start_new_session"],
        }
        streams = [asked["p2cread"], asked["c2pwrite"], asked["errwrite"]]
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
            link.connect(_server())
            descriptors = [own if one == -1 else one for own, one in enumerate(streams)]
            socket.send_fds(link, [json.dumps(request).encode()], descriptors)
            self.pid = int(link.recv(64))
        self._child_created = True
        ends = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(asked[name] for name in ends))  # type: ignore[attr-defined]


def finished(
    args: list[str], *, given_in: str | None = None, **given: Any
) -> subprocess.CompletedProcess[str]:
    """Run Python code in such a process to its end; streams that are not given are kept."""
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    if given_in is not None:
        streams["stdin"] = subprocess.PIPE
    with WarmPopen(args, **streams | given) as process:
        out, err = process.communicate(given_in, timeout=HANG_S)
    return subprocess.CompletedProcess(args, process.returncode, out, err)


def _code(args: list[str]) -> str | None:
    """What is to be run; None where it cannot be run here."""
    if sys.platform != "linux" or args[0] != sys.executable:
        return None
    if args[1] == "-c":
        return args[2]
    return _COMMAND if args[1:3] == ["-m", "pipelines.cli"] else None


def _settled(environment: dict[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(_SETTLED) and name not in _MADE_ANEW
    }


@cache
def _server() -> str:
    """Where the process listens that forks, for as long as this one lives."""
    ctypes.CDLL(None).prctl(_TAKE_IN_ORPHANS, 1, 0, 0, 0)
    address = str(Path(tempfile.mkdtemp(prefix="warm-")) / "socket")
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    atexit.register(_end, process, Path(address))
    return address


def _end(process: subprocess.Popen[bytes], address: Path) -> None:
    process.communicate()  # it ends when nobody holds the other end of its standard input
    address.unlink()
    address.parent.rmdir()


# ------------------------------------------------------------------------ in the process that forks


def next_code() -> str:
    """Fork for whoever asks, while this process is asked; in each fork, what it is to run."""
    _import_all()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(sys.argv[1])
    listening.listen()
    os.write(1, b"ready\n")
    while True:
        ready, _, _ = select.select([listening, sys.stdin], [], [])
        if sys.stdin in ready:
            sys.exit()
        link, _ = listening.accept()
        message, streams, _, _ = socket.recv_fds(link, _MOST_BYTES, 3)
        told, tells = os.pipe()
        between = os.fork()
        if between == 0:
            own = os.fork()
            if own:
                os.write(tells, str(own).encode())
                os._exit(0)
            for one in (told, tells):
                os.close(one)
            link.close()
            listening.close()
            return _become(json.loads(message), streams)
        os.waitpid(between, 0)  # its fork is an orphan now, and so the child of the test's process
        link.send(os.read(told, 64))
        link.close()
        for one in (told, tells, *streams):
            os.close(one)


def _import_all() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _NEEDED:
            try:
                import_module(name)
            except ImportError:
                continue
    from imu.compile_ahead import warm_up

    warm_up()
    gc.collect()
    gc.freeze()


def _become(request: dict[str, Any], streams: list[int]) -> str:
    """Take the arguments, surroundings and streams of the process that was asked for."""
    for number, one in enumerate(streams):
        os.dup2(one, number)
    for one in streams:
        if one > 2:
            os.close(one)
    if request["own_session"]:
        os.setsid()
    # whoever runs the tests may ignore them, as nohup does, and a shell for what it runs behind
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["folder"])
    environment: dict[str, str] = request["environment"]
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["-c", *request["arguments"]]
    encoding = environment.get("PYTHONIOENCODING", "utf-8")
    at_once = bool(environment.get("PYTHONUNBUFFERED"))
    sys.stdin = open(0, encoding=encoding)  # noqa: SIM115
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = open(number, "w", encoding=encoding, buffering=1)  # noqa: PTH123, SIM115
        stream.reconfigure(line_buffering=number == 2 or stream.isatty(), write_through=at_once)
        setattr(sys, name, stream)
    code: str = request["code"]
    return code
