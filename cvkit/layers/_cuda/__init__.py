"""CUDA twins of ``cvkit.layers``."""
