"""CUDA twins of ``cvkit.ml.linear``."""
