"""Running minima along a row, several values at once: each lane learns of the others in a few shifts.

The plain Python meaning is given first, as in :mod:`cvkit._simd.numbers`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 16
"""How many values one call takes: rows are to be padded to a multiple of it."""

_NUMBER = ir.IntType(32)
_VECTOR = ir.VectorType(_NUMBER, LANES)
_LARGEST = (1 << 32) - 1


def _plain(places: Sequence[int]) -> Callable[..., np.uint32]:
    def run(row: np.ndarray, start: int, carry: int, step: int) -> np.uint32:
        for place in places:
            carry = min(int(row[start + place]), int(carry) + int(step))
            row[start + place] = carry
        return np.uint32(carry)

    return run


def _constant(values: Sequence[int]) -> ir.Constant:
    return ir.Constant(_VECTOR, list(values))


def _vector(places: Sequence[int]) -> Callable[..., Any]:
    """Make the function that passes through the lanes in an order, up or down."""

    @intrinsic
    def run(typing_context, row, start, carry, step):
        signature = types.uint32(row, types.intp, types.uint32, types.uint32)

        def generate(context, builder, signature, arguments):
            row, start, carry, step = arguments
            undefined, full = ir.Constant(_VECTOR, ir.Undefined), _constant([_LARGEST] * LANES)

            def repeated(number):
                lane = builder.insert_element(undefined, number, ir.Constant(_NUMBER, 0))
                return builder.shuffle_vector(lane, undefined, _constant([0] * LANES))

            def lowered(values, others, distances):
                """Let values be no more than others plus steps."""
                reached = builder.add(others, builder.mul(steps, _constant(distances)))
                reached = builder.select(builder.icmp_unsigned("<", reached, others), full, reached)
                return builder.select(builder.icmp_unsigned("<", reached, values), reached, values)

            steps = repeated(step)
            data = context.make_array(signature.args[0])(context, builder, row).data
            memory = builder.bitcast(builder.gep(data, [start]), _VECTOR.as_pointer())
            values = builder.load(memory)
            values.align = 4
            distance = 1
            while distance < LANES:
                # From beyond the first lane comes what is never less.
                sources = [LANES] * LANES
                for lane, before in zip(places[distance:], places, strict=False):
                    sources[lane] = before
                shifted = builder.shuffle_vector(values, full, _constant(sources))
                values = lowered(values, shifted, [distance] * LANES)
                distance *= 2
            values = lowered(values, repeated(carry), [places[lane] + 1 for lane in range(LANES)])
            store = builder.store(values, memory)
            store.align = 4
            return builder.extract_element(values, ir.Constant(_NUMBER, places[-1]))

        return signature, generate

    return run


_make = _plain if numba.config.DISABLE_JIT else _vector
lower_forward = _make(range(LANES))
"""Let each value be at most the one before it plus a step; called as (row, start, carry, step).

``row`` is flat and uint32, and ``LANES`` values from ``start`` on are replaced. ``carry`` is the value before
them; the last of them is returned. Sums beyond 32 bits do not count.
"""
lower_backward = _make(range(LANES - 1, -1, -1))
"""The same from the last value to the first: ``carry`` is the value after them, and the first is returned."""
