"""Whether what a command will write can be written, found out before its work and not after it."""

from __future__ import annotations

from pathlib import Path

from cvkit._paths import check_writable
from cvkit.cli.errors import WrongUsageError


def check_output_file(path: Path, option: str, suffix: str) -> None:
    """Refuse a file that has another ending, or that cannot be written where it shall be."""
    if path.suffix != suffix:
        raise WrongUsageError(f"{option} must end in {suffix}, got {path}")
    if path.is_dir():
        raise WrongUsageError(f"{option}: {path} is a folder")
    if not path.parent.is_dir():
        raise WrongUsageError(f"{option}: there is no folder {path.parent}")
    check_output_folder(path.parent)


def check_output_folder(path: Path) -> None:
    """Refuse a folder that cannot be written to, or not be made."""
    try:
        check_writable(path)
    except OSError as error:
        raise WrongUsageError(f"cannot use the output folder: {error}") from None
