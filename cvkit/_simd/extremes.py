"""The smaller and the larger of two bytes, in lanes as wide as they are.

``min`` and ``max`` are calls, which are inlined only after loops have been vectorized. Each has the plain
Python meaning given first, which Numba's debugging mode (``NUMBA_DISABLE_JIT``) runs.
"""

import numba
from numba import types
from numba.extending import intrinsic

__all__ = ["higher", "lower"]


def _lower_plain(a, b):
    return a if a < b else b


def _higher_plain(a, b):
    return a if a > b else b


def _selected(relation):
    def generate(context, builder, signature, arguments):
        return builder.select(builder.icmp_unsigned(relation, *arguments), *arguments)

    return types.uint8(types.uint8, types.uint8), generate


@intrinsic
def _lower_vector(typing_context, a, b):
    return _selected("<")


@intrinsic
def _higher_vector(typing_context, a, b):
    return _selected(">")


lower = _lower_plain if numba.config.DISABLE_JIT else _lower_vector
"""The smaller of two uint8."""
higher = _higher_plain if numba.config.DISABLE_JIT else _higher_vector
"""The larger of two uint8."""
