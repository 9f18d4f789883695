"""Instructions that the compiler does not choose by itself, for kernels of several operations."""
