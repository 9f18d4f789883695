"""CPU twins of ``cvkit.ml.linear``."""
