"""CUDA twins of ``cvkit.ml.cluster``."""
