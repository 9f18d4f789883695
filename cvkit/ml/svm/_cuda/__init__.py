"""CUDA twins of ``cvkit.ml.svm``."""
