"""CUDA twins of the learners' kernels."""
