"""What both targets share about distances of descriptors."""

import numpy as np

from cvkit._jit import helper

# The key of no descriptor: farther away than any.
NOTHING = np.uint64(0xFFFFFFFFFFFFFFFF)
_BITS = np.uint64(32)


@helper
def key_of(distance, number):
    """Join a distance and the number of a descriptor: of equal distances the first is less."""
    return np.uint64(np.uint64(np.uint64(distance) << _BITS) | np.uint64(number))
