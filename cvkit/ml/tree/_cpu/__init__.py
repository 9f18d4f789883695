"""CPU twins of ``cvkit.ml.tree``."""
