"""Pairs of 64-bit words that are moved and added in one register.

The plain Python meaning is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_PAIR = ir.VectorType(ir.IntType(64), 2)


def _sum_of_pairs_plain(table, first, second, third):
    total = np.zeros(2, np.uint64)
    for start in (first, second, third):
        total += table[start : start + 2]
    return total[0], total[1]


@intrinsic
def _sum_of_pairs_vector(typing_context, table, first, second, third):
    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        total = None
        for start in arguments[1:]:
            pair = builder.load(builder.bitcast(builder.gep(data, [start]), _PAIR.as_pointer()))
            pair.align = 8
            total = pair if total is None else builder.add(total, pair)
        words = [builder.extract_element(total, ir.Constant(ir.IntType(32), part)) for part in range(2)]
        return context.make_tuple(builder, signature.return_type, words)

    return types.UniTuple(types.uint64, 2)(table, first, second, third), generate


sum_of_pairs = _sum_of_pairs_plain if numba.config.DISABLE_JIT else _sum_of_pairs_vector
"""Sum three pairs of neighbors of a flat table of uint64, each from an unsigned place on; a tuple of two."""
