"""Weighted sums of two or four neighbors, of which a vector's worth of values is put in order at once.

The plain Python meaning is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from cvkit._jit import helper

_BYTE, _NUMBER = ir.IntType(8), ir.IntType(32)


class _Instructions:
    """What puts values in order: by 32-bit places of a register of 64 or 32 bytes, else by bytes of 16."""

    def __init__(self, context, builder):
        triple, processor, features = context.codegen().magic_tuple()
        has = set(features.split(","))
        self.builder, self.size, self.name = builder, 16, ""
        if processor == "x86-64-v4" or "+avx512f" in has:
            self.size, self.name = 64, "llvm.x86.avx512.permvar.sf.512"
        elif processor == "x86-64-v3" or "+avx2" in has:
            self.size, self.name = 32, "llvm.x86.avx2.permps"
        elif processor == "x86-64-v2" or "+ssse3" in has:
            self.name = "llvm.x86.ssse3.pshuf.b.128"
        elif triple.startswith("aarch64"):
            self.name = "llvm.aarch64.neon.tbl1.v16i8"
        self.place_size = 1 if self.size == 16 else 4

    def load_order(self, data, index):
        """Load the places, of a byte each, that fill a register."""
        count = self.size // self.place_size
        kind = ir.VectorType(_BYTE, count)
        places = self.builder.load(
            self.builder.bitcast(self.builder.gep(data, [index]), kind.as_pointer()), align=1
        )
        return places if self.size == 16 else self.builder.zext(places, ir.VectorType(_NUMBER, count))

    def ordered(self, values, order):
        """Return the values at some places of a register."""
        number = _BYTE if self.size == 16 else ir.FloatType()
        kind = ir.VectorType(number, order.type.count)
        places = self.builder.bitcast(values, kind)
        if self.name:
            function_type = ir.FunctionType(kind, [kind, order.type])
            function = numba.core.cgutils.get_or_insert_function(
                self.builder.module, function_type, self.name
            )
            result = self.builder.call(function, [places, order])
        else:
            result = ir.Constant(kind, ir.Undefined)
            for lane in range(kind.count):
                lane = ir.Constant(_NUMBER, lane)
                place = self.builder.extract_element(order, lane)
                value = self.builder.extract_element(places, place)
                result = self.builder.insert_element(result, value, lane)
        return self.builder.bitcast(result, values.type)


@intrinsic
def _sizes_known(typing_context):
    signature = types.UniTuple(types.int64, 2)()

    def generate(context, builder, signature, arguments):
        instructions = _Instructions(context, builder)
        sizes = [ir.Constant(ir.IntType(64), size) for size in (instructions.size, instructions.place_size)]
        return context.make_tuple(builder, signature.return_type, sizes)

    return signature, generate


register_sizes = (lambda: (16, 1)) if numba.config.DISABLE_JIT else _sizes_known
"""How many bytes are put in order at once by the processor that a kernel is compiled for, and by how many."""


@helper
def find_groups(places, size, groups, order):
    """Divide the values of a row into groups whose first neighbors lie within one register; return how many.

    ``places`` has the first neighbor of each value, which has ``size`` bytes.
    """
    register, place_size = register_sizes()
    lanes, parts = register // size, size // place_size
    count, value = 0, 0
    while value < places.shape[0]:
        least = largest = places[value]
        end = value + 1
        while end < min(value + lanes, places.shape[0]):
            place = places[end]
            if max(largest, place) - min(least, place) >= lanes:
                break
            least, largest = min(least, place), max(largest, place)
            end += 1
        groups[count, 0], groups[count, 1] = value, least
        for lane in range(lanes):
            place = places[min(value + lane, end - 1)] - least
            for part in range(parts):
                order[(count * lanes + lane) * parts + part] = place * parts + part
        count, value = count + 1, end
    return count


def _sum_plain(taps):
    def sum_taps(values, start, step, order, first_place, weights, x, sums):
        lanes = 16 // values.itemsize
        places = order[first_place : first_place + 16 : values.itemsize] // values.itemsize
        products = [
            weights[tap, x : x + lanes] * values[start + tap * step : start + tap * step + lanes][places]
            for tap in range(taps)
        ]
        sums[x : x + lanes] = np.sum([products[tap] + products[tap + 1] for tap in range(0, taps, 2)], axis=0)

    return sum_taps


def _sum_vector(taps):
    @intrinsic
    def sum_taps(typing_context, values, start, step, order, first_place, weights, x, sums):
        signature = types.void(values, start, step, order, first_place, weights, x, sums)

        def generate(context, builder, signature, arguments):
            values, start, step, order, first_place, weights, x, sums = arguments
            instructions = _Instructions(context, builder)
            item = context.get_data_type(signature.args[0].dtype)
            size = context.get_abi_sizeof(item)
            vector = ir.VectorType(item, instructions.size // size)

            def array(position, value):
                return context.make_array(signature.args[position])(context, builder, value)

            def at(data, index):
                return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())

            data, weight_rows = array(0, values).data, array(5, weights)
            width = builder.extract_value(weight_rows.shape, 1)
            places = instructions.load_order(array(3, order).data, first_place)
            products, place, row = [], start, x
            for _ in range(taps):
                neighbors = instructions.ordered(builder.load(at(data, place), align=size), places)
                factors = builder.load(at(weight_rows.data, row), align=size)
                products.append(builder.fmul(factors, neighbors, flags=("contract",)))
                place, row = builder.add(place, step), builder.add(row, width)
            total = None
            for one, other in zip(products[::2], products[1::2], strict=True):
                pair = builder.fadd(one, other, flags=("contract",))
                total = pair if total is None else builder.fadd(total, pair, flags=("contract",))
            builder.store(total, at(array(7, sums).data, x), align=size)
            return context.get_dummy_value()

        return signature, generate

    return sum_taps


_sum_taps = _sum_plain if numba.config.DISABLE_JIT else _sum_vector
sum_two_taps = _sum_taps(2)
"""Weigh two neighbors for each of the values that fill a register.

Called as (values, start, step, order, first_place, weights, x, sums). Tap by tap, as many values from ``start
+ tap * step`` on are put in the order whose places ``order`` has from ``first_place`` on, are multiplied by
``weights[tap, x:]`` and summed to ``sums[x:]``. All but the order, of uint8, are of one float dtype and
contiguous; start, step, first place and ``x`` are ``uintp``.
"""
sum_four_taps = _sum_taps(4)
"""The same for four neighbors; the sums of the first two and of the last two are added."""
