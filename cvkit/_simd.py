"""Vector instructions that the compiler does not find by itself, as functions that kernels call.

Each has the plain Python meaning given first, which Numba's debugging mode (``NUMBA_DISABLE_JIT``) runs. LLVM
splits the vectors where the processor's registers are narrower.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.cpython.unsafe.numbers import leading_zeros, trailing_zeros
from numba.extending import intrinsic

from cvkit._jit import helper

__all__ = [
    "LANES",
    "add_scaled_lanes",
    "aligned_rows",
    "bits",
    "blend_four_pixels",
    "blend_three_pixels",
    "blend_two_pixels",
    "copy_2_items",
    "copy_4_items",
    "from_bits",
    "high_half",
    "larger",
    "leading_zeros",
    "look_up",
    "multiply_add",
    "nearest",
    "prefetch",
    "read_apart",
    "trailing_zeros",
    "write_apart",
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


@helper
def aligned_rows(rows, width):
    """Return uninitialised float32 rows whose starts lie on 64 bytes, so that no vector spans two lines.

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


def _prefetch_plain(array, index):
    """Do nothing: a hint changes no value."""


@intrinsic
def _prefetch_vector(typing_context, array, index):
    signature = types.void(array, index)

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = ir.IntType(8).as_pointer()
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [place], kind)
        # To be read, kept in every cache, data.
        hints = [ir.Constant(number, hint) for hint in (0, 3, 1)]
        builder.call(function, [builder.bitcast(builder.gep(data, [arguments[1]]), place), *hints])
        return context.get_dummy_value()

    return signature, generate


prefetch = _prefetch_plain if numba.config.DISABLE_JIT else _prefetch_vector
"""Ask for the cache line of ``array[index]``, of a flat array, which a later loop is to read."""


def _copy_items_plain(count):
    def copy(source, start, target, target_start):
        target[target_start : target_start + count] = source[start : start + count]

    return copy


def _copy_items_vector(count):
    @intrinsic
    def copy(typing_context, source, start, target, target_start):
        signature = types.void(source, start, target, target_start)

        def generate(context, builder, signature, arguments):
            def items_at(array_type, array, index):
                data = context.make_array(array_type)(context, builder, array).data
                item_bits = context.get_abi_sizeof(data.type.pointee) * 8
                wide = builder.zext(index, ir.IntType(64)) if index.type.width < 64 else index
                items_type = ir.IntType(count * item_bits)
                if count * item_bits > 64:  # such a number would be moved in pieces of 64 bits
                    items_type = ir.VectorType(ir.IntType(item_bits), count)
                return builder.bitcast(builder.gep(data, [wide]), items_type.as_pointer()), item_bits // 8

            read, alignment = items_at(signature.args[0], arguments[0], arguments[1])
            write, _ = items_at(signature.args[2], arguments[2], arguments[3])
            items = builder.load(read)
            items.align = alignment
            store = builder.store(items, write)
            store.align = alignment
            return context.get_dummy_value()

        return signature, generate

    return copy


_copy_items = _copy_items_plain if numba.config.DISABLE_JIT else _copy_items_vector
copy_2_items = _copy_items(2)
"""``target[to : to + 2] = source[start : start + 2]``, called as (source, start, target, to), in one move.

Both arrays are flat and of one dtype, both starts unsigned.
"""
copy_4_items = _copy_items(4)
"""The same for four items."""


def _blend_three_pixels_plain(source, start, first, second, third, target, target_start):
    for lane in range(4):
        target[target_start + lane] = (
            first * source[start + lane]
            + second * source[start + 4 + lane]
            + third * source[start + 8 + lane]
        )


@intrinsic
def _blend_three_pixels_vector(typing_context, source, start, first, second, third, target, target_start):
    signature = types.void(source, start, first, second, third, target, target_start)
    pixel = ir.VectorType(ir.FloatType(), 4)

    def generate(context, builder, signature, arguments):
        def pixel_at(array_type, array, index):
            data = context.make_array(array_type)(context, builder, array).data
            return builder.bitcast(builder.gep(data, [index]), pixel.as_pointer())

        undefined = ir.Constant(pixel, ir.Undefined)
        first_lane = ir.Constant(ir.VectorType(ir.IntType(32), 4), [0] * 4)
        total = None
        for tap, weight in enumerate(arguments[2:5]):
            index = builder.add(arguments[1], ir.Constant(arguments[1].type, 4 * tap))
            value = builder.load(pixel_at(signature.args[0], arguments[0], index))
            value.align = 4
            lane = builder.insert_element(undefined, weight, ir.Constant(ir.IntType(32), 0))
            factor = builder.shuffle_vector(lane, undefined, first_lane)
            product = builder.fmul(value, factor, flags=("contract",))
            total = product if total is None else builder.fadd(total, product, flags=("contract",))
        store = builder.store(total, pixel_at(signature.args[5], *arguments[5:]))
        store.align = 4
        return context.get_dummy_value()

    return signature, generate


blend_three_pixels = _blend_three_pixels_plain if numba.config.DISABLE_JIT else _blend_three_pixels_vector
"""Weigh three neighbouring pixels of four float32 each.

``target[to : to + 4] = first * source[start : start + 4] + second * source[start + 4 : start + 8] + third *
source[start + 8 : start + 12]``, called as (source, start, first, second, third, target, to). Both arrays are
flat, both starts ``uintp``.
"""


def _blend_pixels_plain(taps):
    def blend(source, start, step, weights, target, target_start):
        for lane in range(4):
            products = [weights[tap] * source[start + tap * step + lane] for tap in range(taps)]
            total = products[0] + products[1]
            for tap in range(2, taps, 2):
                total = total + (products[tap] + products[tap + 1])
            target[target_start + lane] = total

    return blend


def _blend_pixels_vector(taps):
    @intrinsic
    def blend(typing_context, source, start, step, weights, target, target_start):
        signature = types.void(source, start, step, weights, target, target_start)

        def generate(context, builder, signature, arguments):
            def pixel_at(array_type, array, index):
                data = context.make_array(array_type)(context, builder, array).data
                pixel = ir.VectorType(data.type.pointee, 4)
                return builder.bitcast(builder.gep(data, [index]), pixel.as_pointer())

            alignment = context.get_abi_sizeof(context.get_data_type(source.dtype))
            index = arguments[1]
            products = []
            for tap in range(taps):
                value = builder.load(pixel_at(signature.args[0], arguments[0], index))
                value.align = alignment
                weight = builder.extract_value(arguments[3], tap)
                lane = builder.insert_element(
                    ir.Constant(value.type, ir.Undefined), weight, ir.Constant(ir.IntType(32), 0)
                )
                first_lane = ir.Constant(ir.VectorType(ir.IntType(32), 4), [0] * 4)
                factor = builder.shuffle_vector(lane, ir.Constant(value.type, ir.Undefined), first_lane)
                products.append(builder.fmul(factor, value, flags=("contract",)))
                index = builder.add(index, arguments[2])
            total = None
            for first, second in zip(products[::2], products[1::2], strict=True):
                pair = builder.fadd(first, second, flags=("contract",))
                total = pair if total is None else builder.fadd(total, pair, flags=("contract",))
            store = builder.store(total, pixel_at(signature.args[4], *arguments[4:]))
            store.align = alignment
            return context.get_dummy_value()

        return signature, generate

    return blend


_blend_pixels = _blend_pixels_plain if numba.config.DISABLE_JIT else _blend_pixels_vector
blend_two_pixels = _blend_pixels(2)
"""Weigh two pixels of four floats each, whose starts lie ``step`` values apart.

Lane by lane, ``target[to] = weights[0] * source[start] + weights[1] * source[start + step]``, called as
(source, start, step, weights, target, to). Both arrays are flat and of the dtype of the weights; starts and
step are ``uintp``.
"""
blend_four_pixels = _blend_pixels(4)
"""The same for four pixels; the sums of the first two and of the last two are added."""


def _look_up_plain(table, index):
    return table[index]


@intrinsic
def _look_up_scalar(typing_context, table, index):
    def generate(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        alignment = context.get_abi_sizeof(array.data.type.pointee)
        # Atomic loads, plain moves to the processor, are never made part of a vector.
        return builder.load_atomic(builder.gep(array.data, [arguments[1]]), "monotonic", alignment)

    return table.dtype(table, index), generate


look_up = _look_up_plain if numba.config.DISABLE_JIT else _look_up_scalar
"""``table[index]`` of a flat array, loaded by itself because such a loop outruns vectors that are gathered.

``index`` must be unsigned.
"""


def _read_apart_plain(array, index):
    return array[index]


def _write_apart_plain(array, index, value):
    array[index] = value


def _mark_apart(builder, instruction, own, other):
    """Name the memory that an instruction uses, and the memory that it shares nothing with."""
    domain = builder.module.add_metadata(["cvkit"])
    scopes = {name: builder.module.add_metadata([name, domain]) for name in (own, other)}
    instruction.set_metadata("alias.scope", builder.module.add_metadata([scopes[own]]))
    instruction.set_metadata("noalias", builder.module.add_metadata([scopes[other]]))


def _item_of(context, builder, array_type, array, index):
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [index]), context.get_abi_sizeof(data.type.pointee)


@intrinsic
def _read_apart_marked(typing_context, array, index):
    def generate(context, builder, signature, arguments):
        item, alignment = _item_of(context, builder, signature.args[0], *arguments)
        value = builder.load(item)
        value.align = alignment
        _mark_apart(builder, value, "read", "written")
        return value

    return array.dtype(array, index), generate


@intrinsic
def _write_apart_marked(typing_context, array, index, value):
    def generate(context, builder, signature, arguments):
        item, alignment = _item_of(context, builder, signature.args[0], *arguments[:2])
        store = builder.store(arguments[2], item)
        store.align = alignment
        _mark_apart(builder, store, "written", "read")
        return context.get_dummy_value()

    return types.void(array, index, array.dtype), generate


read_apart = _read_apart_plain if numba.config.DISABLE_JIT else _read_apart_marked
"""``array[index]`` of a flat array, ``index`` unsigned, where a kernel never calls :func:`write_apart` on it.

Without that promise a loop over many rows compares their addresses before it runs as vectors, which counts
where rows are short.
"""
write_apart = _write_apart_plain if numba.config.DISABLE_JIT else _write_apart_marked
"""``array[index] = value`` of a flat array that a kernel never reads by :func:`read_apart`."""
