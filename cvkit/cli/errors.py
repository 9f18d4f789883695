"""What a command raises to end with one line on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class WrongUsageError(Exception):
    """The command was called with something it cannot work on; exit code 2."""


@contextmanager
def wrong_usage() -> Iterator[None]:
    """Take what the library refuses for wrong usage."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (ImportError, OSError, TypeError, ValueError) as error:
        raise WrongUsageError(str(error)) from None


def one_line(message: object) -> str:
    """Write a message in one line, also where it quotes several."""
    return " ".join(str(message).splitlines())
