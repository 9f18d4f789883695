"""Interpolation between the eight nodes of a cell, four numbers at each node, side by side in a vector.

The plain Python meaning is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_REAL, _NUMBER, _BYTE = ir.FloatType(), ir.IntType(32), ir.IntType(8)
_EIGHT = ir.VectorType(_REAL, 8)


def _blend_cell_plain(nodes, corners, weights, outer_start, inner_start, scale, out, position):
    outer, inner = weights
    total = np.zeros(8, np.float32)
    for corner in range(4):
        total += outer[outer_start + corner] * nodes[corners[corner] : corners[corner] + 8]
    total *= inner[inner_start : inner_start + 8]
    out[position : position + 4] = ((total[:4] + total[4:] + scale[0]) * scale[1]).astype(np.uint8)


@intrinsic
def _blend_cell_vector(
    typing_context, nodes, corners, weights, outer_start, inner_start, scale, out, position
):
    arguments = (nodes, corners, weights, outer_start, inner_start, scale, out, position)

    def generate(context, builder, signature, values):
        def pointer(kind, array, index, to):
            data = context.make_array(kind)(context, builder, array).data
            return builder.bitcast(builder.gep(data, [index]), to.as_pointer())

        def load(kind, array, index, to):
            loaded = builder.load(pointer(kind, array, index, to))
            loaded.align = 4
            return loaded

        def repeated(number, count):
            vector = ir.VectorType(number.type, count)
            undefined = ir.Constant(vector, ir.Undefined)
            first = builder.insert_element(undefined, number, ir.Constant(_NUMBER, 0))
            return builder.shuffle_vector(
                first, undefined, ir.Constant(ir.VectorType(_NUMBER, count), [0] * count)
            )

        nodes_type, _, weights_type, _, _, _, out_type, _ = signature.args
        nodes, corners, weights, outer_start, inner_start, scale, out, position = values
        outer, inner = (builder.extract_value(weights, part) for part in range(2))
        total = ir.Constant(_EIGHT, [0.0] * 8)
        for corner in range(4):
            start = builder.add(outer_start, ir.Constant(outer_start.type, corner))
            weight = repeated(load(weights_type[0], outer, start, _REAL), 8)
            node = load(nodes_type, nodes, builder.extract_value(corners, corner), _EIGHT)
            total = builder.fadd(total, builder.fmul(weight, node, flags=("contract",)), flags=("contract",))
        total = builder.fmul(total, load(weights_type[1], inner, inner_start, _EIGHT))
        undefined = ir.Constant(_EIGHT, ir.Undefined)
        halves = [
            builder.shuffle_vector(
                total, undefined, ir.Constant(ir.VectorType(_NUMBER, 4), list(range(start, start + 4)))
            )
            for start in (0, 4)
        ]
        offset, factor = (repeated(builder.extract_value(scale, part), 4) for part in range(2))
        blended = builder.fmul(builder.fadd(builder.fadd(*halves), offset), factor)
        whole = builder.fptosi(blended, ir.VectorType(_NUMBER, 4))
        store = builder.store(
            builder.trunc(whole, ir.VectorType(_BYTE, 4)),
            pointer(out_type, out, position, ir.VectorType(_BYTE, 4)),
        )
        store.align = 1
        return context.get_dummy_value()

    return types.void(*arguments), generate


blend_cell = _blend_cell_plain if numba.config.DISABLE_JIT else _blend_cell_vector
"""Write four bytes, each the weighted mean of what eight nodes hold; called as
(nodes, corners, weights, outer_start, inner_start, scale, out, position).

``nodes`` is flat and float32, four numbers a node; ``corners`` are where four pairs of neighboring nodes
begin. ``weights`` are two flat float32 tables: of four for the pairs, from ``outer_start``, and of eight for
what a pair holds, from ``inner_start``. The sum plus ``scale[0]``, times ``scale[1]``, is cut off. ``out`` is
flat, and all places are unsigned.
"""
