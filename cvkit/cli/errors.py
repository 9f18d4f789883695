"""What a command raises to end with one line on stderr."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager


class WrongUsageError(Exception):
    """The command was called with something it cannot work on; exit code 2."""


@contextmanager
def wrong_usage(*options: str, prefix: str = "") -> Iterator[None]:
    """Take what the library refuses for wrong usage.

    Parameters
    ----------
    *options : str
        Arguments of the library that are options here: messages that say what to do with them name them so.
    prefix : str
        What to put before its messages.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except (ImportError, OSError, TypeError, ValueError) as error:
        message = str(error)
        if options:
            verbs = r"(?= (?:and|cannot|exclude|must|to)\b)"
            message = re.sub(rf"\b({'|'.join(options)})\b{verbs}", r"--\1", message)
        raise WrongUsageError(prefix + message) from None


def one_line(message: object) -> str:
    """Write a message in one line, also where it quotes several."""
    return " ".join(str(message).splitlines())
