"""CPU twins of ``cvkit.ml.bayes``."""
