"""Sums along a row, many at once: each lane adds what is so many lanes before it, then twice as many.

The plain Python meaning of each function is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 32


def _running_plain(is_squared):
    def running(row, start, above, out, total):
        values = row[start : start + LANES].astype(out.dtype)
        sums = (values * values if is_squared else values).cumsum(dtype=out.dtype) + total
        out[start : start + LANES] = above[start : start + LANES] + sums
        return sums[-1]

    return running


def _lanes_at(context, builder, array_type, array, start):
    item = builder.gep(context.make_array(array_type)(context, builder, array).data, [start])
    lanes = ir.VectorType(item.type.pointee, LANES)
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


def _running_vector(is_squared):
    @intrinsic
    def running(typing_context, row, start, above, out, total):
        def generate(context, builder, signature, arguments):
            row_type, _, above_type, out_type, _ = signature.args
            row, start, above, out, total = arguments
            is_integer = isinstance(out_type.dtype, types.Integer)
            add, multiply = (builder.add, builder.mul) if is_integer else (builder.fadd, builder.fmul)
            kind, index = ir.VectorType(total.type, LANES), ir.IntType(32)
            places = ir.VectorType(index, LANES)
            lanes = _load_lanes(context, builder, row_type, row, start)
            lanes = _converted(builder, lanes, row_type.dtype, out_type.dtype, kind)
            if is_squared:
                lanes = multiply(lanes, lanes)
            zeros = ir.Constant(kind, [0 if is_integer else 0.0] * LANES)
            shift = 1
            while shift < LANES:
                # The first lanes are taken from zeros, which come first.
                moved = [lane if lane < shift else LANES + lane - shift for lane in range(LANES)]
                lanes = add(lanes, builder.shuffle_vector(zeros, lanes, ir.Constant(places, moved)))
                shift *= 2
            undefined = ir.Constant(kind, ir.Undefined)
            totals = builder.insert_element(undefined, total, ir.Constant(index, 0))
            totals = builder.shuffle_vector(totals, undefined, ir.Constant(places, [0] * LANES))
            lanes = add(lanes, totals)
            pointer, alignment = _lanes_at(context, builder, out_type, out, start)
            sums = add(_load_lanes(context, builder, above_type, above, start), lanes)
            builder.store(sums, pointer).align = alignment
            return builder.extract_element(lanes, ir.Constant(index, LANES - 1))

        return out.dtype(row, types.intp, above, out, out.dtype), generate

    return running


running_sums = (_running_plain if numba.config.DISABLE_JIT else _running_vector)(False)
"""Add to 32 values of ``above`` the sums of a row up to each, ``total`` being that of all before; return it.

``running_sums(row, start, above, out, total)`` is for flat arrays of unsigned integers or floats, ``above``
and ``out`` of a dtype as wide as the row's or wider.
"""
running_squares = (_running_plain if numba.config.DISABLE_JIT else _running_vector)(True)
"""The same for the squares of the row's values."""
