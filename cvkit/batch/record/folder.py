"""The output folder of a run: made or entered, and locked."""

from __future__ import annotations

from pathlib import Path

from cvkit.batch.record.manifest import NAME, Manifest


def is_foreign(folder: Path) -> bool:
    """Tell whether a folder holds files, but no manifest."""
    return folder.exists() and any(folder.iterdir()) and not (folder / NAME).exists()


def open_folder(folder: Path, *, resume: bool, overwrite: bool) -> Manifest:
    """Make the output folder, or enter the one there is, and lock it.

    Parameters
    ----------
    folder : Path
        New or empty, unless one of the others is set.
    resume : bool
        Whether it may hold what an earlier run left.
    overwrite : bool
        Whether it may hold anything.

    Returns
    -------
    Manifest
        Open, with what earlier runs wrote.

    Raises
    ------
    FileExistsError
        If the folder holds what it may not hold.
    BusyFolderError
        If another run holds it.
    OSError
        If it cannot be made or written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    is_empty = not any(folder.iterdir())
    if resume and is_foreign(folder):
        raise FileExistsError(f"{folder} is not empty and holds no {NAME}: nothing to resume")
    if not (resume or overwrite or is_empty):
        ways = "overwrite to write into it"
        if (folder / NAME).exists():
            ways = "resume to go on, overwrite to begin anew"
        raise FileExistsError(f"{folder} is not empty: use {ways}")
    opened = Manifest(folder)
    if is_empty and (folder / NAME).stat().st_size > 0:
        opened.close()
        raise FileExistsError(f"{folder} is not empty: another run has just written to it")
    return opened
