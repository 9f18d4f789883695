"""CPU twins of ``cvkit.ml.cluster``."""
