"""Compile Numba's kernels for aarch64 on another processor: LLVM in llvmlite's wheels knows them all.

What is compiled is named by a recording: for each kernel, the types it was called with in a process of this
machine. Numba keeps the code in its cache as if it had been compiled there, and a process there loads it.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pickle
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

TRIPLE = "aarch64-unknown-linux-gnu"

Recording = dict[str, dict[tuple[str, str], list[Any]]]
"""For each module, for each of its kernels' dispatchers by name, the signatures."""


def cache_settings(folder: Path) -> dict[str, str]:
    """Return the environment that decides under which key compiled code is kept, and looked for.

    Both the process that compiles here and the one that runs there need it: Numba's key is the triple, the
    name of the processor and its features.
    """
    return {"NUMBA_CACHE_DIR": str(folder), "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}


def record() -> Recording:
    """Find which kernels this process has loaded from the cache, and for which types."""
    from numba.core.dispatcher import Dispatcher

    from cvkit._jit import CpuKernel

    recording: Recording = defaultdict(dict)
    for module, contents in list(sys.modules.items()):
        if not module.startswith("cvkit."):
            continue
        for name, value in vars(contents).items():
            if isinstance(value, CpuKernel) and value.__module__ == module:
                twins = {"_serial": value._serial, "_parallel": value._parallel}
            elif isinstance(value, Dispatcher) and value.__module__ == module:
                # A helper that Python calls has machine code of its own only for that.
                twins = {"for_python": value.for_python()} if hasattr(value, "for_python") else {"": value}
            else:
                continue
            for twin, dispatcher in twins.items():
                if dispatcher.signatures:
                    recording[module][name, twin] = dispatcher.signatures
    return dict(recording)


def pretend_to_be_aarch64() -> None:
    """Let Numba, which must not be imported yet, compile for aarch64 here; its functions cannot be called."""
    from llvmlite import binding

    assert "numba" not in sys.modules, "it has asked for the processor already"
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    target = binding.Target.from_triple(TRIPLE)
    binding.get_process_triple = binding.get_default_triple = lambda: TRIPLE
    binding.Target.from_default_triple = lambda: target


def compile_recording(folder: str) -> None:
    """Compile what ``recording.pickle`` in a folder names, into the cache that the environment names."""
    file = Path(folder, "recording.pickle")
    recording: Recording = pickle.loads(file.read_bytes())
    # The longest first, so that no process is left alone with them at the end.
    order = sorted(recording, key=lambda module: -sum(map(len, recording[module].values())))
    pool = ProcessPoolExecutor(
        os.cpu_count(), multiprocessing.get_context("spawn"), initializer=pretend_to_be_aarch64
    )
    with pool:
        list(pool.map(_compile_module, [file] * len(order), order))


def _compile_module(file: Path, module: str) -> None:
    kernels = pickle.loads(file.read_bytes())[module]
    for (name, twin), signatures in kernels.items():
        kernel = getattr(importlib.import_module(module), name)
        dispatcher = getattr(kernel, twin) if twin else kernel
        dispatcher = dispatcher() if twin == "for_python" else dispatcher
        for signature in signatures:
            dispatcher.compile(signature)
