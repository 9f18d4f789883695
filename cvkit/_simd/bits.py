"""Bits for bytes and bytes for bits, 64 at once; as plain Python where ``NUMBA_DISABLE_JIT`` is set."""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

WORD = 64
"""Number of pixels whose bits make one word."""

_BYTES = ir.VectorType(ir.IntType(8), WORD)
_FLAGS = ir.VectorType(ir.IntType(1), WORD)


def _bytes_at(context, builder, array_type, array, start):
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [start]), _BYTES.as_pointer())


def _pack_plain(values, start, flag):
    chosen = (values[start : start + WORD] & flag) != 0
    return np.packbits(chosen, bitorder="little").view(np.uint64)[0]


@intrinsic
def _pack_vector(typing_context, values, start, flag):
    def generate(context, builder, signature, arguments):
        loaded = builder.load(_bytes_at(context, builder, signature.args[0], *arguments[:2]))
        loaded.align = 1
        undefined = ir.Constant(_BYTES, ir.Undefined)
        lane = builder.insert_element(undefined, arguments[2], ir.Constant(ir.IntType(32), 0))
        first_lane = ir.Constant(ir.VectorType(ir.IntType(32), WORD), [0] * WORD)
        chosen = builder.and_(loaded, builder.shuffle_vector(lane, undefined, first_lane))
        nonzero = builder.icmp_unsigned("!=", chosen, ir.Constant(_BYTES, [0] * WORD))
        return builder.bitcast(nonzero, ir.IntType(WORD))

    return types.uint64(values, types.intp, types.uint8), generate


pack_bits = _pack_plain if numba.config.DISABLE_JIT else _pack_vector
"""The word whose bit i tells whether ``values[start + i] & flag`` is not 0; called as (values, start, flag).

``values`` is a flat uint8 array, ``flag`` a uint8.
"""


def _unpack_plain(word, values, start):
    bits = np.unpackbits(np.array([word], np.uint64).view(np.uint8), bitorder="little")
    values[start : start + WORD] = bits * np.uint8(255)


@intrinsic
def _unpack_vector(typing_context, word, values, start):
    signature = types.void(types.uint64, values, types.intp)

    def generate(context, builder, signature, arguments):
        full = builder.sext(builder.bitcast(arguments[0], _FLAGS), _BYTES)
        store = builder.store(full, _bytes_at(context, builder, signature.args[1], *arguments[1:]))
        store.align = 1
        return context.get_dummy_value()

    return signature, generate


unpack_bits = _unpack_plain if numba.config.DISABLE_JIT else _unpack_vector
"""Set ``values[start + i]`` to 255 where bit i of a word is set, else to 0; called as (word, values, start).

``values`` is a flat uint8 array.
"""
