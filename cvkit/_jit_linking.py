"""What Numba makes machine code of: kernels with all that they call, and no helper by itself.

By default Numba gives every function machine code of its own and two ways for Python to call it, also where
only other compiled functions do; that is a third of the time of compiling. And where a call is not inlined,
the first definition in the process stands for all: a process that compiles would run the helper by itself,
one that loads the cache the kernel's copy, whose multiplications and additions may be fused in other places.
"""

from __future__ import annotations

from typing import Any

from llvmlite.binding import Linkage
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

__all__ = ["HelperCompiler", "KernelCompiler"]


class _KernelLibrary(JITCodeLibrary):
    """A kernel that calls its own copies of helpers, whatever else is in the process."""

    def _optimize_final_module(self) -> None:
        super()._optimize_final_module()
        for function in self._final_module.functions:
            if function.linkage == Linkage.linkonce_odr and not function.is_declaration:
                function.linkage = Linkage.internal


class _HelperLibrary(JITCodeLibrary):
    """A helper that is linked into kernels and that nothing else calls."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Return 0: there is no machine code to point to."""
        return 0

    @property
    def codegen(self) -> Any:
        """What is told where the helper's Python environment lies: nobody, because it has none."""
        return self

    def set_env(self, env_name: str, env: Any) -> None:
        """Forget the Python environment, which helpers never look into."""


class _InlinedLibrary(_HelperLibrary):
    """A helper that every caller inlines, and optimizes there.

    Only where each operation rounds as it is written: fused ones depend on what is optimized when.
    """

    def _optimize_final_module(self) -> None:
        pass


class KernelCompiler(Compiler):
    """Compiles what Python calls, from arrays and numbers to machine code."""

    @property
    def library_class(self) -> type[JITCodeLibrary]:
        """What holds the code."""
        return _KernelLibrary

    def define_pipelines(self) -> Any:
        """Give the steps of compiling a library to put their code in."""
        state = self.state
        state.flags.no_cfunc_wrapper = True
        if state.library is None:
            state.library = self.library_class(state.targetctx.codegen(), state.func_id.func_qualname)
            state.library.enable_object_caching()
        return super().define_pipelines()


class HelperCompiler(KernelCompiler):
    """Compiles what kernels call, as far as kernels need it."""

    @property
    def library_class(self) -> type[JITCodeLibrary]:
        """What holds the helper's code."""
        flags = self.state.flags
        return _InlinedLibrary if flags.forceinline and not flags.fastmath else _HelperLibrary

    def define_pipelines(self) -> Any:
        """Leave out what Python would need to call the helper."""
        self.state.flags.no_cpython_wrapper = True
        return super().define_pipelines()
