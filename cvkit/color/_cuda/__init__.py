"""CUDA twins of ``cvkit.color.spaces``."""
