"""The weighted sum of three pixels of four floats, each pixel one vector.

The plain Python meaning is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _blend_three_pixels_plain(source, start, first, second, third, target, target_start):
    for lane in range(4):
        target[target_start + lane] = (
            first * source[start + lane]
            + second * source[start + 4 + lane]
            + third * source[start + 8 + lane]
        )


@intrinsic
def _blend_three_pixels_vector(typing_context, source, start, first, second, third, target, target_start):
    signature = types.void(source, start, first, second, third, target, target_start)
    pixel = ir.VectorType(ir.FloatType(), 4)

    def generate(context, builder, signature, arguments):
        def pixel_at(array_type, array, index):
            data = context.make_array(array_type)(context, builder, array).data
            return builder.bitcast(builder.gep(data, [index]), pixel.as_pointer())

        undefined = ir.Constant(pixel, ir.Undefined)
        first_lane = ir.Constant(ir.VectorType(ir.IntType(32), 4), [0] * 4)
        total = None
        for tap, weight in enumerate(arguments[2:5]):
            index = builder.add(arguments[1], ir.Constant(arguments[1].type, 4 * tap))
            value = builder.load(pixel_at(signature.args[0], arguments[0], index))
            value.align = 4
            lane = builder.insert_element(undefined, weight, ir.Constant(ir.IntType(32), 0))
            factor = builder.shuffle_vector(lane, undefined, first_lane)
            product = builder.fmul(value, factor, flags=("contract",))
            total = product if total is None else builder.fadd(total, product, flags=("contract",))
        store = builder.store(total, pixel_at(signature.args[5], *arguments[5:]))
        store.align = 4
        return context.get_dummy_value()

    return signature, generate


blend_three_pixels = _blend_three_pixels_plain if numba.config.DISABLE_JIT else _blend_three_pixels_vector
"""Weigh three neighboring pixels of four float32 each.

``target[to : to + 4] = first * source[start : start + 4] + second * source[start + 4 : start + 8] + third *
source[start + 8 : start + 12]``, called as (source, start, first, second, third, target, to). Both arrays are
flat, both starts ``uintp``.
"""
