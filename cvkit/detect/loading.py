"""Detectors from the files of their models."""

from __future__ import annotations

import os
from importlib import resources
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvkit import _validate
from cvkit._opencv import cascade_folder
from cvkit.detect import DEFAULT_MODEL
from cvkit.detect.cascade_detector import CascadeDetector
from cvkit.detect.channel_detector import ChannelDetector
from cvkit.detect.hog_detector import HOGDetector
from cvkit.detect.model_files import read_model
from cvkit.detect.opencv_files import is_linear_classifier
from cvkit.detect.window_detector import WindowDetector

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_KINDS: dict[str, type[WindowDetector]] = {
    detector.kind: detector for detector in (HOGDetector, ChannelDetector, CascadeDetector)
}
OPENCV_SUFFIXES = (".xml", ".yml", ".yaml")
"""Endings of the files in which OpenCV keeps detectors."""

# What the names of OpenCV's cascades begin with.
_CASCADE = "haarcascade_"


# What settings were called in models that were stored earlier, such as those that come with cvkit.
_STORED_NAMES = {
    "bins": "orientations",
    "cell": "pixels_per_cell",
    "maximum_overlap": "max_overlap",
    "minimum_height": "min_height",
    "side": "cells_per_block",
}


def load(path: str | os.PathLike[str], **overrides: Any) -> WindowDetector:
    """Read a detector that ``save`` wrote, or one of OpenCV.

    Parameters
    ----------
    path : path
        The model's file. One that ends in ``.xml``, ``.yml`` or ``.yaml`` is of OpenCV: a cascade, or what
        :meth:`HOGDetector.from_opencv` reads.
    **overrides
        Settings to use instead of the saved ones, for example ``threshold``. ``scale``, the ratio of
        neighboring levels of the pyramid, suits every kind.

    Returns
    -------
    HOGDetector, ChannelDetector or CascadeDetector
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
    if is_opencv_file(path):
        if is_linear_classifier(path):
            _check_settings(HOGDetector, overrides)
            return HOGDetector.from_opencv(path, **overrides)
        _check_settings(CascadeDetector, overrides)
        return CascadeDetector.load(path, **overrides)
    kind, settings, arrays = read_model(path)
    if kind not in _KINDS:
        known = ", ".join(map(repr, _KINDS))
        raise ValueError(f"{path} must hold a model of kind {known}, it holds {kind!r}")
    settings = {_STORED_NAMES.get(name, name): value for name, value in settings.items()}
    _check_settings(_KINDS[kind], overrides)
    try:
        return _KINDS[kind].from_model(arrays, {**settings, **overrides})
    except KeyError as error:
        raise ValueError(f"{path} lacks the array {error} of a model of kind {kind!r}") from error
    except TypeError as error:
        raise ValueError(f"{path} has settings this version does not know: {error}") from error


def is_opencv_file(path: str | os.PathLike[str]) -> bool:
    """Whether a model's file is, by its name, one of OpenCV.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_opencv_file("faces.xml"), is_opencv_file("person.npz")
    (True, False)
    """
    return Path(path).suffix.lower() in OPENCV_SUFFIXES


def _check_settings(detector: type[WindowDetector], overrides: dict[str, Any]) -> None:
    accepted = {*signature(detector.__init__).parameters, "scale"}
    for name in overrides.keys() - accepted:
        raise ValueError(f"a model of kind {detector.kind!r} has no setting {name!r}")


def pretrained(name: str = DEFAULT_MODEL, **overrides: Any) -> WindowDetector:
    """Load a detector whose model comes with cvkit, or a cascade that comes with OpenCV.

    Parameters
    ----------
    name : {"person-acf", "person-ldcf", "person-hog"} or str
        Which people detector, all of them trained on the INRIA Person set. "person-acf": boosted trees over
        aggregated channel features, fast and good. "person-ldcf": the same over locally decorrelated ones,
        a little better and two thirds as fast. "person-hog": HOG and a linear SVM. The model cards beside the
        models, ``cvkit/detect/models/*.md``, say on what they were trained, how, and how well they do.
        A name such as "haarcascade_frontalface_default" is one of the cascades in the installed OpenCV.
    **overrides
        Settings to use instead of the model's, for example ``stride=4`` or ``threshold=0.5``.

    Returns
    -------
    HOGDetector, ChannelDetector or CascadeDetector

    Raises
    ------
    ValueError
        If there is no model of that name.
    FileNotFoundError
        If it is that of a cascade which no installed OpenCV has.

    Examples
    --------
    >>> from cvkit.detect import pretrained
    >>> pretrained("person-hog").window
    (128, 64)
    """
    if is_cascade_name(name):
        return load(_cascade_path(name), **overrides)
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


def is_cascade_name(name: str) -> bool:
    """Whether a model's name is that of a cascade of OpenCV.

    Parameters
    ----------
    name : str
        As :func:`pretrained` takes it.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_cascade_name("haarcascade_eye"), is_cascade_name("person-acf")
    (True, False)
    """
    return isinstance(name, str) and name.startswith(_CASCADE)


def _cascade_path(name: str) -> Path:
    """Find a cascade that comes with OpenCV."""
    folder = cascade_folder()
    if folder is None:
        raise FileNotFoundError(
            f"{name} comes with OpenCV 4 (opencv-python, opencv-contrib-python, or the headless ones of "
            "both, below version 5), which is not installed; give the path of the XML file instead"
        )
    path = folder / f"{name}.xml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob(f"{_CASCADE}*.xml")))
        raise FileNotFoundError(f"{name} is none of the cascades in {folder}: {known}")
    return path


def _models() -> Traversable:
    return resources.files("cvkit.detect") / "models"
