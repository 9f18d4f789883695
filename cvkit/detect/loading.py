"""Detectors from the files of their models."""

from __future__ import annotations

import os
from importlib import resources
from inspect import signature
from typing import TYPE_CHECKING, Any

from cvkit import _validate
from cvkit.detect import DEFAULT_MODEL
from cvkit.detect.channel_detector import ChannelDetector
from cvkit.detect.hog_detector import HOGDetector
from cvkit.detect.model_files import read_model
from cvkit.detect.window_detector import WindowDetector

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_KINDS: dict[str, type[WindowDetector]] = {
    detector.kind: detector for detector in (HOGDetector, ChannelDetector)
}


# What settings were called in models that were stored earlier, such as those that come with cvkit.
_STORED_NAMES = {
    "bins": "orientations",
    "cell": "pixels_per_cell",
    "maximum_overlap": "max_overlap",
    "minimum_height": "min_height",
    "side": "cells_per_block",
}


def load(path: str | os.PathLike[str], **overrides: Any) -> WindowDetector:
    """Read a detector that ``save`` wrote.

    Parameters
    ----------
    path : path
        The model's file.
    **overrides
        Settings to use instead of the saved ones, for example ``threshold``. ``scale``, the ratio of
        neighboring levels of the pyramid, suits both kinds.

    Returns
    -------
    HOGDetector or ChannelDetector
        What the file holds.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no model of a detector, or damaged, or for settings that its kind does not have.

    Examples
    --------
    >>> load("no-such-model.npz")
    Traceback (most recent call last):
    ...
    FileNotFoundError: [Errno 2] No such file or directory: 'no-such-model.npz'
    """
    kind, settings, arrays = read_model(path)
    if kind not in _KINDS:
        known = ", ".join(map(repr, _KINDS))
        raise ValueError(f"{path} must hold a model of kind {known}, it holds {kind!r}")
    settings = {_STORED_NAMES.get(name, name): value for name, value in settings.items()}
    accepted = {*signature(_KINDS[kind].__init__).parameters, "scale"}
    for name in overrides.keys() - accepted:
        raise ValueError(f"a model of kind {kind!r} has no setting {name!r}")
    try:
        return _KINDS[kind].from_model(arrays, {**settings, **overrides})
    except KeyError as error:
        raise ValueError(f"{path} lacks the array {error} of a model of kind {kind!r}") from error
    except TypeError as error:
        raise ValueError(f"{path} has settings this version does not know: {error}") from error


def pretrained(name: str = DEFAULT_MODEL, **overrides: Any) -> WindowDetector:
    """Load a detector whose model comes with cvkit.

    Parameters
    ----------
    name : {"person-acf", "person-ldcf", "person-hog"}
        Which people detector, all of them trained on the INRIA Person set. "person-acf": boosted trees over
        aggregated channel features, fast and good. "person-ldcf": the same over locally decorrelated ones,
        a little better and two thirds as fast. "person-hog": HOG and a linear SVM. The model cards beside the
        models, ``cvkit/detect/models/*.md``, say on what they were trained, how, and how well they do.
    **overrides
        Settings to use instead of the model's, for example ``stride=4`` or ``threshold=0.5``.

    Returns
    -------
    HOGDetector or ChannelDetector

    Raises
    ------
    ValueError
        If there is no model of that name.

    Examples
    --------
    >>> from cvkit.detect import pretrained
    >>> pretrained("person-hog").window
    (128, 64)
    """
    _validate.one_of(name, pretrained_names(), "name")
    with resources.as_file(_models() / f"{name}.npz") as path:
        return load(path, **overrides)


def pretrained_names() -> tuple[str, ...]:
    """Name the models that come with cvkit.

    Returns
    -------
    tuple of str
        What :func:`pretrained` takes.

    Examples
    --------
    >>> "person-hog" in pretrained_names()
    True
    """
    files = (entry.name for entry in _models().iterdir())
    return tuple(sorted(name.removesuffix(".npz") for name in files if name.endswith(".npz")))


def _models() -> Traversable:
    return resources.files("cvkit.detect") / "models"
