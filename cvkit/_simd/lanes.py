"""Values of flat arrays, 32 bytes at once, as numbers that kernels hold in variables.

Loops over them are what they look like: the compiler has nothing to find out, and takes a fraction of the
time that it takes to make vectors of a loop over single values. Where registers are narrower LLVM splits
them.

The plain Python meaning of each function is given first, as in :mod:`cvkit._simd.numbers`.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

BYTES = 32
"""How many bytes are loaded at once: 32 // itemsize values."""


class Minima(NamedTuple):
    """Says, by its type, that :func:`stronger` finds the smaller of two values."""

    weakest: Any  # what loses against every value


class Maxima(NamedTuple):
    """Says, by its type, that :func:`stronger` finds the greater of two values."""

    weakest: Any


class _Lanes(types.Type):
    """The type of such values in compiled code."""

    def __init__(self, dtype: types.Type) -> None:
        self.dtype = dtype
        super().__init__(f"lanes of {dtype}")


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: _Lanes) -> None:
        count = BYTES * 8 // kind.dtype.bitwidth
        super().__init__(manager, kind, ir.VectorType(manager.lookup(kind.dtype).get_value_type(), count))


def _count_plain(array):
    return BYTES // array.itemsize


def _load_plain(array, index):
    return array[index : index + BYTES // array.itemsize].copy()


def _store_plain(array, index, values):
    array[index : index + values.size] = values


def _repeated_plain(array, value):
    return np.full(_count_plain(array), value, array.dtype)


def _joined_plain(place):
    def joined(values, others):
        first = place if place > 0 else values.size + place
        return np.concatenate([values, others])[first : first + values.size]

    return joined


def _stronger_plain(extreme, value, other):
    is_value = value > other if isinstance(extreme, Maxima) else value < other
    return np.where(is_value, value, other) if isinstance(value, np.ndarray) else value if is_value else other


def _place(context, builder, array_type, array, index):
    """Return a pointer to the lanes that begin at an index, and how they are aligned at least."""
    lanes = context.get_value_type(_Lanes(array_type.dtype))
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), lanes.as_pointer()), array_type.dtype.bitwidth // 8


@intrinsic
def _count_vector(typing_context, array):
    count = BYTES * 8 // array.dtype.bitwidth

    def generate(context, builder, signature, arguments):
        return ir.Constant(ir.IntType(64), count)  # what an array says of its items is read from memory

    return types.int64(array), generate


@intrinsic
def _load_vector(typing_context, array, index):
    def generate(context, builder, signature, arguments):
        pointer, alignment = _place(context, builder, signature.args[0], *arguments)
        values = builder.load(pointer)
        values.align = alignment
        return values

    return _Lanes(array.dtype)(array, types.intp), generate


@intrinsic
def _store_vector(typing_context, array, index, values):
    def generate(context, builder, signature, arguments):
        pointer, alignment = _place(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], pointer).align = alignment
        return context.get_dummy_value()

    return types.void(array, types.intp, values), generate


@intrinsic
def _repeated_vector(typing_context, array, value):
    def generate(context, builder, signature, arguments):
        undefined = ir.Constant(context.get_value_type(signature.return_type), ir.Undefined)
        lane = builder.insert_element(undefined, arguments[1], ir.Constant(ir.IntType(32), 0))
        places = ir.VectorType(ir.IntType(32), undefined.type.count)
        return builder.shuffle_vector(lane, undefined, ir.Constant(places, [0] * places.count))

    return _Lanes(array.dtype)(array, array.dtype), generate


def _joined_vector(place):
    @intrinsic
    def joined(typing_context, values, others):
        def generate(context, builder, signature, arguments):
            count = arguments[0].type.count
            first = place if place > 0 else count + place
            sources = [first + lane for lane in range(count)]
            return builder.shuffle_vector(
                *arguments, ir.Constant(ir.VectorType(ir.IntType(32), count), sources)
            )

        return values(values, values), generate

    return joined


@intrinsic
def _stronger_vector(typing_context, extreme, value, other):
    comparison = ">" if extreme.instance_class is Maxima else "<"
    dtype = getattr(value, "dtype", value)

    def generate(context, builder, signature, arguments):
        _, value, other = arguments
        compare = builder.icmp_signed if getattr(dtype, "signed", False) else builder.icmp_unsigned
        if isinstance(dtype, types.Float):
            compare = builder.fcmp_ordered
        return builder.select(compare(comparison, value, other), value, other)

    return value(extreme, value, value), generate


lanes_of = _count_plain if numba.config.DISABLE_JIT else _count_vector
"""How many values of an array are loaded at once, as a constant."""
load_lanes = _load_plain if numba.config.DISABLE_JIT else _load_vector
"""The values of a flat array from an index on, which is not negative."""
store_lanes = _store_plain if numba.config.DISABLE_JIT else _store_vector
"""``array[index : index + values.size] = values``, called as (array, index, values)."""
repeated_lanes = _repeated_plain if numba.config.DISABLE_JIT else _repeated_vector
"""A value as often as an array's lanes are, called as (array, value)."""
_joined = _joined_plain if numba.config.DISABLE_JIT else _joined_vector
lanes_before = _joined(-1)
"""``lanes_before(before, values)``: each value's predecessor, of the first one the last of ``before``."""
lanes_after = _joined(1)
"""``lanes_after(values, after)``: each value's successor, of the last one the first of ``after``."""
second_lanes_after, fourth_lanes_after = _joined(2), _joined(4)
"""The same for what follows two and four places later."""
stronger = _stronger_plain if numba.config.DISABLE_JIT else _stronger_vector
"""The smaller or the greater of two values, or of each two in lanes; ``other`` where one is a NaN.

``stronger(extreme, value, other)``: the type of ``extreme`` says which.
"""
