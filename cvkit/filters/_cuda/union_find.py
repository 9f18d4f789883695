"""Connected components by union-find, which threads build together.

After O. Allegretti et al., "Optimized block-based algorithms to label connected components on GPUs", 2019.
Every node points to a node of its component with a smaller index or is its root.
"""

import numpy as np

from cvkit._cuda_threads import cuda
from cvkit._jit import helper


@helper
def root_of(parents, index):
    """Follow a node to its root, and let those on the way skip one of two, as other threads may, too.

    What they skip to is of their component and smaller, whatever others have done to it since.
    """
    here = np.uintp(index)
    parent = np.uintp(parents[here])
    while parent != here:
        beyond = np.uintp(parents[parent])
        if beyond != parent:
            parents[here] = beyond
        here, parent = parent, beyond
    return here


@helper
def unite(parents, first, second):
    """Join two components: the larger root points to the smaller, unless another thread was there before."""
    while True:
        first, second = root_of(parents, first), root_of(parents, second)
        if first == second:
            return
        small, large = min(first, second), max(first, second)
        before = np.uintp(cuda.atomic.min(parents, large, parents.dtype.type(small)))
        if before == large:
            return
        first, second = before, small
