"""A number for each sample that depends on its values alone."""

from __future__ import annotations

import numpy as np

from cvkit._jit import cpu_kernel, helper, prange

_FNV_OFFSET = np.uint64(0xCBF29CE484222325)
_FNV_PRIME = np.uint64(0x100000001B3)


@helper
def hash_row(words):
    """Hash 32-bit words: Fowler, Noll and Vo's function 1a, a word instead of a byte at a time."""
    state = _FNV_OFFSET
    for word in words:
        state = (state ^ np.uint64(word)) * _FNV_PRIME
        # The product moves bits up only: without this the upper ones would never reach the lower ones.
        state ^= state >> np.uint64(32)
    return state


@cpu_kernel
def hash_rows(words, out):
    """Hash each row."""
    for i in prange(words.shape[0]):
        out[i] = hash_row(words[i])
