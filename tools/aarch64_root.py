"""A system for aarch64 in a folder: Debian's Python, the wheels that cvkit needs, and an emulator to run it.

Packages are unpacked, not installed: this machine stays as it is, and nobody has to be root.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"
EMULATOR = "qemu-user-static"
WHEELS = ("llvmlite", "numba", "numpy", "opencv-python-headless", "scipy")
"""What the table of images imports; in the versions that are installed here, which compile the kernels."""
# apt brings what these depend on. OpenMP is Numba's threading layer there, as TBB has no wheel.
_PACKAGES = (PYTHON, "libgomp1", "libstdc++6")
_GLIBC = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")


@dataclass(frozen=True)
class System:
    """An unpacked system.

    Parameters
    ----------
    folder : Path
        Where it is.
    """

    folder: Path

    @property
    def root(self) -> Path:
        """What programs of that system see as the root folder, before this machine's own."""
        return self.folder / "root"

    @property
    def emulator(self) -> Path:
        """The program that runs those programs here."""
        return self.folder / "host" / "usr" / "bin" / "qemu-aarch64-static"

    @property
    def python(self) -> list[str]:
        """The beginning of a command line for that system's Python."""
        return [str(self.emulator), "-L", str(self.root), str(self.root / "usr" / "bin" / PYTHON)]

    @property
    def packages(self) -> Path:
        """Where that Python finds wheels."""
        return self.root / "usr" / "lib" / "python3" / "dist-packages"


def prepare(folder: Path) -> System:
    """Unpack a system into a folder, unless the same is there already.

    Parameters
    ----------
    folder : Path
        To be made, or from an earlier call.

    Returns
    -------
    System

    Raises
    ------
    OSError
        If apt, dpkg or pip are missing or cannot bring something; the message says what.
    """
    system = System(folder)
    wheels = [f"{name}=={version(name)}" for name in WHEELS]
    # Written last: a system that was left half unpacked is unpacked again.
    description = folder / "description.txt"
    wanted = "\n".join([*_PACKAGES, EMULATOR, *wheels, ""])
    if not description.exists() or description.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        system.packages.mkdir(parents=True)
        _unpack_packages(system)
        _unpack_wheels(system, wheels)
        _check(system)
        description.write_text(wanted, encoding="utf-8")
    return system


def _unpack_packages(system: System) -> None:
    """Let apt find and download packages, with lists and caches of its own, and unpack them."""
    state = system.folder / "apt"
    archives = state / "cache" / "archives"
    for folder in (state / "lists" / "partial", archives / "partial"):
        folder.mkdir(parents=True)
    host = _run("dpkg", "--print-architecture").strip()
    (state / "sources.list").write_text("".join(_mirrors()), encoding="utf-8")
    (state / "status").touch()  # nothing is installed: everything that is needed comes along
    (state / "apt.conf").write_text(
        f'APT::Architectures {{ "{host}"; "arm64"; }};\n'
        'APT::Sandbox::User "";\n'  # as who calls: another user could not write here
        'APT::Update::Error-Mode "any";\n'
        'Acquire::Languages "none";\n'
        f'Dir::State "{state}";\nDir::State::lists "{state}/lists";\nDir::State::status "{state}/status";\n'
        f'Dir::Cache "{state}/cache";\n'
        f'Dir::Etc::sourcelist "{state}/sources.list";\nDir::Etc::sourceparts "-";\n',
        encoding="utf-8",
    )
    settings = {"APT_CONFIG": str(state / "apt.conf")}
    _run("apt-get", "update", settings=settings)
    wanted = [f"{package}:arm64" for package in _PACKAGES]
    options = ["--yes", "--download-only", "--no-install-recommends"]
    _run("apt-get", "install", *options, *wanted, settings=settings)
    _run("apt-get", "download", f"{EMULATOR}:{host}", settings=settings, folder=state)
    for archive in archives.glob("*.deb"):
        if not archive.stem.endswith(f"_{host}"):
            _run("dpkg-deb", "--extract", str(archive), str(system.root))
    for archive in state.glob("*.deb"):
        _run("dpkg-deb", "--extract", str(archive), str(system.folder / "host"))
    shutil.rmtree(state)


def _mirrors() -> Iterator[str]:
    """Find where this machine gets Debian from; other repositories may have nothing for arm64."""
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "?")
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    form = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    found = False
    for line in _run("apt-get", "indextargets", "--format", form, "Created-By: Packages").splitlines():
        if line.split()[1].startswith(codename):
            yield f"deb [signed-by={keys}] {line}\n"
            found = True
    if not found:
        raise OSError(f"apt has no source of Debian's packages for the release {codename!r}")


def _unpack_wheels(system: System, wheels: list[str]) -> None:
    # pip does not look for older platforms by itself when one is named.
    platforms = [f"--platform={name}_aarch64" for name in _GLIBC]
    options = ["--quiet", "--no-deps", "--no-compile", "--only-binary=:all:", *platforms]
    _run(sys.executable, "-m", "pip", "install", *options, f"--target={system.packages}", *wheels)


def _check(system: System) -> None:
    modules = [name.replace("opencv-python-headless", "cv2") for name in WHEELS]
    programs = [system.emulator, Path(system.python[-1])]
    for path in [*programs, *(system.packages / name for name in modules)]:
        if not path.exists():
            raise OSError(f"{path} is missing, although apt and pip reported no failure")


def _run(*command: str, settings: dict[str, str] | None = None, folder: Path | None = None) -> str:
    """Run a program of this machine and return what it printed."""
    try:
        run = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(settings or {})},
            capture_output=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise OSError(f"this needs {command[0]}, which is not on this machine; Debian has it") from None
    if run.returncode != 0:
        lines = (run.stderr or run.stdout).strip().splitlines() or [f"exit code {run.returncode}"]
        raise OSError(f"{' '.join(command[:2])}: {lines[-1]}")
    return run.stdout
