"""CUDA twins of ``cvkit.morphology``."""
