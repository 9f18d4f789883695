"""The CUDA kernels that arrays need before any operation runs."""

from cvkit._jit_cuda import cuda, cuda_kernel


@cuda_kernel(block=(256,))
def copy_strided(source, out):
    """Copy an array of any rank and strides into a contiguous one, flat; one thread for each value."""
    position = cuda.grid(1)
    if position < out.size:
        out[position] = source.flat[position]
