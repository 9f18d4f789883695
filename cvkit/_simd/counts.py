"""How many bits of a word are set, by the instruction that processors have for it, also in vectors."""

import numba
from numba.extending import intrinsic

__all__ = ["count_bits"]


def _count_bits_plain(word):
    return type(word)(int(word).bit_count())


@intrinsic
def _count_bits_of_word(typing_context, word):
    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return word(word), generate


count_bits = _count_bits_plain if numba.config.DISABLE_JIT else _count_bits_of_word
"""How many bits of a uint32 or uint64 are 1, in its dtype."""
