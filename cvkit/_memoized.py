"""Parameters of an operation that were checked before, and what was made of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

Prepared = TypeVar("Prepared")


class _ArrayKey(NamedTuple):
    """The values of an array, as a dictionary's key; the array itself may change later."""

    data: bytes
    shape: tuple[int, ...]
    dtype: np.dtype


# A filter with more weights takes longer than preparing it, and 256 large arrays would fill the memory.
_MOST_VALUES = 4096


def _key(value: Any) -> Any:
    if type(value) is np.ndarray and value.dtype.kind in "biuf" and value.size <= _MOST_VALUES:
        return _ArrayKey(value.tobytes(), value.shape, value.dtype)
    return value


def _value(key: Any) -> Any:
    return np.frombuffer(key.data, key.dtype).reshape(key.shape) if type(key) is _ArrayKey else key


def memoized(prepare: Callable[..., Prepared]) -> Callable[..., Prepared]:
    """Cache what a function makes of the parameters of an operation, checks included.

    A small image takes less time than checking parameters and deriving weights. Parameters of another type
    are others, in a tuple, too, because a bool and a float equal an int that is accepted where they are not.
    Small arrays of numbers are the same if their bytes are. What else cannot be hashed is prepared each time.
    """

    @functools.lru_cache(maxsize=256, typed=True)
    def cached(types_in_tuples: tuple[type, ...], *keys: Any) -> Prepared:
        return prepare(*map(_value, keys))

    @functools.wraps(prepare)
    def recall(*parameters: Any) -> Prepared:
        types_in_tuples: tuple[type, ...] = ()
        keys = parameters
        types = [*map(type, parameters)]
        if tuple in types:
            tuples = (value for value in parameters if type(value) is tuple)
            types_in_tuples = tuple(type(part) for value in tuples for part in value)
        if np.ndarray in types:
            keys = tuple(map(_key, parameters))
        try:
            return cached(types_in_tuples, *keys)
        except TypeError:
            return prepare(*parameters)

    return recall
