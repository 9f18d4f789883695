"""Bytes side by side, of rows or of pixels: turned from rows to columns, and weighed as Pillow weighs them.

The plain Python meaning is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from cvkit.geometry._math import WEIGHT_BITS

SIDE = 16
"""Rows and columns of a square that is turned."""

LANES = 32
"""Bytes that are weighed at once."""


def _turn_plain(source, start, step, target, to, target_step):
    for row in range(SIDE):
        for column in range(SIDE):
            target[to + column * target_step + row] = source[start + row * step + column]


def _bytes_at(context, builder, array_type, array, index, count):
    data = context.make_array(array_type)(context, builder, array).data
    kind = ir.VectorType(ir.IntType(8), count)
    return builder.bitcast(builder.gep(data, [index]), kind.as_pointer())


@intrinsic
def _turn_vector(typing_context, source, start, step, target, to, target_step):
    signature = types.void(source, start, step, target, to, target_step)

    def generate(context, builder, signature, arguments):
        def advanced(index, step, times):
            return builder.add(index, builder.mul(step, ir.Constant(step.type, times)))

        source, start, step, target, to, target_step = arguments
        lines = []
        for row in range(SIDE):
            place = _bytes_at(context, builder, signature.args[0], source, advanced(start, step, row), SIDE)
            lines.append(builder.load(place, align=1))
        # Each round interleaves every row with the one half of them further: four bring rows to columns.
        lanes = [
            ir.Constant(
                ir.VectorType(ir.IntType(32), SIDE),
                [lane for pair in range(first, first + SIDE // 2) for lane in (pair, pair + SIDE)],
            )
            for first in (0, SIDE // 2)
        ]
        for _ in range(SIDE.bit_length() - 1):
            pairs = zip(lines[: SIDE // 2], lines[SIDE // 2 :], strict=True)
            lines = [builder.shuffle_vector(*pair, half) for pair in pairs for half in lanes]
        for column in range(SIDE):
            place = _bytes_at(
                context, builder, signature.args[3], target, advanced(to, target_step, column), SIDE
            )
            builder.store(lines[column], place, align=1)
        return context.get_dummy_value()

    return signature, generate


turn_square = _turn_plain if numba.config.DISABLE_JIT else _turn_vector
"""Write the columns of a square of bytes as rows, called as (source, start, step, target, to, target_step).

Both arrays are flat; rows of the source begin ``step`` values apart, those of the target ``target_step``.
Starts and steps are ``uintp``.
"""


def _weigh_plain(source, start, step, weights, first_weight, taps, target, to):
    for lane in range(LANES):
        total = 1 << (WEIGHT_BITS - 1)
        for tap in range(taps):
            total += int(weights[first_weight + tap]) * int(source[start + tap * step + lane])
        target[to + lane] = min(max(total >> WEIGHT_BITS, 0), 255)


def saturated(builder, numbers):
    """Make bytes of 32-bit numbers."""
    for comparison, bound in ((">", 0), ("<", 255)):
        limit = ir.Constant(numbers.type, [bound] * numbers.type.count)
        numbers = builder.select(builder.icmp_signed(comparison, numbers, limit), numbers, limit)
    return builder.trunc(numbers, ir.VectorType(ir.IntType(8), numbers.type.count))


@intrinsic
def _weigh_vector(typing_context, source, start, step, weights, first_weight, taps, target, to):
    signature = types.void(source, start, step, weights, first_weight, taps, target, to)
    number = ir.IntType(32)
    wide = ir.VectorType(number, LANES)

    def generate(context, builder, signature, arguments):
        def splat(value):
            undefined = ir.Constant(wide, ir.Undefined)
            lane = builder.insert_element(undefined, value, ir.Constant(number, 0))
            return builder.shuffle_vector(lane, undefined, ir.Constant(wide, [0] * LANES))

        source, start, step, weights, first_weight, taps, target, to = arguments
        weight_data = context.make_array(signature.args[3])(context, builder, weights).data
        before = builder.block
        loop, after = builder.append_basic_block("taps"), builder.append_basic_block("weighed")
        builder.branch(loop)
        builder.position_at_end(loop)
        tap, place, total = builder.phi(taps.type), builder.phi(start.type), builder.phi(wide)
        tap.add_incoming(ir.Constant(tap.type, 0), before)
        place.add_incoming(start, before)
        total.add_incoming(ir.Constant(wide, [1 << (WEIGHT_BITS - 1)] * LANES), before)
        values = builder.load(_bytes_at(context, builder, signature.args[0], source, place, LANES), align=1)
        weight = builder.load(builder.gep(weight_data, [builder.add(first_weight, tap)]))
        new_total = builder.add(total, builder.mul(builder.zext(values, wide), splat(weight)))
        new_tap = builder.add(tap, ir.Constant(tap.type, 1))
        tap.add_incoming(new_tap, loop)
        place.add_incoming(builder.add(place, step), loop)
        total.add_incoming(new_total, loop)
        builder.cbranch(builder.icmp_unsigned("<", new_tap, taps), loop, after)
        builder.position_at_end(after)
        rounded = builder.ashr(new_total, ir.Constant(wide, [WEIGHT_BITS] * LANES))
        builder.store(
            saturated(builder, rounded),
            _bytes_at(context, builder, signature.args[6], target, to, LANES),
            align=1,
        )
        return context.get_dummy_value()

    return signature, generate


weigh_bytes = _weigh_plain if numba.config.DISABLE_JIT else _weigh_vector
"""Weigh LANES bytes and those ``step`` further for each tap.

Called as (source, start, step, weights, first_weight, taps, target, to). Lane by lane, the sum of ``taps``
products, in wrapping 32 bits, is divided by ``1 << WEIGHT_BITS``, rounded half up and saturated. All arrays
are flat; the weights are int32, starts, step and ``taps``, at least 1, ``uintp``.
"""
