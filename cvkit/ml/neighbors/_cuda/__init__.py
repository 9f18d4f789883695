"""CUDA twins of ``cvkit.ml.neighbors.k_neighbors``."""
