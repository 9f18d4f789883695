"""CUDA twins of ``cvkit.ml.neighbors``."""
