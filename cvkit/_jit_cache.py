"""Compiled kernels between processes: Numba's cache, and going on without it where nothing can be written.

The environment variable ``NUMBA_CACHE_DIR`` names the folder. Without it Numba takes ``__pycache__`` beside
the sources or, where that cannot be written, the user's cache folder.
"""

from __future__ import annotations

import contextlib
import logging
import os
import uuid
from typing import Any

__all__ = ["keep_compiled"]

_LOGGER = logging.getLogger(__name__)
# In the environment, so that the processes this one starts do not say the same again.
_TOLD = "_CVKIT_HAS_TOLD_OF_CACHE"


def _tell_once(trouble: str) -> None:
    """Log one line; where logging is not set up, Python writes it to stderr."""
    if _TOLD not in os.environ:
        os.environ[_TOLD] = "1"
        _LOGGER.warning(
            "cvkit: compiled kernels are not kept for later runs (%s); "
            "set NUMBA_CACHE_DIR to a folder that can be written",
            trouble,
        )


def keep_compiled(dispatcher: Any) -> Any:
    """Let a function of Numba, for either target, load and save its compiled code where that can be.

    Parameters
    ----------
    dispatcher : numba dispatcher
        A decorated function that has not been called yet. A plain function, as there is with
        ``NUMBA_DISABLE_JIT`` and in the CUDA simulator, stays as it is.

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
        _tell_once(_unwritable_folders())
        return dispatcher
    cache = dispatcher._cache
    if cache.cache_path.startswith("~"):
        # Of a user without a home and a name, Numba makes a folder called "~" where the process stands.
        cache.disable()
        with contextlib.suppress(OSError):
            os.removedirs(cache.cache_path)
        _tell_once(_unwritable_folders())
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
            _tell_once(f"{cache.cache_path}: {error.strerror or error}")

    def unused_name(_number: int) -> str:
        return f"{cache._impl.filename_base}.{uuid.uuid4().hex[:16]}.nbc"

    cache.load_overload, cache.save_overload = load_or_compile, save_if_possible
    # Numba numbers the files of one function. Two processes that compile it for different types then take the
    # same number, and a disk that fills up between index and code leaves older code under the new index.
    cache._cache_file._data_name = unused_name
