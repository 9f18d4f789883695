"""Reading and writing memory in ways that the compiler does not choose by itself.

The plain Python meaning of each is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic


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
