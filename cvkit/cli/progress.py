"""Progress on stderr: a bar on a terminal, a line now and then in a log. It never ends the work."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
import warnings
from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, cast

from rich import progress as bars
from rich.console import Console
from rich.text import Text

# Seconds between two lines in a log.
_LINE_INTERVAL = 10.0


class Progress(Protocol):
    """What a command tells while it works; a context manager."""

    def __enter__(self) -> Progress: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def advance(self, count: int = 1, failed: int = 0) -> None:
        """Count some as done, and how many of them without success."""

    def say(self, message: str) -> None:
        """Print a line that stays."""


def open_progress(total: int | None, unit: str = "images", *, quiet: bool = False) -> Progress:
    """Choose the display for ``total`` of a unit: a bar where stderr is a terminal, else lines, or none.

    Without a total, as of a camera, the end is open.
    """
    if quiet:
        return _Silence()
    try:
        console = _StderrConsole(markup=False, emoji=False, highlight=False, soft_wrap=True)
        display = _Bar(total, unit, console) if console.is_terminal else _Lines(total, unit, console)
    except Exception:  # such as a terminal that cannot say what it is
        return _Silence()
    return _Harmless(display)


def tell(message: str) -> None:
    """Print a line on stderr, if anybody can read it."""
    if sys.stderr is None:  # closed before the process began
        return
    with contextlib.suppress(OSError, ValueError):
        print(message, file=sys.stderr, flush=True)


@contextlib.contextmanager
def told_warnings() -> Iterator[list[Warning]]:
    """Tell what the library warns of in the block, a line for each, and give the warnings when it ends."""
    messages: list[Warning] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            yield messages
    finally:
        for warning in caught:
            messages.append(cast(Warning, warning.message))
            tell(f"cvkit: {warning.message}")


@contextlib.contextmanager
def told_compilation() -> Iterator[None]:
    """Tell, once, where kernels have to be compiled in the block and it takes long."""
    logger, handler = logging.getLogger("cvkit._jit_cache"), _Teller()
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _Teller(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        tell(record.getMessage())


class _StderrConsole(Console):
    """Rich's own console ends the process where nobody reads it any more."""

    def __init__(self, **options: bool) -> None:
        super().__init__(stderr=True, **options)  # type: ignore[arg-type]

    def on_broken_pipe(self) -> None:
        self.quiet = True


class _Harmless:
    """Shows what another display does, and nothing where that one fails."""

    def __init__(self, display: Progress) -> None:
        self._display = display

    def __enter__(self) -> _Harmless:
        with contextlib.suppress(Exception):
            self._display.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(Exception):
            self._display.__exit__(kind, error, trace)

    def advance(self, count: int = 1, failed: int = 0) -> None:
        with contextlib.suppress(Exception):
            self._display.advance(count, failed)

    def say(self, message: str) -> None:
        with contextlib.suppress(Exception):
            self._display.say(message)


class _RateColumn(bars.ProgressColumn):
    def render(self, task: bars.Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s")


class _FailuresColumn(bars.ProgressColumn):
    def render(self, task: bars.Task) -> Text:
        failed = task.fields["failed"]
        return Text(f"{failed} failed" if failed else "")


class _Bar:
    def __init__(self, total: int | None, unit: str, console: Console) -> None:
        self._failed = 0
        self._display = bars.Progress(
            bars.BarColumn(),
            bars.MofNCompleteColumn(),
            _RateColumn(),
            bars.TimeRemainingColumn(),
            _FailuresColumn(),
            console=console,
        )
        self._task = self._display.add_task(unit, total=total, failed=0)

    def __enter__(self) -> _Bar:
        self._display.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._display.stop()

    def advance(self, count: int = 1, failed: int = 0) -> None:
        self._failed += failed
        self._display.update(self._task, advance=count, failed=self._failed)

    def say(self, message: str) -> None:
        self._display.console.print(message)


class _Lines:
    def __init__(self, total: int | None, unit: str, console: Console) -> None:
        self._total = total
        self._unit = unit
        self._console = console
        self._done = self._failed = 0
        self._start = self._last_line = time.monotonic()

    def __enter__(self) -> _Lines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def advance(self, count: int = 1, failed: int = 0) -> None:
        self._done += count
        self._failed += failed
        now = time.monotonic()
        if now - self._last_line >= _LINE_INTERVAL:
            self._last_line = now
            rate = self._done / max(now - self._start, 1e-9)
            failures = f", {self._failed} failed" if self._failed else ""
            if self._total is None:
                self.say(f"{self._done} {self._unit}, {rate:.1f}/s{failures}")
            else:
                # Headers of videos promise fewer frames than there are, or none is done yet.
                left = max(0, self._total - self._done)
                ending = f", {_duration(left / rate)} left" if rate else ""
                self.say(f"{self._done}/{self._total} {self._unit}, {rate:.1f}/s{failures}{ending}")

    def say(self, message: str) -> None:
        self._console.print(message)


class _Silence:
    def __enter__(self) -> _Silence:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def advance(self, count: int = 1, failed: int = 0) -> None:
        pass

    def say(self, message: str) -> None:
        pass


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"
