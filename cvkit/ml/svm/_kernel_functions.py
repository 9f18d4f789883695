"""Codes of the kernel functions, shared by the public module and the kernels."""

LINEAR, POLY, RBF, SIGMOID, PRECOMPUTED = range(5)

KERNELS = {"linear": LINEAR, "poly": POLY, "rbf": RBF, "sigmoid": SIGMOID, "precomputed": PRECOMPUTED}
