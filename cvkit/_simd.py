"""Vector instructions that the compiler does not find by itself, as functions that kernels call.

Each has the plain Python meaning given first, which Numba's debugging mode (``NUMBA_DISABLE_JIT``) runs. LLVM
splits the vectors where the processor's registers are narrower.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _larger_plain(a, b):
    return a if a > b else b


@intrinsic
def _larger_vector(typing_context, a, b):
    def generate(context, builder, signature, arguments):
        flags = ("nnan", "nsz")
        is_first = builder.fcmp_ordered(">", *arguments, flags=flags)
        return builder.select(is_first, *arguments, flags=flags)

    return types.float64(types.float64, types.float64), generate


larger = _larger_plain if numba.config.DISABLE_JIT else _larger_vector
"""The larger of two float64 values where NaN is not expected.

``max`` keeps Python's meaning for NaN and signed zeros, which leaves a running maximum scalar.
"""


def _bits_plain(value):
    return int(np.float64(value).view(np.int64))


@intrinsic
def _bits_vector(typing_context, value):
    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


bits = _bits_plain if numba.config.DISABLE_JIT else _bits_vector
"""The bit pattern of a float64, as an int64."""


def _from_bits_plain(pattern):
    return float(np.int64(pattern).view(np.float64))


@intrinsic
def _from_bits_vector(typing_context, pattern):
    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


from_bits = _from_bits_plain if numba.config.DISABLE_JIT else _from_bits_vector
"""The float64 that an int64 bit pattern stands for."""
