"""Options that several commands have, and options declared as the fields of a dataclass."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Annotated, Any

import typer

from cvkit.cli.devices import Device

DeviceOption = Annotated[Device, typer.Option(help="auto takes a CUDA device where there is one.")]
Every = Annotated[int, typer.Option(metavar="N", min=1, help="Of videos, take one frame in N.")]
Start = Annotated[
    int, typer.Option(metavar="FRAME", min=0, help="Of videos, the first frame, counted from 0.")
]
Stop = Annotated[int | None, typer.Option(metavar="FRAME", help="Of videos, the frame to end before.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]
Json = Annotated[bool, typer.Option("--json", help="Print a summary as JSON.")]


def parameters_of(options: type) -> list[inspect.Parameter]:
    """List the fields of a dataclass as parameters, with their annotations as Typer reads them."""
    return list(inspect.signature(options, eval_str=True).parameters.values())


def declare(function: Any, parameters: Sequence[inspect.Parameter]) -> None:
    """Let ``function`` say that it has these parameters, as Typer reads them."""
    named = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    function.__signature__ = inspect.Signature(named)
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in named}


def with_options(options: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a command of a function whose last parameter, ``options``, holds its options.

    Parameters
    ----------
    options : dataclass
        Has a field for each option. They come after the function's other parameters.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Greeting:
    ...     name: str = "world"
    >>> @with_options(Greeting)
    ... def greet(options):
    ...     print(f"hello {options.name}")
    >>> greet(name="reader")
    hello reader
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        *own, _ = inspect.signature(function, eval_str=True).parameters.values()

        @wraps(function)
        def command(**given: Any) -> None:
            values = {parameter.name: given.pop(parameter.name) for parameter in own}
            function(**values, options=options(**given))

        declare(command, [*own, *parameters_of(options)])
        return command

    return decorate
