"""How programs begin and end: the command ``cvkit`` and those of scripts/, tools/ and samples/."""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import typer

from cvkit.cli.errors import WrongUsageError, one_line, wrong_usage
from cvkit.cli.progress import tell

# What Typer raises for unknown options and the like. It exports only this subclass of it.
_TyperUsageError: type[Exception] = typer.BadParameter.__mro__[1]


class ArgumentParser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, as the command ``cvkit`` does."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments."""
        raise WrongUsageError(message)


def program(main: Callable[[], int | None]) -> Callable[[], int]:
    """Let a program of its own, such as those of scripts/, end as the commands of ``cvkit`` do.

    Parameters
    ----------
    main : callable
        Reads its arguments with :class:`ArgumentParser` and may return an exit code.

    Returns
    -------
    callable
        The same, which returns an exit code: files that are not there, and whatever else the library refuses,
        are one line on stderr and 2.

    Examples
    --------
    >>> from cvkit.cli.programs import program
    >>> @program
    ... def main():
    ...     print("fine")
    >>> main()
    fine
    0
    """

    @functools.wraps(main)
    def guarded() -> int:
        return exit_code_of(wrong_usage()(main), Path(sys.argv[0]).stem)

    return guarded


def exit_code_of(main: Callable[[], Any], name: str) -> int:
    """Run a program and turn the ways in which it may end into its exit code, with a line on stderr."""
    _open_missing_streams()
    try:
        return _exit_code(main, name)
    finally:
        _forget_unread_lines()


def _exit_code(main: Callable[[], Any], name: str) -> int:
    try:
        code = main()
        sys.stdout.flush()
    except _TyperUsageError as error:
        tell(f"{name}: {one_line(error.format_message())}")  # type: ignore[attr-defined]
        return 2
    except WrongUsageError as error:
        tell(f"{name}: {one_line(error)}")
        return 2
    except BrokenPipeError:  # nobody reads stdout any more, such as in "cvkit compare | head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return 130
    return code or 0


def _forget_unread_lines() -> None:
    """Drop what stderr holds where nobody can read it, or Python ends with a code of its own, 120."""
    try:
        sys.stderr.flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError):  # a stream without a file
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    except ValueError:  # already closed, and empty
        return


def _open_missing_streams() -> None:
    """Open the standard streams that whoever started the process has closed.

    Else the next file would take the number of the stream, and what libraries say on stderr would go into it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
