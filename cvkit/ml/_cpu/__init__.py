"""CPU twins of the learners' kernels."""
