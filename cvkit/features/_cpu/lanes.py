"""Sixteen float32 at once, and rows that begin where such a vector loads fastest.

The plain Python meaning of a vector instruction is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from cvkit._jit import helper

LANES = 16
"""Number of float32 lanes that :func:`add_scaled_lanes` works on."""


def _add_scaled_lanes_plain(target, start, factor, weights, weights_start):
    for lane in range(LANES):
        target[start + lane] += factor * weights[weights_start + lane]


@intrinsic
def _add_scaled_lanes_vector(typing_context, target, start, factor, weights, weights_start):
    signature = types.void(target, start, factor, weights, weights_start)

    def generate(context, builder, signature, arguments):
        vector = ir.VectorType(ir.FloatType(), LANES)

        def lanes_at(array_type, array, index):
            data = context.make_array(array_type)(context, builder, array).data
            wide = builder.zext(index, ir.IntType(64)) if index.type.width < 64 else index
            return builder.bitcast(builder.gep(data, [wide]), vector.as_pointer())

        target_pointer = lanes_at(signature.args[0], arguments[0], arguments[1])
        weights_pointer = lanes_at(signature.args[3], arguments[3], arguments[4])
        sums, factors = builder.load(target_pointer), builder.load(weights_pointer)
        sums.align = factors.align = 4
        undefined = ir.Constant(vector, ir.Undefined)
        scale = builder.insert_element(undefined, arguments[2], ir.Constant(ir.IntType(32), 0))
        first_lane = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        scale = builder.shuffle_vector(scale, undefined, first_lane)
        product = builder.fmul(factors, scale, flags=("contract",))
        store = builder.store(builder.fadd(sums, product, flags=("contract",)), target_pointer)
        store.align = 4
        return context.get_dummy_value()

    return signature, generate


add_scaled_lanes = _add_scaled_lanes_plain if numba.config.DISABLE_JIT else _add_scaled_lanes_vector
"""``target[start:start + 16] += factor * weights[weights_start:weights_start + 16]`` in one vector operation.

Both arrays are flat float32 arrays, both starts unsigned.
"""


@helper(allocates=True)
def aligned_rows(rows, width):
    """Return uninitialized float32 rows whose starts lie on 64 bytes, so that no vector spans two lines.

    ``width`` must be a multiple of LANES.
    """
    memory = np.empty(rows * width + LANES, np.float32)
    skipped = ((64 - memory.ctypes.data % 64) % 64) // 4
    return memory[skipped : skipped + rows * width].reshape(rows, width)
