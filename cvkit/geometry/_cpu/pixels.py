"""Weighted sums of two or four pixels: of four floats each, every pixel one vector, or of gray ones.

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

COLUMNS = 8
"""How many gray pixels are summed at once."""


def _sum_gray_plain(taps):
    def sum_columns(source, first, weights, x, target):
        for column in range(int(x), int(x) + COLUMNS):
            products = [weights[tap, column] * source[first[column] + tap] for tap in range(taps)]
            total = products[0] + products[-1]
            target[column] = total + (products[1] + products[2]) if taps == 4 else total

    return sum_columns


def _sum_gray_vector(taps):
    @intrinsic
    def sum_columns(typing_context, source, first, weights, x, target):
        signature = types.void(source, first, weights, x, target)

        def generate(context, builder, signature, arguments):
            def array_of(position):
                return context.make_array(signature.args[position])(context, builder, arguments[position])

            def items_at(data, index, count):
                kind = ir.VectorType(data.type.pointee, count)
                return builder.bitcast(builder.gep(data, [index]), kind.as_pointer())

            alignment = context.get_abi_sizeof(context.get_data_type(source.dtype))
            x, weight_rows = arguments[3], array_of(2)
            width = builder.extract_value(weight_rows.shape, 1)
            joined = []
            for column in range(COLUMNS):
                place = builder.gep(array_of(1).data, [builder.add(x, ir.Constant(x.type, column))])
                start = builder.zext(builder.load(place), ir.IntType(64))
                items = builder.load(items_at(array_of(0).data, start, taps))
                items.align = alignment
                joined.append(items)
            while len(joined) > 1:
                lanes = ir.Constant(
                    ir.VectorType(ir.IntType(32), 2 * joined[0].type.count),
                    [*range(2 * joined[0].type.count)],
                )
                pairs = zip(joined[::2], joined[1::2], strict=True)
                joined = [builder.shuffle_vector(one, other, lanes) for one, other in pairs]
            products = []
            for tap in range(taps):
                lanes = [*range(tap, taps * COLUMNS, taps)]
                neighbors = builder.shuffle_vector(
                    joined[0],
                    ir.Constant(joined[0].type, ir.Undefined),
                    ir.Constant(ir.VectorType(ir.IntType(32), COLUMNS), lanes),
                )
                row = builder.add(builder.mul(width, ir.Constant(width.type, tap)), x)
                factors = builder.load(items_at(weight_rows.data, row, COLUMNS))
                factors.align = alignment
                products.append(builder.fmul(factors, neighbors, flags=("contract",)))
            total = builder.fadd(products[0], products[-1], flags=("contract",))
            if taps == 4:
                inner = builder.fadd(products[1], products[2], flags=("contract",))
                total = builder.fadd(total, inner, flags=("contract",))
            store = builder.store(total, items_at(array_of(4).data, x, COLUMNS))
            store.align = alignment
            return context.get_dummy_value()

        return signature, generate

    return sum_columns


_sum_gray = _sum_gray_plain if numba.config.DISABLE_JIT else _sum_gray_vector
sum_gray_pairs = _sum_gray(2)
"""Weigh two neighbors for each of COLUMNS columns, called as (source, first, weights, x, target).

For each column from ``x`` on, ``target[x] = weights[0, x] * source[first[x]] + weights[1, x] *
source[first[x] + 1]``. All but ``first``, of uint32, are of one float dtype; ``x`` is ``uintp``.
"""
sum_gray_fours = _sum_gray(4)
"""The same for four neighbors; the sums of the outer two and of the inner two are added."""
