"""Transforms from a file, so that a training says which it used."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cvkit import augment
from cvkit._toml import read_toml
from cvkit.augment.combination import Compose
from cvkit.augment.transform import Transform

__all__ = ["read_recipe"]


def read_recipe(path: str | os.PathLike[str]) -> Compose:
    """Read transforms from a TOML file.

    Parameters
    ----------
    path : path
        With one key, ``steps``: a list of tables, each with the name of a transform as ``transform`` and its
        parameters. ``OneOf`` and ``Compose`` have a list of such tables as ``transforms``.

    Returns
    -------
    Compose

    Raises
    ------
    ValueError
        If the file is no recipe, or a step is wrong; the message names the file and the step.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from cvkit.augment import read_recipe
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "recipe.toml"
    >>> _ = path.write_text('steps = [{transform = "Rotate", degrees = 5, probability = 0.5}]')
    >>> read_recipe(path).transforms[0].degrees
    5
    """
    path = Path(path)
    recipe = read_toml(path)
    steps = recipe.get("steps")
    if recipe.keys() != {"steps"} or not isinstance(steps, list) or not steps:
        raise ValueError(f'{path}: a recipe has one key, such as steps = [{{transform = "Mirror"}}]')
    try:
        return Compose(_transforms(steps))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None


def _transforms(steps: list[Any]) -> tuple[Transform, ...]:
    return tuple(_transform(step, number) for number, step in enumerate(steps, start=1))


def _transform(step: Any, number: int) -> Transform:
    """Make one transform; an error names it."""
    if not isinstance(step, Mapping) or not isinstance(step.get("transform"), str):
        raise ValueError(f'step {number}: must be a table with the key "transform", got {step!r}')
    name = step["transform"]
    if name not in _names():
        raise ValueError(f"step {number}: transform must be one of {', '.join(_names())}, got {name!r}")
    kind = getattr(augment, name)
    values = {key: _value(value) for key, value in step.items() if key != "transform"}
    unknown = values.keys() - {field.name for field in dataclasses.fields(kind)}
    if unknown:
        raise ValueError(f"step {number}, {name}: unknown parameter {', '.join(sorted(unknown))}")
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        raise ValueError(f"step {number}, {name}: {error}") from None


def _value(value: Any) -> Any:
    """Bring what TOML has for tuples and transforms to what these take."""
    if not isinstance(value, list):
        return value
    if any(isinstance(item, Mapping) for item in value):
        return _transforms(value)
    return tuple(value)


def _names() -> list[str]:
    return [name for name in dir(augment) if name[0].isupper() and name not in ("Sample", "Transform")]
