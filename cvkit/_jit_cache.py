"""Compiled CPU kernels between processes: what a wheel brought, then what was kept here, then compiling.

Every kernel has a file for each type of arguments, whose name is a digest of all that its code depends on:
the sources that it can reach, the processor, the versions of what compiled it. Nothing is ever out of date,
then, and there is no index that processes could write at the same time.

Two kinds of folders hold such files. ``_compiled`` comes with a wheel and is only read: its code is for a
level of processors. Code for exactly this processor is kept in the folder that ``NUMBA_CACHE_DIR`` names or,
without it, in the package's ``__pycache__`` or, where that cannot be written, in the user's cache folder.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import os
import pickle
import re
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding
import numba
from numba.core.compiler import CompileResult
from numba.core.runtime import rtsys
from numba.core.serialize import dumps
from numba.misc.appdirs import AppDirs

from cvkit._jit_sources import stamp
from cvkit._paths import atomic_path

__all__ = ["KernelCache", "keep_compiled", "tell_once"]

_LOGGER = logging.getLogger(__name__)
# In the environment, so that the processes this one starts do not say the same again.
_TOLD = "_CVKIT_HAS_TOLD_OF_CACHE"

_PACKAGE = Path(__file__).parent
SHIPPED = _PACKAGE / "_compiled"
"""Where a wheel puts compiled kernels, in a folder for each level of processors."""

LOADED: set[str] = set()
"""Names of the files that were loaded in this process, for the builder of wheels."""

# Where Numba puts its listing of types, after the library and the description.
_ANNOTATION = 4

# Seconds after which whoever waits wants to know what for.
_PATIENCE = 2.0
_DIGEST_BYTES = hashlib.sha256().digest_size


class Target(NamedTuple):
    """What code is compiled for, as LLVM is told."""

    triple: str
    processor: str
    features: str


_V3 = frozenset(
    {"cx16", "popcnt", "sahf", "sse3", "sse4.1", "sse4.2", "ssse3"}
    | {"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "xsave"}
)
_V4 = _V3 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
# Of each architecture, the processors that LLVM knows as levels, best first, and the features they stand for.
_LEVELS: dict[str, dict[str, frozenset[str]]] = {
    "x86_64": {"x86-64-v4": _V4, "x86-64-v3": _V3},
    "aarch64": {"generic": frozenset({"neon"})},
}


@functools.cache
def _shipped_for(here: Target) -> tuple[tuple[Path, Target], ...]:
    """Return the folder with the best code that a wheel brought for processors like this one, if any did.

    One folder only: kernels may agree on what they hand to each other by the level they are compiled for.
    """
    levels = _LEVELS.get(here.triple.partition("-")[0], {})
    has = {feature[1:] for feature in here.features.split(",") if feature.startswith("+")}
    for name, needed in levels.items():
        if (name == here.processor or needed <= has) and (SHIPPED / name).is_dir():
            return ((SHIPPED / name, Target(here.triple, name, "")),)
    return ()


def tell_once(trouble: str) -> None:
    """Log one line; where logging is not set up, Python writes it to stderr."""
    if _TOLD not in os.environ:
        os.environ[_TOLD] = "1"
        _LOGGER.warning(
            "cvkit: compiled kernels are not kept for later runs (%s); "
            "set NUMBA_CACHE_DIR to a folder that can be written",
            trouble,
        )


def keep_compiled(dispatcher: Any) -> Any:
    """Let a function that Numba compiles for the CPU load and save its compiled code where that can be.

    Parameters
    ----------
    dispatcher : numba dispatcher
        A decorated function that has not been called yet, and that no other compiled function calls: what
        those are compiled from is not kept, which takes a fifth of the space in a wheel, and less time to
        load. A plain function, as there is with ``NUMBA_DISABLE_JIT``, stays as it is.

    Returns
    -------
    numba dispatcher
        The same.
    """
    if hasattr(dispatcher, "_cache"):
        dispatcher._cache = KernelCache(dispatcher.py_func)
    return dispatcher


class KernelCache:
    """The compiled versions of one function, with the methods that Numba's dispatchers call on a cache.

    Parameters
    ----------
    function : callable
        What is compiled.
    """

    def __init__(self, function: Any) -> None:
        self._function = function
        self._name = re.sub(r"[^\w.]", "", f"{function.__module__}.{function.__qualname__}")

    @property
    def cache_path(self) -> str:
        """The folder that is written first, for Numba's statistics."""
        return str(next(iter(own_folders(numba.config.CACHE_DIR)), ""))

    def load_overload(self, signature: Any, target_context: Any) -> CompileResult | None:
        """Return the code for arguments of some types, or None where it has to be compiled."""
        # Numba would load all that it compiles with, too, which takes as long as importing it.
        rtsys.initialize(target_context)
        here = Target(*target_context.codegen().magic_tuple())
        own = [(folder, here) for folder in own_folders(numba.config.CACHE_DIR)]
        for folder, target in (*_shipped_for(here), *own):
            name = self._file_name(signature, target)
            try:
                kept, compiled = pickle.loads(_read(folder / name))
                if kept != signature:
                    continue
                result = CompileResult._rebuild(target_context, *compiled)
            except Exception:  # the file is not there, or whatever reading a damaged one raises
                continue
            LOADED.add(name)
            return result
        _long_compilation.begin((self, signature))
        return None

    def save_overload(self, signature: Any, compiled: CompileResult) -> None:
        """Keep the code for arguments of some types."""
        _long_compilation.end((self, signature))
        if compiled.lifted or compiled.library.has_dynamic_globals:
            return  # it holds addresses that are of this process
        name = self._file_name(signature, Target(*compiled.library.codegen.magic_tuple()))
        data = dumps((signature, self._reduced(compiled)))
        if b"_numba_hashsecret" in data:
            return  # it needs one of the modules that load_overload does not load
        trouble = "its place is not known"
        for folder in own_folders(numba.config.CACHE_DIR):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                with atomic_path(folder / name) as temporary:
                    temporary.write_bytes(hashlib.sha256(data).digest() + data)
            except OSError as error:
                if (folder / name).exists():
                    return  # another process has kept it, and a third one reads it: Windows refuses then
                trouble = error.strerror or str(error)
            else:
                self._remove(folder, of_other_sources=True)
                return
        named = numba.config.CACHE_DIR
        tell_once(
            f"NUMBA_CACHE_DIR is {named!r}: {trouble}"
            if named
            else f"neither the installation nor a cache folder of the user can be written: {trouble}"
        )

    def flush(self) -> None:
        """Forget what is kept of the function."""
        for folder in own_folders(numba.config.CACHE_DIR):
            self._remove(folder, of_other_sources=False)

    def _reduced(self, compiled: CompileResult) -> tuple[Any, ...]:
        """Return what :meth:`load_overload` makes the code of."""
        library, description, *rest = compiled._reduce()
        rest[_ANNOTATION] = ""  # a listing of the source, with its path
        name, kind, (machine_code, _) = library
        library = name, kind, (machine_code, _names_only(description))
        return library, description, *rest

    @functools.cached_property
    def _prefix(self) -> str:
        """What the names of the function's files begin with as long as its sources stay as they are."""
        return f"{self._name}-{stamp(self._function.__code__.co_filename)}-"

    def _file_name(self, signature: Any, target: Target) -> str:
        function = self._function
        closure = function.__closure__ and dumps(tuple(cell.cell_contents for cell in function.__closure__))
        depends_on = _COMPILER, target, function.__code__.co_firstlineno, closure, str(signature)
        return f"{self._prefix}{hashlib.sha256(repr(depends_on).encode()).hexdigest()[:24]}.nbc"

    def _remove(self, folder: Path, *, of_other_sources: bool) -> None:
        for path in folder.glob(f"{self._name}-*.nbc"):
            if not (of_other_sources and path.name.startswith(self._prefix)):
                with contextlib.suppress(OSError):  # another process may have removed it
                    path.unlink()


class _LongCompilation:
    """Logs once that a compilation takes long, for those who want to hear it, as commands do."""

    def __init__(self) -> None:
        self._kernel: object = None
        self._timer = threading.Timer(0, self._tell)
        self._is_told = False

    def begin(self, kernel: object) -> None:
        """Note what is being compiled; what is compiled for it belongs to it."""
        if self._kernel is None and not self._is_told and _LOGGER.isEnabledFor(logging.INFO):
            self._kernel = kernel
            self._timer = threading.Timer(_PATIENCE, self._tell)
            self._timer.daemon = True
            self._timer.start()

    def end(self, kernel: object) -> None:
        """Note that it is compiled."""
        if kernel == self._kernel:
            self._timer.cancel()
            self._kernel = None

    def _tell(self) -> None:
        self._is_told = True
        _LOGGER.info("cvkit: compiling kernels for this processor; later runs find them compiled")


_long_compilation = _LongCompilation()


def _names_only(description: Any) -> bytes:
    """Return bitcode from which Numba learns what a kernel's machine code defines, and nothing else."""
    names = description.llvm_func_name, description.llvm_cpython_wrapper_name
    stubs = "".join(f'define void @"{name}"() {{ unreachable }}\n' for name in names)
    return llvmlite.binding.parse_assembly(stubs).as_bitcode()


def _read(path: Path) -> bytes:
    """Return what a file holds, if it is whole: code that lacks a byte would end the process."""
    data = path.read_bytes()
    digest, data = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
    if hashlib.sha256(data).digest() != digest:
        raise ValueError(f"{path} is damaged")
    return data


@functools.cache
def own_folders(named: str) -> tuple[Path, ...]:
    """List the folders for what is compiled here, in the order in which writing them is tried.

    Parameters
    ----------
    named : str
        What ``NUMBA_CACHE_DIR`` says.
    """
    # Of every place that cvkit lies at: each may have other sources.
    name = f"cvkit_{hashlib.sha256(os.fsencode(_PACKAGE)).hexdigest()[:16]}"
    if named:
        return (Path(named, name),)
    folders = [_PACKAGE / "__pycache__"]
    of_user = AppDirs(appname="numba", appauthor=False).user_cache_dir
    if not of_user.startswith("~"):  # as it does of a user without a home and a name
        folders.append(Path(of_user, name))
    return tuple(folders)


def writable_folder() -> Path:
    """Return the folder that compiled code is kept in; ``OSError`` where there is none."""
    trouble: OSError = FileNotFoundError("no folder is known")
    for folder in own_folders(numba.config.CACHE_DIR):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            trouble = error
        else:
            return folder
    raise trouble


# What decides the code beside sources, types and processor. Numba's own cache does not look at its settings.
_COMPILER = (
    sys.implementation.cache_tag,
    getattr(sys, "abiflags", ""),
    numba.__version__,
    llvmlite.__version__,
    *(
        str(getattr(numba.config, setting, None))
        for setting in ("BOUNDSCHECK", "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "USING_SVML")
    ),
)
