"""Weighted sums of two or four pixels of four floats, each pixel one vector.

The plain Python meaning is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _blend_pixels_plain(taps):
    def blend(source, start, step, weights, target, target_start):
        for lane in range(4):
            products = [weights[tap] * source[start + tap * step + lane] for tap in range(taps)]
            total = products[0] + products[1]
            for tap in range(2, taps, 2):
                total = total + (products[tap] + products[tap + 1])
            target[target_start + lane] = total

    return blend


def _blend_pixels_vector(taps):
    @intrinsic
    def blend(typing_context, source, start, step, weights, target, target_start):
        signature = types.void(source, start, step, weights, target, target_start)

        def generate(context, builder, signature, arguments):
            def pixel_at(array_type, array, index):
                data = context.make_array(array_type)(context, builder, array).data
                pixel = ir.VectorType(data.type.pointee, 4)
                return builder.bitcast(builder.gep(data, [index]), pixel.as_pointer())

            alignment = context.get_abi_sizeof(context.get_data_type(source.dtype))
            index = arguments[1]
            products = []
            for tap in range(taps):
                value = builder.load(pixel_at(signature.args[0], arguments[0], index))
                value.align = alignment
                weight = builder.extract_value(arguments[3], tap)
                lane = builder.insert_element(
                    ir.Constant(value.type, ir.Undefined), weight, ir.Constant(ir.IntType(32), 0)
                )
                first_lane = ir.Constant(ir.VectorType(ir.IntType(32), 4), [0] * 4)
                factor = builder.shuffle_vector(lane, ir.Constant(value.type, ir.Undefined), first_lane)
                products.append(builder.fmul(factor, value, flags=("contract",)))
                index = builder.add(index, arguments[2])
            total = None
            for first, second in zip(products[::2], products[1::2], strict=True):
                pair = builder.fadd(first, second, flags=("contract",))
                total = pair if total is None else builder.fadd(total, pair, flags=("contract",))
            store = builder.store(total, pixel_at(signature.args[4], *arguments[4:]))
            store.align = alignment
            return context.get_dummy_value()

        return signature, generate

    return blend


_blend_pixels = _blend_pixels_plain if numba.config.DISABLE_JIT else _blend_pixels_vector
blend_two_pixels = _blend_pixels(2)
"""Weigh two pixels of four floats each, whose starts lie ``step`` values apart.

Lane by lane, ``target[to] = weights[0] * source[start] + weights[1] * source[start + step]``, called as
(source, start, step, weights, target, to). Both arrays are flat and of the dtype of the weights; starts and
step are ``uintp``.
"""
blend_four_pixels = _blend_pixels(4)
"""The same for four pixels; the sums of the first two and of the last two are added."""
