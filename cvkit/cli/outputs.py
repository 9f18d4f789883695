"""What commands write: whether they can, found out before the work, and the summary after it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from cvkit._paths import check_writable
from cvkit.cli.errors import WrongUsageError

if TYPE_CHECKING:
    from cvkit.batch import Summary


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


def print_summary(summary: Summary) -> None:
    """Print how a run went, as JSON."""
    print(json.dumps({**asdict(summary), "manifest": str(summary.manifest)}))
