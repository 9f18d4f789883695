"""Running extremes of the values of a row, which with Python's ``min`` and ``max`` of floats are no vectors.

The plain Python meaning of each is given first, as in :mod:`cvkit._simd.numbers`.
"""

import numba
from numba import types
from numba.extending import intrinsic


def _smaller_plain(extreme, value):
    return value if value < extreme else extreme


def _larger_plain(extreme, value):
    return value if value > extreme else extreme


def _extreme_vector(comparison):
    @intrinsic
    def chosen(typing_context, extreme, value):
        def generate(context, builder, signature, arguments):
            extreme, value = arguments
            if isinstance(signature.return_type, types.Integer):
                compare = builder.icmp_signed if signature.return_type.signed else builder.icmp_unsigned
                return builder.select(compare(comparison, value, extreme), value, extreme)
            flags = ("nnan", "nsz")
            is_beyond = builder.fcmp_ordered(comparison, value, extreme, flags=flags)
            return builder.select(is_beyond, value, extreme, flags=flags)

        return extreme(extreme, extreme), generate

    return chosen


smaller = _smaller_plain if numba.config.DISABLE_JIT else _extreme_vector("<")
"""The smaller of an extreme so far and a value of its dtype, either of zeros that differ in sign.

With a NaN it may be anything, also later on.
"""
larger = _larger_plain if numba.config.DISABLE_JIT else _extreme_vector(">")
"""The same for the larger."""
