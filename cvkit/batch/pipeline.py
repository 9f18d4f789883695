"""Operations one after another, from a call or from a recipe in TOML."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cvkit._toml import read_toml
from cvkit.batch.operations import Operation, find_operation
from cvkit.batch.parameters import to_json


class PipelineError(ValueError):
    """A step of a pipeline is wrong, or cannot do its work; the message names the step."""


@dataclass(frozen=True)
class Step:
    """An operation with its parameters."""

    name: str
    parameters: Mapping[str, Any]

    @property
    def operation(self) -> Operation:
        """The table's row. Looked up by name, so that a step travels to other processes as data."""
        return find_operation(self.name)

    def to_json(self) -> dict[str, Any]:
        """Give the step the form it has in the manifest."""
        return {
            "name": self.name,
            "parameters": {name: to_json(value) for name, value in self.parameters.items()},
        }


@dataclass(frozen=True)
class Pipeline:
    """Operations that run one after another on each image; made by :meth:`of` or :func:`read_pipeline`.

    Examples
    --------
    >>> from cvkit.batch import Pipeline
    >>> pipeline = Pipeline.of("gray").then("canny", low=50, high=150)
    >>> [step.name for step in pipeline.steps]
    ['gray', 'canny']
    """

    steps: tuple[Step, ...]
    is_recipe: bool = True

    @classmethod
    def of(cls, name: str, **parameters: Any) -> Pipeline:
        """Make a pipeline of one operation; an unknown name or parameter, or a missing one, is an error."""
        return cls((_step(name, parameters),), is_recipe=False)

    def then(self, name: str, **parameters: Any) -> Pipeline:
        """Return a pipeline with one more operation at its end."""
        return Pipeline((*self.steps, _step(name, parameters)))

    @property
    def format(self) -> str:
        """The format of the results: what the last operation gives."""
        return self.steps[-1].operation.format

    def __call__(self, image: Any) -> Any:
        """Run the steps on an image; :class:`PipelineError` where one of several cannot."""
        return self.run(image)[0]

    def run(self, image: Any) -> tuple[Any, list[dict[str, Any]]]:
        """Run the steps, and tell which parameters were found in the image, in the form of steps.

        Examples
        --------
        >>> import numpy as np
        >>> from cvkit.batch import Pipeline
        >>> Pipeline.of("threshold", value="otsu").run(np.array([[3, 9, 8]], np.uint8))
        (array([[  0, 255, 255]], dtype=uint8), [{'name': 'threshold', 'parameters': {'value': 3}}])
        """
        found = []
        for number, step in enumerate(self.steps, start=1):
            operation = step.operation
            try:
                values = operation.find(image, step.parameters)
                image = operation.function(image, **{**step.parameters, **values})
            except (TypeError, ValueError) as error:
                if len(self.steps) == 1:
                    raise
                raise PipelineError(f"step {number}, {step.name}: {error}") from error
            if values:
                found.append(Step(step.name, values).to_json())
        return image, found

    def to_json(self) -> dict[str, Any]:
        """Give the pipeline the form it has in the manifest."""
        if not self.is_recipe:
            return self.steps[0].to_json()
        return {"name": "pipeline", "steps": [step.to_json() for step in self.steps]}


def _step(name: str, parameters: Mapping[str, Any]) -> Step:
    operation = find_operation(name)
    operation.check(parameters)
    return Step(operation.name, dict(parameters))


def read_pipeline(path: str | os.PathLike[str]) -> Pipeline:
    """Read a recipe: a TOML file whose ``steps`` are operations with their parameters.

    Parameters
    ----------
    path : path
        A step is text, ``"canny low=50 high=150"``, or a table, ``{ operation = "canny", low = 50, high = 150
        }``. Files that parameters name are relative to the recipe.

    Returns
    -------
    Pipeline

    Raises
    ------
    PipelineError
        If the file is no recipe, or a step is wrong; the message names the file and the step.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from cvkit.batch import read_pipeline
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "recipe.toml"
    >>> _ = path.write_text('steps = ["gray", "gaussian_blur sigma=1.2", "canny low=50 high=150"]')
    >>> read_pipeline(path).steps[1].parameters
    {'sigma': 1.2}
    """
    path = Path(path)
    try:
        recipe = read_toml(path)
    except ValueError as error:
        raise PipelineError(str(error)) from None
    unknown = ", ".join(recipe.keys() - {"steps"})
    if unknown:
        raise PipelineError(f"{path}: unknown key {unknown}; a recipe has one: steps")
    steps = recipe.get("steps")
    if not isinstance(steps, list) or not steps:
        raise PipelineError(f'{path}: steps must be a list such as ["gray", "canny low=50 high=150"]')
    return Pipeline(tuple(_read_step(written, number, path) for number, written in enumerate(steps, start=1)))


def _read_step(written: Any, number: int, path: Path) -> Step:
    """Read one step of a recipe; an error names it."""
    name = ""
    try:
        name, values = _split(written)
        operation = find_operation(name)
        operation.check(values)
        parameters = {
            key: operation.parameters[key].read(value, path.parent) for key, value in values.items()
        }
    except (TypeError, ValueError) as error:
        place = f"step {number}, {name}" if name else f"step {number}"
        raise PipelineError(f"{path}: {place}: {error}") from None
    return Step(operation.name, parameters)


def _split(written: Any) -> tuple[str, dict[str, Any]]:
    """Take a step apart: its operation's name, its parameters."""
    if isinstance(written, str):
        name, *pairs = shlex.split(written) or [""]
        if not name:
            raise ValueError("the step is empty")
        for pair in pairs:
            if "=" not in pair:
                raise ValueError(f"parameters are written name=value, got {pair!r}")
        return name, dict(pair.split("=", 1) for pair in pairs)
    if isinstance(written, dict) and isinstance(written.get("operation"), str):
        return written["operation"], {key: value for key, value in written.items() if key != "operation"}
    raise ValueError(f'a step is text or a table with the key "operation", got {written!r}')
