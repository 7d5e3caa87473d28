"""Run the Bluetooth tests against the real BlueZ, in a QEMU guest without any radio.

``python tests/bluez/run.py``: see the README beside it. Exit code 0 when all passed, 1 when one
did not, 2 when the guest could not be started.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

if __package__ in {None, ""}:  # run as a file
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bluez.guest_image import GuestFiles, ImageError, boot_archive, guest_files

_PROJECT: Final = Path(__file__).resolve().parents[2]
_QEMU: Final = "qemu-system-x86_64"
_VERDICT: Final = "guest: exit "
_TIMEOUT_S: Final = 1800.0


def main() -> int:
    """Build what is missing, boot, pass on what the guest says."""
    parser = argparse.ArgumentParser(
        description="Run the Bluetooth tests against the real BlueZ, in a QEMU guest."
    )
    parser.add_argument(
        "--cache", type=Path, help="where kernel and BlueZ are kept (default: the user's cache)"
    )
    parser.add_argument("--renew", action="store_true", help="fetch kernel and BlueZ again")
    options = parser.parse_args()
    try:
        _check_computer()
        cache = (options.cache or _user_cache()).resolve()
        return _run(guest_files(cache, renew=options.renew))
    except ImageError as error:
        print(f"bluez: {error}", file=sys.stderr)  # noqa: T201
        return 2


def _check_computer() -> None:
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise ImageError("this needs Linux on an x86-64 computer: run it on one, or in a CI job.")
    if shutil.which(_QEMU) is None:
        raise ImageError(f"{_QEMU} is missing: 'sudo apt-get install qemu-system-x86'.")
    try:
        import bumble  # noqa: F401
    except ModuleNotFoundError:
        raise ImageError("bumble is missing: pip install -e '.[sim]'.") from None


def _user_cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("backstride") / "bluez-guest"


def _command(files: GuestFiles) -> list[str]:
    """What runs in the guest: this Python, with these packages, from the same places."""
    surroundings = {
        "HOME": "/run/home",
        "TMPDIR": "/run/tmp",
        "XDG_CACHE_HOME": "/run/home",
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join([str(_PROJECT), os.environ.get("PYTHONPATH", "")]).rstrip(
            os.pathsep
        ),
    }
    return [
        "env",
        "-i",
        *(f"{name}={value}" for name, value in surroundings.items()),
        sys.executable,
        str(_PROJECT / "tests" / "bluez" / "guest_checks.py"),
        str(files.root),
    ]


def _run(files: GuestFiles) -> int:
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="backstride-bluez-") as folder:
        archive = Path(folder) / "boot.cpio"
        archive.write_bytes(boot_archive(files, _command(files)))
        qemu = subprocess.Popen(
            [
                *(_QEMU, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
                *("-serial", "stdio", "-monitor", "none"),
                # the guest's time is counted in instructions: a busy computer cannot starve it
                *("-accel", "tcg", "-icount", "shift=0", "-cpu", "max", "-m", "1536"),
                *("-kernel", str(files.kernel), "-initrd", str(archive)),
                *("-append", "console=ttyS0 quiet loglevel=1 panic=-1 random.trust_cpu=on"),
                *("-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap"),
                *("-device", "virtio-9p-pci,fsdev=host,mount_tag=host"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        too_long = threading.Timer(_TIMEOUT_S, qemu.kill)
        too_long.daemon = True
        too_long.start()
        complaints: list[bytes] = []
        assert qemu.stdout is not None
        assert qemu.stderr is not None
        listener = threading.Thread(target=complaints.extend, args=(qemu.stderr,), daemon=True)
        listener.start()
        code: int | None = None
        try:
            for raw in qemu.stdout:
                line = raw.decode(errors="replace").rstrip("\r\n")
                if line.startswith(_VERDICT):
                    code = int(line.removeprefix(_VERDICT))
                else:
                    print(line, flush=True)  # noqa: T201
            qemu.wait()
        finally:
            too_long.cancel()
            qemu.kill()
            qemu.wait()
            listener.join(1.0)
    passed_s = time.monotonic() - began_s
    if code is None:
        said = b"".join(complaints).decode(errors="replace").strip().splitlines()
        reason = said[-1] if said else f"no result after {passed_s:.0f} s"
        raise ImageError(f"the guest did not come to an end ({reason}): run again with --renew.")
    verdict = "passed" if code == 0 else "FAILED"
    print(f"bluez: {verdict} in {passed_s:.0f} s")  # noqa: T201
    return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main())
