"""How a run of ``cvkit detect`` ends: its results, what is said of it, its exit code."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from cvkit.cli.progress import Progress, tell
from cvkit.detect.runs.record import DetectionRecord, Totals
from cvkit.detect.runs.sources import Extent, Source, counts
from cvkit.detect.runs.work import SourceDetector, Tally


class Outcome:
    """What comes of a run.

    Parameters
    ----------
    extent : Extent
        How much there is to do.
    record : DetectionRecord
        Where it is written down.
    progress : Progress
        What is told.
    quiet : bool
        Whether nothing is told but what went wrong.
    """

    def __init__(self, extent: Extent, record: DetectionRecord, progress: Progress, quiet: bool) -> None:
        self.tally = Tally()
        self._extent = extent
        self._record = record
        self._progress = progress
        self._quiet = quiet
        self._totals = Totals()
        self._seconds = 0.0
        self._stopped = 0  # the exit code of a run that did not come to its end

    @property
    def code(self) -> int:
        """The exit code."""
        return self._stopped or int(self.tally.failed > 0)

    def follow(self, detector: SourceDetector, sources: Iterable[Source]) -> None:
        """Let the work be done, as far as nobody and nothing stops it."""
        start = time.monotonic()
        try:
            with self._progress:
                detector.in_all(sources)
        except KeyboardInterrupt:
            self._stopped = 130
        except OSError as error:  # such as a full disk
            self._stopped = 1
            self._insist(f"stopped: {error}")
        self._seconds = time.monotonic() - start

    def write_results(self, format: str) -> None:
        """Write the results of what was done."""
        try:
            self._totals = self._record.write_results(format)
        except KeyboardInterrupt:
            self._stopped = 130
        except OSError as error:
            self._stopped = 1
            self._insist(f"cannot write the results: {error}")

    def report(self) -> None:
        """Say what was done and what failed."""
        rate = self.tally.images / max(self._seconds, 1e-9)
        people = _count(self._totals.people, "person", "people")
        earlier = f", {_count(self.tally.unchanged, 'source')} done before" if self.tally.unchanged else ""
        folder = self._record.folder
        self._progress.say(
            f"{people} in {counts(self._totals.images)}, {rate:.1f}/s{earlier}, written to {folder}"
        )
        if self.tally.failed:
            failed = _count(self.tally.failed, "source")
            self._insist(f"{failed} failed; the reasons are in {self._record.manifest}")
        if self._stopped:
            ways = "" if self._extent.kinds["camera"] else f": --output {folder} --resume goes on"
            cause = "interrupted; " if self._stopped == 130 else ""
            self._progress.say(f"{cause}what was done is kept{ways}")

    def to_json(self) -> dict[str, Any]:
        """Give the summary the form of that of a batch."""
        return {
            "total": self._extent.kinds.total(),
            "done": self.tally.done,
            "failed": self.tally.failed,
            "unchanged": self.tally.unchanged,
            "images": self._totals.images.total(),
            "people": self._totals.people,
            "seconds": self._seconds,
            "stopped": self._stopped != 0,
            "manifest": str(self._record.manifest),
        }

    def _insist(self, message: str) -> None:
        """Say what must be heard also by who wants it quiet."""
        if self._quiet:
            tell(f"cvkit: {message}")
        self._progress.say(message)


def _count(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"
