"""What a run of detection tells while it works."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What hears of a run, such as a bar or a log."""

    def advance(self, count: int = 1, failed: int = 0) -> None:
        """Count some images and frames as done, and how many sources failed."""

    def say(self, message: str) -> None:
        """Take a line that stays, such as why a source failed."""


class Silence:
    """Hears, and tells nobody."""

    def advance(self, count: int = 1, failed: int = 0) -> None:
        """Count nothing."""

    def say(self, message: str) -> None:
        """Say nothing."""
