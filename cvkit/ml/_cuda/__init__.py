"""CUDA twins: the same kernels as on the CPU shelf, under the same names."""
