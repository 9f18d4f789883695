"""CPU twins of ``cvkit.ml.ensemble``."""
