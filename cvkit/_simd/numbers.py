"""Vector instructions that the compiler does not find by itself, as functions that kernels call.

Each has the plain Python meaning given first, which Numba's debugging mode (``NUMBA_DISABLE_JIT``) runs. LLVM
splits the vectors where the processor's registers are narrower.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.cpython.unsafe import numbers as counting
from numba.extending import intrinsic

from cvkit._jit import helper

__all__ = [
    "LANES",
    "add_scaled_lanes",
    "aligned_rows",
    "bits",
    "from_bits",
    "high_half",
    "larger",
    "leading_zeros",
    "multiply_add",
    "nearest",
    "trailing_zeros",
]

LANES = 16
"""Number of float32 lanes that :func:`add_scaled_lanes` works on."""


def _add_scaled_lanes_plain(target, start, factor, weights, weights_start):
    for lane in range(LANES):
        target[start + lane] += factor * weights[weights_start + lane]


@intrinsic
def _add_scaled_lanes_vector(typing_context, target, start, factor, weights, weights_start):
    signature = types.void(target, start, factor, weights, weights_start)

    def generate(context, builder, signature, arguments):
        vector = ir.VectorType(ir.FloatType(), LANES)

        def lanes_at(array_type, array, index):
            data = context.make_array(array_type)(context, builder, array).data
            wide = builder.zext(index, ir.IntType(64)) if index.type.width < 64 else index
            return builder.bitcast(builder.gep(data, [wide]), vector.as_pointer())

        target_pointer = lanes_at(signature.args[0], arguments[0], arguments[1])
        weights_pointer = lanes_at(signature.args[3], arguments[3], arguments[4])
        sums, factors = builder.load(target_pointer), builder.load(weights_pointer)
        sums.align = factors.align = 4
        undefined = ir.Constant(vector, ir.Undefined)
        scale = builder.insert_element(undefined, arguments[2], ir.Constant(ir.IntType(32), 0))
        first_lane = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        scale = builder.shuffle_vector(scale, undefined, first_lane)
        product = builder.fmul(factors, scale, flags=("contract",))
        store = builder.store(builder.fadd(sums, product, flags=("contract",)), target_pointer)
        store.align = 4
        return context.get_dummy_value()

    return signature, generate


add_scaled_lanes = _add_scaled_lanes_plain if numba.config.DISABLE_JIT else _add_scaled_lanes_vector
"""``target[start:start + 16] += factor * weights[weights_start:weights_start + 16]`` in one vector operation.

Both arrays are flat float32 arrays, both starts unsigned.
"""


@helper(allocates=True)
def aligned_rows(rows, width):
    """Return uninitialized float32 rows whose starts lie on 64 bytes, so that no vector spans two lines.

    ``width`` must be a multiple of LANES.
    """
    memory = np.empty(rows * width + LANES, np.float32)
    skipped = ((64 - memory.ctypes.data % 64) % 64) // 4
    return memory[skipped : skipped + rows * width].reshape(rows, width)


def _larger_plain(a, b):
    return a if a > b else b


@intrinsic
def _larger_vector(typing_context, a, b):
    def generate(context, builder, signature, arguments):
        flags = ("nnan", "nsz")
        is_first = builder.fcmp_ordered(">", *arguments, flags=flags)
        return builder.select(is_first, *arguments, flags=flags)

    return types.float64(types.float64, types.float64), generate


larger = _larger_plain if numba.config.DISABLE_JIT else _larger_vector
"""The larger of two float64 values where NaN is not expected.

``max`` keeps Python's meaning for NaN and signed zeros, which leaves a running maximum scalar.
"""


def _bits_plain(value):
    return int(np.float64(value).view(np.int64))


@intrinsic
def _bits_vector(typing_context, value):
    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


bits = _bits_plain if numba.config.DISABLE_JIT else _bits_vector
"""The bit pattern of a float64, as an int64."""


def _from_bits_plain(pattern):
    if isinstance(pattern, np.int32):
        return pattern.view(np.float32)
    return float(np.int64(pattern).view(np.float64))


@intrinsic
def _from_bits_vector(typing_context, pattern):
    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))

    is_narrow = pattern == types.int32
    return (types.float32(types.int32) if is_narrow else types.float64(types.int64)), generate


from_bits = _from_bits_plain if numba.config.DISABLE_JIT else _from_bits_vector
"""The float64 that an int64 bit pattern stands for, or the float32 of an int32."""


def _leading_zeros_plain(word):
    return 64 - int(word).bit_length()


leading_zeros = _leading_zeros_plain if numba.config.DISABLE_JIT else counting.leading_zeros
"""The number of zeros before the first bit that is set of a uint64; one is."""


def _trailing_zeros_plain(word):
    return (int(word) & -int(word)).bit_length() - 1


trailing_zeros = _trailing_zeros_plain if numba.config.DISABLE_JIT else counting.trailing_zeros
"""The number of zeros behind the last bit that is set of a uint64; one is."""


def _high_half_plain(a, b):
    return np.uint16((int(a) * int(b)) >> 16)


@intrinsic
def _high_half_vector(typing_context, a, b):
    number, wide = ir.IntType(16), ir.IntType(32)

    def generate(context, builder, signature, arguments):
        if builder.module.triple.startswith("nvptx"):
            product = builder.mul(*(builder.zext(argument, wide) for argument in arguments))
            return builder.trunc(builder.lshr(product, ir.Constant(wide, 16)), number)
        # Written as a product and a shift, it is merged with what follows and needs lanes twice as wide.
        kind = ir.FunctionType(number, [number, number, wide])
        function = builder.module.declare_intrinsic("llvm.umul.fix", [number], kind)
        return builder.call(function, [*arguments, ir.Constant(wide, 16)])

    return types.uint16(types.uint16, types.uint16), generate


high_half = _high_half_plain if numba.config.DISABLE_JIT else _high_half_vector
"""The high 16 bits of the product of two uint16."""


def _multiply_add_plain(factor, weight, addend):
    return type(addend)(factor * weight + addend)


@intrinsic
def _multiply_add_vector(typing_context, factor, weight, addend):
    def generate(context, builder, signature, arguments):
        factor, weight, addend = arguments
        if isinstance(signature.return_type, types.Integer):
            return builder.add(builder.mul(factor, weight), addend)
        kind = addend.type
        function_type = ir.FunctionType(kind, [kind] * 3)
        function = builder.module.declare_intrinsic("llvm.fmuladd", [kind], function_type)
        return builder.call(function, arguments)

    return addend(addend, addend, addend), generate


multiply_add = _multiply_add_plain if numba.config.DISABLE_JIT else _multiply_add_vector
"""``factor * weight + addend`` of three numbers of one dtype, in that dtype.

Floats are rounded once in every lane and in what is left of a loop, if the processor can, or twice in all of
them. Products and sums that the compiler may contract as it likes do not promise that: the same pixel at
another place in memory may get another last bit.
"""


def _nearest_plain(value):
    return np.int32(np.rint(value))


@intrinsic
def _nearest_vector(typing_context, value):
    real, whole = ir.FloatType(), ir.IntType(32)

    def generate(context, builder, signature, arguments):
        if builder.module.triple.startswith("nvptx"):
            # Leaves no bits for a fraction, and then the rest.
            shift = ir.Constant(real, 1.5 * 2.0**23)
            return builder.fptosi(builder.fsub(builder.fadd(arguments[0], shift), shift), whole)
        kind = ir.FunctionType(whole, [real])
        return builder.call(builder.module.declare_intrinsic("llvm.lrint", [whole, real], kind), arguments)

    return types.int32(types.float32), generate


nearest = _nearest_plain if numba.config.DISABLE_JIT else _nearest_vector
"""The whole number nearest to a float32 of up to 2**22 in size, half to even, as an int32."""
