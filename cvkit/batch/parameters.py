"""The options of an operation: what its signature and its docstring say, and values from text and TOML."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np

import cvkit.typing

# Arrays up to this size are written into the manifest as they are, larger ones as a digest.
_SHOWN_VALUES = 64


# Parameters that say where a result goes, and that ask for a second one: a file takes one.
_NO_OPTIONS = ("out", "return_indices")

# Names, their type where it is given, and the indented words below.
_DESCRIPTION = re.compile(r"^(\S[^:\n]*?)(?: : (.*))?\n((?:    .*\n?)+)", re.MULTILINE)


@dataclass(frozen=True)
class Parameter:
    """One option of an operation.

    Attributes
    ----------
    name : str
        As in the function's signature.
    annotation : str
        Its type hint, as written, without ``| None``.
    default : object
        ``inspect.Parameter.empty`` where the caller has to give a value.
    help : str
        The docstring's words.
    """

    name: str
    annotation: str
    default: Any
    help: str

    @property
    def is_required(self) -> bool:
        """Whether the caller has to give a value."""
        return self.default is inspect.Parameter.empty

    @property
    def is_flag(self) -> bool:
        """Whether the value is true or false."""
        return self.annotation == "bool"

    @cached_property
    def _kind(self) -> tuple[str, Callable[[str], Any]]:
        return _KINDS.get(self.annotation, _ANY)

    @property
    def metavar(self) -> str:
        """What stands for the value in a command's help."""
        return self._kind[0]

    def read(self, value: Any, folder: Path | None = None) -> Any:
        """Read a value as a command line or a recipe gives it.

        Parameters
        ----------
        value : str or a value of TOML
            Text is read as the type hint asks; other values pass, lists as tuples where the hint has these.
        folder : Path, optional
            What names of files are relative to.

        Returns
        -------
        object
            What the function takes.

        Raises
        ------
        ValueError
            For text of another kind.
        """
        read = self._kind[1]
        if isinstance(value, list) and read not in (_array, _size_or_array):
            return tuple(value)
        if not isinstance(value, str):
            return value
        try:
            return read(value, folder or Path()) if read in (_array, _size_or_array) else read(value)
        except (OSError, ValueError, TypeError) as error:
            because = f" ({error})" if isinstance(error, OSError) else ""
            raise ValueError(
                f"{self.name} must be {_MEANING[self.metavar]}, got {value!r}{because}"
            ) from None


def parameters_of(function: Callable[..., Any]) -> list[Parameter]:
    """List the options of a function of an image: all but image and what no file could take."""
    described = _described_parameters(inspect.getdoc(function) or "")
    _, *rest = inspect.signature(function).parameters.values()
    return [
        Parameter(
            parameter.name,
            str(parameter.annotation).replace(" | None", ""),
            parameter.default,
            described.get(parameter.name, ""),
        )
        for parameter in rest
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and parameter.name not in _NO_OPTIONS
    ]


def to_json(value: Any) -> Any:
    """Give a parameter's value the form it has in the manifest; a large array becomes its digest."""
    if isinstance(value, np.ndarray):
        if value.size <= _SHOWN_VALUES:
            return value.tolist()
        content = blake2b(np.ascontiguousarray(value).tobytes(), digest_size=16).hexdigest()
        return {"shape": list(value.shape), "dtype": str(value.dtype), "digest": content}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return np.dtype(value).name


def _described_parameters(documentation: str) -> dict[str, str]:
    """Read the words about each parameter from a docstring in NumPy's style."""
    _, _, section = documentation.partition("Parameters\n----------\n")
    section = re.split(r"\n\n\w+\n-+\n", section)[0]
    described = {}
    for names, kind, words in re.findall(_DESCRIPTION, section):
        plain = re.sub(r":\w+:`([^`]*)`|``([^`]*)``", r"\1\2", " ".join(words.split()))
        if kind.startswith("{"):
            plain += f" One of {kind.strip('{}')}."
        described.update(dict.fromkeys(names.split(", "), plain))
    return described


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "yes", "1", "false", "no", "0"):
        raise ValueError
    return text.lower() in ("true", "yes", "1")


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)


def _number_or_name(text: str) -> int | float | str:
    try:
        return _number(text)
    except ValueError:
        return text


def _numbers(text: str) -> tuple[int | float, ...]:
    return tuple(_number(part.strip()) for part in re.split(r"[x,]", text))


def _pair(text: str) -> tuple[int | float, ...]:
    pair = _numbers(text)
    if len(pair) != 2:
        raise ValueError
    return pair


def _number_or_pair(text: str) -> int | float | tuple[int | float, ...]:
    numbers = _numbers(text)
    return numbers[0] if len(numbers) == 1 else _pair(text)


def _number_or_numbers(text: str) -> int | float | tuple[int | float, ...]:
    numbers = _numbers(text)
    return numbers[0] if len(numbers) == 1 else numbers


def _array(text: str, folder: Path = Path()) -> np.ndarray:
    """Read an array written as JSON, or a file of one: .npy, else text with a row a line."""
    if text.lstrip().startswith("["):
        return np.array(json.loads(text))
    path = folder / text
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False)
    return np.loadtxt(path, delimiter="," if path.suffix == ".csv" else None)


def _size_or_array(text: str, folder: Path = Path()) -> int | float | tuple[int | float, ...] | np.ndarray:
    """Read a size, or an array written as JSON or in a file."""
    return _number_or_pair(text) if re.fullmatch(r"[\d\s,x+-]+", text) else _array(text, folder)


def _any(text: str) -> Any:
    """Read what JSON can; all else is text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


# Type hints that stand for a choice of names.
_CHOICES = [
    name
    for name, hint in vars(cvkit.typing).items()
    if get_origin(hint) is Literal and all(isinstance(value, str) for value in get_args(hint))
]

# Type hint -> what stands for the value in a help, and how text becomes one.
_KINDS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "bool": ("BOOL", _flag),
    "int": ("N", int),
    "float": ("X", _number),
    "str": ("NAME", str),
    "float | str": ("X|NAME", _number_or_name),
    "int | tuple[int, int]": ("N|HxW", _number_or_pair),
    "int | tuple[int, int] | npt.ArrayLike": ("N|HxW|ARRAY", _size_or_array),
    "float | tuple[float, float]": ("X|YxX", _number_or_pair),
    "tuple[int, int]": ("HxW", _pair),
    "float | npt.ArrayLike": ("X|X,X,...", _number_or_numbers),
    "npt.ArrayLike": ("ARRAY", _array),
    "Array": ("ARRAY", _array),
    "ArrayT": ("ARRAY", _array),
    "npt.DTypeLike": ("DTYPE", lambda text: np.dtype(text).type),
    **dict.fromkeys(_CHOICES, ("NAME", str)),
}

# For type hints that a later function may bring.
_ANY = ("VALUE", _any)

_MEANING = {
    "BOOL": "true or false",
    "N": "a whole number",
    "X": "a number",
    "NAME": "a name",
    "X|NAME": "a number or a name",
    "N|HxW": "a whole number or two, such as 5 or 3x5",
    "N|HxW|ARRAY": "a size such as 5 or 3x5, an array such as [[0,1],[1,1]], or a .npy, .csv or .txt file",
    "X|YxX": "a number or two, such as 1.5 or 1x2.5",
    "HxW": "height and width, such as 480x640",
    "X|X,X,...": "a number or one for each channel, such as 0 or 255,0,0",
    "ARRAY": "an array such as [[1,0,5],[0,1,0]], or a .npy, .csv or .txt file",
    "DTYPE": "a dtype, such as float32",
}
