"""Where a thread is, in numbers without a sign: for others Numba counts negative indices from the end."""

from typing import Any

import numba
import numpy as np

from cvkit._jit import helper
from cvkit._jit_cuda import cuda

if numba.config.ENABLE_CUDASIM:
    from numba.cuda.simulator import kernel as _simulator

    class _SimulatedThread:
        """What Numba's simulator puts in the place of ``cuda`` in kernels, but not in what they call."""

        def __getattr__(self, name: str) -> Any:
            return getattr(_simulator._get_kernel_context(), name)

    cuda = _SimulatedThread()


@helper
def place_of_thread():
    """Return the number of a thread among all of a grid of one dimension."""
    return np.uint64(cuda.blockIdx.x) * np.uint64(cuda.blockDim.x) + np.uint64(cuda.threadIdx.x)


@helper
def pixel_of_thread():
    """Return x, y and image of a thread of a grid of three dimensions, in as many bits as sides have."""
    number = np.uint32
    x = number(number(cuda.blockIdx.x) * number(cuda.blockDim.x)) + number(cuda.threadIdx.x)
    y = number(number(cuda.blockIdx.y) * number(cuda.blockDim.y)) + number(cuda.threadIdx.y)
    image = number(number(cuda.blockIdx.z) * number(cuda.blockDim.z)) + number(cuda.threadIdx.z)
    return number(x), number(y), number(image)
