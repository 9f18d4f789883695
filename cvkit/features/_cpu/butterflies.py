"""One step of a Fourier transform: four rows of complex numbers become four others, many columns at once.

The plain Python meaning is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 16
"""What the number of columns must be a multiple of."""


def _rows_of(real, imaginary, start, step, factors, place, count):
    rows = [slice(start + row * step, start + row * step + count) for row in range(4)]
    values = [real[row] + 1j * imaginary[row] for row in rows]
    return rows, values, [1, *(factors[place : place + 6 : 2] + 1j * factors[place + 1 : place + 6 : 2])]


def _store(real, imaginary, rows, values):
    for row, value in zip(rows, values, strict=True):
        real[row], imaginary[row] = value.real, value.imag


def _part_plain(real, imaginary, start, step, factors, place, count):
    rows, values, turns = _rows_of(real, imaginary, start, step, factors, place, count)
    found = np.fft.fft(values, axis=0)
    _store(real, imaginary, rows, [value * turn for value, turn in zip(found, turns, strict=True)])


def _join_plain(real, imaginary, start, step, factors, place, count):
    rows, values, turns = _rows_of(real, imaginary, start, step, factors, place, count)
    turned = [value * np.conj(turn) for value, turn in zip(values, turns, strict=True)]
    _store(real, imaginary, rows, np.fft.ifft(turned, axis=0) * 4)


_VECTOR = ir.VectorType(ir.FloatType(), LANES)


class _Arithmetic:
    """Vectors of complex numbers, each a pair; products and what they are added to may be rounded once."""

    def __init__(self, builder):
        self.builder = builder

    def _add(self, one, other):
        return self.builder.fadd(one, other, flags=("contract",))

    def _subtract(self, one, other):
        return self.builder.fsub(one, other, flags=("contract",))

    def _multiply(self, one, other):
        return self.builder.fmul(one, other, flags=("contract",))

    def sum(self, one, other):
        return self._add(one[0], other[0]), self._add(one[1], other[1])

    def difference(self, one, other):
        return self._subtract(one[0], other[0]), self._subtract(one[1], other[1])

    def sum_turned(self, one, other):
        """Add the other a quarter of a turn on."""
        return self._subtract(one[0], other[1]), self._add(one[1], other[0])

    def difference_turned(self, one, other):
        """Subtract the other a quarter of a turn on."""
        return self._add(one[0], other[1]), self._subtract(one[1], other[0])

    def product(self, one, other):
        real = self._subtract(self._multiply(one[0], other[0]), self._multiply(one[1], other[1]))
        return real, self._add(self._multiply(one[0], other[1]), self._multiply(one[1], other[0]))

    def product_conjugate(self, one, other):
        real = self._add(self._multiply(one[0], other[0]), self._multiply(one[1], other[1]))
        return real, self._subtract(self._multiply(one[1], other[0]), self._multiply(one[0], other[1]))

    def part(self, values, turns):
        """Transform four numbers, and turn what is found."""
        evens, odds = self.sum(values[0], values[2]), self.sum(values[1], values[3])
        even, odd = self.difference(values[0], values[2]), self.difference(values[1], values[3])
        found = [self.difference_turned(even, odd), self.difference(evens, odds), self.sum_turned(even, odd)]
        turned = [self.product(value, turn) for value, turn in zip(found, turns, strict=True)]
        return [self.sum(evens, odds), *turned]

    def join(self, values, turns):
        """Undo that, but for a factor of 4."""
        first, *rest = values
        second, third, fourth = map(self.product_conjugate, rest, turns)
        evens, even = self.sum(first, third), self.difference(first, third)
        odds, odd = self.sum(second, fourth), self.difference(second, fourth)
        return [
            self.sum(evens, odds),
            self.sum_turned(even, odd),
            self.difference(evens, odds),
            self.difference_turned(even, odd),
        ]


def _spread(builder, pointer):
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    lanes = builder.insert_element(undefined, builder.load(pointer), ir.Constant(ir.IntType(32), 0))
    places = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(lanes, undefined, places)


def _step(change):
    @intrinsic
    def step_of(typing_context, real, imaginary, start, step, factors, place, count):
        signature = types.void(real, imaginary, start, step, factors, place, count)

        def generate(context, builder, signature, arguments):
            def data_of(index):
                return context.make_array(signature.args[index])(context, builder, arguments[index]).data

            parts, table = (data_of(0), data_of(1)), data_of(4)
            _, _, start, step, _, place, count = arguments
            number = start.type
            items = [builder.add(place, ir.Constant(number, item)) for item in range(6)]
            lanes = [_spread(builder, builder.gep(table, [item])) for item in items]
            turns = list(zip(lanes[::2], lanes[1::2], strict=True))
            zero, width = ir.Constant(number, 0), ir.Constant(number, LANES)
            with numba.core.cgutils.for_range_slice(builder, zero, count, width, number) as (column, _):
                pointers, values = [], []
                for row in range(4):
                    first = builder.add(builder.add(start, column), builder.mul(step, number(row)))
                    pointers += [
                        builder.bitcast(builder.gep(part, [first]), _VECTOR.as_pointer()) for part in parts
                    ]
                for pointer in pointers:
                    loaded = builder.load(pointer)
                    loaded.align = 4
                    values.append(loaded)
                pairs = list(zip(values[::2], values[1::2], strict=True))
                results = change(_Arithmetic(builder), pairs, turns)
                for pointer, result in zip(
                    pointers, [part for pair in results for part in pair], strict=True
                ):
                    builder.store(result, pointer).align = 4
            return context.get_dummy_value()

        return signature, generate

    return step_of


part_four = _part_plain if numba.config.DISABLE_JIT else _step(_Arithmetic.part)
"""Transform four rows of complex numbers, and multiply all but the first by three factors.

``part_four(real, imaginary, start, step, factors, place, count)``: the flat float32 arrays have the rows
``step`` from each other, of which ``count`` columns change; ``factors`` has from ``place`` on a real and an
imaginary part for each factor. All numbers are ``intp``.
"""
join_four = _join_plain if numba.config.DISABLE_JIT else _step(_Arithmetic.join)
"""Undo :func:`part_four`, but for a factor of 4."""
