"""Compiled CUDA kernels between processes: Numba's cache, or none where nothing can be written.

The environment variable ``NUMBA_CACHE_DIR`` names the folder. Without it Numba takes ``__pycache__`` beside
the sources or, where that cannot be written, the user's cache folder.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from typing import Any

from cvkit._jit_cache import tell_once

__all__ = ["keep_compiled"]


def keep_compiled(dispatcher: Any) -> Any:
    """Let a function that Numba compiles for a GPU load and save its compiled code where that can be.

    Parameters
    ----------
    dispatcher : numba dispatcher
        A decorated function that has not been called yet. What the CUDA simulator makes stays as it is.

    Returns
    -------
    numba dispatcher
        The same.
    """
    if not hasattr(dispatcher, "enable_caching"):
        return dispatcher
    try:
        dispatcher.enable_caching()
    except RuntimeError as error:
        if "no locator available" not in str(error):
            raise
        tell_once(_unwritable_folders())
        return dispatcher
    cache = dispatcher._cache
    if cache.cache_path.startswith("~"):
        # Of a user without a home and a name, Numba makes a folder called "~" where the process stands.
        cache.disable()
        with contextlib.suppress(OSError):
            os.removedirs(cache.cache_path)
        tell_once(_unwritable_folders())
    else:
        _make_safe(cache)
    return dispatcher


def _unwritable_folders() -> str:
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        return f"NUMBA_CACHE_DIR is {named!r}, which cannot be written"
    return "neither the installation nor a cache folder of the user can be written"


def _make_safe(cache: Any) -> None:
    """Turn every failure of a cache into a compilation, and keep it from mistaking one kernel for another."""
    load, save = cache.load_overload, cache.save_overload

    def load_or_compile(signature: Any, target_context: Any) -> Any:
        try:
            return load(signature, target_context)
        except Exception:  # whatever unpickling a damaged file raises
            with contextlib.suppress(OSError):
                cache.flush()
            return None

    def save_if_possible(signature: Any, compiled: Any) -> None:
        try:
            save(signature, compiled)
        except OSError as error:
            tell_once(f"{cache.cache_path}: {error.strerror or error}")

    def unused_name(_number: int) -> str:
        return f"{cache._impl.filename_base}.{uuid.uuid4().hex[:16]}.nbc"

    cache.load_overload, cache.save_overload = load_or_compile, save_if_possible
    # Numba numbers the files of one function. Two processes that compile it for different types then take the
    # same number, and a disk that fills up between index and code leaves older code under the new index.
    cache._cache_file._data_name = unused_name
