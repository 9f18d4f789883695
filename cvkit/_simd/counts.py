"""How many bits of a word are set, in the one instruction that processors have for it."""

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _count_bits_plain(word):
    return int(word).bit_count()


@intrinsic
def _count_bits_of_word(typing_context, word):
    def generate(context, builder, signature, arguments):
        kind = ir.IntType(64)
        function_type = ir.FunctionType(kind, [kind])
        function = builder.module.declare_intrinsic("llvm.ctpop", [kind], function_type)
        return builder.call(function, arguments)

    return types.uint64(types.uint64), generate


count_bits = _count_bits_plain if numba.config.DISABLE_JIT else _count_bits_of_word
"""How many bits of a uint64 are 1."""
