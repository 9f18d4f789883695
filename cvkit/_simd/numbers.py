"""Instructions on numbers that the compiler does not find by itself, as functions that kernels call.

Each has the plain Python meaning given first, which Numba's debugging mode (``NUMBA_DISABLE_JIT``) runs. LLVM
splits the vectors where the processor's registers are narrower.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.cpython.unsafe import numbers as unsafe_numbers
from numba.extending import intrinsic

__all__ = [
    "bits",
    "from_bits",
    "high_half",
    "leading_zeros",
    "maximum",
    "multiply_add",
    "nearest",
    "product",
    "trailing_zeros",
]


def _maximum_plain(a, b):
    return a if a > b else b


@intrinsic
def _maximum_vector(typing_context, a, b):
    def generate(context, builder, signature, arguments):
        flags = ("nnan", "nsz")
        is_first = builder.fcmp_ordered(">", *arguments, flags=flags)
        return builder.select(is_first, *arguments, flags=flags)

    return types.float64(types.float64, types.float64), generate


maximum = _maximum_plain if numba.config.DISABLE_JIT else _maximum_vector
"""The larger of two float64 values where NaN is not expected.

``max`` keeps Python's meaning for NaN and signed zeros, which leaves a running maximum scalar.
"""


def _bits_plain(value):
    return np.float64(value).view(np.int64)


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


def _product_plain(a, b):
    return a * b


@intrinsic
def _product_vector(typing_context, a, b):
    def generate(context, builder, signature, arguments):
        if not builder.module.triple.startswith("nvptx"):
            return builder.fmul(*arguments)
        kind = arguments[0].type
        letter, name = ("f", "f32") if isinstance(kind, ir.FloatType) else ("d", "f64")
        function = ir.FunctionType(kind, [kind, kind])
        constraints = f"={letter},{letter},{letter}"
        return builder.asm(function, f"mul.rn.{name} $0, $1, $2;", constraints, arguments, False)

    return a(a, a), generate


product = _product_plain if numba.config.DISABLE_JIT else _product_vector
"""``a * b`` of two floats of one dtype, rounded by itself whatever is added to it.

CUDA's compiler contracts every other product with what is added to it, those of ``exact_helper``, too.
"""


def _nearest_plain(value):
    return np.int32(np.rint(value))


@intrinsic
def _nearest_vector(typing_context, value):
    real, integer = ir.FloatType(), ir.IntType(32)

    def generate(context, builder, signature, arguments):
        if builder.module.triple.startswith("nvptx"):
            # Leaves no bits for a fraction, and then the rest.
            shift = ir.Constant(real, 1.5 * 2.0**23)
            return builder.fptosi(builder.fsub(builder.fadd(arguments[0], shift), shift), integer)
        kind = ir.FunctionType(integer, [real])
        return builder.call(builder.module.declare_intrinsic("llvm.lrint", [integer, real], kind), arguments)

    return types.int32(types.float32), generate


nearest = _nearest_plain if numba.config.DISABLE_JIT else _nearest_vector
"""The whole number nearest to a float32 of up to 2**22 in size, half to even, as an int32."""


def _leading_zeros_plain(word):
    return 64 - int(word).bit_length()


def _trailing_zeros_plain(word):
    return 64 if word == 0 else (int(word) & -int(word)).bit_length() - 1


leading_zeros = _leading_zeros_plain if numba.config.DISABLE_JIT else unsafe_numbers.leading_zeros
"""How many of the highest bits of a uint64 are 0, up to the first that is not."""
trailing_zeros = _trailing_zeros_plain if numba.config.DISABLE_JIT else unsafe_numbers.trailing_zeros
"""How many of the lowest bits of a uint64 are 0, up to the first that is not."""
