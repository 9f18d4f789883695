"""What the objects are called that a model of OpenCV finds."""

from __future__ import annotations

import os
from pathlib import Path

# What the names of OpenCV's own models begin with.
_FAMILIES = ("haarcascade_", "lbpcascade_", "hogcascade_")
# A part of the name of such a model, and its objects; the first that fits counts.
_CLASSES = {
    "catface": "cat face",
    "face": "face",
    "lefteye": "left eye",
    "righteye": "right eye",
    "eye": "eye",
    "smile": "smile",
    "plate": "license plate",
    "fullbody": "person",
    "pedestrian": "person",
    "upperbody": "upper body",
    "lowerbody": "lower body",
}


def class_of_file(path: str | os.PathLike[str]) -> str:
    """Name the objects of a model by its file.

    Parameters
    ----------
    path : path
        A model of OpenCV.

    Returns
    -------
    str
        What one of OpenCV's own models finds; of others the file's name.

    Examples
    --------
    >>> class_of_file("haarcascade_frontalface_default.xml"), class_of_file("models/cars.xml")
    ('face', 'cars')
    """
    name = Path(path).name.partition(".")[0] or Path(path).name
    if name.startswith(_FAMILIES):
        return next((label for part, label in _CLASSES.items() if part in name), name)
    return name
