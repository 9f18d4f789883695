"""Fitted learners in files: NumPy archives (npz) that hold arrays and JSON, and no pickle."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

_FORMAT, _VERSION = "cvkit.ml", 1
# Set by scikit-learn where X had column names; belongs to every estimator.
_FEATURE_NAMES = "feature_names_in_"
# What reading a wrong or damaged archive raises.
_DAMAGE = (AttributeError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)


def save(estimator: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted learner to a file.

    The file holds the class name, the parameters and the fitted attributes that the class lists in
    ``_stored``. It is written beside its place and then moved there, so that no half-written file is ever
    seen.

    Parameters
    ----------
    estimator : estimator
        A fitted learner of ``cvkit.ml`` that can be stored.
    path : path
        The file, taken literally; ``.npz`` is the customary suffix. An existing file is replaced.

    Raises
    ------
    TypeError
        If the learner's class cannot be stored.
    ValueError
        If a parameter or attribute cannot be written without pickle, such as a function or a generator.
    sklearn.exceptions.NotFittedError
        If the learner is not fitted.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from cvkit.ml import LinearSVC, load, save
    >>> model = LinearSVC().fit([[0.0], [1.0]], ["no", "yes"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, pathlib.Path(folder) / "model.npz")
    ...     again = load(pathlib.Path(folder) / "model.npz")
    >>> again.predict([[0.9]])
    array(['yes'], dtype='<U3')
    """
    name = type(estimator).__name__
    if _storable_class(name) is not type(estimator):
        raise TypeError(f"estimator must be a learner of cvkit.ml that can be stored, got {name}")
    check_is_fitted(estimator)
    names = [*type(estimator)._stored, *([_FEATURE_NAMES] if hasattr(estimator, _FEATURE_NAMES) else [])]
    arrays: dict[str, np.ndarray] = {}
    header = {
        "format": _FORMAT,
        "version": _VERSION,
        "class": name,
        "parameters": {
            key: _encode(value, key, arrays) for key, value in estimator.get_params(deep=False).items()
        },
        "attributes": {key: _encode(getattr(estimator, key), key, arrays) for key in names},
    }
    with _replacing(Path(path)) as file:
        np.savez(file, header=np.array(json.dumps(header)), **arrays)  # type: ignore[arg-type]


def load(path: str | os.PathLike[str]) -> Any:
    """Read a learner that :func:`save` wrote.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    estimator
        The fitted learner.

    Raises
    ------
    ValueError
        If the file is not such a file, is damaged, or comes from a later version.
    OSError
        If the file cannot be read.
    """
    if not zipfile.is_zipfile(path):
        with open(path, "rb"):  # a missing file is not a damaged one
            raise ValueError(f"{os.fspath(path)} is not a model file of cvkit.ml")
    try:
        with np.load(path, allow_pickle=False) as archive:
            header = json.loads(archive["header"].item())
            return _restore(header, archive)
    except _DAMAGE as error:
        raise ValueError(f"{os.fspath(path)} is not a readable model file of cvkit.ml: {error}") from error


def _storable_class(name: str) -> Any:
    """Return the learner of that name if it says what to store."""
    import cvkit.ml

    learner = getattr(cvkit.ml, name) if name in cvkit.ml.__all__ else None
    return learner if isinstance(learner, type) and hasattr(learner, "_stored") else None


def _restore(header: dict[str, Any], archive: Any) -> Any:
    if header["format"] != _FORMAT or header["version"] > _VERSION:
        raise ValueError(f"format {header['format']} {header['version']}, expected {_FORMAT} {_VERSION}")
    learner = _storable_class(header["class"])
    if learner is None:
        raise ValueError(f"unknown learner {header['class']!r}")
    names = set(header["attributes"])
    expected = set(learner._stored)
    if names - {_FEATURE_NAMES} != expected:
        raise ValueError(f"attributes {sorted(names)}, expected {sorted(expected)}")
    estimator = learner(**{key: _decode(value, archive) for key, value in header["parameters"].items()})
    estimator.__setstate__({key: _decode(value, archive) for key, value in header["attributes"].items()})
    return estimator


def _encode(value: Any, name: str, arrays: dict[str, np.ndarray]) -> Any:
    """Turn a value into JSON; arrays go to ``arrays`` and leave their key."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray):
        kind = "array"
        if value.dtype.hasobject:
            if not all(isinstance(item, str) for item in value.flat):
                raise ValueError(f"{name} holds Python objects, which cannot be stored without pickle")
            kind, value = "strings", value.astype(str)
        key = f"array_{len(arrays)}"
        arrays[key] = value
        return {kind: key}
    if isinstance(value, sparse.csr_matrix):
        parts = (value.data, value.indices, value.indptr, value.shape)
        return {"csr_matrix": _encode(parts, name, arrays)}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_encode(item, name, arrays) for item in value]}
    if isinstance(value, dict):  # JSON objects have no keys but strings
        return {"dict": [[_encode(part, name, arrays) for part in pair] for pair in value.items()]}
    raise ValueError(f"{name}={value!r} cannot be stored without pickle")


def _decode(value: Any, archive: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "array":
        return _in_native_order(archive[content])
    if kind == "strings":
        return archive[content].astype(object)
    if kind == "csr_matrix":
        *parts, shape = _decode(content, archive)
        return sparse.csr_matrix(tuple(parts), shape)
    if kind == "dict":
        return {_decode(key, archive): _decode(item, archive) for key, item in content}
    items = [_decode(item, archive) for item in content]
    return {"list": list, "tuple": tuple}[kind](items)


def _in_native_order(array: np.ndarray) -> np.ndarray:
    """Turn numbers written by a machine of the other byte order; records are their estimator's business."""
    if array.dtype.isnative or array.dtype.names:
        return array
    return array.astype(array.dtype.newbyteorder("="))


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a new file that takes the place of ``path`` when the block ends well, and vanishes otherwise."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
