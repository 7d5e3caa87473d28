"""What the guest boots: Debian's kernel and BlueZ from packages, and an archive to start from.

The packages are fetched with apt and unpacked into a cache folder: nothing is installed, and no
rights are needed. Everything else, Python and the project included, the guest reads from the
computer's own files.
"""

from __future__ import annotations

import lzma
import os
import re
import shlex
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

_PACKAGES: Final = ("linux-image-amd64", "bluez", "dbus", "busybox-static")
#: Drivers that the guest needs, with the ciphers that Bluetooth asks the kernel for.
_MODULES: Final = (
    "virtio_pci",
    "9pnet_virtio",
    "9p",
    "aes_generic",
    "cmac",
    "ecb",
    "sha512_generic",
    "ctr",
    "drbg",
    "ecdh_generic",
    "algif_hash",
    "algif_skcipher",
    "hci_vhci",
)
#: Started by the kernel, from memory: modules, the computer's files read-only, then the command.
_INIT: Final = """\
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
for module in {modules}; do $b insmod /modules/$module.ko || echo "guest: no module $module"; done
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,cache=loose,ro host /host
for root in /host /host{root}; do
  $b mount -t proc proc $root/proc
  $b mount -t sysfs sys $root/sys
  $b mount -t devtmpfs dev $root/dev
done
$b mount -t tmpfs run /host/run
$b mkdir -p /host/run/home /host/run/tmp /host/run/dbus
$b mount -o bind /host/run /host{root}/run
$b mount -t tmpfs state /host{root}/var/lib/bluetooth
$b chroot /host /bin/sh -c {command}
echo "guest: exit $?"
$b poweroff -f
"""


class ImageError(Exception):
    """The guest cannot be built; one sentence."""


class GuestFiles:
    """The unpacked packages.

    Parameters
    ----------
    root : Path
        Folder that they are unpacked in.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def kernel(self) -> Path:
        """The kernel's image."""
        return _newest(self.root / "boot", "vmlinuz-*")

    @property
    def modules(self) -> Path:
        """Folder of the kernel's modules."""
        return _newest(self.root / "usr/lib/modules", "*")

    @property
    def busybox(self) -> Path:
        """A shell that needs no libraries."""
        return self.root / "usr/bin/busybox"


def guest_files(cache: Path, *, renew: bool = False) -> GuestFiles:
    """The kernel and BlueZ, fetched at the first call.

    Parameters
    ----------
    cache : Path
        Where they are kept: about 120 MB fetched, 600 MB unpacked.
    renew : bool, default False
        Whether to fetch them again: newer versions.

    Raises
    ------
    ImageError
        When apt is missing, or cannot fetch them.
    """
    root, debs = cache / "root", cache / "packages"
    complete = cache / "complete"
    if complete.is_file() and not renew:
        return GuestFiles(root)
    missing = [tool for tool in ("apt-get", "dpkg-deb", "tar") if shutil.which(tool) is None]
    if missing:
        raise ImageError(
            f"{', '.join(missing)} is missing: the guest is built from Debian packages, so this "
            "needs a Debian system on an x86-64 computer."
        )
    complete.unlink(missing_ok=True)
    shutil.rmtree(root, ignore_errors=True)
    _fetch(debs)
    _lay_out(root)
    for deb in sorted(debs.glob("*.deb")):
        _unpack(deb, root)
    shutil.rmtree(debs)
    complete.touch()
    return GuestFiles(root)


def boot_archive(files: GuestFiles, command: Sequence[str]) -> bytes:
    """The first file system of the guest, in memory: modules, a shell and what it does.

    Parameters
    ----------
    files : GuestFiles
        Kernel modules and shell.
    command : sequence of str
        Run in the guest among the computer's own files, as root; the guest ends with it.

    Returns
    -------
    bytes
        An archive as the kernel takes it (cpio, "newc").

    Raises
    ------
    ImageError
        When the kernel lacks a module.
    """
    modules = dict(_with_dependencies(files.modules, _MODULES))
    init = _INIT.format(
        modules=" ".join(modules),
        root=shlex.quote(str(files.root)),
        command=shlex.quote(shlex.join(command)),
    )
    entries = [
        *((folder, stat.S_IFDIR | 0o755, b"", (0, 0)) for folder in _FOLDERS),
        ("dev/console", stat.S_IFCHR | 0o600, b"", (5, 1)),
        ("bin/busybox", stat.S_IFREG | 0o755, files.busybox.read_bytes(), (0, 0)),
        ("init", stat.S_IFREG | 0o755, init.encode(), (0, 0)),
        *(
            (f"modules/{name}.ko", stat.S_IFREG | 0o644, content, (0, 0))
            for name, content in modules.items()
        ),
        ("TRAILER!!!", 0, b"", (0, 0)),
    ]
    return b"".join(
        _archived(number, path, mode, content, device)
        for number, (path, mode, content, device) in enumerate(entries, 1)
    )


_FOLDERS: Final = ("bin", "dev", "host", "modules", "proc")


def _fetch(debs: Path) -> None:
    """Fetch the packages and all that they depend on, as if nothing were installed."""
    (debs / "partial").mkdir(parents=True, exist_ok=True)
    (debs / "status").touch()
    options = {
        "Dir::State::status": debs / "status",
        "Dir::Cache::archives": debs,
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "",
    }
    done = subprocess.run(
        ["apt-get", "install", "--download-only", "--no-install-recommends", "-qq", "-y"]
        + [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        + list(_PACKAGES),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        reasons = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        raise ImageError(
            f"apt cannot fetch {', '.join(_PACKAGES)} "
            f"({(reasons or ['no reason given'])[0].removeprefix('E: ').rstrip('.')}): run "
            "'apt-get update' and try again."
        )


def _lay_out(root: Path) -> None:
    """Folders and files that no package brings."""
    for folder in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / folder).mkdir(parents=True)
        (root / folder).symlink_to(f"usr/{folder}")
    for folder in ("dev", "proc", "sys", "run", "etc", "var/lib/bluetooth"):
        (root / folder).mkdir(parents=True)
    (root / "var/run").symlink_to("/run")
    (root / "etc/passwd").write_text("root:x:0:0::/run:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nbluetooth:x:101:\nnetdev:x:102:\nlp:x:7:\n")
    (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")


def _unpack(deb: Path, root: Path) -> None:
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as packed:
        unpacked = subprocess.run(
            ["tar", "-x", "--keep-directory-symlink", "--no-same-owner", "-C", root],
            check=False,
            stdin=packed.stdout,
        )
    if packed.returncode or unpacked.returncode:
        raise ImageError(f"{deb.name} cannot be unpacked: free some disk space and try again.")


def _newest(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise ImageError(f"{folder} is not complete: run again with --renew.")
    return found[-1]


def _with_dependencies(folder: Path, wanted: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Modules by name, each after those that it needs; what is built in is left out."""
    files = {
        path.name.split(".ko")[0].replace("-", "_"): path
        for path in folder.rglob("*.ko*")
        if path.name.endswith((".ko", ".ko.xz"))
    }
    built_in = (folder / "modules.builtin").read_text()
    done: set[str] = set()

    def follow(name: str) -> Iterator[tuple[str, bytes]]:
        if name in done:
            return
        done.add(name)
        if name not in files:
            if re.search(rf"/{name.replace('_', '[-_]')}\.ko", built_in):
                return
            raise ImageError(f"the kernel in {folder} has no module {name}: use Debian's own.")
        content = files[name].read_bytes()
        if files[name].suffix == ".xz":
            content = lzma.decompress(content)
        needed = re.search(rb"\0depends=([^\0]*)\0", content)
        for other in (needed.group(1).decode() if needed else "").split(","):
            if other:
                yield from follow(other.replace("-", "_"))
        yield name, content

    for name in wanted:
        yield from follow(name)


def _archived(number: int, path: str, mode: int, content: bytes, device: tuple[int, int]) -> bytes:
    """One entry of the archive: header, name and content, each filled up to four bytes."""
    name = os.fsencode(path) + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % value for value in fields) + name
    return _filled(head) + _filled(content)


def _filled(content: bytes) -> bytes:
    return content + bytes(-len(content) % 4)
