"""Numba, configured in one place: threading layer, flags, threads; ``_jit_cache`` keeps what it compiles.

Kernel files decorate plain functions with these names and configure nothing themselves:

``helper``       a scalar function, or a loop over one row, that kernels of either target call
``exact_helper`` a helper that rounds every operation as it is written
``cpu_kernel``   a loop nest whose outer loop is a ``prange``
``serial_kernel`` a function that Python calls and that no threads share

``_jit_cuda`` has what concerns GPUs.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba import njit, prange
from numba.core.cpu import CPUTargetOptions
from numba.core.registry import CPUDispatcher

from cvkit._jit_cache import keep_compiled
from cvkit._jit_linking import HelperCompiler, KernelCompiler

__all__ = [
    "cpu_kernel",
    "exact_helper",
    "get_num_threads",
    "helper",
    "prange",
    "serial_kernel",
    "set_num_threads",
    "thread_limit",
    "threading_layer",
]


# "contract" lets a multiply and an add become one FMA. Nothing else of fast maths: no reordering of sums, and
# NaN and infinity keep their meaning.
_FLAGS: dict[str, Any] = {
    "nogil": True,
    "boundscheck": False,
    "error_model": "numpy",
    "fastmath": {"contract"},
}


def _private_flags(**flags: Any) -> dict[str, Any]:
    """Keep those of Numba's undocumented flags that this version knows; without them it is only slower."""
    return {name: value for name, value in flags.items() if hasattr(CPUTargetOptions, name)}


def _load_tbb() -> bool:
    """Load the TBB that pip put into this environment; Numba looks only in the system's library path."""
    prefix = Path(sys.prefix)
    names = {
        "linux": [prefix / "lib" / "libtbb.so.12"],
        "win32": [prefix / "Library" / "bin" / "tbb12.dll"],
        "darwin": [prefix / "lib" / "libtbb.12.dylib"],
    }
    for path in names.get(sys.platform, []):
        if path.exists():
            try:
                ctypes.CDLL(str(path), ctypes.RTLD_GLOBAL)
            except OSError:
                return False
            return True
    return False


if "NUMBA_THREADING_LAYER" not in os.environ and "NUMBA_THREADING_LAYER_PRIORITY" not in os.environ:
    _load_tbb()
    numba.config.THREADING_LAYER_PRIORITY = ["tbb", "omp", "workqueue"]

_main_process = os.getpid()
_workqueue_lock = threading.Lock()


@functools.cache
def threading_layer() -> str:
    """Name of the layer that runs parallel kernels here: ``tbb``, ``omp`` or ``workqueue``."""
    numba.get_num_threads()  # starts the layer; before that Numba does not know which one it will get
    return str(numba.threading_layer())


def _forked_under_openmp() -> bool:
    """GNU OpenMP ends a forked child at its first parallel region; such a child runs serial kernels."""
    return os.getpid() != _main_process and threading_layer() == "omp"


def _threads_from_environment() -> int:
    text = os.environ.get("CVKIT_THREADS", "")
    if not text:
        return int(numba.config.NUMBA_NUM_THREADS)
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"CVKIT_THREADS must be a whole number of at least 1, got {text!r}")
    return min(int(text), int(numba.config.NUMBA_NUM_THREADS))


_threads: int | None = None


class _OfThisThread(threading.local):
    limit: int | None = None


_of_this_thread = _OfThisThread()


@contextlib.contextmanager
def thread_limit(count: int) -> Iterator[None]:
    """Let kernels that this Python thread calls use at most ``count`` threads, whatever others use."""
    before = _of_this_thread.limit
    _of_this_thread.limit = count
    try:
        yield
    finally:
        _of_this_thread.limit = before


def get_num_threads() -> int:
    """Return the number of threads that CPU kernels use.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.get_num_threads() >= 1
    True
    """
    global _threads
    if _threads is None:
        _threads = _threads_from_environment()
    limit = _of_this_thread.limit
    return _threads if limit is None else min(_threads, limit)


def set_num_threads(count: int) -> None:
    """Set the number of threads that CPU kernels use, for all Python threads of this process.

    Parameters
    ----------
    count : int
        From 1 to the number of threads Numba was started with (the cores, or ``NUMBA_NUM_THREADS``).
        The environment variable ``CVKIT_THREADS`` sets the initial value.

    Raises
    ------
    ValueError
        If ``count`` is out of that range.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.set_num_threads(1)
    >>> cvkit.get_num_threads()
    1
    """
    global _threads
    limit = int(numba.config.NUMBA_NUM_THREADS)
    if not isinstance(count, int | np.integer) or isinstance(count, bool) or not 1 <= count <= limit:
        raise ValueError(f"count must be a whole number from 1 to {limit}, got {count!r}")
    _threads = int(count)


def _flags(contract: bool, reorder: bool, allocates: bool) -> dict[str, Any]:
    relaxed = {"contract"} if contract else set()
    relaxed |= {"reassoc", "nsz"} if reorder else set()
    flags = {**_FLAGS, "fastmath": relaxed or False}
    return flags if allocates else flags | _private_flags(_nrt=False)


def helper(
    function: Callable[..., Any] | None = None,
    *,
    contract: bool = True,
    reorder: bool = False,
    inline: bool = False,
    force_inline: bool = False,
    allocates: bool = False,
) -> Any:
    """Compile a function that kernels call: scalar maths, or a loop over rows.

    Parameters
    ----------
    function : callable
        What to compile; without it, a decorator is returned.
    contract : bool
        False keeps every product rounded on its own, for results that an FMA would decide otherwise than the
        reference does. CUDA's compiler does not ask; ``cvkit._simd.numbers.product`` keeps it there, too.
    reorder : bool
        True lets a sum or a maximum be taken in the order of the vector's lanes. Keep such helpers to one
        loop.
    inline : bool
        True copies the function into its callers before they are typed.
    force_inline : bool
        True makes LLVM inline every call, however long the function.
    allocates : bool
        Whether an array is made or handed on inside, so that Numba has to count references: a call then costs
        some 20 ns for each row that is sliced off a matrix, with atomic operations that threads contend for.
    """
    if function is None:
        return functools.partial(
            helper,
            contract=contract,
            reorder=reorder,
            inline=inline,
            force_inline=force_inline,
            allocates=allocates,
        )
    flags = _flags(contract, reorder, allocates) | {"inline": "always" if inline else "never"}
    if force_inline:
        flags |= _private_flags(forceinline=True)
    return _callable_from_python(njit(pipeline_class=HelperCompiler, **flags)(function), function, flags)


def _callable_from_python(dispatcher: Any, function: Callable[..., Any], flags: dict[str, Any]) -> Any:
    """Let Python call a helper, too: at a cost for each call, and compiled once more."""
    if not hasattr(dispatcher, "_compile_for_args"):  # under NUMBA_DISABLE_JIT
        return dispatcher

    @functools.cache
    def compiled() -> Any:
        return keep_compiled(njit(pipeline_class=KernelCompiler, **flags)(function))

    dispatcher.targetoptions = _Options(dispatcher.targetoptions)
    dispatcher.for_python = compiled
    # What is compiled for kernels has no machine code of its own that Python could call.
    dispatcher._insert = lambda *overload: None
    dispatcher.__class__ = _Helper
    return dispatcher


class _Helper(CPUDispatcher):
    """A helper, of which Python calls the copy that is compiled for it."""

    def __call__(self, *args: Any) -> Any:
        """Look for machine code there at once: Numba would first look here, and for longer."""
        return self.for_python()(*args)


class _Options(dict[str, Any]):
    """Options of a helper, of which Numba makes a copy when it compiles the helper for CUDA.

    There any of ``fastmath`` stands for divisions and exponentials that err in their last bits.
    """

    def copy(self) -> dict[str, Any]:
        return {**self, "fastmath": False}


def exact_helper(function: Callable[..., Any]) -> Any:
    """Compile a helper whose every operation rounds as it is written, because a reference's bits count.

    It is inlined everywhere and allocates nothing: called for some ten samples at a time, it would else spend
    half its time on passing arrays and on counting references to them.
    """
    return helper(function, contract=False, force_inline=True)


def serial_kernel(
    function: Callable[..., Any] | None = None, *, contract: bool = True, allocates: bool = False
) -> Any:
    """Compile a function that Python calls and that no threads share: one step follows from the one before.

    ``contract`` and ``allocates`` mean what they do for ``helper``.
    """
    if function is None:
        return functools.partial(serial_kernel, contract=contract, allocates=allocates)
    flags = _flags(contract, False, allocates)
    return keep_compiled(njit(pipeline_class=KernelCompiler, **flags)(function))


class CpuKernel:
    """A loop nest compiled twice on demand, with threads and without, and the choice between the two.

    The serial twin runs where threads cost more than they save (small arrays), where one thread is asked for,
    and where the threading layer is not safe.
    """

    # A parallel region costs some ten microseconds; below this many bytes in the largest array the loop
    # itself takes less.
    serial_below_bytes = 1 << 14

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.py_func = function
        self._parallel = keep_compiled(njit(pipeline_class=KernelCompiler, parallel=True, **_FLAGS)(function))
        # Numba's cache key does not hold the ``parallel`` flag: the twin needs a name of its own.
        twin = types.FunctionType(
            function.__code__,
            function.__globals__,
            function.__name__,
            function.__defaults__,
            function.__closure__,
        )
        twin.__qualname__ = f"{function.__qualname__}_serial"
        self._serial = keep_compiled(njit(pipeline_class=KernelCompiler, **_FLAGS)(twin))

    def __call__(self, *args: Any) -> Any:
        threads = get_num_threads()
        if threads == 1 or self._is_small(args) or _forked_under_openmp():
            return self._serial(*args)
        if threading_layer() == "workqueue":
            with _workqueue_lock:  # this layer aborts the process when two Python threads enter it
                return self._run_parallel(threads, args)
        return self._run_parallel(threads, args)

    def _is_small(self, args: tuple[Any, ...]) -> bool:
        for arg in args:
            if isinstance(arg, np.ndarray):
                if arg.nbytes >= self.serial_below_bytes:
                    return False
            elif isinstance(arg, tuple) and not self._is_small(arg):
                return False
        return True

    def _run_parallel(self, threads: int, args: tuple[Any, ...]) -> Any:
        # Numba keeps the count per Python thread; leave the caller's as it was.
        before = numba.get_num_threads()
        if before == threads:
            return self._parallel(*args)
        numba.set_num_threads(threads)
        try:
            return self._parallel(*args)
        finally:
            numba.set_num_threads(before)


def cpu_kernel(function: Callable[..., Any]) -> CpuKernel:
    """Compile a loop nest over rows (``prange`` outermost) for the CPU."""
    return CpuKernel(function)
