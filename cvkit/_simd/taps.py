"""Weighted sums over the taps of windows, for several filters and a vector of neighboring windows at once.

The plain Python meaning is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

BYTES = 64
"""How much of a row is a vector: 16 results of float32, 8 of float64."""

_INDEX = ir.IntType(64)


def _sum_taps_plain(filters, vectors):
    def sum_taps(source, start, offsets, weights, bias, number, depth, out, position, pitch):
        lanes = vectors * BYTES // source.itemsize
        for row in range(filters):
            total = np.full(lanes, bias[number + row])
            for tap in range(depth):
                begin = start + offsets[tap]
                total += weights[(number + row) * depth + tap] * source[begin : begin + lanes]
            out[position + row * pitch : position + row * pitch + lanes] = total

    return sum_taps


def _repeated(builder, number, kind):
    undefined = ir.Constant(kind, ir.Undefined)
    lane = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    places = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    return builder.shuffle_vector(lane, undefined, places)


def _sum_taps_vector(filters, vectors):
    @intrinsic
    def sum_taps(typing_context, source, start, offsets, weights, bias, number, depth, out, position, pitch):
        size = types.intp
        signature = types.void(source, size, offsets, weights, bias, size, size, out, size, size)

        def generate(context, builder, signature, arguments):
            source, start, offsets, weights, bias, number, depth, out, position, pitch = arguments
            source_type, _, offsets_type, weights_type, bias_type, _, _, out_type, _, _ = signature.args

            def data(array_type, array):
                return context.make_array(array_type)(context, builder, array).data

            source, offsets = data(source_type, source), data(offsets_type, offsets)
            weights, bias, out = data(weights_type, weights), data(bias_type, bias), data(out_type, out)
            item = source.type.pointee
            size = context.get_abi_sizeof(item)
            kind = ir.VectorType(item, BYTES // size)

            def vector_at(pointer, index, part):
                place = builder.add(index, ir.Constant(_INDEX, part * kind.count))
                return builder.bitcast(builder.gep(pointer, [place]), kind.as_pointer())

            begin, loop = builder.block, builder.append_basic_block("taps")
            after = builder.append_basic_block("after.taps")
            numbers = [builder.add(number, ir.Constant(_INDEX, row)) for row in range(filters)]
            of_row = [builder.mul(depth, number) for number in numbers]
            biases = [
                _repeated(builder, builder.load(builder.gep(bias, [number])), kind) for number in numbers
            ]
            builder.branch(loop)
            builder.position_at_end(loop)
            tap = builder.phi(_INDEX)
            tap.add_incoming(ir.Constant(_INDEX, 0), begin)
            totals = [[builder.phi(kind) for _ in range(vectors)] for _ in range(filters)]
            place = builder.add(start, builder.load(builder.gep(offsets, [tap])))
            values = []
            for part in range(vectors):
                value = builder.load(vector_at(source, place, part))
                value.align = size
                values.append(value)
            following = builder.add(tap, ir.Constant(_INDEX, 1))
            for row in range(filters):
                weight = builder.load(builder.gep(weights, [builder.add(of_row[row], tap)]))
                weight = _repeated(builder, weight, kind)
                for part in range(vectors):
                    total = totals[row][part]
                    product = builder.fmul(weight, values[part], flags=("contract",))
                    total.add_incoming(biases[row], begin)
                    totals[row][part] = builder.fadd(product, total, flags=("contract",))
                    total.add_incoming(totals[row][part], loop)
            tap.add_incoming(following, loop)
            builder.cbranch(builder.icmp_signed("<", following, depth), loop, after)
            builder.position_at_end(after)
            for row in range(filters):
                target = builder.add(position, builder.mul(pitch, ir.Constant(_INDEX, row)))
                for part in range(vectors):
                    builder.store(totals[row][part], vector_at(out, target, part)).align = size
            return context.get_dummy_value()

        return signature, generate

    return sum_taps


_sum_taps = _sum_taps_plain if numba.config.DISABLE_JIT else _sum_taps_vector
sum_taps_6 = _sum_taps(6, 1)
"""Sum the taps of six filters; called as
(source, start, offsets, weights, bias, number, depth, out, position, pitch).

For each filter from ``number`` on, and each lane of a vector of BYTES, its bias and
``weights[filter * depth + tap]`` times ``source[start + offsets[tap] + lane]``, added up over ``depth`` taps
in their order, one at least, are written to ``out[position + lane]``, those of each filter ``pitch`` after
those of the one before. All arrays are flat, those of numbers of one float dtype, ``offsets`` int64, and
nothing is checked.
"""
sum_taps_4 = _sum_taps(4, 1)
"""The same for four filters."""
sum_taps_2 = _sum_taps(2, 1)
"""The same for two."""
sum_taps_1 = _sum_taps(1, 1)
"""The same for one."""
sum_taps_1_wide = _sum_taps(1, 4)
"""The same for one, four vectors at once."""
