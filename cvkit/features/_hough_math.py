"""Where a point lies along the normal of a line: what both twins of the Hough transform compute."""

import numpy as np

from cvkit._jit import exact_helper
from cvkit._simd.numbers import nearest, product


@exact_helper
def distance_bin(x, y, cosine, sine):
    """Return the nearest whole number of steps from the origin, which is half of a line's two parameters."""
    return nearest(np.float32(product(x, cosine) + product(y, sine)))
