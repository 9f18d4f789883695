"""CPU twins of ``cvkit.ml.neighbors``."""
