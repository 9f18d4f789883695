"""Measured rows in a JSON file: read, merged into what was measured before, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Hashable
from pathlib import Path
from typing import Any

from cvkit._paths import atomic_path
from cvkit.compare.measure.machine import describe_machine

Row = dict[str, Any]

# What tells one measurement from another; a row measured again replaces the older one.
_KEYS = ("section", "label", "height", "width", "threads", "level", "device", "image", "reference_version")


class Document:
    """Rows measured on one machine.

    Parameters
    ----------
    machine : dict
        As :func:`~cvkit.compare.measure.machine.describe_machine` gives it.
    rows : list of dict
        One for each measurement.
    """

    def __init__(self, machine: dict[str, Any] | None = None, rows: list[Row] | None = None) -> None:
        self.machine: dict[str, Any] = describe_machine() if machine is None else machine
        self._rows = {_key(row): row for row in rows or []}

    @property
    def rows(self) -> list[Row]:
        """The rows in the order in which they were first measured."""
        return list(self._rows.values())

    def section(self, name: str) -> list[Row]:
        """Return the rows of one section: speed, detector, first call, parity..."""
        return [row for row in self.rows if row["section"] == name]

    def add(self, row: Row) -> None:
        """Add a row, or replace the older measurement of the same thing."""
        self._rows[_key(row)] = row

    def retain(self, labels: Collection[str]) -> None:
        """Drop the rows of other labels, such as those that the tables no longer have."""
        self._rows = {key: row for key, row in self._rows.items() if row["label"] in labels}

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the document; an interrupted call leaves an earlier file as it was."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # A line for each row: a new measurement is a line's difference.
        rows = ",\n".join(map(json.dumps, self.rows))
        text = f'{{"machine": {json.dumps(self.machine)},\n"rows": [\n{rows}\n]}}\n'
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


def read_document(path: str | os.PathLike[str]) -> Document:
    """Read what :meth:`Document.write` wrote.

    Parameters
    ----------
    path : path
        A JSON file.

    Returns
    -------
    Document

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file holds something else.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "empty.json"
    >>> Document().write(path)
    >>> read_document(path).rows
    []
    """
    text = Path(path).read_text(encoding="utf-8")
    try:
        content = json.loads(text)
        return Document(content["machine"], content["rows"])
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{os.fspath(path)} holds no measurements of cvkit") from None


def open_document(path: str | os.PathLike[str]) -> Document:
    """Return the document to continue: the file's, where there is one of this machine, else an empty one.

    Parameters
    ----------
    path : path
        A JSON file, or where there will be one.

    Returns
    -------
    Document

    Raises
    ------
    ValueError
        If the file was measured on another machine or with other versions: such rows are not comparable.

    Examples
    --------
    >>> open_document("no/such/file.json").rows
    []
    """
    if not Path(path).exists():
        return Document()
    document = read_document(path)
    here = describe_machine()
    changed = [name for name in here if document.machine.get(name) != here[name]]
    if changed:
        was = ", ".join(f"{name} {document.machine.get(name)}, now {here[name]}" for name in changed)
        raise ValueError(f"{os.fspath(path)} was measured elsewhere ({was}); remove it or name another file")
    return document


def _key(row: Row) -> Hashable:
    return tuple(row.get(name) for name in _KEYS)
