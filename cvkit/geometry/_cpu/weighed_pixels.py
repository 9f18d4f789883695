"""Pixels of three or four channels, some in a vector, weighed as Pillow weighs them.

The plain Python meaning is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from cvkit.geometry._cpu.lanes import saturated
from cvkit.geometry._math import WEIGHT_BITS

ROWS = 4
"""Rows whose pixels are weighed by the same weights at once."""

PIXELS = 4
"""Pixels of a row that are weighed at once."""

LOW_BITS = 15
"""A weight comes as two int16: multiples of ``1 << LOW_BITS``, and what these leave."""


def _weigh_pixels_plain(channels):
    def weigh(source, weights, first_weight, groups, target):
        for row in range(ROWS):
            start = source.start + row * source.size
            for channel in range(channels):
                total = 1 << (WEIGHT_BITS - 1)
                for tap in range(groups * PIXELS):
                    place = first_weight + tap // PIXELS * 2 * PIXELS + tap % PIXELS
                    weight = (int(weights[place]) << LOW_BITS) + int(weights[place + PIXELS])
                    total += weight * int(source.values[start + tap * channels + channel])
                byte = min(max(total >> WEIGHT_BITS, 0), 255)
                target.values[target.start + row * target.size + channel] = byte

    return weigh


class _Instructions:
    """What LLVM does not find by itself, or not on every processor: three instructions of AVX2.

    Elsewhere they are what they mean.
    """

    def __init__(self, context, builder):
        _, processor, features = context.codegen().magic_tuple()
        self.has_avx2 = processor in ("x86-64-v3", "x86-64-v4") or "+avx2" in features.split(",")
        self.builder = builder

    def _call(self, name, result, *arguments):
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        function = self.builder.module.declare_intrinsic(f"llvm.x86.avx2.{name}", (), kind)
        return self.builder.call(function, arguments)

    def choose(self, values, lanes):
        """Choose 16-bit numbers from 16 bytes, or 0 where the lane is -1."""
        zeros = ir.Constant(values.type, [0] * 16)
        twice = ir.VectorType(ir.IntType(8), 32)
        if self.has_avx2:
            both = ir.Constant(ir.VectorType(ir.IntType(32), 32), [*range(16)] * 2)
            bytes_of = [part for lane in lanes for part in (lane % 256, 255)]
            order = ir.Constant(twice, bytes_of)
            chosen = self._call("pshuf.b", twice, self.builder.shuffle_vector(values, zeros, both), order)
        else:
            bytes_of = [part for lane in lanes for part in (lane % 17, 16)]
            order = ir.Constant(ir.VectorType(ir.IntType(32), 32), bytes_of)
            chosen = self.builder.shuffle_vector(values, zeros, order)
        return self.builder.bitcast(chosen, ir.VectorType(ir.IntType(16), 16))

    def pair_products(self, one, other):
        """Multiply 16 int16 by as many, and add up neighbors."""
        wide = ir.VectorType(ir.IntType(32), 8)
        if self.has_avx2:
            return self._call("pmadd.wd", wide, one, other)
        pairs = [[self.builder.sext(half, wide) for half in self._halves(vector)] for vector in (one, other)]
        return self.builder.add(*(self.builder.mul(*half) for half in zip(*pairs, strict=True)))

    def _halves(self, vector, other=None, lanes=range(0, 16, 2)):
        """Return every other number, from the first and from the second on."""
        other = ir.Constant(vector.type, ir.Undefined) if other is None else other
        kind = ir.VectorType(ir.IntType(32), 8)
        return [
            self.builder.shuffle_vector(vector, other, ir.Constant(kind, [lane + first for lane in lanes]))
            for first in (0, 1)
        ]

    def neighbor_sums(self, one, other):
        """Add up neighbors of two vectors of eight int32: four of one, four of the other, four of one ..."""
        if self.has_avx2:
            return self._call("phadd.d", one.type, one, other)
        return self.builder.add(*self._halves(one, other, (0, 2, 8, 10, 4, 6, 12, 14)))


# Of two vectors of neighbors' sums, the four channels of one row after the other.
_ROWS_IN_TURN = [first + lane for first in (0, 2, 8, 10) for lane in (0, 1, 4, 5)]


def _weigh_pixels_vector(channels):
    @intrinsic
    def weigh(typing_context, source, weights, first_weight, groups, target):
        signature = types.void(source, weights, first_weight, groups, target)
        number, byte, long = ir.IntType(32), ir.IntType(8), ir.IntType(64)
        sums = ir.VectorType(number, 2 * PIXELS)

        def generate(context, builder, signature, arguments):
            def fields(position):
                block = [builder.extract_value(arguments[position], field) for field in range(3)]
                array_type = signature.args[position].types[0]
                return context.make_array(array_type)(context, builder, block[0]).data, block[1], block[2]

            def constant(kind, value):
                return ir.Constant(kind, [value] * kind.count)

            def row_starts(start, size):
                return [
                    builder.add(start, builder.mul(size, ir.Constant(size.type, row))) for row in range(ROWS)
                ]

            def load(data, index, kind):
                return builder.load(builder.bitcast(builder.gep(data, [index]), kind.as_pointer()), align=1)

            data, start, size = fields(0)
            weight_array = context.make_array(signature.args[1])(context, builder, arguments[1])
            # Four pixels of each channel side by side; what a fourth channel would be is 0.
            lanes = [
                pixel * channels + channel if channel < channels else -1
                for channel in range(4)
                for pixel in range(PIXELS)
            ]
            pixels = ir.VectorType(byte, 16)
            shorts = ir.VectorType(ir.IntType(16), 16)
            instructions = _Instructions(context, builder)

            def weights_at(index):
                four = load(weight_array.data, index, long)
                undefined = ir.Constant(ir.VectorType(long, 4), ir.Undefined)
                lane = builder.insert_element(undefined, four, ir.Constant(number, 0))
                splat = builder.shuffle_vector(lane, undefined, constant(ir.VectorType(number, 4), 0))
                return builder.bitcast(splat, shorts)

            before = builder.block
            loop, after = builder.append_basic_block("pixels"), builder.append_basic_block("weighed")
            starts = row_starts(start, size)
            builder.branch(loop)
            builder.position_at_end(loop)
            group, shift = builder.phi(arguments[3].type), builder.phi(start.type)
            totals = [[builder.phi(sums) for _ in range(2)] for _ in range(ROWS)]
            group.add_incoming(ir.Constant(group.type, 0), before)
            shift.add_incoming(ir.Constant(shift.type, 0), before)
            place = builder.add(arguments[2], builder.mul(group, ir.Constant(group.type, 2 * PIXELS)))
            high = weights_at(place)
            low = weights_at(builder.add(place, ir.Constant(place.type, PIXELS)))
            new_totals = []
            for row in range(ROWS):
                values = load(data, builder.add(starts[row], shift), pixels)
                values = instructions.choose(values, lanes)
                for total, factors in zip(totals[row], (high, low), strict=True):
                    total.add_incoming(constant(sums, 0), before)
                    new = builder.add(total, instructions.pair_products(values, factors))
                    total.add_incoming(new, loop)
                    new_totals.append(new)
            new_group = builder.add(group, ir.Constant(group.type, 1))
            group.add_incoming(new_group, loop)
            shift.add_incoming(builder.add(shift, ir.Constant(shift.type, PIXELS * channels)), loop)
            builder.cbranch(builder.icmp_unsigned("<", new_group, arguments[3]), loop, after)
            builder.position_at_end(after)
            sums_of_rows = [
                builder.add(builder.shl(high, constant(sums, LOW_BITS)), low)
                for high, low in zip(new_totals[::2], new_totals[1::2], strict=True)
            ]
            halves = []
            for pair in (sums_of_rows[:2], sums_of_rows[2:]):
                total = instructions.neighbor_sums(*pair)
                total = builder.add(total, constant(sums, 1 << (WEIGHT_BITS - 1)))
                halves.append(builder.ashr(total, constant(sums, WEIGHT_BITS)))
            all_lanes = ir.Constant(ir.VectorType(number, 16), _ROWS_IN_TURN)
            result = saturated(builder, builder.shuffle_vector(*halves, all_lanes))
            result = builder.bitcast(result, ir.VectorType(number, ROWS))
            data, start, size = fields(4)
            for row, place in enumerate(row_starts(start, size)):
                pixel = builder.extract_element(result, ir.Constant(number, row))
                builder.store(
                    pixel, builder.bitcast(builder.gep(data, [place]), number.as_pointer()), align=1
                )
            return context.get_dummy_value()

        return signature, generate

    return weigh


_weigh_pixels = _weigh_pixels_plain if numba.config.DISABLE_JIT else _weigh_pixels_vector
weigh_three_channels = _weigh_pixels(3)
"""Weigh pixels of three channels for one pixel of each of ROWS rows.

Called as (source, weights, first_weight, groups, target). Source and target are blocks: flat values, where
the first row starts, and the size of a row. For each of ``groups`` groups of PIXELS pixels, the int16 weights
have the high parts of all and then the low ones. Sixteen bytes are read for each group and row, four written.
"""
weigh_four_channels = _weigh_pixels(4)
"""The same for pixels of four channels."""
