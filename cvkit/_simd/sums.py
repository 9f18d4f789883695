"""Sums along a row, many at once: each lane adds what is so many lanes before it, then twice as many.

The plain Python meaning is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

BLOCK = 48
"""How many values are summed together: whole pixels of 1, 2, 3 or 4 channels."""

_LANES = 16
_INDEX = ir.IntType(32)
_PLACES = ir.VectorType(_INDEX, _LANES)


def _running_plain(row, start, is_squared, above, out, totals):
    block = slice(start, start + BLOCK)
    values = row[block].astype(out.dtype).reshape(-1, len(totals))
    sums = (values * values if is_squared else values).cumsum(axis=0, dtype=out.dtype) + np.array(totals)
    out[block] = above[block] + sums.reshape(-1)
    return tuple(sums[-1])


def _lanes_at(context, builder, array_type, array, start):
    item = builder.gep(context.make_array(array_type)(context, builder, array).data, [start])
    lanes = ir.VectorType(item.type.pointee, _LANES)
    return builder.bitcast(item, lanes.as_pointer()), array_type.dtype.bitwidth // 8


def _load_lanes(context, builder, array_type, array, start):
    pointer, alignment = _lanes_at(context, builder, array_type, array, start)
    loaded = builder.load(pointer)
    loaded.align = alignment
    return loaded


def _converted(builder, lanes, source, target, kind):
    if source == target:
        return lanes
    if isinstance(target, types.Integer):
        return builder.zext(lanes, kind)
    return builder.fpext(lanes, kind) if isinstance(source, types.Float) else builder.uitofp(lanes, kind)


def _dtype_within(source, target):
    """Choose what the sums of a block are found in: for bytes, whose sums are small, narrower lanes."""
    if source != types.uint8:
        return target
    # Sums of bytes are int32, with squares only where they are float64.
    return types.uint16 if isinstance(target, types.Integer) else types.uint32


def _operations(builder, dtype):
    is_integer = isinstance(dtype, types.Integer)
    return (builder.add, builder.mul) if is_integer else (builder.fadd, builder.fmul)


def _moved(builder, vectors, distance, zeros):
    """Move the lanes of several vectors that follow each other, the first ones from zeros."""
    whole, rest = divmod(distance, _LANES)
    before = [zeros] * (whole + 1) + vectors
    places = ir.Constant(_PLACES, [_LANES - rest + lane for lane in range(_LANES)])
    return [builder.shuffle_vector(before[part], before[part + 1], places) for part in range(len(vectors))]


def _repeated(builder, numbers, first, kind):
    """Fill lanes with numbers one after another, again and again, from the one at ``first`` on."""
    undefined = ir.Constant(kind, ir.Undefined)
    lanes = undefined
    for lane, number in enumerate(numbers):
        lanes = builder.insert_element(lanes, number, ir.Constant(_INDEX, lane))
    places = [(first + lane) % len(numbers) for lane in range(_LANES)]
    return builder.shuffle_vector(lanes, undefined, ir.Constant(_PLACES, places))


@intrinsic
def _running_vector(typing_context, row, start, is_squared, above, out, totals):
    def generate(context, builder, signature, arguments):
        row_type, _, _, above_type, out_type, totals_type = signature.args
        row, start, is_squared, above, out, totals = arguments
        kind = ir.VectorType(context.get_value_type(out_type.dtype), _LANES)
        within = _dtype_within(row_type.dtype, out_type.dtype)
        narrow = ir.VectorType(context.get_value_type(within), _LANES)
        add, multiply = _operations(builder, within)
        zeros = ir.Constant(narrow, [0 if isinstance(within, types.Integer) else 0.0] * _LANES)
        starts = [builder.add(start, ir.Constant(start.type, lane)) for lane in range(0, BLOCK, _LANES)]
        sums = []
        for begin in starts:
            lanes = _load_lanes(context, builder, row_type, row, begin)
            lanes = _converted(builder, lanes, row_type.dtype, within, narrow)
            sums.append(builder.select(is_squared, multiply(lanes, lanes), lanes))
        channels = distance = totals_type.count
        while distance < BLOCK:
            sums = [*map(add, sums, _moved(builder, sums, distance, zeros))]
            distance *= 2
        sums = [_converted(builder, lanes, within, out_type.dtype, kind) for lanes in sums]
        add, _ = _operations(builder, out_type.dtype)
        numbers = [builder.extract_value(totals, channel) for channel in range(channels)]
        for part, begin in enumerate(starts):
            lanes = add(sums[part], _repeated(builder, numbers, part * _LANES, kind))
            lanes = add(_load_lanes(context, builder, above_type, above, begin), lanes)
            pointer, alignment = _lanes_at(context, builder, out_type, out, begin)
            builder.store(lanes, pointer).align = alignment
        # Of the sums without the totals, so that blocks wait for each other as short as can be.
        for channel in range(channels):
            last = builder.extract_element(sums[-1], ir.Constant(_INDEX, _LANES - channels + channel))
            totals = builder.insert_value(totals, add(last, numbers[channel]), channel)
        return totals

    return totals(row, types.intp, types.boolean, above, out, totals), generate


running_sums = _running_plain if numba.config.DISABLE_JIT else _running_vector
"""Sum a block of a row, or with ``is_squared`` its squares, up to each value, and add that to ``above``.

``running_sums(row, start, is_squared, above, out, totals)`` is for flat arrays of unsigned integers or
floats, ``above`` and ``out`` of a dtype as wide as the row's or wider. ``totals`` is a tuple of what the sums
begin with, for each channel of the row, and what they end with is returned.
"""
