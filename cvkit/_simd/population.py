"""How many bits of a word are set, by the processor's own instruction, also in vectors.

It has the plain Python meaning given first, which Numba's debugging mode (``NUMBA_DISABLE_JIT``) runs.
"""

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

__all__ = ["set_bits"]


def _set_bits_plain(word):
    return np.uint32(int(word).bit_count())


@intrinsic
def _set_bits_vector(typing_context, word):
    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.uint32(types.uint32), generate


set_bits = _set_bits_plain if numba.config.DISABLE_JIT else _set_bits_vector
"""The number of bits that are 1 in a uint32."""
