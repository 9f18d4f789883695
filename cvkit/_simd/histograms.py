"""Sixteen counters at once: histograms are rows of as many bins, each row one or two vectors.

Numba's own loops over sixteen elements stay scalar, because nothing tells LLVM that two arrays do not
overlap. All arrays here are flat and contiguous and hold unsigned integers; positions are those of a row's
first bin. The plain Python meaning of each is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 16


def _row_pointer(context, builder, array_type, array, start):
    data = context.make_array(array_type)(context, builder, array).data
    row = ir.VectorType(ir.IntType(array_type.dtype.bitwidth), LANES)
    return builder.bitcast(builder.gep(data, [start]), row.as_pointer())


def _load_row(context, builder, array_type, array, start, bits=None):
    """Load sixteen bins, as integers of ``bits`` bits if that is more than they have."""
    loaded = builder.load(_row_pointer(context, builder, array_type, array, start))
    loaded.align = array_type.dtype.bitwidth // 8
    if bits is None or bits == array_type.dtype.bitwidth:
        return loaded
    return builder.zext(loaded, ir.VectorType(ir.IntType(bits), LANES))


def _store_row(context, builder, array_type, array, start, bins):
    store = builder.store(bins, _row_pointer(context, builder, array_type, array, start))
    store.align = array_type.dtype.bitwidth // 8


def _add_row_plain(target, start, source, added):
    target[start : start + LANES] += source[added : added + LANES]


@intrinsic
def _add_row_vector(typing_context, target, start, source, added):
    def generate(context, builder, signature, arguments):
        target_type, _, source_type, _ = signature.args
        total = _load_row(context, builder, target_type, *arguments[:2])
        change = _load_row(context, builder, source_type, *arguments[2:], target_type.dtype.bitwidth)
        _store_row(context, builder, target_type, *arguments[:2], builder.add(total, change))
        return context.get_dummy_value()

    return types.void(target, types.intp, source, types.intp), generate


add_row = _add_row_plain if numba.config.DISABLE_JIT else _add_row_vector
"""``target[start:start + 16] += source[added:added + 16]``, called as (target, start, source, added)."""


def _exchange_row_plain(target, start, source, added, removed):
    target[start : start + LANES] += source[added : added + LANES]
    target[start : start + LANES] -= source[removed : removed + LANES]


@intrinsic
def _exchange_row_vector(typing_context, target, start, source, added, removed):
    def generate(context, builder, signature, arguments):
        target_type, _, source_type, _, _ = signature.args
        bits = target_type.dtype.bitwidth
        array, added, removed = arguments[2:]
        total = _load_row(context, builder, target_type, *arguments[:2])
        total = builder.add(total, _load_row(context, builder, source_type, array, added, bits))
        total = builder.sub(total, _load_row(context, builder, source_type, array, removed, bits))
        _store_row(context, builder, target_type, *arguments[:2], total)
        return context.get_dummy_value()

    return types.void(target, types.intp, source, types.intp, types.intp), generate


exchange_row = _exchange_row_plain if numba.config.DISABLE_JIT else _exchange_row_vector
"""``target[start:start + 16] += source[added:added + 16] - source[removed:removed + 16]``.

Called as (target, start, source, added, removed).
"""


def _count_at_most_plain(source, start, limit):
    return int((source[start : start + LANES] <= limit).sum())


@intrinsic
def _count_at_most_vector(typing_context, source, start, limit):
    def generate(context, builder, signature, arguments):
        bins = _load_row(context, builder, signature.args[0], *arguments[:2])
        limit = builder.trunc(arguments[2], bins.type.element)
        undefined = ir.Constant(bins.type, ir.Undefined)
        limits = builder.insert_element(undefined, limit, ir.Constant(ir.IntType(32), 0))
        first_lane = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        limits = builder.shuffle_vector(limits, undefined, first_lane)
        is_at_most = builder.bitcast(builder.icmp_unsigned("<=", bins, limits), ir.IntType(LANES))
        return builder.zext(builder.ctpop(is_at_most), ir.IntType(64))

    return types.int64(source, types.intp, types.int64), generate


count_at_most = _count_at_most_plain if numba.config.DISABLE_JIT else _count_at_most_vector
"""``(source[start:start + 16] <= limit).sum()``, called as (source, start, limit).

``limit`` fits into the bins' type.
"""
