"""Sums of products of small whole numbers, two at once: a lane holds a pair of int16 in an int32.

The plain Python meaning is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 16
"""How many sums of a row :func:`add_pairs` finds."""

ROWS = 4
"""Of how many rows."""


def _add_pairs_plain(pairs, start, stride, weights, size, out, out_start, out_stride):
    steps, columns = size
    values = pairs.view(np.int16).reshape(-1, 2).astype(np.int64)
    factors = weights.view(np.int16).reshape(steps, columns, ROWS, 2).astype(np.int64)
    for step in range(steps):
        for column in range(columns):
            first = start + step * stride + 2 * column
            for row in range(ROWS):
                target = out_start + row * out_stride
                sums = values[first : first + LANES] @ factors[step, column, row]
                out[target : target + LANES] += sums.astype(out.dtype)


_NUMBER = ir.IntType(32)
_LANES = ir.VectorType(_NUMBER, LANES)


def _lanes_of(vector, first, step=1, count=LANES):
    """Name every lane, or every other one, of a vector's lanes from the first on."""
    return ir.Constant(ir.VectorType(_NUMBER, count), list(range(first, first + step * count, step)))


class _Multiplier:
    """Multiplies pairs and adds both products: an instruction that LLVM finds only where nothing is added.

    Elsewhere it is what it means.
    """

    def __init__(self, context, builder):
        _, processor, features = context.codegen().magic_tuple()
        has = set(features.split(","))
        self.builder = builder
        self.name, self.lanes = "", LANES
        if processor == "x86-64-v4" or "+avx512bw" in has:
            self.name = "llvm.x86.avx512.pmaddw.d.512"
        elif processor == "x86-64-v3" or "+avx2" in has:
            self.name, self.lanes = "llvm.x86.avx2.pmadd.wd", 8

    def products(self, values, factors):
        """Return the sums of both products of 16 pairs by a pair, whose lanes are few enough for one call."""
        if self.name:
            parts = [self._call(values, factors, first) for first in range(0, LANES, self.lanes)]
            return parts[0] if len(parts) == 1 else self.builder.shuffle_vector(*parts, _lanes_of(None, 0))
        low, high = (
            self.builder.mul(self._half(values, place), self._half(factors, place)) for place in range(2)
        )
        return self.builder.add(low, high)

    def _call(self, values, factors, first):
        result = ir.VectorType(_NUMBER, self.lanes)
        argument = ir.VectorType(ir.IntType(16), 2 * self.lanes)
        kind = ir.FunctionType(result, [argument, argument])
        function = numba.core.cgutils.get_or_insert_function(self.builder.module, kind, self.name)
        lanes = _lanes_of(values, first, count=self.lanes)
        parts = [self.builder.shuffle_vector(vector, vector, lanes) for vector in (values, factors)]
        return self.builder.call(function, [self.builder.bitcast(part, argument) for part in parts])

    def _half(self, pairs, place):
        """Return the first or the second numbers of all pairs."""
        numbers = self.builder.bitcast(pairs, ir.VectorType(ir.IntType(16), 2 * LANES))
        half = self.builder.shuffle_vector(numbers, numbers, _lanes_of(numbers, place, step=2))
        return self.builder.sext(half, _LANES)


def _load(builder, pointer, kind):
    loaded = builder.load(builder.bitcast(pointer, kind.as_pointer()))
    loaded.align = 4
    return loaded


def _spread(builder, number):
    undefined = ir.Constant(_LANES, ir.Undefined)
    lanes = builder.insert_element(undefined, number, ir.Constant(_NUMBER, 0))
    return builder.shuffle_vector(lanes, undefined, ir.Constant(_LANES, [0] * LANES))


@intrinsic
def _add_pairs_vector(typing_context, pairs, start, stride, weights, size, out, out_start, out_stride):
    signature = types.void(pairs, start, stride, weights, size, out, out_start, out_stride)

    def generate(context, builder, signature, arguments):
        def data_of(place):
            return context.make_array(signature.args[place])(context, builder, arguments[place]).data

        values, factors, sums = data_of(0), data_of(3), data_of(5)
        _, start, stride, _, size, _, out_start, out_stride = arguments
        steps, columns = (builder.extract_value(size, axis) for axis in range(2))
        number, multiplier = columns.type, _Multiplier(context, builder)
        rows = [ir.Constant(number, row) for row in range(ROWS)]
        targets = [builder.gep(sums, [builder.add(out_start, builder.mul(out_stride, row))]) for row in rows]
        totals = [
            numba.core.cgutils.alloca_once_value(builder, _load(builder, target, _LANES))
            for target in targets
        ]
        with numba.core.cgutils.for_range(builder, steps) as outer:
            line = builder.add(start, builder.mul(outer.index, stride))
            first = builder.mul(outer.index, columns)
            with numba.core.cgutils.for_range(builder, columns) as inner:
                place = builder.add(line, builder.shl(inner.index, ir.Constant(number, 1)))
                loaded = _load(builder, builder.gep(values, [place]), _LANES)
                place = builder.mul(builder.add(first, inner.index), ir.Constant(number, ROWS))
                for row, total in zip(rows, totals, strict=True):
                    item = builder.gep(factors, [builder.add(place, row)])
                    products = multiplier.products(loaded, _spread(builder, _load(builder, item, _NUMBER)))
                    builder.store(builder.add(builder.load(total), products), total)
        for target, total in zip(targets, totals, strict=True):
            store = builder.store(builder.load(total), builder.bitcast(target, _LANES.as_pointer()))
            store.align = 4
        return context.get_dummy_value()

    return signature, generate


add_pairs = _add_pairs_plain if numba.config.DISABLE_JIT else _add_pairs_vector
"""Add to 4 rows of 16 sums the products of pairs.

``add_pairs(pairs, start, stride, weights, (steps, columns), out, out_start, out_stride)``: at each of
``steps`` rows of pairs of the flat ``pairs``, ``stride`` from each other, and for each of ``columns`` every
other pair, the 16 pairs from there on are multiplied by 4 pairs of weights, one for each row of sums, which
follow one another in the flat ``weights``. All three arrays are int32, places ``intp``.
"""
