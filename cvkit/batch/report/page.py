"""A batch as one HTML page that needs nothing else: what was done, what failed and why, how long it took."""

from __future__ import annotations

import json
import math
import os
import secrets
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from cvkit import _validate
from cvkit._paths import atomic_path
from cvkit.batch.record.manifest import STATUSES, Entry, read_manifest
from cvkit.batch.report.thumbnails import Thumbnail, thumbnail

NAME = "report.html"
"""The page's name in the output folder."""

# Bounds of the page, so that a browser opens it also after a million files. It says what it leaves out.
_ROWS = 2000
_REASONS = 50
_OPERATIONS = 10
_BARS = 24


@dataclass
class Statistics:
    """What the whole manifest says, in memory that grows by 8 bytes a file."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    milliseconds: array[float] = field(default_factory=lambda: array("d"))

    def add(self, entry: Entry) -> None:
        """Count an entry."""
        self.counts[entry.status] += 1
        if entry.status == "failed":
            self.reasons[entry.error or "no reason given"] += 1
        if entry.status == "done":
            self.milliseconds.append(entry.milliseconds)
        self.operations[f"{_describe(entry.operation)}, cvkit {entry.version}"] += 1

    @property
    def total(self) -> int:
        """The number of files."""
        return self.counts.total()


@dataclass(frozen=True)
class Pair:
    """A file's image before and after."""

    entry: Entry
    before: Thumbnail
    after: Thumbnail

    @property
    def overlay(self) -> bool:
        """Whether one can be laid over the other: both are there and of nearly the same proportions."""
        if not self.before.data or not self.after.data:
            return False
        ratio = self.before.width * self.after.height / (self.before.height * self.after.width)
        return abs(ratio - 1) < 0.03


@dataclass(frozen=True)
class Bar:
    """A bar of the histogram: its bounds in milliseconds, and its count."""

    low: float
    high: float
    count: int


def write_report(folder: str | os.PathLike[str], *, thumbnails: int = 60) -> Path:
    """Write a page about a batch into its output folder, as ``report.html``.

    Parameters
    ----------
    folder : path
        The output folder of :func:`cvkit.batch.run`, which holds the manifest.
    thumbnails : int
        Of how many files to show the images before and after, taken evenly from all that were done.

    Returns
    -------
    pathlib.Path
        The page. It holds everything it shows and fetches nothing. Of more than 2000 files it lists those
        that failed first, and says what is left out.

    Raises
    ------
    FileNotFoundError
        If the folder holds no manifest.
    ValueError
        If the manifest is damaged, or ``thumbnails`` is not from 0 to 500.

    Examples
    --------
    >>> import tempfile
    >>> from cvkit.batch import Entry, Manifest, write_report
    >>> folder = tempfile.mkdtemp()
    >>> gray = {"name": "gray", "parameters": {}}
    >>> with Manifest(folder) as manifest:
    ...     manifest.add(Entry("a.png", None, 0, 0, gray, "0.1.0", "failed", None, "the file is empty", 0.2))
    >>> "the file is empty" in write_report(folder).read_text(encoding="utf-8")
    True
    """
    import jinja2

    folder = Path(folder)
    thumbnails = _validate.integer(thumbnails, "thumbnails", minimum=0, maximum=500)
    statistics = Statistics()
    for entry in read_manifest(folder):
        statistics.add(entry)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cvkit.batch.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["milliseconds"] = _duration
    page = environment.get_template(NAME).render(
        title=folder.resolve().name,
        statuses=STATUSES,
        statistics=statistics,
        operations=statistics.operations.most_common(_OPERATIONS),
        reasons=statistics.reasons.most_common(_REASONS),
        times=_quantiles(statistics.milliseconds),
        bars=histogram(np.array(statistics.milliseconds)),
        pairs=_pairs(folder, statistics.counts["done"], thumbnails),
        rows=list(_rows(folder, statistics)),
        address=_address,
        # Nobody who names a file can know it, so that no name becomes a script.
        nonce=secrets.token_urlsafe(16),
    )
    with atomic_path(folder / NAME) as temporary:
        # Names of files that are not valid Unicode are shown with their bytes written out.
        temporary.write_text(page, encoding="utf-8", errors="backslashreplace")
    return folder / NAME


def _describe(operation: dict[str, Any]) -> str:
    """Write an operation as a recipe does: its name and parameters, steps joined by commas."""
    if "steps" in operation:
        return ", ".join(map(_describe, operation["steps"]))
    parameters = operation.get("parameters", {})
    words = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in parameters.items()]
    return " ".join([str(operation.get("name", "?")), *words])


def _address(output: str) -> str:
    """Return the address of a result, relative to the page."""
    return "./" + quote(output.encode("utf-8", "surrogateescape"))


def _duration(milliseconds: float) -> str:
    """Write a time with three digits."""
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.3g} s"
    return f"{milliseconds:.3g} ms"


def _quantiles(milliseconds: Iterable[float]) -> dict[str, float]:
    values = np.array(milliseconds)
    if not len(values):
        return {}
    median, slow = np.quantile(values, [0.5, 0.95])
    return {"median": float(median), "95 % within": float(slow), "longest": float(values.max())}


def histogram(milliseconds: np.ndarray) -> list[Bar]:
    """Count times in bars whose bounds grow by equal factors.

    Parameters
    ----------
    milliseconds : numpy.ndarray, (N,), float64
        May be empty.

    Returns
    -------
    list of Bar

    Examples
    --------
    >>> [bar.count for bar in histogram(np.array([1.0, 1.0, 100.0]))][::23]
    [2, 1]
    """
    if not len(milliseconds):
        return []
    values = np.maximum(milliseconds, 1e-3)
    low, high = float(values.min()), float(values.max())
    count = _BARS if high > 1.1 * low else 1
    edges = np.geomspace(low, max(high, math.nextafter(low, math.inf)), count + 1)
    counts, edges = np.histogram(values, edges)
    return [Bar(float(edges[i]), float(edges[i + 1]), int(counts[i])) for i in range(count)]


def _pairs(folder: Path, done: int, wanted: int) -> list[Pair]:
    """Make the thumbnails of some files, evenly taken from those that were done."""
    chosen = set(np.linspace(0, done - 1, min(wanted, done)).astype(int).tolist())
    entries = (entry for entry in read_manifest(folder) if entry.status == "done")
    sample = [entry for position, entry in enumerate(entries) if position in chosen]

    def pair(entry: Entry) -> Pair:
        after = thumbnail(folder / entry.output) if entry.output else Thumbnail(caption="no result")
        return Pair(entry, thumbnail(Path(entry.path)), after)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as workers:
        return list(workers.map(pair, sample))


def _rows(folder: Path, statistics: Statistics) -> Iterator[Entry]:
    """Choose the files to list: those that failed first, as far as there is room."""
    is_complete = statistics.total <= _ROWS
    room = _ROWS
    for statuses in [STATUSES] if is_complete else [("failed",), ("done", "skipped")]:
        for entry in read_manifest(folder):
            if entry.status in statuses and room > 0:
                room -= 1
                yield entry
