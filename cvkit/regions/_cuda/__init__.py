"""CUDA twins of ``cvkit.regions``."""
