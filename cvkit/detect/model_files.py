"""Models as npz files: arrays and settings, never pickled objects."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from typing import Any

import numpy as np

from cvkit._paths import atomic_path

_FORMAT = "cvkit-model-1"


def write_model(
    path: str | os.PathLike[str], kind: str, settings: dict[str, Any], **arrays: np.ndarray
) -> None:
    """Write a model so that the file is complete or not there.

    Parameters
    ----------
    path : path
        The file to write, by custom ``*.npz``.
    kind : str
        Which detector reads it.
    settings : dict
        What JSON can hold.
    **arrays : numpy.ndarray
        The model's numbers.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.npz"
    >>> write_model(path, "line", {"slope": 2}, weights=np.ones(2))
    >>> read_model(path)[0]
    'line'
    """
    header = json.dumps({"format": _FORMAT, "kind": kind, "settings": settings}, sort_keys=True)
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, header=np.array(header), **arrays)  # type: ignore[arg-type]


def read_model(path: str | os.PathLike[str]) -> tuple[str, dict[str, Any], dict[str, np.ndarray]]:
    """Read a model written by :func:`write_model`.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    kind : str
    settings : dict
    arrays : dict of numpy.ndarray

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not a cvkit model, or damaged.

    Examples
    --------
    >>> read_model(__file__)
    Traceback (most recent call last):
    ...
    ValueError: ...model_files.py is not a cvkit model...
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(str(arrays.pop("header")))
        if header["format"] != _FORMAT:
            raise ValueError(f"its format is {header['format']!r}, this version reads {_FORMAT!r}")
        return header["kind"], header["settings"], arrays
    except FileNotFoundError:
        raise
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ValueError(f"{path} is not a cvkit model or is damaged: {error}") from error
