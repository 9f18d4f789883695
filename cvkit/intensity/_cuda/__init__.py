"""CUDA twins of ``cvkit.intensity``."""
